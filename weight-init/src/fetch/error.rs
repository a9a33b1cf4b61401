use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::address::{Address, masked};
use crate::checkpoint::{CheckpointError, printable};

/// The variable that says how many GiB may be downloaded for one checkpoint.
pub(super) const MOST_BYTES: &str = "WEIGHT_INIT_MAX_DOWNLOAD";

/// A checkpoint cannot be had.
#[derive(Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the parts of the sentence that `Display` makes")]
pub enum FetchError {
    /// A name with a scheme that is not known.
    Scheme { checkpoint: Address, scheme: String },
    /// A name that is not what its scheme asks for.
    Malformed { checkpoint: Address, right: &'static str },
    /// A name that a model zoo does not have.
    UnknownName { checkpoint: Address, nearest: Option<String>, known: usize },
    /// A table of names that is none.
    Names { path: PathBuf, message: String },
    /// The variable for the most that is downloaded holds no number.
    MostBytes,
    /// An index of files that is none.
    Index { path: PathBuf, message: String },
    /// The build has no access to object stores.
    NotBuiltIn { checkpoint: Address },
    /// It would have to be downloaded, and the network is not to be touched.
    Offline { checkpoint: Address, url: Address, path: PathBuf },
    /// The server refuses.
    Status { url: Address, status: u16 },
    /// The server cannot be reached, or does not send the file whole, however often one tries.
    Network { url: Address, tries: u32, message: String },
    /// The file's content does not have the hash that its name promises.
    Hash { url: Address, expected: String, found: String },
    /// A file in the cache is not what its name says.
    Foreign { path: PathBuf, expected: String, found: String },
    /// The server did not say how long the file is, and what came until the connection ended is no whole checkpoint.
    Cut { url: Address, message: String },
    /// The file is larger than what may be downloaded for one checkpoint; `bytes`: its size, if the server says.
    TooLarge { url: Address, bytes: Option<u64>, most: u64 },
    /// The disk has less room than the file needs; `bytes`: what is still to come, if the server says.
    NoRoom { url: Address, bytes: Option<u64>, free: u64, path: PathBuf },
    /// Another process downloads the file and does not get on.
    Busy { lock: PathBuf, seconds: u64 },
    /// The file is here, but is no checkpoint that can be read.
    Checkpoint(CheckpointError),
    /// The disk refuses.
    Io { operation: &'static str, path: PathBuf, source: io::Error },
}

impl FetchError {
    /// Whether the machine or the network, not the name, is the trouble: exit code 3 rather than 2.
    #[must_use]
    pub const fn is_io(&self) -> bool {
        if let Self::Checkpoint(error) = self {
            return error.is_io();
        }
        !matches!(
            self,
            Self::Scheme { .. }
                | Self::Malformed { .. }
                | Self::UnknownName { .. }
                | Self::Names { .. }
                | Self::Index { .. }
                | Self::MostBytes
                | Self::Foreign { .. }
                | Self::NotBuiltIn { .. }
        )
    }

    #[cold]
    pub(super) fn io(operation: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { operation, path: path.to_owned(), source }
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme { checkpoint, scheme } => write!(
                f,
                "the checkpoint {} has the unknown scheme '{scheme}://'; known are a path, file://, http://, https://, \
                 torchvision://, open-mmlab://, mmcls://, mmpretrain://, hf://, s3://, gs:// and az://",
                Quoted(checkpoint)
            ),
            Self::Malformed { checkpoint, right } => {
                write!(f, "the checkpoint {} is not of the form {right}", Quoted(checkpoint))
            }
            Self::UnknownName { checkpoint, nearest, known } => {
                write!(
                    f,
                    "the checkpoint {} is none of the {known} names that are known there",
                    Quoted(checkpoint)
                )?;
                match nearest {
                    Some(name) => write!(f, "; did you mean '{name}'?"),
                    None => Ok(()),
                }
            }
            Self::Names { path, message } => {
                write!(f, "the table of names {}: {}", path.display(), masked(message))
            }
            Self::Index { path, message } => write!(
                f,
                "the index {}: {message}; remove it, and the next run downloads it again",
                path.display()
            ),
            Self::MostBytes => write!(f, "{MOST_BYTES} is not a whole number of GiB"),
            Self::NotBuiltIn { checkpoint } => write!(
                f,
                "the checkpoint {} lies in an object store, which this build cannot reach; build with --features cloud",
                Quoted(checkpoint)
            ),
            Self::Offline { checkpoint, url, path } => write!(
                f,
                "the checkpoint {} is not on this machine, and the network is not to be touched; {url} belongs at {}",
                Quoted(checkpoint),
                path.display()
            ),
            Self::Status { url, status } => {
                let meaning = match status {
                    401 => " (it wants a token; HF_TOKEN gives one for hf://)",
                    403 => " (access is not allowed)",
                    404 | 410 => " (there is no such file)",
                    _ => "",
                };
                write!(f, "{url}: the server answers {status}{meaning}")
            }
            Self::Network { url, tries, message } => {
                write!(
                    f,
                    "{url}: {} (tried {tries} times; what is here is kept for the next run)",
                    masked(message)
                )
            }
            Self::Hash { url, expected, found } => write!(
                f,
                "{url}: its SHA-256 begins with {found}, but its name says {expected}; the download was thrown away"
            ),
            Self::Foreign { path, expected, found } => write!(
                f,
                "`{}` is another file, or a cut one: its SHA-256 begins with {found}, but its name says {expected}; remove it, \
                 and the next run downloads it again",
                path.display()
            ),
            Self::Cut { url, message } => write!(
                f,
                "{url}: the server does not say how long the file is, and the connection ended before it was whole, or it is \
                 no checkpoint ({}); the download was thrown away",
                masked(message)
            ),
            Self::TooLarge { url, bytes, most } => {
                match bytes {
                    Some(bytes) => write!(f, "{url}: it has {bytes} bytes")?,
                    None => write!(f, "{url}: the server sends on and on")?,
                }
                write!(
                    f,
                    ", but only {most} more may be downloaded for one checkpoint; {MOST_BYTES}=GIB allows more"
                )
            }
            Self::NoRoom { url, bytes, free, path } => {
                match bytes {
                    Some(bytes) => write!(f, "{url}: {bytes} bytes are to come")?,
                    None => write!(f, "{url}: the server does not say how much is to come")?,
                }
                write!(
                    f,
                    ", and {free} are free at `{}`; TORCH_HOME names another disk",
                    path.display()
                )
            }
            Self::Busy { lock, seconds } => write!(
                f,
                "another process downloads the same file and has received nothing for {seconds} seconds; it holds `{}`",
                lock.display()
            ),
            Self::Checkpoint(error) => error.fmt(f),
            Self::Io { operation, path, source } => {
                write!(f, "{operation} `{}`: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for FetchError {}

impl From<CheckpointError> for FetchError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

/// A name out of a file, fit for a terminal.
struct Quoted<'a>(&'a Address);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        self.0.to_string().chars().take(300).try_for_each(|c| write!(f, "{}", printable(c)))?;
        f.write_str("'")
    }
}
