//! Malformed bytes, and what comes of them.

use weight_init_backends::embedded::initialize;
use weight_init_core::in_place::KaimingNormal;

use crate::blob::{BLOB, decode, decode_unchecked};
use crate::net::{KeywordNet, SEED};

/// Counts of the outcomes of malformed bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// They gave an error code, when they were decoded or when the network was initialized.
    pub refused: u32,
    /// Without the checksum they say something else that is valid: another number, another layer's name.
    pub other: u32,
}

/// Every cut, and one flipped bit in each byte.
#[must_use]
pub fn sample() -> Counts {
    each(&[3])
}

/// Every cut, and every flipped bit.
#[must_use]
pub fn all() -> Counts {
    each(&[0, 1, 2, 3, 4, 5, 6, 7])
}

fn each(bits: &[u32]) -> Counts {
    let mut counts = Counts::default();
    for end in 0..BLOB.len() {
        counts.see(BLOB.get(..end).unwrap_or_default());
    }
    let mut copy = [0; 128];
    let Some(copy) = copy.get_mut(..BLOB.len()) else { return counts };
    for index in 0..copy.len() {
        for bit in bits {
            copy.copy_from_slice(BLOB);
            if let Some(byte) = copy.get_mut(index) {
                *byte ^= 1 << bit;
            }
            counts.see(copy);
        }
    }
    counts
}

impl Counts {
    fn see(&mut self, bytes: &[u8]) {
        self.refused += u32::from(decode(bytes).is_err());
        // The decoder must bear it without the checksum, too.
        let content = bytes.get(..bytes.len().saturating_sub(8)).unwrap_or_default();
        let mut net = KeywordNet::<f32>::ZERO;
        let done = decode_unchecked(content)
            .ok()
            .and_then(|init_cfg| initialize::<(KaimingNormal,)>(&mut net, &init_cfg, SEED).ok());
        self.other += u32::from(done.is_some());
    }
}
