use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use weight_init_core::init_cfg::Types;
use weight_init_core::initializer::InitializerType;

use super::{Arguments, LayerSpec};
use crate::diagnostic::Diagnostic;

/// What makes a layer of a class out of its arguments.
type Build = dyn Fn(&mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> + Send + Sync;

/// What configs and descriptions may name: classes of layers, and types of initializers.
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
///
/// An initializer of your own is declared by [`initializer!`](weight_init_core::initializer!):
///
/// ```
/// use weight_init::config::{Config, Format};
/// use weight_init::diagnostic::Source;
/// use weight_init::model::{Model, Registry};
/// use weight_init::plan::{Options, Plan};
/// use weight_init_core::initializer;
/// use weight_init_core::initializer::{Draw, InitError, InitializerType, Lower, Shape, fans};
///
/// initializer! {
///     /// Variance `scale/fan_in`.
///     pub struct Lecun {
///         /// Factor of the variance.
///         scale: f64 = 1.0, NotNegative;
///     }
///     fans: Always;
/// }
/// impl Lower for Lecun {
///     fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
///         let fan_in = fans(shape).map_err(InitError::from)?.fan_in as f64;
///         draw.normal(0.0, (self.scale / fan_in).sqrt())
///     }
/// }
/// static LECUN: InitializerType = InitializerType::new::<Lecun>();
///
/// let mut registry = Registry::standard();
/// registry.register_initializer(&LECUN);
/// let text = "model = dict(type='Module', init_cfg=dict(type='Lecun', scale=2, layer='Linear'),
///     fc=dict(type='Linear', in_features=4, out_features=2))";
/// let model = Model::from_config(&Config::parse(Source::new("net.py", text), Format::Python)?, &registry)?;
/// let plan = Plan::new(&model, &Options::default())?;
/// assert!(plan.table(None).to_string().contains("Lecun(scale=2)"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Registry {
    classes: HashMap<String, Arc<Build>>,
    initializers: Vec<&'static InitializerType>,
}

impl Registry {
    /// Without any class or initializer.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds a class, or replaces the one of that name.
    pub fn register(
        &mut self,
        class: impl Into<String>,
        build: impl Fn(&mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> + Send + Sync + 'static,
    ) {
        self.classes.insert(class.into(), Arc::new(build));
    }

    /// Adds a type of initializers, or replaces the one of that name.
    pub fn register_initializer(&mut self, of: &'static InitializerType) {
        self.initializers.retain(|known| known.name != of.name);
        self.initializers.push(of);
    }

    /// The types of initializers.
    #[must_use]
    pub fn initializers(&self) -> Types<'_> {
        &self.initializers
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
        let classes: Vec<_> = self.names().collect();
        f.debug_struct("Registry")
            .field("classes", &classes)
            .field("initializers", &self.initializers)
            .finish()
    }
}
