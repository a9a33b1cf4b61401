//! Which files a config may inherit from.

use std::fs;
use std::path::{Path, PathBuf};

use weight_init_core::nearest;

use crate::config::ConfigError;

/// The folder that a config and its bases lie in; nothing outside of it is read.
#[derive(Debug)]
pub(super) struct Folder {
    /// `None`: there is no folder, and no base.
    root: Option<PathBuf>,
    /// Where the package is installed that the config is a part of: `site-packages`, if the root is
    /// `site-packages/mmdet/.mim/configs`.
    packages: Option<PathBuf>,
    /// The working folder, to show paths relative to it.
    here: Option<PathBuf>,
}

impl Folder {
    /// The folder for the config at `path`: `root`, or else the highest of
    ///
    /// - the outermost folder called `configs` around the file,
    /// - the nearest folder around it that holds a folder `_base_`,
    /// - the repository (a folder with a `.git`) around it;
    ///
    /// and if there is none of them, the file's own folder. The root of the file system, the home folder and what holds
    /// it are no project, whatever they hold: a config could read any file from there.
    pub(super) fn new(path: &Path, root: Option<&Path>) -> Result<Self, ConfigError> {
        let here = std::env::current_dir().and_then(fs::canonicalize).ok();
        let own = path.parent().unwrap_or(path);
        let root = match root {
            Some(root) => fs::canonicalize(root).map_err(ConfigError::Io)?,
            None => {
                let home = std::env::home_dir().and_then(|home| fs::canonicalize(home).ok());
                let is_within = |folder: &&Path| {
                    folder.parent().is_some()
                        && !home.as_deref().is_some_and(|home| home.starts_with(folder))
                };
                let around = || own.ancestors().take_while(is_within);
                let configs = around()
                    .filter(|folder| folder.file_name().is_some_and(|name| name == "configs"));
                let shared = around().find(|folder| folder.join("_base_").is_dir());
                let repository = around().find(|folder| folder.join(".git").exists());
                let highest = configs
                    .chain(shared)
                    .chain(repository)
                    .min_by_key(|folder| folder.components().count());
                highest.unwrap_or(own).to_owned()
            }
        };
        // Around the file, not the root: packages may be installed within a repository.
        let packages = own
            .ancestors()
            .find(|folder| folder.file_name().is_some_and(|name| name == ".mim"))
            .and_then(|mim| mim.ancestors().nth(2));
        let packages = packages.map(Path::to_owned);
        Ok(Self { root: Some(root), packages, here })
    }

    /// For a text that is no file.
    pub(super) const fn none() -> Self {
        Self { root: None, packages: None, here: None }
    }

    /// The file `name`, seen from `folder`.
    pub(super) fn find(&self, folder: &Path, name: &str) -> Result<PathBuf, String> {
        let wanted = match name.split_once("::") {
            Some((package, file)) => self.package(package)?.join(file),
            None => folder.join(name),
        };
        // Told apart before any file is looked at, so that an error says nothing about files elsewhere.
        if !self.holds(&lexically(&wanted)) {
            return Err(self.outside(name));
        }
        let found = match fs::canonicalize(&wanted) {
            Ok(found) => found,
            Err(_) => return Err(self.missing(&wanted, name)),
        };
        if !self.holds(&found) {
            return Err(self.outside(name));
        }
        if !found.is_file() {
            return Err(format!("the base '{name}' is no file"));
        }
        Ok(found)
    }

    /// Whether a path is inside of the folder, or of the configs of a package installed beside it.
    fn holds(&self, path: &Path) -> bool {
        let installed = || {
            let mut inside =
                path.strip_prefix(self.packages.as_deref()?).ok()?.components().skip(1);
            Some(inside.next()?.as_os_str() == ".mim" && inside.next()?.as_os_str() == "configs")
        };
        self.root.as_ref().is_some_and(|root| path.starts_with(root)) || installed() == Some(true)
    }

    /// The configs of a package that is installed beside the one that the config is a part of.
    fn package(&self, package: &str) -> Result<PathBuf, String> {
        let plain = !package.is_empty() && package.chars().all(|c| c.is_alphanumeric() || c == '_');
        let configs =
            self.packages.as_ref().map(|packages| packages.join(package).join(".mim/configs"));
        match configs {
            Some(configs) if plain && configs.is_dir() => Ok(configs),
            _ => Err(format!(
                "the base is in the package '{package}', which is not installed beside this config's own package; \
                 copy the base into the config's folder"
            )),
        }
    }

    fn outside(&self, name: &str) -> String {
        match &self.root {
            Some(root) => format!(
                "the base '{name}' lies outside of {}, the folder that bases are read from; \
                 --config-root names a folder that holds both",
                root.display()
            ),
            None => {
                format!("the base '{name}' is not read: this text is no file and has no folder")
            }
        }
    }

    fn missing(&self, wanted: &Path, name: &str) -> String {
        let message = format!("there is no base '{name}'");
        let folder = wanted.parent().and_then(|folder| fs::canonicalize(folder).ok());
        let folder = folder.filter(|folder| self.holds(folder));
        let names: Vec<String> = folder
            .and_then(|folder| fs::read_dir(folder).ok())
            .into_iter()
            .flatten()
            .take(10_000)
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .collect();
        let file = wanted.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        match nearest(file, names.iter().map(String::as_str)) {
            Some(near) => format!("{message}; did you mean '{near}'?"),
            None => message,
        }
    }

    /// A path as messages show it: relative to the working folder, if it is inside of it.
    pub(super) fn shown(&self, path: &Path) -> String {
        let relative = self.here.as_deref().and_then(|here| path.strip_prefix(here).ok());
        relative.unwrap_or(path).display().to_string()
    }
}

/// The path without `.` and `..`, as text: no link is followed.
fn lexically(path: &Path) -> PathBuf {
    use std::path::Component;

    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            component => out.push(component),
        }
    }
    out
}
