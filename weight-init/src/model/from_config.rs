//! `build_from_cfg`: a model config → a [`Model`].
//!
//! A dict with `type` names a class of a [`Registry`]; its other keys are the class's arguments, and those that are
//! dicts with `type` build layers in turn. `init_cfg` may stand in every one. A list of such dicts is mmengine's
//! `Sequential`. This is the workflow of MMDetection's tutorial: config with init_cfg → `build_from_cfg` → model →
//! `init_weights()`.
//!
//! ```
//! use weight_init::config::{Config, Format};
//! use weight_init::diagnostic::Source;
//! use weight_init::model::{Model, Registry};
//! use weight_init::plan::{Options, Plan};
//!
//! let text = "
//! model = dict(
//!     type='Module',
//!     init_cfg=dict(type='Kaiming', layer='Conv2d'),
//!     stem=dict(type='Conv2d', in_channels=3, out_channels=16, kernel_size=3),
//!     head=dict(type='Sequential', modules=[dict(type='Flatten'), dict(type='Linear', in_features=16, out_features=10)]))
//! ";
//! let config = Config::parse(Source::new("net.py", text), Format::Python)?;
//! let model = Model::from_config(&config, &Registry::standard())?;
//! let plan = Plan::new(&model, &Options::default())?;
//! let names: Vec<_> = plan.params().iter().map(|param| param.name.as_str()).collect();
//! assert_eq!(names, ["stem.weight", "stem.bias", "head.1.weight", "head.1.bias"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod arguments;
mod flatten;
mod registry;
mod spec;

pub use self::arguments::Arguments;
pub use self::flatten::SpecError;
pub use self::registry::Registry;
pub use self::spec::{ChildSpec, LayerSpec, TensorSpec};

use weight_init_core::{InitWeights, nearest};

use super::{Model, PlacedInitCfg};
use crate::diagnostic::{Diagnostic, Texts};
use crate::value::{Segment, Span, Value, path};

/// Layers of a model, at most.
const MAX_LAYERS: usize = 1_000_000;

/// Builds the layer that a config says, and everything below it.
pub(super) fn build(
    value: &Value,
    texts: &dyn Texts,
    registry: &Registry,
    base: &str,
) -> Result<Model, Diagnostic> {
    let mut builder = Builder { registry, texts, layers: 0, open: Vec::new(), base };
    let spec = builder.layer(value)?;
    flatten::model(spec, value, texts, base)
}

/// What is being built.
#[derive(Debug)]
pub(super) struct Builder<'b> {
    registry: &'b Registry,
    texts: &'b dyn Texts,
    layers: usize,
    /// The way from the outermost config to the one that is being built.
    open: Vec<Segment>,
    base: &'b str,
}

impl<'b> Builder<'b> {
    fn layer(&mut self, value: &'b Value) -> Result<LayerSpec, Diagnostic> {
        self.layers += 1;
        if self.layers > MAX_LAYERS {
            return Err(self.error(value, format!("the model has more than {MAX_LAYERS} layers")));
        }
        if value.as_list().is_some() {
            return self.sequential(value);
        }
        if value.as_dict().is_none() {
            let message =
                format!("expected a layer (a dict with 'type'), found {}", value.kind_name());
            return Err(self.error(value, message));
        }
        let Some(class) = value.get("type") else {
            return Err(
                self.error(value, "the key 'type' is missing, which names the layer's class")
            );
        };
        let Some(name) = class.as_str() else {
            let message = format!("a class is named by a string, found {}", class.kind_name());
            return Err(self.error_at(class, "type", message));
        };
        let registry = self.registry;
        let Some(build) = registry.get(name) else {
            return Err(self.unknown(class, name));
        };
        let mut arguments = Arguments::new(self, value, name);
        let spec = build(&mut arguments)?;
        arguments.refuse_unknown()?;
        match value.get("init_cfg") {
            None => Ok(spec),
            Some(init_cfg) if init_cfg.is_null() => Ok(spec),
            Some(init_cfg) => {
                let place = self.place("init_cfg");
                let types = registry.initializers();
                let init_cfg = match spec.init_weights {
                    InitWeights::Custom => {
                        PlacedInitCfg::read_leniently(init_cfg, self.texts, &place, types)
                    }
                    _ => PlacedInitCfg::read_of_module(init_cfg, self.texts, &place, types)?,
                };
                Ok(LayerSpec { init_cfg: Some(init_cfg.over(spec.init_cfg)), ..spec })
            }
        }
    }

    /// A list in the place of a layer: mmengine's `Sequential`.
    fn sequential(&mut self, list: &'b Value) -> Result<LayerSpec, Diagnostic> {
        let bases = vec!["BaseModule".to_owned(), "Sequential".to_owned()];
        let mut layer = LayerSpec { bases, ..LayerSpec::module("Sequential") };
        for (index, item) in list.as_list().unwrap_or_default().iter().enumerate() {
            self.open.push(Segment::from(index));
            layer = layer.child(&index.to_string(), self.layer(item)?);
            self.open.pop();
        }
        Ok(layer)
    }

    fn unknown(&self, class: &Value, name: &str) -> Diagnostic {
        let last = name.rsplit('.').next().unwrap_or(name);
        let message = if last.starts_with("Lazy") {
            format!(
                "'{name}' finds its shapes when it is first called; name the layer without 'Lazy' and give them"
            )
        } else {
            format!("no class '{name}' is registered")
        };
        let error = self.error_at(class, "type", message);
        let near = nearest(last, self.registry.names());
        match near.map(|near| format!("did you mean '{near}'?")) {
            // The root of a config is a model of somebody's own more often than a slip.
            Some(help) if self.open.is_empty() => {
                error.help(format!("{help} {}", self.described()))
            }
            Some(help) => error.help(help),
            None => error.help(self.described()),
        }
    }

    /// The way to a model of other classes.
    fn described(&self) -> String {
        let config = self.texts.source(Span::new(0, 0)).name();
        format!(
            "a model of other classes is described from Python: `weight-init describe > describe.py`, `python describe.py \
             mmengine:{config} --out model.json`, then `weight-init plan model.json --config {config}`"
        )
    }

    /// The path of a key of the config that is being built.
    fn place(&self, key: &str) -> String {
        path(self.base, &self.open) + &Segment::from(key).to_string()
    }

    #[cold]
    fn error(&self, value: &Value, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.texts, value.span, message).at(path(self.base, &self.open))
    }

    #[cold]
    fn error_at(&self, value: &Value, key: &str, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.texts, value.span, message).at(self.place(key))
    }
}
