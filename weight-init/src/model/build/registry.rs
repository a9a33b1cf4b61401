use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::{Arguments, LayerSpec, classes};
use crate::diagnostic::Diagnostic;

/// What makes a layer of a class out of its arguments.
type Build = dyn Fn(&mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> + Send + Sync;

/// The classes that a model config may name.
///
/// ```
/// use weight_init::config::{Config, Format};
/// use weight_init::diagnostic::Source;
/// use weight_init::model::{LayerSpec, Model, Registry};
/// use weight_init_core::Layer;
///
/// // A class of one's own: a scale for each channel.
/// let mut registry = Registry::standard();
/// registry.register("LayerScale", |arguments| {
///     let dim = arguments.size("dim")?;
///     let value = arguments.number_or("init_values", 1e-5)?;
///     Ok(LayerSpec::new("LayerScale", &["Module"]).constant_param("gamma", &[dim], value))
/// });
///
/// let text = r#"{"type": "LayerScale", "dim": 8}"#;
/// let config = Config::parse(Source::new("net.json", text), Format::Json)?;
/// assert_eq!(Model::from_config(&config, &registry)?.root().class(), "LayerScale");
///
/// let text = r#"{"type": "LayerScale", "dims": 8}"#;
/// let config = Config::parse(Source::new("net.json", text), Format::Json)?;
/// let error = Model::from_config(&config, &registry).unwrap_err();
/// assert_eq!(error.message(), "LayerScale needs the argument 'dim'");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    classes: HashMap<String, Arc<Build>>,
}

impl Registry {
    /// Without any class.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// PyTorch's layers, mmengine's containers, and the short names that OpenMMLab has for some of them:
    ///
    /// | classes | |
    /// |---|---|
    /// | `Conv1d` … `ConvTranspose3d`, `Linear`, `Bilinear`, `Embedding`, `EmbeddingBag` | |
    /// | `BatchNorm1d` … `3d`, `SyncBatchNorm`, `InstanceNorm1d` … `3d`, `GroupNorm`, `LayerNorm`, `RMSNorm` | also `BN`, `SyncBN`, `IN`, `GN`, `LN` |
    /// | `RNN`, `LSTM`, `GRU` and their cells, `MultiheadAttention`, `Transformer` and its parts, `AdaptiveLogSoftmaxWithLoss`, `PReLU` | |
    /// | activations, pooling, padding, dropout, `Identity`, `Flatten`, `Upsample`, … | no parameters |
    /// | `Module`, `Sequential`, `ModuleList`, `ModuleDict` | mmengine's, with an init_cfg of their own |
    /// | `nn.Module`, `nn.Sequential`, `nn.ModuleList`, `nn.ModuleDict` | PyTorch's: init_weights does not go through them |
    #[must_use]
    pub fn standard() -> Self {
        let mut registry = Self::empty();
        classes::register(&mut registry);
        registry
    }

    /// Adds a class, or replaces the one of that name.
    pub fn register(
        &mut self,
        class: impl Into<String>,
        build: impl Fn(&mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> + Send + Sync + 'static,
    ) {
        self.classes.insert(class.into(), Arc::new(build));
    }

    /// The names of the classes.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.classes.keys().map(String::as_str)
    }

    /// The class of a name: as it stands, as `nn.Name` for a name of PyTorch's, or the last part of a scoped one.
    pub(super) fn get(&self, name: &str) -> Option<&Build> {
        let scoped = name.strip_prefix("torch.").filter(|rest| rest.starts_with("nn."));
        let last = || name.rsplit_once('.').map(|(_, last)| last);
        let found = self.classes.get(scoped.unwrap_or(name));
        found.or_else(|| self.classes.get(last()?)).map(AsRef::as_ref)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}
