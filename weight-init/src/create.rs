//! A plan becomes a checkpoint, a file or a folder of files, and a checkpoint is checked against a plan.

mod folder;
mod recorded;
mod shard_size;
mod shards;
mod verify;

use std::fmt;
use std::path::Path;

use weight_init_core::DType;

pub use self::folder::{Folder, FolderReport, FolderState, StoreReport};
pub use self::recorded::{RecipeDifference, Recorded};
pub use self::shard_size::{ShardSize, ShardSizeError};
pub use self::shards::{FolderLayout, Shard, ShardFolder, ShardLayout, Share};
pub use self::verify::{Difference, verify};
pub(crate) use self::verify::{element, indices};
use crate::checkpoint::{CheckpointError, SafetensorsWriter, Sink, Summary, TensorInfo};
use crate::plan::{LowerError, Plan, Tensor, Unknown};
use crate::run::{BackendError, Filler, RunError, generate};
use crate::split::SplitError;
pub use crate::split::{Cut, Slice};

/// Version of the random stream: a public contract that changes with a major version only.
pub const STREAM_VERSION: &str = "1";

/// The circumstances that are recorded in the file, beside the plan's digest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recipe {
    /// The seed of all random streams.
    pub seed: u64,
    /// Element type that was asked for, if any.
    pub dtype: Option<DType>,
    /// The substitute for unknown constructor values.
    pub unknown: Unknown,
    /// Whether Pretrained rules were passed over.
    pub skip_pretrained: bool,
}

/// Why no checkpoint was made.
#[derive(Debug)]
pub enum CreateError {
    /// The plan cannot be carried out.
    Lower(LowerError),
    /// Its tensors cannot be cut so.
    Split(SplitError),
    /// The file, or a checkpoint that it is loaded from, cannot be written or read.
    Checkpoint(CheckpointError),
    /// The backend's device failed.
    Backend(BackendError),
}

impl fmt::Display for CreateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lower(error) => error.fmt(f),
            Self::Split(error) => error.fmt(f),
            Self::Checkpoint(error) => error.fmt(f),
            Self::Backend(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for CreateError {}

impl From<LowerError> for CreateError {
    fn from(error: LowerError) -> Self {
        Self::Lower(error)
    }
}

impl From<SplitError> for CreateError {
    fn from(error: SplitError) -> Self {
        Self::Split(error)
    }
}

impl From<CheckpointError> for CreateError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}

impl From<RunError<CheckpointError>> for CreateError {
    fn from(error: RunError<CheckpointError>) -> Self {
        match error {
            RunError::Lower(error) => Self::Lower(error),
            RunError::Stored(error) | RunError::Taker(error) => Self::Checkpoint(error),
            RunError::Backend(error) => Self::Backend(error),
        }
    }
}

impl Recipe {
    /// Writes the initial checkpoint; `progress` hears how many bytes of data are written.
    ///
    /// The file appears under its name when it is whole. Its metadata says how it came about; tied parameters
    /// stand in it once, and the metadata maps their other names to the first, as PyTorch's own writer of this
    /// format does.
    ///
    /// ```
    /// use weight_init::create::Recipe;
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::Model;
    /// use weight_init::plan::{Options, Plan};
    /// use weight_init::run::BackendKind;
    ///
    /// let source = Source::new("model.json", r#"{"class": "Linear", "params": [{"name": "weight", "shape": [3, 4]}]}"#);
    /// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
    /// let folder = tempfile::tempdir()?;
    /// let file = folder.path().join("linear.safetensors");
    /// let recipe = Recipe { seed: 42, ..Recipe::default() };
    /// let summary = recipe.create(&plan, &file, &mut BackendKind::Auto.start(None)?, &mut |_| ())?;
    /// assert_eq!(summary.data_bytes, 48);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A plan that cannot be carried out, before any file is made; a device that fails or a file that cannot be written,
    /// and then there is none.
    pub fn create(
        &self,
        plan: &Plan,
        path: &Path,
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Summary, CreateError> {
        let tensors = plan.tensors(self.unknown)?;
        let infos: Vec<_> = tensors.iter().map(info).collect();
        let mut metadata = self.metadata(&plan.digest());
        metadata.extend_from_slice(plan.ties());
        let mut writer = SafetensorsWriter::create(path, &metadata, &infos)?;
        generate(&tensors, self.seed, backend, |chunk| {
            writer.write(chunk.bytes)?;
            progress(chunk.bytes.len() as u64);
            Ok::<_, CheckpointError>(())
        })?;
        Ok(writer.finish()?)
    }

    /// The texts that a file has of it.
    fn metadata(&self, plan_sha256: &str) -> Vec<(String, String)> {
        let mut metadata = vec![
            ("format", "pt".to_owned()),
            (keys::SEED, self.seed.to_string()),
            (keys::STREAM_VERSION, STREAM_VERSION.to_owned()),
            (keys::TOOL_VERSION, env!("CARGO_PKG_VERSION").to_owned()),
            (keys::PLAN, plan_sha256.to_owned()),
        ];
        metadata.extend(self.options());
        metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// The options that were given, with their keys in the metadata.
    fn options(&self) -> Vec<(&'static str, String)> {
        let mut options = Vec::new();
        if let Some(dtype) = self.dtype {
            options.push((keys::DTYPE, dtype.name().to_owned()));
        }
        if self.unknown != Unknown::Refuse {
            options.push((keys::UNKNOWN, self.unknown.name().to_owned()));
        }
        if self.skip_pretrained {
            options.push((keys::PRETRAINED, "skip".to_owned()));
        }
        options
    }
}

/// Keys of the file's metadata.
pub(crate) mod keys {
    pub(crate) const SEED: &str = "weight_init.seed";
    pub(crate) const STREAM_VERSION: &str = "weight_init.stream_version";
    pub(crate) const TOOL_VERSION: &str = "weight_init.version";
    pub(crate) const PLAN: &str = "weight_init.plan_sha256";
    pub(crate) const DTYPE: &str = "weight_init.dtype";
    pub(crate) const UNKNOWN: &str = "weight_init.unknown";
    pub(crate) const PRETRAINED: &str = "weight_init.pretrained";
    pub(crate) const SPLIT: &str = "weight_init.split";
}

fn info(tensor: &Tensor<'_>) -> TensorInfo {
    TensorInfo { name: tensor.name.to_owned(), dtype: tensor.dtype, shape: tensor.shape.to_vec() }
}
