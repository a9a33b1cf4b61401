//! How large a file of a folder may be, as people write it.

use std::fmt;
use std::str::FromStr;

/// The bytes of tensors that one file of a folder holds at most, unless a single tensor has more.
///
/// It is written as Hugging Face reads it: a number and `KB`, `MB`, `GB` or `TB`, which are powers of 1000, in upper or lower
/// case. `KiB`, `MiB`, `GiB` and `TiB` are powers of 1024, and a number alone counts bytes.
///
/// ```
/// use weight_init::create::ShardSize;
///
/// assert_eq!("5GB".parse::<ShardSize>()?.bytes(), 5_000_000_000);
/// assert_eq!("1.5 MiB".parse::<ShardSize>()?.bytes(), 1_572_864);
/// assert_eq!(ShardSize::default(), "5GB".parse()?);
/// assert!("5G".parse::<ShardSize>().is_err());
/// # Ok::<(), weight_init::create::ShardSizeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardSize(u64);

impl ShardSize {
    /// So many bytes; at least one.
    #[must_use]
    pub const fn of_bytes(bytes: u64) -> Self {
        Self(if bytes == 0 { 1 } else { bytes })
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

/// 5 GB, as in `huggingface_hub`.
impl Default for ShardSize {
    fn default() -> Self {
        Self(5_000_000_000)
    }
}

/// A text that is no [`ShardSize`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardSizeError {
    found: String,
}

impl fmt::Display for ShardSizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "'{}' is no size of a file; write a number above 0 and KB, MB, GB, TB, KiB, MiB, GiB or TiB: 5GB",
            self.found
        )
    }
}

impl std::error::Error for ShardSizeError {}

/// The units, the longer names first.
const UNITS: [(&str, u64); 8] = [
    ("KIB", 1 << 10),
    ("MIB", 1 << 20),
    ("GIB", 1 << 30),
    ("TIB", 1 << 40),
    ("KB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("TB", 1_000_000_000_000),
];

impl FromStr for ShardSize {
    type Err = ShardSizeError;

    fn from_str(text: &str) -> Result<Self, ShardSizeError> {
        let upper = text.trim().to_ascii_uppercase();
        let bytes = match UNITS.iter().find_map(|(unit, of)| Some((upper.strip_suffix(unit)?, *of)))
        {
            // A fraction of a byte is dropped, as by Python's `int`.
            Some((number, unit)) => (number.trim().parse::<f64>().ok())
                .filter(|number| number.is_finite())
                .map(|number| (number * unit as f64) as u64),
            None => upper.parse().ok(),
        };
        match bytes {
            Some(bytes) if bytes > 0 => Ok(Self(bytes)),
            _ => Err(ShardSizeError { found: text.chars().take(80).collect() }),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_are_none() {
        for text in
            ["", "GB", "5G", "5 gigabytes", "-1GB", "0", "0GB", "nanGB", "infGB", "1e-9KB", "5.5"]
        {
            assert!(text.parse::<ShardSize>().is_err(), "{text}");
        }
        let error = "5G".parse::<ShardSize>().unwrap_err().to_string();
        assert!(error.starts_with("'5G' is no size"), "{error}");
    }
}
