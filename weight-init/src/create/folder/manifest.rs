//! The file that says how a folder came about, and what is in it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::checkpoint::{CheckpointError, Problem};
use crate::create::{FolderLayout, Recipe, STREAM_VERSION, keys};

pub(super) use crate::checkpoint::sharded::MANIFEST as NAME;

/// The longest that is read, in bytes.
pub(super) const LONGEST: u64 = 100_000_000;

/// The recipe and the files of a folder.
///
/// A folder that is being written has it without check sums from its first moment on: who comes later with another recipe is
/// refused by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// Version of the program.
    weight_init: String,
    stream_version: String,
    seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dtype: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unknown: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pretrained: Option<String>,
    plan_sha256: String,
    layout: String,
    /// How the tensors are cut, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    split: Option<String>,
    pub(super) shards: Vec<ManifestShard>,
}

/// A file of the folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ManifestShard {
    pub(super) name: String,
    /// Bytes of the file, its header included.
    pub(super) bytes: u64,
    /// Of the file; unknown while the folder is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

impl Manifest {
    /// Of a folder whose files are not known yet.
    pub(super) fn new(recipe: &Recipe, plan_sha256: String, layout: FolderLayout) -> Self {
        let options = recipe.options();
        let option =
            |key| options.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone());
        Self {
            weight_init: env!("CARGO_PKG_VERSION").to_owned(),
            stream_version: STREAM_VERSION.to_owned(),
            seed: recipe.seed,
            dtype: option(keys::DTYPE),
            unknown: option(keys::UNKNOWN),
            pretrained: option(keys::PRETRAINED),
            plan_sha256,
            layout: layout.name().to_owned(),
            split: None,
            shards: Vec::new(),
        }
    }

    /// Of a folder whose tensors are cut so.
    pub(super) fn of_split(self, split: String) -> Self {
        Self { split: Some(split), ..self }
    }

    /// The names of folders of ranks.
    pub(super) fn folders(&self) -> BTreeSet<&str> {
        self.shards.iter().filter_map(|shard| Some(shard.name.split_once('/')?.0)).collect()
    }

    /// The text of the file.
    pub(super) fn text(&self) -> Vec<u8> {
        // Texts, numbers and lists of them are always JSON.
        let mut text = serde_json::to_vec_pretty(self).unwrap_or_default();
        text.push(b'\n');
        text
    }

    /// Reads the manifest of a folder; `None` if there is none, or no folder.
    pub(super) fn read(folder: &Path) -> Result<Option<Self>, CheckpointError> {
        let path = folder.join(NAME);
        let failed = |error| CheckpointError::io("read", &path, error);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(failed(error)),
        };
        let mut text = Vec::new();
        file.take(LONGEST).read_to_end(&mut text).map_err(failed)?;
        Self::parse(&path, &text).map(Some)
    }

    /// Reads the manifest out of the text of its file.
    pub(super) fn parse(path: &Path, text: &[u8]) -> Result<Self, CheckpointError> {
        serde_json::from_slice(text).map_err(|error| {
            let message = format!(
                "it is no manifest of a folder that this program writes (line {})",
                error.line()
            );
            CheckpointError::content(path, Problem::Folder { message })
        })
    }

    /// The check sum of a file, if it is known.
    pub(super) fn sum_of(&self, name: &str) -> Option<String> {
        let shard = self.shards.iter().find(|shard| shard.name == name)?;
        shard.sha256.clone().filter(|sum| is_sum(sum))
    }

    /// Whether the check sum of each file is known.
    #[cfg(feature = "cloud")]
    pub(super) fn has_sums(&self) -> bool {
        self.shards.iter().all(|shard| shard.sha256.as_deref().is_some_and(is_sum))
    }

    /// In what a folder with the other manifest is another one than a folder with this; `None` if it is the same.
    pub(super) fn conflict(&self, found: &Self) -> Option<String> {
        let shown = |text: &str| text.chars().take(80).collect::<String>();
        let given = |option: &Option<String>| {
            option.as_deref().map_or_else(|| "left out".to_owned(), shown)
        };
        let texts = [
            ("plan (SHA-256)", &found.plan_sha256, &self.plan_sha256),
            ("version of weight-init", &found.weight_init, &self.weight_init),
            ("version of the random stream", &found.stream_version, &self.stream_version),
            ("layout", &found.layout, &self.layout),
        ];
        let options = [
            ("--dtype", &found.dtype, &self.dtype),
            ("--unknown", &found.unknown, &self.unknown),
            ("--pretrained", &found.pretrained, &self.pretrained),
            ("--split", &found.split, &self.split),
        ];
        let differ = |what: &str, found: String, asked: String| {
            Some(format!("its {what} is {found}, and this run's is {asked}"))
        };
        if found.seed != self.seed {
            return differ("seed", found.seed.to_string(), self.seed.to_string());
        }
        if let Some((what, found, asked)) = options.into_iter().find(|(_, a, b)| a != b) {
            return differ(what, given(found), given(asked));
        }
        if let Some((what, found, asked)) = texts.into_iter().find(|(_, a, b)| a != b) {
            return differ(what, shown(found), shown(asked));
        }
        let files = |manifest: &Self| {
            manifest.shards.iter().map(|it| (it.name.clone(), it.bytes)).collect::<Vec<_>>()
        };
        if files(found) != files(self) {
            let (found, asked) = (found.shards.len(), self.shards.len());
            return Some(format!(
                "it is cut into {found} files by another --max-shard-size, and this run cuts it into {asked}"
            ));
        }
        None
    }
}

/// Whether a text is a SHA-256 in hexadecimal digits.
pub(super) fn is_sum(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
