//! Where checkpoints are: paths, URLs, model zoos; and their way onto this machine.
//!
//! A checkpoint is named as in mmengine: by a path, `file://`, `http://`, `https://`, `torchvision://NAME`,
//! `open-mmlab://NAME`, `mmcls://NAME` (or `mmpretrain://NAME`), and beyond it `hf://owner/repo/file[@revision]` and,
//! in builds with the feature `cloud`, `s3://`, `gs://` and `az://`. Downloads go where PyTorch keeps its own
//! (`$TORCH_HOME/hub/checkpoints`), under PyTorch's name if that holds a hash.

#[cfg(feature = "cloud")]
mod cloud;
mod download;
mod error;
mod index;
mod locate;
mod names;
mod partial;

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use self::error::FetchError;
pub use self::locate::Location;
use self::names::Names;

/// Finds checkpoints, and downloads those that are not on this machine.
///
/// ```
/// use weight_init::fetch::{Fetch, Location};
///
/// let fetch = Fetch::from_env()?;
/// let Location::Remote { url, .. } = fetch.locate("torchvision://resnet50")? else { unreachable!() };
/// assert_eq!(url, "https://download.pytorch.org/models/resnet50-0676ba61.pth");
/// let error = fetch.locate("torchvision://resnet5").unwrap_err();
/// assert!(error.to_string().contains("did you mean 'resnet50'?"));
/// # Ok::<(), weight_init::fetch::FetchError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Where downloads are kept.
    cache: PathBuf,
    /// Where paths of mmengine's own table count from.
    mmengine_home: PathBuf,
    names: Names,
    offline: bool,
    hub: Hub,
    patience: Patience,
}

/// The Hugging Face hub.
#[derive(Clone, Debug)]
struct Hub {
    endpoint: String,
    token: Option<String>,
}

/// How long to wait for a server, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a connection.
    pub connect: Duration,
    /// For the next bytes.
    pub read: Duration,
    /// Tries without getting on.
    pub tries: u32,
    /// Wait before the second try; it doubles with each.
    pub first_wait: Duration,
}

impl Patience {
    /// Twenty seconds for a connection, a minute for bytes, six tries with half a second and more between them.
    pub const DEFAULT: Self = Self {
        connect: Duration::from_secs(20),
        read: Duration::from_secs(60),
        tries: 6,
        first_wait: Duration::from_millis(500),
    };
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Bytes that are here.
    pub done: u64,
    /// Bytes of the whole file, if the server says.
    pub total: Option<u64>,
}

impl Fetch {
    /// As the environment says: `TORCH_HOME` (or `XDG_CACHE_HOME`) for the cache, `HF_ENDPOINT`, `HF_TOKEN` and
    /// `HF_HUB_OFFLINE` for the Hugging Face hub, `WEIGHT_INIT_NAMES` for a table of one's own, `MMENGINE_HOME` for
    /// mmengine's; `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` for the way.
    ///
    /// # Errors
    ///
    /// A table that is named but cannot be read.
    pub fn from_env() -> Result<Self, FetchError> {
        let set = |name| env::var_os(name).filter(|value| !value.is_empty());
        let home =
            set("HOME").or_else(|| set("USERPROFILE")).map_or_else(PathBuf::new, PathBuf::from);
        let caches = set("XDG_CACHE_HOME").map_or_else(|| home.join(".cache"), PathBuf::from);
        let torch =
            set("TORCH_HOME").map_or_else(|| caches.join("torch"), |path| expand(&home, &path));
        let mmengine_home = set("MMENGINE_HOME")
            .map_or_else(|| caches.join("mmengine"), |path| expand(&home, &path));
        let text = |name| set(name).and_then(|value| value.into_string().ok());
        let hub = Hub {
            endpoint: text("HF_ENDPOINT").unwrap_or_else(|| "https://huggingface.co".to_owned()),
            token: text("HF_TOKEN"),
        };
        let offline =
            text("HF_HUB_OFFLINE").is_some_and(|value| !matches!(value.as_str(), "0" | "false"));
        let mut names = Names::shipped();
        let of_mmengine = mmengine_home.join("open_mmlab.json");
        if of_mmengine.is_file() {
            names.extend_open_mmlab(&of_mmengine)?;
        }
        let fetch = Self {
            cache: torch.join("hub").join("checkpoints"),
            mmengine_home,
            names,
            offline,
            hub,
            patience: Patience::DEFAULT,
        };
        match set("WEIGHT_INIT_NAMES") {
            Some(path) => fetch.with_names(Path::new(&path)),
            None => Ok(fetch),
        }
    }

    /// Adds the names of a JSON file, `{"torchvision": {NAME: URL}, "open-mmlab": …, "mmcls": …}`; they go before
    /// those that are known.
    ///
    /// # Errors
    ///
    /// A file that cannot be read or is not of that form.
    pub fn with_names(mut self, path: &Path) -> Result<Self, FetchError> {
        self.names.extend(path)?;
        Ok(self)
    }

    /// Keeps downloads in this folder.
    #[must_use]
    pub fn with_cache(self, cache: PathBuf) -> Self {
        Self { cache, ..self }
    }

    /// Whether the network is never touched.
    #[must_use]
    pub fn offline(self, offline: bool) -> Self {
        Self { offline, ..self }
    }

    /// How long to wait for servers.
    #[must_use]
    pub const fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The file of a checkpoint that is not remote, there or not, or was downloaded before; `None` if it would have to
    /// be downloaded.
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate).
    pub fn find(&self, checkpoint: &str) -> Result<Option<PathBuf>, FetchError> {
        match self.locate(checkpoint)? {
            Location::File(path) => Ok(Some(path)),
            Location::Remote { path, .. } => Ok(Some(path).filter(|path| path.is_file())),
        }
    }

    /// The file of a checkpoint, downloaded if it is not on this machine; `progress` hears of it.
    ///
    /// A file appears under its name when it is whole, and its hash, if its name holds one, is right; what was not
    /// finished is gone on with next time. Two processes that want the same file take turns.
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate); a server that does not give the file; a disk that does not take it; no network
    /// wanted.
    pub fn fetch(
        &self,
        checkpoint: &str,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<PathBuf, FetchError> {
        let (url, path) = match self.locate(checkpoint)? {
            Location::File(path) => return Ok(path),
            Location::Remote { url, path } => (url, path),
        };
        if !path.is_file() {
            self.download(checkpoint, &url, &path, progress)?;
        }
        if locate::is_index(&path) {
            for shard in index::shards(&path)? {
                let (url, path) = (locate::beside(&url, &shard), path.with_file_name(&shard));
                if !path.is_file() {
                    self.download(checkpoint, &url, &path, progress)?;
                }
            }
        }
        Ok(path)
    }

    fn download(
        &self,
        checkpoint: &str,
        url: &str,
        path: &Path,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(), FetchError> {
        if self.offline {
            return Err(FetchError::Offline {
                checkpoint: checkpoint.to_owned(),
                url: url.to_owned(),
                path: path.to_owned(),
            });
        }
        if locate::is_cloud(url) {
            #[cfg(feature = "cloud")]
            return cloud::download(url, path, progress);
            #[cfg(not(feature = "cloud"))]
            return Err(FetchError::NotBuiltIn { checkpoint: checkpoint.to_owned() });
        }
        let token = self
            .hub
            .token
            .as_deref()
            .filter(|_| url.starts_with(&format!("{}/", self.hub.endpoint)));
        download::download(url, token, path, &self.patience, progress)
    }
}

/// A path whose `~` is the home folder.
fn expand(home: &Path, path: impl AsRef<Path>) -> PathBuf {
    match path.as_ref().strip_prefix("~") {
        Ok(rest) => home.join(rest),
        Err(_) => path.as_ref().to_owned(),
    }
}
