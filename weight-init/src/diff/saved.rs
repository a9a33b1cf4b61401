//! A plan that `plan --format json` printed.

use super::{Item, ItemWriter};
use crate::value::{Kind, Value};

/// The parameters of a plan as `weight-init plan --format json` prints it, in its order; `None` if the value is no such plan.
///
/// Scales are not in it.
#[must_use]
pub fn items_of_saved_plan(plan: &Value) -> Option<Vec<Item>> {
    plan.get("rules")?.as_list()?;
    plan.get("warnings")?.as_list()?;
    let params = plan.get("params")?.as_dict()?;
    params.iter().map(|entry| item(&entry.key, &entry.value)).collect()
}

fn item(name: &str, param: &Value) -> Option<Item> {
    let shape = param.get("shape")?.as_list()?.iter();
    let shape = shape.map(|extent| extent.as_int().and_then(|n| u64::try_from(n).ok()));
    let by = param.get("by")?;
    let writer = match (by.is_null(), param.get("default")) {
        (false, _) => ItemWriter { initializer: content(param)?, by: rule(by)? },
        (true, Some(default)) => untouched(default)?,
        (true, None) => return None,
    };
    Some(Item {
        name: name.to_owned(),
        shape: shape.collect::<Option<_>>()?,
        dtype: param.get("dtype")?.as_str()?.to_owned(),
        writer: Some(writer),
        std: None,
    })
}

/// A rule in the words of a plan's table.
fn rule(by: &Value) -> Option<String> {
    let module = by.get("module")?.as_str()?;
    let mut out =
        crate::plan::by::rule_name(module, usize::try_from(by.get("rule")?.as_int()?).ok()?);
    if let Some(index) = by.get("override").and_then(Value::as_int) {
        out += &format!(", override {index}");
    } else if let Some(index) = by.get("params").and_then(Value::as_int) {
        out += &format!(", params {index}");
    }
    Some(out)
}

/// What no rule writes, in the words of a plan's table.
fn untouched(default: &Value) -> Option<ItemWriter> {
    let init = default.get("init")?.as_str()?;
    let recorded_by = default.get("by").and_then(Value::as_str);
    let by = match (init, recorded_by) {
        (_, Some(by)) => by,
        ("value", None) => "description",
        ("kept", None) => "no rule",
        _ => "constructor",
    };
    let mut initializer = match init {
        "kept" => "kept".to_owned(),
        _ => content(default)?,
    };
    for part in default.get("parts").and_then(Value::as_list).unwrap_or_default() {
        initializer += &format!(", {} {}", region(part)?, content(part)?);
    }
    if let Some(row) = default.get("zero_row").and_then(Value::as_int) {
        initializer += &format!(", row {row} zero");
    }
    Some(ItemWriter { initializer, by: by.to_owned() })
}

/// An initializer with its arguments: `normal(mean=0, std=0.01)`.
fn content(of: &Value) -> Option<String> {
    let init = of.get("init")?.as_str()?;
    match init {
        "value" => return Some("given values".to_owned()),
        "unknown" => {
            return Some(match of.get("what").and_then(Value::as_str) {
                Some(what) => format!("unknown: {what}"),
                None => "unknown class".to_owned(),
            });
        }
        _ => {}
    }
    let args = of.get("args").and_then(Value::as_dict).unwrap_or_default().iter();
    let args = args.filter(|entry| !entry.value.is_null());
    let args: Vec<_> = args.map(|entry| format!("{}={}", entry.key, word(&entry.value))).collect();
    let mut out = format!("{init}({})", args.join(", "));
    for step in of.get("then").and_then(Value::as_list).unwrap_or_default() {
        out += &in_words(step)?;
    }
    Some(out)
}

fn region(part: &Value) -> Option<String> {
    let numbers = |key: &str| -> Option<Vec<i128>> {
        part.get(key)?.as_list()?.iter().map(Value::as_int).collect()
    };
    let range = |(start, extent): (i128, i128)| match extent {
        1 => start.to_string(),
        _ => format!("{start}:{}", start.saturating_add(extent)),
    };
    let ranges: Vec<_> = numbers("start")?.into_iter().zip(numbers("shape")?).map(range).collect();
    Some(format!("[{}]", ranges.join(", ")))
}

/// A function behind the initializer: `.neg()`, `.mul(0.5)`.
fn in_words(step: &Value) -> Option<String> {
    match (step.as_str(), step.as_dict().unwrap_or_default()) {
        (Some(name), _) => Some(format!(".{name}()")),
        (None, entries) => {
            entries.first().map(|entry| format!(".{}({})", entry.key, word(&entry.value)))
        }
    }
}

fn word(value: &Value) -> String {
    match &value.kind {
        Kind::Bool(flag) => flag.to_string(),
        Kind::Int(n) => n.to_string(),
        Kind::Float(x) => x.to_string(),
        Kind::Str(text) => text.to_string(),
        Kind::List(list) => format!("[{}]", list.iter().map(word).collect::<Vec<_>>().join(", ")),
        Kind::Dict(entries) => {
            let entries =
                entries.iter().map(|entry| format!("{}={}", entry.key, word(&entry.value)));
            entries.collect::<Vec<_>>().join(", ")
        }
        Kind::Null => "-".to_owned(),
    }
}
