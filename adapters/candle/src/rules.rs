use weight_init::config::json;
use weight_init::diagnostic::Source;
use weight_init::model::{PlacedInitCfg, Registry};
use weight_init::plan::{Options, PlanError, locate_in_init_cfg};
use weight_init_core::init_cfg::{InitCfg, Owned};

use crate::Error;

/// Rules with the text that they were read from, so that an error shows the place of the rule that does not fit.
#[derive(Clone, Debug)]
pub struct Rules {
    placed: PlacedInitCfg,
    text: Source,
}

/// Reads rules from JSON: a dict, or a list of dicts.
///
/// # Errors
///
/// Text that is no JSON, unknown keys and initializers, arguments that are wrong whatever the model: with the line, a caret and
/// the nearest valid name.
///
/// ```
/// let error = weight_init_candle::init_cfg(r#"{"type": "Kaimin", "layer": "Linear"}"#).unwrap_err();
/// assert!(error.to_string().ends_with("did you mean 'Kaiming'?"));
/// ```
pub fn init_cfg(json: &str) -> Result<Rules, Error> {
    let text = Source::new("init_cfg", json);
    let value = json::parse(&text)?;
    let placed = PlacedInitCfg::read(&value, &text, "$", Registry::standard().initializers())?;
    Ok(Rules { placed, text })
}

/// What is planned by rules; without any, by those of the model's own layers.
pub(crate) fn options(rules: Option<&Rules>) -> Options<'_> {
    Options {
        initialize: rules.map(|rules| &rules.placed.init_cfg),
        initialize_keys: rules.map(|rules| &rules.placed.keys),
        ..Options::default()
    }
}

impl Rules {
    /// What the resolver reads.
    #[must_use]
    pub fn init_cfg(&self) -> &InitCfg<Owned> {
        &self.placed.init_cfg
    }

    /// An error of a plan at the rule that it is about.
    pub(crate) fn located(&self, error: &PlanError) -> Error {
        locate_in_init_cfg(error, &self.placed, &self.text).into()
    }
}
