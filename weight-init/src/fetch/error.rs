use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::checkpoint::printable;

/// A checkpoint cannot be had.
#[derive(Debug)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the fields are the parts of the sentence that `Display` makes")]
pub enum FetchError {
    /// A name with a scheme that is not known.
    Scheme { checkpoint: String, scheme: String },
    /// A name that is not what its scheme asks for.
    Malformed { checkpoint: String, right: &'static str },
    /// A name that a model zoo does not have.
    UnknownName { checkpoint: String, nearest: Option<String>, known: usize },
    /// A table of names that is none.
    Names { path: PathBuf, message: String },
    /// An index of files that is none.
    Index { path: PathBuf, message: String },
    /// The build has no access to object stores.
    NotBuiltIn { checkpoint: String },
    /// It would have to be downloaded, and the network is not to be touched.
    Offline { checkpoint: String, url: String, path: PathBuf },
    /// The server refuses.
    Status { url: String, status: u16 },
    /// The server cannot be reached, or does not send the file whole, however often one tries.
    Network { url: String, tries: u32, message: String },
    /// What was downloaded is not what its name says.
    Hash { url: String, expected: String, found: String },
    /// The disk refuses.
    Io { operation: &'static str, path: PathBuf, source: io::Error },
}

impl FetchError {
    /// Whether the machine or the network, not the name, is the trouble: exit code 3 rather than 2.
    #[must_use]
    pub const fn is_io(&self) -> bool {
        !matches!(
            self,
            Self::Scheme { .. }
                | Self::Malformed { .. }
                | Self::UnknownName { .. }
                | Self::Names { .. }
                | Self::Index { .. }
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
                write!(f, "the table of names {}: {message}", path.display())
            }
            Self::Index { path, message } => write!(f, "the index {}: {message}", path.display()),
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
                    "{url}: {message} (tried {tries} times; what is here is kept for the next run)"
                )
            }
            Self::Hash { url, expected, found } => write!(
                f,
                "{url}: its SHA-256 begins with {found}, but its name says {expected}; the download was thrown away"
            ),
            Self::Io { operation, path, source } => {
                write!(f, "{operation} `{}`: {source}", path.display())
            }
        }
    }
}

impl std::error::Error for FetchError {}

/// A name out of a file, fit for a terminal.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        self.0.chars().take(300).try_for_each(|c| write!(f, "{}", printable(c)))?;
        f.write_str("'")
    }
}
