//! The text of a config from a file or standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::diagnostic::Source;

/// The size of a file or stream that is read, at most: 1 GiB.
pub const MAX_BYTES: usize = 1 << 30;

/// Reads a file, or standard input if `path` is `-` (the name is then `<stdin>`).
///
/// # Errors
///
/// The errors of opening and reading, with the path in their message, and
/// [`FileTooLarge`](io::ErrorKind::FileTooLarge) for more than [`MAX_BYTES`].
///
/// # Examples
///
/// ```
/// use weight_init::config::read_source;
///
/// let error = read_source("no/such/file.json").unwrap_err();
/// assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
/// assert!(error.to_string().starts_with("cannot read no/such/file.json: "));
/// ```
pub fn read_source(path: impl AsRef<Path>) -> io::Result<Source> {
    read_up_to(path.as_ref(), MAX_BYTES)
}

/// Reads a file of at most `max` bytes.
pub(super) fn read_up_to(path: &Path, max: usize) -> io::Result<Source> {
    let failed = |name: &str, error: io::Error| {
        io::Error::new(error.kind(), format!("cannot read {name}: {error}"))
    };
    if path == Path::new("-") {
        let name = "<stdin>";
        let bytes = read_limited(io::stdin().lock(), max);
        return bytes.map(|bytes| Source::new(name, bytes)).map_err(|error| failed(name, error));
    }
    File::open(path)
        .and_then(|file| read_limited(file, max))
        .map(|bytes| Source::of_file(path, bytes))
        .map_err(|error| failed(&path.display().to_string(), error))
}

/// Everything from `input`, or an error if that is more than `max` bytes.
fn read_limited(input: impl Read, max: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input.take(max as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max {
        let message = format!("larger than {max} bytes, the most that is read");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_up_to_its_limit() {
        assert_eq!(read_limited(&b"1234"[..], 4).unwrap(), b"1234");
        assert_eq!(read_limited(&b""[..], 0).unwrap(), b"");
        let error = read_limited(io::repeat(b'['), 4).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "larger than 4 bytes, the most that is read");
    }

    #[test]
    fn a_file_is_read_under_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cfg.json");
        std::fs::write(&path, "{}").unwrap();
        let source = read_source(&path).unwrap();
        assert_eq!(source.name(), path.display().to_string());
        assert_eq!(source.bytes(), b"{}");

        let error = read_source(folder.path()).unwrap_err();
        let start = format!("cannot read {}: ", folder.path().display());
        assert!(error.to_string().starts_with(&start), "{error}");
    }
}
