//! Where checkpoints are: paths, URLs, model zoos; and their way onto this machine.
//!
//! A checkpoint is named as in mmengine: by a path, `file://`, `http://`, `https://`, `torchvision://NAME`,
//! `open-mmlab://NAME`, `mmcls://NAME` (or `mmpretrain://NAME`), and beyond it `hf://owner/repo/file[@revision]` and,
//! in builds with the feature `cloud`, `s3://`, `gs://` and `az://`.
//!
//! Downloads are kept below `$TORCH_HOME`. PyTorch's own cache, `hub/checkpoints`, is shared with PyTorch: files from hosts
//! of the tables of names go there if the name holds the hash of the content, and are found there. All others go to
//! `weight-init`, in a folder for each address. Size, time and room of a download are bounded ([`Patience`],
//! [`Fetch::with_most_bytes`]); secrets of addresses stand in no message and in no name of a file
//! ([`address`](crate::address)).

mod cache;
#[cfg(feature = "cloud")]
mod cloud;
mod download;
mod error;
mod index;
mod locate;
mod names;
mod pace;
mod partial;

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use self::cache::Cache;
use self::download::Download;
pub use self::error::FetchError;
pub use self::locate::Location;
use self::names::Names;
use crate::address::Address;
use crate::checkpoint::StateDict;
use crate::checkpoint::sharded::LONGEST_INDEX;

/// The most GiB that are downloaded for one checkpoint, unless the environment or the caller says otherwise.
const MOST_GIB: u64 = 64;

/// Finds checkpoints, and downloads those that are not on this machine.
///
/// ```
/// use weight_init::fetch::{Fetch, Location};
///
/// let fetch = Fetch::from_env()?;
/// let Location::Remote { url, .. } = fetch.locate("torchvision://resnet50")? else { unreachable!() };
/// assert_eq!(url.secret(), "https://download.pytorch.org/models/resnet50-0676ba61.pth");
/// let error = fetch.locate("torchvision://resnet5").unwrap_err();
/// assert!(error.to_string().contains("did you mean 'resnet50'?"));
/// # Ok::<(), weight_init::fetch::FetchError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Where downloads are kept.
    cache: Cache,
    /// Where paths of mmengine's own table count from.
    mmengine_home: PathBuf,
    names: Names,
    offline: bool,
    hub: Hub,
    patience: Patience,
    /// Bytes that are downloaded for one checkpoint at most.
    most: u64,
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
    /// Time in which at least [`least`](Self::least) bytes must come; a try that is slower ends.
    pub window: Duration,
    /// Bytes that must come in each [`window`](Self::window).
    pub least: u64,
    /// For all bytes of one connection; after that another one goes on.
    pub connection: Duration,
    /// Tries without getting on.
    pub tries: u32,
    /// Wait before the second try; it doubles with each.
    pub first_wait: Duration,
    /// For another process that downloads the same file, from the last byte that it received.
    pub stalled: Duration,
}

impl Patience {
    /// Twenty seconds for a connection, a minute for bytes, of which 256 KiB must come in each minute, two hours for a
    /// connection, six tries with half a second and more between them, ten minutes for another process.
    pub const DEFAULT: Self = Self {
        connect: Duration::from_secs(20),
        read: Duration::from_secs(60),
        window: Duration::from_secs(60),
        least: 256 << 10,
        connection: Duration::from_secs(7200),
        tries: 6,
        first_wait: Duration::from_millis(500),
        stalled: Duration::from_secs(600),
    };
}

/// How far a download is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Another process downloads the same file; this one waits for it. Told once.
    Waiting {
        /// The lock that the other process holds.
        lock: &'a Path,
    },
    /// Bytes came.
    Received {
        /// Bytes that are here.
        done: u64,
        /// Bytes of the whole file, if the server says.
        total: Option<u64>,
    },
}

impl Fetch {
    /// As the environment says: `TORCH_HOME` (or `XDG_CACHE_HOME`) for the cache, `WEIGHT_INIT_MAX_DOWNLOAD` for the GiB
    /// that are downloaded for one checkpoint at most (64), `HF_ENDPOINT`, `HF_TOKEN` and
    /// `HF_HUB_OFFLINE` for the Hugging Face hub, `WEIGHT_INIT_NAMES` for a table of one's own, `MMENGINE_HOME` for
    /// mmengine's; `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` for the way.
    ///
    /// # Errors
    ///
    /// A table that is named but cannot be read; a number of GiB that is none.
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
        let gib = match set(error::MOST_BYTES) {
            None => MOST_GIB,
            Some(gib) => {
                gib.to_str().and_then(|gib| gib.trim().parse().ok()).ok_or(FetchError::MostBytes)?
            }
        };
        let fetch = Self {
            cache: Cache::of_torch_home(&torch),
            mmengine_home,
            names,
            offline,
            hub,
            patience: Patience::DEFAULT,
            most: gib.saturating_mul(1 << 30),
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

    /// Keeps downloads below this folder, as PyTorch does below `TORCH_HOME`.
    #[must_use]
    pub fn with_torch_home(self, home: &Path) -> Self {
        Self { cache: Cache::of_torch_home(home), ..self }
    }

    /// How many bytes are downloaded at most for one checkpoint, with all files that its index names.
    #[must_use]
    pub fn with_most_bytes(self, most: u64) -> Self {
        Self { most, ..self }
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

    /// Opens a checkpoint, which is downloaded if it is not on this machine; `key` leads to the state dict in it, as in
    /// [`StateDict::open_key`].
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch) and [`StateDict::open_key`]; of a downloaded file the message says what to do about it.
    pub fn open(
        &self,
        checkpoint: &str,
        key: Option<&str>,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<StateDict, FetchError> {
        let path = self.fetch(checkpoint, progress)?;
        self.open_file(checkpoint, key, &path)
    }

    /// Opens a checkpoint that is on this machine; `None` if there is none.
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate) and [`StateDict::open_key`].
    pub fn open_local(
        &self,
        checkpoint: &str,
        key: Option<&str>,
    ) -> Result<Option<StateDict>, FetchError> {
        match self.find(checkpoint)?.filter(|path| path.exists()) {
            Some(path) => self.open_file(checkpoint, key, &path).map(Some),
            None => Ok(None),
        }
    }

    fn open_file(
        &self,
        checkpoint: &str,
        key: Option<&str>,
        path: &Path,
    ) -> Result<StateDict, FetchError> {
        let opened = StateDict::open_key(path, key);
        let Location::Remote { url, .. } = self.locate(checkpoint)? else { return Ok(opened?) };
        match opened {
            Ok(dict) => Ok(dict.downloaded(url)),
            Err(error) if error.is_io() || error.is_of_a_whole_file() => Err(error.into()),
            Err(error) => match cache::hashes(error.path())? {
                Some((expected, found)) if expected == found => Err(error.into()),
                Some((expected, found)) => {
                    Err(FetchError::Foreign { path: error.path().to_owned(), expected, found })
                }
                None => Err(error.downloaded(&url).into()),
            },
        }
    }

    /// The file of a checkpoint, downloaded if it is not on this machine; `progress` hears of it.
    ///
    /// A file appears under its name when it is whole, and its hash, if its name holds one, is right; what was not
    /// finished is gone on with next time. Two processes that want the same file take turns.
    ///
    /// # Errors
    ///
    /// As [`locate`](Self::locate); a server that does not give the file, or gives more than is allowed; a disk that does
    /// not take it; another process that does not get on with it; no network wanted.
    pub fn fetch(
        &self,
        checkpoint: &str,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<PathBuf, FetchError> {
        let (url, path) = match self.locate(checkpoint)? {
            Location::File(path) => return Ok(path),
            Location::Remote { url, path } => (url, path),
        };
        let is_index =
            path.file_name().is_some_and(|name| locate::is_index(&name.to_string_lossy()));
        let folder = self.cache.folder(url.secret());
        let mut most = if is_index { self.most.min(LONGEST_INDEX) } else { self.most };
        if !path.is_file() {
            self.download(checkpoint, &url, &folder, &path, most, progress)?;
        }
        if is_index {
            most = self.most;
            for shard in index::shards(&path)? {
                // The name was found to be plain, and the folder is that of the index alone.
                let (url, path) = (locate::beside(&url, &shard), path.with_file_name(&shard));
                if !path.is_file() {
                    self.download(checkpoint, &url, &folder, &path, most, progress)?;
                    most = most.saturating_sub(path.metadata().map_or(0, |found| found.len()));
                }
            }
        }
        Ok(path)
    }

    fn download(
        &self,
        checkpoint: &str,
        url: &Address,
        folder: &Path,
        target: &Path,
        most: u64,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<(), FetchError> {
        if self.offline {
            return Err(FetchError::Offline {
                checkpoint: checkpoint.into(),
                url: url.clone(),
                path: target.to_owned(),
            });
        }
        if locate::is_cloud(url) && cfg!(not(feature = "cloud")) {
            return Err(FetchError::NotBuiltIn { checkpoint: checkpoint.into() });
        }
        let token = self
            .hub
            .token
            .as_deref()
            .filter(|_| url.secret().starts_with(&format!("{}/", self.hub.endpoint)));
        let patience = &self.patience;
        Download { url, token, folder, target, patience, most }.run(progress)
    }
}

/// A path whose `~` is the home folder.
fn expand(home: &Path, path: impl AsRef<Path>) -> PathBuf {
    match path.as_ref().strip_prefix("~") {
        Ok(rest) => home.join(rest),
        Err(_) => path.as_ref().to_owned(),
    }
}
