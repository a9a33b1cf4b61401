//! Which files a config may inherit from.

use std::cell::OnceCell;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use weight_init_core::nearest;

use super::environment::site_packages;
use crate::config::{ConfigError, ReadOptions};
use crate::diagnostic::help::with_nearest;

/// The folder that a config and its bases lie in; nothing outside of it is read.
#[derive(Debug)]
pub(super) struct Folder {
    /// `None`: there is no folder, and no base.
    root: Option<PathBuf>,
    /// Where packages are installed: beside the one that the config is a part of (`site-packages`, if the root is
    /// `site-packages/mmdet/.mim/configs`), and where the reader says.
    packages: Vec<PathBuf>,
    /// Where the active Python environment has them, once that was asked.
    environment: Option<OnceCell<Vec<PathBuf>>>,
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
    pub(super) fn new(path: &Path, options: &ReadOptions) -> Result<Self, ConfigError> {
        let here = std::env::current_dir().and_then(fs::canonicalize).ok();
        let own = path.parent().unwrap_or(path);
        let root = match &options.root {
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
        let mut packages: Vec<PathBuf> = packages.map(Path::to_owned).into_iter().collect();
        for folder in &options.packages {
            packages.push(fs::canonicalize(folder).map_err(|error| {
                let message = format!("cannot find {}: {error}", folder.display());
                ConfigError::Io(io::Error::new(error.kind(), message))
            })?);
        }
        let environment = options.environment.then(OnceCell::new);
        Ok(Self { root: Some(root), packages, environment, here })
    }

    /// For a text that is no file.
    pub(super) const fn none() -> Self {
        Self { root: None, packages: Vec::new(), environment: None, here: None }
    }

    /// The file `name`, seen from `folder`.
    pub(super) fn find(&self, folder: &Path, name: &str) -> Result<PathBuf, String> {
        let wanted = match name.split_once("::") {
            Some((package, file)) => self.package(package, ".mim/configs")?.join(file),
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
        let asked = self.environment.as_ref().and_then(OnceCell::get);
        let installed = self.packages.iter().chain(asked.into_iter().flatten()).any(|packages| {
            let inside = path.strip_prefix(packages).ok().map(|inside| inside.components().skip(1));
            let mut inside = inside.into_iter().flatten().map(Component::as_os_str);
            match inside.next() {
                Some(first) if first == ".mim" => {
                    inside.next().is_some_and(|next| next == "configs")
                }
                first => first.is_some_and(|first| first == "configs"),
            }
        });
        installed || self.root.as_ref().is_some_and(|root| path.starts_with(root))
    }

    /// The folder `configs` of an installed package.
    pub(super) fn package(&self, package: &str, configs: &str) -> Result<PathBuf, String> {
        let plain = !package.is_empty() && package.chars().all(|c| c.is_alphanumeric() || c == '_');
        let of = |packages: &PathBuf| packages.join(package).join(configs);
        let given = self.packages.iter().map(of).find(|configs| plain && configs.is_dir());
        let found = given.or_else(|| {
            let environment = self.environment.as_ref().filter(|_| plain)?;
            let folders = environment.get_or_init(|| {
                site_packages().into_iter().filter_map(|path| fs::canonicalize(path).ok()).collect()
            });
            folders.iter().map(of).find(|configs| configs.is_dir())
        });
        found.ok_or_else(|| {
            let looked = match &self.environment {
                Some(_) => "beside this config's own package nor in the active Python environment",
                None => "beside this config's own package",
            };
            let not = if self.environment.is_some() { "neither" } else { "not" };
            format!(
                "the base is in the package '{package}', which is {not} installed {looked}; --packages names the folder \
                 that it is installed in"
            )
        })
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
        with_nearest(message, nearest(file, names.iter().map(String::as_str)))
    }

    /// A path as messages show it: relative to the working folder, if it is inside of it.
    pub(super) fn shown(&self, path: &Path) -> String {
        let relative = self.here.as_deref().and_then(|here| path.strip_prefix(here).ok());
        relative.unwrap_or(path).display().to_string()
    }
}

/// The path without `.` and `..`, as text: no link is followed.
pub(super) fn lexically(path: &Path) -> PathBuf {
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
