//! Errors of tensor files.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::address::Address;
use crate::checkpoint::NestedDict;
use crate::checkpoint::safetensors::MAX_HEADER_BYTES;
use crate::diagnostic::escape;

/// A tensor file could not be read or written.
///
/// `Display` is one clause that names the file and holds the cause; [`source`](std::error::Error::source)
/// therefore gives nothing further.
///
/// ```
/// use weight_init::checkpoint::SafetensorsFile;
///
/// let error = SafetensorsFile::open("no-such-file.safetensors").unwrap_err();
/// assert!(error.is_io());
/// assert!(error.to_string().starts_with("open `no-such-file.safetensors`: "));
/// ```
#[derive(Debug)]
pub enum CheckpointError {
    /// The operating system refused, or the path leads to nothing that could be read or written.
    Io {
        /// The operation that failed, as a verb: `open`, `write`, `rename to`, …
        operation: &'static str,
        /// The file or folder it was tried on.
        path: PathBuf,
        /// The answer.
        source: io::Error,
    },
    /// The content of the file, or the content asked to be written, is not valid.
    Content {
        /// The file.
        path: PathBuf,
        /// The fault.
        problem: Problem,
    },
    /// The content of a file that was downloaded is not valid: it may be cut, or another one than was asked for.
    Downloaded {
        /// The file, and what is wrong with it.
        error: Box<Self>,
        /// Where it came from.
        from: Address,
    },
}

impl CheckpointError {
    /// Whether the machine, not the content, is the trouble: exit code 3 rather than 2.
    ///
    /// ```
    /// use weight_init::checkpoint::{CheckpointError, Problem};
    ///
    /// let error = CheckpointError::Content { path: "a".into(), problem: Problem::TooShort { bytes: 3 } };
    /// assert!(!error.is_io());
    /// ```
    #[must_use]
    pub const fn is_io(&self) -> bool {
        matches!(self, Self::Io { .. })
    }

    /// Whether the file is as it was written, and the trouble is where its tensors are looked for.
    pub(crate) const fn is_of_a_whole_file(&self) -> bool {
        matches!(
            self,
            Self::Content {
                problem: Problem::StateDict { .. } | Problem::SeveralStateDicts { .. },
                ..
            }
        )
    }

    /// The file or folder in question.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Io { path, .. } | Self::Content { path, .. } => path,
            Self::Downloaded { error, .. } => error.path(),
        }
    }

    #[cold]
    pub(crate) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { operation, path: path.to_owned(), source }
    }

    /// The same of a file that came from there.
    #[cold]
    pub(crate) fn downloaded(self, from: &Address) -> Self {
        match self {
            Self::Content { .. } if !self.is_of_a_whole_file() => {
                Self::Downloaded { error: Box::new(self), from: from.clone() }
            }
            error => error,
        }
    }

    #[cold]
    pub(crate) fn content(path: &Path, problem: Problem) -> Self {
        Self::Content { path: path.to_owned(), problem }
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { operation, path, source } => {
                write!(f, "{operation} `{}`: {source}", path.display())
            }
            Self::Content { path, problem } => write!(f, "`{}`: {problem}", path.display()),
            Self::Downloaded { error, from } => write!(
                f,
                "{error}; it was downloaded from {from}: remove it, and the next run downloads it again"
            ),
        }
    }
}

impl std::error::Error for CheckpointError {}

/// A fault in the content of a tensor file: the value that was found, and the value that would be right.
///
/// Offsets count bytes from the start of the data, which follows the header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the numbers of the sentence that `Display` makes")]
pub enum Problem {
    /// Not even the eight bytes of the header's length.
    TooShort { bytes: u64 },
    /// It does not begin as a safetensors file; `resembles` names another format it looks like.
    NotSafetensors { resembles: Option<&'static str> },
    /// The header is said to be longer than the file.
    HeaderPastEnd { header: u64, available: u64 },
    /// The header is longer than the format allows.
    HeaderTooLong { header: u64 },
    /// The header does not begin with `{`.
    HeaderStart,
    /// The header is not UTF-8.
    HeaderNotText { at: usize },
    /// The header is not the JSON object that the format asks for.
    Header { message: String },
    /// Two tensors of one name.
    DuplicateTensor { tensor: String },
    /// Two metadata entries of one key.
    DuplicateKey { key: String },
    /// A tensor called `__metadata__`.
    ReservedName,
    /// A shape with more dimensions than any reader handles.
    TooManyDimensions { tensor: String, dimensions: usize, limit: usize },
    /// A shape whose size in bytes does not fit the machine.
    ShapeOverflow { tensor: String, dtype: String, shape: Vec<u64> },
    /// All tensors together do not fit 64 bits.
    TotalOverflow { tensor: String },
    /// Elements of less than a byte that do not fill the last byte.
    PartialByte { tensor: String, dtype: String, bits: u64 },
    /// Offsets that end before they begin.
    OffsetsReversed { tensor: String, begin: u64, end: u64 },
    /// Offsets that do not span what shape and element type need.
    SizeMismatch { tensor: String, dtype: String, shape: Vec<u64>, needed: u64, found: u64 },
    /// Bytes before this tensor belong to none.
    Hole { tensor: String, begin: u64, expected: u64 },
    /// This tensor begins inside another one.
    Overlap { tensor: String, begin: u64, other: String, other_end: u64 },
    /// The file ends before the tensor does.
    Truncated { tensor: String, end: u64, available: u64 },
    /// Bytes after the last tensor belong to none.
    TrailingBytes { end: u64, available: u64 },
    /// More bytes were written than the tensors have.
    TooManyBytes { expected: u64, written: u64 },
    /// Fewer bytes were written than the tensors have; `tensor` is the first that is not whole.
    TooFewBytes { expected: u64, written: u64, tensor: String },
    /// A zip file, or one of its entries, is broken or not what it is said to be.
    Zip { entry: Option<String>, message: String },
    /// A pickle is broken, or holds more than tensors and plain containers; `at` counts bytes from its start.
    Pickle { at: u64, message: String },
    /// A tensor is not what it is said to be.
    Tensor { tensor: String, message: String },
    /// The file is whole, but there is no state dict where it is looked for.
    StateDict { message: String },
    /// A PyTorch file with several state dicts does not say which is meant.
    SeveralStateDicts { found: Vec<NestedDict> },
    /// The file as a whole is no checkpoint.
    Format { message: String },
    /// The folder cannot be written, for it holds something else.
    Folder { message: String },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { bytes } => {
                write!(
                    f,
                    "the file has {bytes} bytes; a safetensors file begins with 8 bytes that hold the length of its header"
                )
            }
            Self::NotSafetensors { resembles: Some(format) } => {
                write!(f, "it looks like {format}, not like a safetensors file")
            }
            Self::NotSafetensors { resembles: None } => {
                f.write_str("it does not begin as a safetensors file or another checkpoint does")
            }
            Self::HeaderPastEnd { header, available } => write!(
                f,
                "the header is said to have {header} bytes, but {available} follow; the file is cut off"
            ),
            Self::HeaderTooLong { header } => {
                write!(f, "the header has {header} bytes; the format allows {MAX_HEADER_BYTES}")
            }
            Self::HeaderStart => {
                f.write_str("the header is not a JSON object: it does not begin with `{`")
            }
            Self::HeaderNotText { at } => {
                write!(f, "the header is not UTF-8 from its byte {at} on")
            }
            Self::Header { message } => {
                write!(f, "the header is not valid: {}", Shown(message, 1000))
            }
            Self::DuplicateTensor { tensor } => {
                write!(f, "tensor {} stands twice; names must differ", Quoted(tensor))
            }
            Self::DuplicateKey { key } => {
                write!(f, "metadata key {} stands twice; keys must differ", Quoted(key))
            }
            Self::ReservedName => f.write_str(
                "a tensor cannot be called `__metadata__`: the format keeps that name for itself",
            ),
            Self::TooManyDimensions { tensor, dimensions, limit } => {
                write!(
                    f,
                    "tensor {} has {dimensions} dimensions; at most {limit} are read",
                    Quoted(tensor)
                )
            }
            Self::ShapeOverflow { tensor, dtype, shape } => {
                write!(
                    f,
                    "tensor {}: {dtype} of shape {shape:?} has more bytes than this machine can count",
                    Quoted(tensor)
                )
            }
            Self::TotalOverflow { tensor } => {
                write!(
                    f,
                    "tensor {}: up to here the tensors have more bytes than 64 bits can count",
                    Quoted(tensor)
                )
            }
            Self::PartialByte { tensor, dtype, bits } => {
                write!(
                    f,
                    "tensor {}: {bits} bits of {dtype} do not fill whole bytes",
                    Quoted(tensor)
                )
            }
            Self::OffsetsReversed { tensor, begin, end } => {
                write!(
                    f,
                    "tensor {}: data_offsets [{begin}, {end}] end before they begin",
                    Quoted(tensor)
                )
            }
            Self::SizeMismatch { tensor, dtype, shape, needed, found } => write!(
                f,
                "tensor {}: {dtype} of shape {shape:?} needs {needed} bytes, but its data_offsets span {found}",
                Quoted(tensor)
            ),
            Self::Hole { tensor, begin, expected } => write!(
                f,
                "tensor {} begins at byte {begin} of the data; it must begin at {expected}, where the one before it ends",
                Quoted(tensor)
            ),
            Self::Overlap { tensor, begin, other, other_end } => write!(
                f,
                "tensor {} begins at byte {begin} of the data, inside tensor {}, which ends at {other_end}",
                Quoted(tensor),
                Quoted(other)
            ),
            Self::Truncated { tensor, end, available } => write!(
                f,
                "tensor {} ends at byte {end} of the data, but the file holds {available}; it is cut off",
                Quoted(tensor)
            ),
            Self::TrailingBytes { end, available } => write!(
                f,
                "the last tensor ends at byte {end} of the data, but the file holds {available}; bytes of no tensor are not allowed"
            ),
            Self::TooManyBytes { expected, written } => {
                write!(f, "{written} bytes of data were written; the tensors have {expected}")
            }
            Self::TooFewBytes { expected, written, tensor } => write!(
                f,
                "{written} bytes of data were written; the tensors have {expected}, and {} is not whole",
                Quoted(tensor)
            ),
            Self::Zip { entry: None, message } => write!(f, "zip file: {}", Shown(message, 1000)),
            Self::Zip { entry: Some(entry), message } => {
                write!(f, "entry {} of the zip file: {}", Quoted(entry), Shown(message, 1000))
            }
            Self::Pickle { at, message } => {
                write!(f, "pickle, byte {at}: {}", Shown(message, 3000))
            }
            Self::Tensor { tensor, message } => {
                write!(f, "tensor {}: {}", Quoted(tensor), Shown(message, 1000))
            }
            Self::SeveralStateDicts { found } => {
                let list: Vec<_> = found
                    .iter()
                    .map(|dict| {
                        format!("'{}' ({} tensors)", Shown(dict.key(), 200), dict.tensors())
                    })
                    .collect();
                write!(
                    f,
                    "it holds several state dicts: {}; --checkpoint-key KEY, or key='KEY' in the rule, names one",
                    list.join(", ")
                )
            }
            Self::Format { message } | Self::StateDict { message } | Self::Folder { message } => {
                f.write_str(&Shown(message, 1000).to_string())
            }
        }
    }
}

/// A name out of a file in backquotes.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", Shown(self.0, 200))
    }
}

/// Text out of a file, fit for a terminal: control characters escaped, cut after so many characters.
struct Shown<'a>(&'a str, usize);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let &Self(text, longest) = self;
        text.chars().take(longest).try_for_each(|c| write!(f, "{}", printable(c)))?;
        if text.chars().nth(longest).is_some() { f.write_str("…") } else { Ok(()) }
    }
}

/// The character itself, or its escape if a terminal would act on it or show nothing.
pub(crate) fn printable(c: char) -> impl fmt::Display {
    escape(c.encode_utf8(&mut [0; 4]))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_act_on_a_terminal() {
        let problem = Problem::DuplicateTensor { tensor: "a\x1b[2J\u{202e}\"é".into() };
        assert_eq!(
            problem.to_string(),
            "tensor `a\\u{1b}[2J\\u{202e}\"é` stands twice; names must differ"
        );
        let problem = Problem::DuplicateTensor { tensor: "x".repeat(1000) };
        assert!(problem.to_string().len() < 300);
    }
}
