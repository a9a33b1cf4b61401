//! Config files: text of several formats → [`Value`].
//!
//! | suffix | format | inherits by |
//! |---|---|---|
//! | `.py` | OpenMMLab's Python, [evaluated and not executed](Config) | `_base_ = [...]`, or `with read_base():` |
//! | `.json` | JSON | the key `_base_` |
//! | `.toml` | TOML; `{ __null__ = true }` is null | the key `_base_` |
//! | `.yaml`, `.yml` | YAML [1.1 or 1.2](YamlVersion) | the key `_base_` |
//!
//! The feature `configs`, on by default, reads them; without it there is JSON alone, in [`json`].
//!
//! A config is hostile input. Nothing in it is executed, no reader panics, and nothing outside of its folder is read. A
//! config with all its bases takes at most 2 s for each MB of them, begun ones included, and 64 MiB of memory and 20
//! times their size; what would take more is refused with the place where it would. So the formats allow:
//!
//! | format | size | what is refused beside |
//! |---|---|---|
//! | JSON, TOML, YAML that inherit nothing | [`MAX_BYTES`] | see below |
//! | Python, and whatever inherits or is inherited | 2 MiB a file, 1000 readings of files | more than 10 million steps and 8 for each byte; strings above 16 MiB; integers beyond 128 bits |
//! | all | | more than [`MAX_DEPTH`] levels; values of more than 44 MiB and 18 times the size |
//!
//! The values of a text take some 48 bytes each, and a parser's tokens 100 to 600 bytes more, so a text of few characters
//! for each value meets the last limit first: lists of one digit each in JSON from 8 MB on, in TOML, YAML or Python from 0.4 MB
//! to 1 MB on. Texts with names and numbers of common length are far
//! from it.

pub mod de;
pub mod json;
#[cfg(feature = "configs")]
mod load;
#[cfg_attr(
    not(feature = "configs"),
    allow(dead_code, reason = "readers of the other formats use all of it")
)]
mod meter;
#[cfg(feature = "configs")]
mod options;
#[cfg(feature = "configs")]
mod out;
#[cfg(feature = "configs")]
mod python;
mod source;
#[cfg_attr(
    not(feature = "configs"),
    allow(dead_code, reason = "readers of the other formats use all of it")
)]
mod text;
#[cfg(feature = "configs")]
mod toml;
#[cfg(feature = "configs")]
mod write;
#[cfg(feature = "configs")]
mod yaml;

#[cfg(feature = "configs")]
use std::io;
#[cfg(feature = "configs")]
use std::path::Path;

#[cfg(feature = "configs")]
pub use self::options::{ReadOptions, YamlVersion};
pub use self::source::{MAX_BYTES, read_source};
use crate::diagnostic::Sources;
#[cfg(feature = "configs")]
use crate::diagnostic::{Diagnostic, Source};
use crate::value::Value;

/// A config file with everything that it inherits, evaluated.
///
/// ```
/// use weight_init::config::{Config, Format};
///
/// let folder = tempfile::tempdir()?;
/// std::fs::write(folder.path().join("base.py"), "model = dict(depth=50, init_cfg=dict(type='Xavier'))")?;
/// let path = folder.path().join("net.py");
/// std::fs::write(&path, "_base_ = './base.py'\nmodel = dict(depth=50 * 2 + 1)")?;
///
/// let config = Config::read(&path, None)?;
/// let model = config.value.get("model").ok_or("no model")?;
/// assert_eq!(model.get("depth").and_then(|depth| depth.as_int()), Some(101));
/// assert_eq!(config.write(Format::Toml)?, "[model]\ndepth = 101\n\n[model.init_cfg]\ntype = \"Xavier\"\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    /// The content of the config.
    pub value: Value,
    /// The files that it was made of; the values' places lead to them.
    pub sources: Sources,
}

/// Why a config cannot be read.
#[cfg(feature = "configs")]
#[derive(Debug)]
pub enum ConfigError {
    /// The file that was named cannot be opened or read.
    Io(io::Error),
    /// A suffix that is no format of configs.
    Format(String),
    /// The file or a base of it is malformed.
    Invalid(Diagnostic),
}

/// A format of config files.
#[cfg(feature = "configs")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// OpenMMLab's Python.
    Python,
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
}

#[cfg(feature = "configs")]
impl Config {
    /// Reads a file in the format that its suffix names; `-` is standard input, in JSON.
    ///
    /// Bases are read from the folder `root` and below. Without it, that is the highest of these that holds the file:
    /// the outermost folder called `configs`, the nearest one with a folder `_base_`, the repository (`.git`); otherwise
    /// its own folder. The root of the file system, the home folder and what holds it are none of these.
    ///
    /// # Errors
    ///
    /// As [`ConfigError`] has them, with the place in the file or base.
    pub fn read(path: impl AsRef<Path>, root: Option<&Path>) -> Result<Self, ConfigError> {
        let root = root.map(Path::to_owned);
        Self::read_with(path, &ReadOptions { root, ..ReadOptions::default() })
    }

    /// Reads a file as [`read`](Self::read) does, with more to choose.
    ///
    /// # Errors
    ///
    /// As [`ConfigError`] has them, with the place in the file or base.
    pub fn read_with(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, ConfigError> {
        load::load(path.as_ref(), options)
    }

    /// Reads a text that inherits from nothing; placeholders take its name for a path.
    ///
    /// # Errors
    ///
    /// At the place of what is wrong.
    ///
    /// ```
    /// use weight_init::config::{Config, Format};
    /// use weight_init::diagnostic::Source;
    ///
    /// let text = "layers = [dict(type='Linear', in_features=2**i) for i in range(3)]";
    /// let config = Config::parse(Source::new("net.py", text), Format::Python)?;
    /// assert_eq!(config.value.get("layers").and_then(|layers| layers.as_list()).map(<[_]>::len), Some(3));
    ///
    /// let error = Config::parse(Source::new("net.py", "x = __import__('os')"), Format::Python);
    /// let error = error.unwrap_err();
    /// assert_eq!((error.line(), error.column()), (Some(1), Some(5)));
    /// # Ok::<(), weight_init::diagnostic::Diagnostic>(())
    /// ```
    pub fn parse(source: Source, format: Format) -> Result<Self, Diagnostic> {
        load::parse(source, format)
    }

    /// The config as text of a format; Python is not written.
    ///
    /// # Errors
    ///
    /// A value that the format cannot express: a NaN in JSON, integers above 2⁶³ − 1 in TOML; and a text of more than 16 MiB and eight
    /// times what was read for it.
    pub fn write(&self, format: Format) -> Result<String, String> {
        write::write(&self.value, format, self.sources.len())
    }
}

#[cfg(feature = "configs")]
impl Format {
    /// The format of a file, by its suffix; without one, as of standard input and pipes, JSON.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Format`] for any other suffix.
    pub fn of(path: &Path) -> Result<Self, ConfigError> {
        let Some(suffix) = path.extension() else { return Ok(Self::Json) };
        match suffix.to_str().unwrap_or_default() {
            "py" => Ok(Self::Python),
            "json" => Ok(Self::Json),
            "toml" => Ok(Self::Toml),
            "yaml" | "yml" => Ok(Self::Yaml),
            _ => Err(ConfigError::Format(format!(
                "{} is no config: the suffix is not .py, .json, .toml, .yaml or .yml",
                path.display()
            ))),
        }
    }
}

#[cfg(feature = "configs")]
impl std::fmt::Display for ConfigError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Format(message) => f.write_str(message),
            Self::Invalid(diagnostic) => diagnostic.fmt(f),
        }
    }
}

#[cfg(feature = "configs")]
impl std::error::Error for ConfigError {}

#[cfg(feature = "configs")]
impl From<Diagnostic> for ConfigError {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Invalid(diagnostic)
    }
}

/// How deep lists and dicts may stand inside each other: a value inside 256 of them is read, a
/// 257th level is refused.
pub const MAX_DEPTH: usize = 256;
