//! The init_cfg as bytes in flash: postcard, and a checksum behind it.

use weight_init_core::Fnv1a;
use weight_init_core::in_place::KaimingNormal;
use weight_init_core::init_cfg::{Fixed, InitCfg};

/// Room for what a device may be sent: four rules of two layers and one override each, of the initializers that the
/// firmware links.
pub type Decoded<'a> = InitCfg<Fixed<'a, 4, 2, 1, (KaimingNormal,)>>;

/// The bytes of [`INIT_CFG`](crate::net::INIT_CFG).
pub static BLOB: &[u8] = include_bytes!("init_cfg.postcard");

/// Why bytes are no init_cfg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlobError {
    /// The checksum is missing or wrong.
    Checksum,
    /// The bytes say no init_cfg, or one that there is no room for.
    Postcard,
}

/// Decodes bytes whose checksum is right.
///
/// The checksum is the FNV-1a by which parameters get their streams, so that it costs no code. Each step of it is a
/// bijection: no change of a single byte goes unnoticed.
///
/// # Errors
///
/// See [`BlobError`].
pub fn decode(bytes: &[u8]) -> Result<Decoded<'_>, BlobError> {
    let (content, checksum) = bytes.split_last_chunk().ok_or(BlobError::Checksum)?;
    if checksum_of(content) != *checksum {
        return Err(BlobError::Checksum);
    }
    decode_unchecked(content)
}

/// Decodes bytes as they are.
///
/// # Errors
///
/// [`BlobError::Postcard`].
pub fn decode_unchecked(content: &[u8]) -> Result<Decoded<'_>, BlobError> {
    match postcard::take_from_bytes(content) {
        Ok((init_cfg, [])) => Ok(init_cfg),
        _ => Err(BlobError::Postcard),
    }
}

/// The checksum behind the content.
#[must_use]
pub fn checksum_of(content: &[u8]) -> [u8; 8] {
    Fnv1a::new().write(content).finish().to_le_bytes()
}
