//! Rules with the text that they were read from, as programs and adapters of frameworks pass them.

use std::sync::Arc;

use weight_init_core::init_cfg::{InitCfg, Owned};

use crate::config::json;
use crate::diagnostic::{Diagnostic, Source, Sources};
use crate::model::{PlacedInitCfg, Registry};
use crate::plan::{Options, PlanError, locate_in_init_cfg};

/// An init_cfg beside its text, so that an error of a plan shows the place of the rule that does not fit.
///
/// ```
/// use weight_init::model::{LayerSpec, Model};
/// use weight_init::plan::Plan;
/// use weight_init::rules::Rules;
///
/// let rules = Rules::from_json(r#"{"type": "Xavier", "layer": "Conv2d", "override": {"name": "hed", "type": "Normal"}}"#)?;
/// let model = Model::from_spec(LayerSpec::module("Net").child("head", LayerSpec::new("Head", &["Module"])))?;
/// let error = Plan::new(&model, &rules.options()).unwrap_err();
/// assert!(rules.located(&error).to_string().contains("init_cfg:1:"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rules {
    placed: PlacedInitCfg,
    text: Arc<Sources>,
}

impl Rules {
    /// Reads a dict, or a list of dicts, that name built-in initializers.
    ///
    /// # Errors
    ///
    /// Text that is no JSON, unknown keys and initializers, arguments that are wrong whatever the model: with the line, a caret
    /// and the nearest valid name.
    ///
    /// ```
    /// let error = weight_init::rules::Rules::from_json(r#"{"type": "Kaimin", "layer": "Linear"}"#).unwrap_err();
    /// assert!(error.to_string().ends_with("did you mean 'Kaiming'?"));
    /// ```
    pub fn from_json(json: &str) -> Result<Self, Diagnostic> {
        let source = Source::new("init_cfg", json);
        let value = json::parse(&source)?;
        let registry = Registry::standard();
        let placed = PlacedInitCfg::read(&value, &source, "$", registry.initializers())?;
        Ok(Self { placed, text: Arc::new(Sources::new(source)) })
    }

    /// What the resolver reads.
    #[must_use]
    pub fn init_cfg(&self) -> &InitCfg<Owned> {
        &self.placed.init_cfg
    }

    /// A plan by these rules for the root, as mmengine's `initialize(model, init_cfg)` has them.
    #[must_use]
    pub fn options(&self) -> Options<'_> {
        Options {
            initialize: Some(&self.placed.init_cfg),
            initialize_text: Some(&self.placed),
            ..Options::default()
        }
    }

    /// The rules as the init_cfg of one layer, with their text: see [`LayerSpec::init_cfg`](crate::model::LayerSpec::init_cfg).
    #[must_use]
    pub fn placed(&self) -> PlacedInitCfg {
        self.placed.clone().in_texts(&self.text)
    }

    /// An error of a plan by [`options`](Self::options), at the rule that it is about.
    #[must_use]
    pub fn located(&self, error: &PlanError) -> Diagnostic {
        locate_in_init_cfg(error, &self.placed, &*self.text)
    }
}
