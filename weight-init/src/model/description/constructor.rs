//! The keys `constructor`, `parts` and `by` of a tensor → [`Constructor`].

use std::sync::Arc;

use weight_init_core::DType;
use weight_init_core::init_cfg::{Init, InitCfg, Owned, Rule, Types, Write};

use super::fields::{Fields, Place};
use super::stored::Files;
use super::tensor;
use crate::diagnostic::Diagnostic;
use crate::model::Values;
use crate::model::constructor::{Constructor, Content, Mapped, Part, Region, Step, Written};
use crate::pool::Pool;
use crate::value::{Entry, Kind, Value};

const PART_KEYS: &[&str] = &["start", "shape", "constructor", "value", "by"];

/// Regions of one tensor, at most: each element may have to look at all of them.
const MAX_PARTS: usize = 1024;

/// Functions of single elements over one draw, at most.
const MAX_STEPS: usize = 16;

/// What the contents of tensors are read with.
pub(super) struct Contents<'t> {
    /// The initializers that a constructor may name.
    pub(super) types: Types<'t>,
    pub(super) files: Files,
    /// Texts that many tensors share.
    pub(super) texts: Pool<str>,
}

/// What is in a tensor, as its description says.
pub(super) enum Described {
    /// By `value` alone.
    Values(Values),
    /// By `constructor`, or with `parts` or `by`.
    Constructor(Constructor),
}

/// Reads them of a parameter or buffer of this type and shape; `None` if it says nothing.
pub(super) fn described(
    fields: &Fields<'_>,
    dtype: DType,
    shape: &[usize],
    contents: &mut Contents<'_>,
) -> Result<Option<Described>, Diagnostic> {
    let keys = ["constructor", "parts", "by"];
    if keys.iter().all(|key| fields.get(key).is_none()) {
        let values = tensor::values(fields, dtype, shape, &mut contents.files)?;
        return Ok(values.map(Described::Values));
    }
    let base = written(fields, dtype, shape, contents)?;
    let mut parts = Vec::new();
    for (value, place) in fields.list("parts")? {
        if parts.len() == MAX_PARTS {
            let message = format!("a tensor has {MAX_PARTS} parts at most");
            return Err(fields.fault("parts", message));
        }
        let fields = Fields::read(fields.texts(), value, &place, "part", PART_KEYS)?;
        let region = region(&fields, shape)?;
        let written = written(&fields, dtype, region.shape(), contents)?;
        if matches!(written.content, Content::NormOf(_)) {
            let message = "'norm_of' is of a whole tensor, not of a part";
            return Err(fields.fault("constructor", message));
        }
        if !region.shape().contains(&0) {
            parts.push(Part { region, written });
        }
    }
    Ok(Some(Described::Constructor(Constructor { base, parts })))
}

/// The content of a tensor, or of a region of it, by `constructor` or `value`.
fn written(
    fields: &Fields<'_>,
    dtype: DType,
    shape: &[usize],
    contents: &mut Contents<'_>,
) -> Result<Written, Diagnostic> {
    let by = fields.optional_string("by")?.map(|by| contents.texts.share(by));
    let values = tensor::values(fields, dtype, shape, &mut contents.files)?;
    let content = match (fields.get("constructor"), values) {
        (None, Some(values)) => Content::Values(values),
        (Some(value), None) => content(fields, value, contents)?,
        (Some(_), Some(_)) => {
            let message = "'constructor' and 'value' both say what is in it: one of them is enough";
            return Err(fields.fault("constructor", message));
        }
        (None, None) => {
            let message = "'constructor' or 'value' must say what is in it";
            return Err(fields.fault("constructor", message));
        }
    };
    Ok(Written { content, by })
}

fn content(
    fields: &Fields<'_>,
    value: &Value,
    contents: &mut Contents<'_>,
) -> Result<Content, Diagnostic> {
    let place = fields.below("constructor");
    if value.get("unknown").is_some() {
        let fields =
            Fields::read(fields.texts(), value, &place, "unknown constructor", &["unknown"])?;
        return Ok(Content::Unknown(contents.texts.share(fields.string("unknown")?)));
    }
    if value.get("norm_of").is_some() {
        let fields = Fields::read(fields.texts(), value, &place, "norm", &["norm_of"])?;
        return Ok(Content::NormOf(contents.texts.share(fields.string("norm_of")?)));
    }
    let Some(then) = value.get("then") else {
        return initializer(fields, value, &place, contents.types).map(Content::Init);
    };
    let entries = value.as_dict().unwrap_or_default().iter();
    let draw = entries.filter(|entry| &*entry.key != "then").cloned().collect();
    let draw = Value { kind: Kind::Dict(draw), span: value.span };
    let init = initializer(fields, &draw, &place, contents.types)?;
    Ok(Content::Mapped(Mapped { init, steps: steps(fields, then, &place)? }))
}

/// The functions of `then`: names, and dicts of a name with its operand.
fn steps(fields: &Fields<'_>, value: &Value, place: &Place<'_>) -> Result<Arc<[Step]>, Diagnostic> {
    let fault = |at: &Value, message: String| {
        Diagnostic::new(fields.texts(), at.span, message).at(format!("{place}.then"))
    };
    let items = match &value.kind {
        Kind::List(items) if (1..=MAX_STEPS).contains(&items.len()) => items,
        Kind::List(_) => {
            return Err(fault(value, format!("a draw has 1 to {MAX_STEPS} functions after it")));
        }
        _ => {
            let found = value.kind_name();
            return Err(fault(value, format!("expected a list of functions, found {found}")));
        }
    };
    let step = |item: &Value| {
        let (name, operand) = match &item.kind {
            Kind::Str(name) => (name, None),
            Kind::Dict(entries) => match entries.as_slice() {
                [Entry { key, value, .. }] => {
                    let operand = value.as_float().filter(|x| x.is_finite());
                    let operand = operand.ok_or_else(|| {
                        let found = value.kind_name();
                        fault(
                            value,
                            format!(
                                "the operand of '{key}' must be a finite number, found {found}"
                            ),
                        )
                    })?;
                    (key, Some(operand))
                }
                _ => return Err(fault(item, "a function has one operand at most".to_owned())),
            },
            _ => {
                let found = item.kind_name();
                let message =
                    format!("expected a function such as \"log\" or {{\"mul\": 2}}, found {found}");
                return Err(fault(item, message));
            }
        };
        Step::from_name(name, operand).ok_or_else(|| {
            let message = match (Step::NAMES.contains(&&**name), operand) {
                (true, None) => {
                    format!("the function '{name}' needs an operand: {{\"{name}\": 2}}")
                }
                (true, Some(_)) => format!("the function '{name}' has no operand: \"{name}\""),
                (false, _) => {
                    let names = Step::NAMES.join("', '");
                    format!("there is no function '{name}'; there are '{names}'")
                }
            };
            fault(item, message)
        })
    };
    items.iter().map(step).collect()
}

/// An initializer with its numbers: the dict of a rule without what a rule has beside it.
fn initializer(
    fields: &Fields<'_>,
    value: &Value,
    place: &Place<'_>,
    types: Types<'_>,
) -> Result<Init, Diagnostic> {
    let of_a_rule = ["layer", "params", "override", "bias", "bias_prob"];
    let entries = value.as_dict().unwrap_or_default();
    if let Some(entry) = entries.iter().find(|entry| of_a_rule.contains(&&*entry.key)) {
        let message = format!(
            "a constructor has no '{}': it writes this tensor alone, by its type and arguments",
            entry.key
        );
        return Err(Diagnostic::new(fields.texts(), entry.key_span, message).at(place.to_string()));
    }
    let rules: InitCfg<Owned> = InitCfg::deserialize_with(types, value)
        .map_err(|error| error.into_diagnostic(fields.texts(), &place.to_string()))?;
    match rules.rules.as_slice() {
        [Rule { write: Write::Init(init, _), .. }] => Ok(*init),
        [Rule { write: Write::Pretrained(_), .. }] => {
            let message = "a constructor loads no checkpoint: a Pretrained rule does, or a 'value' with 'file' and 'tensor'";
            Err(fields.fault("constructor", message))
        }
        _ => Err(fields.wrong("constructor", "a dict with 'type'", value)),
    }
}

fn region(fields: &Fields<'_>, dims: &[usize]) -> Result<Region, Diagnostic> {
    let start = indices(fields, "start")?;
    let shape = indices(fields, "shape")?;
    Region::new(start.clone(), shape.clone(), dims).ok_or_else(|| {
        let message = format!(
            "a part from {start:?} on of shape {shape:?} does not lie within the tensor, whose shape is {dims:?}"
        );
        fields.fault("start", message)
    })
}

fn indices(fields: &Fields<'_>, key: &str) -> Result<Vec<usize>, Diagnostic> {
    let expected = "a list of integers from 0, one for each dimension";
    let value = fields
        .get(key)
        .ok_or_else(|| fields.fault(key, format!("the key '{key}' of a part is missing")))?;
    let Kind::List(items) = &value.kind else { return Err(fields.wrong(key, expected, value)) };
    let index = |item: &Value| {
        let index = item.as_int().and_then(|index| usize::try_from(index).ok());
        index.ok_or_else(|| fields.wrong(key, expected, item))
    };
    items.iter().map(index).collect()
}
