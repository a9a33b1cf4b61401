use super::{PlanError, RulePlace};
use crate::config::json;
use crate::diagnostic::{Diagnostic, Source};
use crate::model::root;
use crate::value::{Segment, Value, path};

/// The error at its place in the description that the model was read from.
///
/// The text is read once more: what is rare need not be remembered.
#[must_use]
pub fn locate_in_description(error: &PlanError, source: &Source) -> Diagnostic {
    locate(error, source, |value, place| {
        let (mut layer, base) = root(value);
        let mut segments = Vec::new();
        for name in place.module.split('.').filter(|name| !name.is_empty()) {
            let children = layer.get("children")?.as_list()?;
            let named = |child: &Value| child.get("name").and_then(Value::as_str) == Some(name);
            let index = children.iter().position(named)?;
            segments.extend([Segment::from("children"), Segment::from(index)]);
            layer = children.get(index)?;
        }
        segments.push(Segment::from("init_cfg"));
        Some((layer.get("init_cfg")?, base, segments))
    })
}

/// The error at its place in the init_cfg that was read for the root.
#[must_use]
pub fn locate_in_init_cfg(error: &PlanError, source: &Source) -> Diagnostic {
    locate(error, source, |value, _| Some((value, "$", Vec::new())))
}

/// Finds the rule below the init_cfg that `init_cfg` finds.
fn locate(
    error: &PlanError,
    source: &Source,
    init_cfg: impl for<'v> FnOnce(
        &'v Value,
        &RulePlace,
    ) -> Option<(&'v Value, &'static str, Vec<Segment>)>,
) -> Diagnostic {
    let message = error.to_string();
    let (message, help) = match message.rsplit_once("; did you mean ") {
        Some((message, help)) => (message.to_owned(), Some(format!("did you mean {help}"))),
        None => (message, None),
    };
    let found = error.place().and_then(|place| {
        let value = json::parse(source).ok()?;
        let (mut at, base, mut segments) = init_cfg(&value, place)?;
        at = item(at, place.rule, &mut segments)?;
        if let Some(index) = place.override_index {
            segments.push(Segment::from("override"));
            at = item(at.get("override")?, index, &mut segments)?;
        }
        Some((at.span, path(base, &segments)))
    });
    let diagnostic = match found {
        Some((span, path)) => Diagnostic::new(source, span, message).at(path),
        None => Diagnostic::of_file(source.name(), message),
    };
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// The item of a list, or the one value that stands in its place.
fn item<'v>(value: &'v Value, index: usize, segments: &mut Vec<Segment>) -> Option<&'v Value> {
    match value.as_list() {
        Some(items) => {
            segments.push(Segment::from(index));
            items.get(index)
        }
        None => Some(value),
    }
}
