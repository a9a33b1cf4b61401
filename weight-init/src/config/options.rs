//! How a config is read.

use std::path::PathBuf;

/// Where the bases of a config may lie, and which YAML is meant.
///
/// ```
/// use weight_init::config::{Config, ReadOptions, YamlVersion};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("net.yaml");
/// std::fs::write(&path, "lr: 1e-4\nflip: yes\n")?;
///
/// let old = Config::read_with(&path, &ReadOptions::default())?.value;
/// assert_eq!(old.get("lr").and_then(|lr| lr.as_str()), Some("1e-4"));
/// assert_eq!(old.get("flip").and_then(|flip| flip.as_bool()), Some(true));
///
/// let options = ReadOptions { yaml: YamlVersion::V1_2, ..ReadOptions::default() };
/// let new = Config::read_with(&path, &options)?.value;
/// assert_eq!(new.get("lr").and_then(|lr| lr.as_float()), Some(1e-4));
/// assert_eq!(new.get("flip").and_then(|flip| flip.as_str()), Some("yes"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The folder that bases are read from, and below; without it the one that [`Config::read`](super::Config::read)
    /// describes.
    pub root: Option<PathBuf>,
    /// Folders that Python packages are installed in, `site-packages` and the like. A base `mmdet::NAME` is the file NAME
    /// of `mmdet/.mim/configs` in the first that has it, and a lazy base `mmdet.configs.NAME` one of `mmdet/configs`;
    /// nothing else is read there. The folder that the config's own package is installed in comes before them.
    pub packages: Vec<PathBuf>,
    /// Whether packages are looked for in the active Python environment, too: that of `VIRTUAL_ENV`, else of
    /// `CONDA_PREFIX`, else of the first `python3` or `python` on `PATH`. Python is not run.
    pub environment: bool,
    /// How plain scalars of YAML are read.
    pub yaml: YamlVersion,
}

/// A version of YAML: which plain scalars are numbers, truth values and null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum YamlVersion {
    /// YAML 1.1 as PyYAML reads it, and so mmengine, detectron2 and most others in Python: `yes` and `off` are truth
    /// values, `010` is 8, `1:30` is 90, `1_000` is 1000, and `1e-4`, without a point, is a string.
    #[default]
    V1_1,
    /// The core schema of YAML 1.2: `yes` is a string, `010` is 10, `0o10` is 8, and `1e-4` is a number.
    V1_2,
}
