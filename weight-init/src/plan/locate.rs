use super::PlanError;
use crate::diagnostic::{Diagnostic, Texts, help};
use crate::model::{Model, PlacedInitCfg};
use crate::value::Span;

/// The error at the place of the rule that it is about, in the texts that the model was read from.
#[must_use]
pub fn locate(error: &PlanError, model: &Model, texts: &dyn Texts) -> Diagnostic {
    let init_cfg = error.place().and_then(|place| model.init_cfg(&place.module));
    locate_in(error, init_cfg, texts)
}

/// The error at the place of the rule that it is about, in an init_cfg that was read for the root.
#[must_use]
pub fn locate_in_init_cfg(
    error: &PlanError,
    init_cfg: &PlacedInitCfg,
    texts: &dyn Texts,
) -> Diagnostic {
    locate_in(error, Some(init_cfg), texts)
}

fn locate_in(error: &PlanError, init_cfg: Option<&PlacedInitCfg>, texts: &dyn Texts) -> Diagnostic {
    let message = error.to_string();
    let (message, help) = help::split(&message);
    let place = error.place();
    let found = init_cfg.zip(place).and_then(|(init_cfg, place)| {
        let (span, path) = init_cfg.place(place.rule, place.override_index)?;
        Some(Diagnostic::new(init_cfg.texts(place.rule, texts), span, message).at(path))
    });
    let name = texts.source(Span::default()).name();
    let diagnostic = found.unwrap_or_else(|| Diagnostic::of_file(name, message));
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}
