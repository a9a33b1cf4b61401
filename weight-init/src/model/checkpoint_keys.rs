use std::borrow::Cow;
use std::collections::BTreeMap;

use weight_init_core::init_cfg::RuleType;

use super::placed::items;
use crate::diagnostic::{Diagnostic, Texts};
use crate::value::{Kind, Span, Value};

/// The name of the argument.
const KEY: &str = "key";

/// The `key` of Pretrained rules: the keys, joined by dots, that lead to the state dict in a PyTorch file.
///
/// mmengine's Pretrained has no such argument, and an init_cfg in flash loads no checkpoint. So it stands beside the
/// [`InitCfg`](weight_init_core::init_cfg::InitCfg), whose forms stay what they are.
///
/// ```
/// use weight_init::config::json;
/// use weight_init::diagnostic::Source;
/// use weight_init::model::PlacedInitCfg;
/// use weight_init_core::initializer::ALL;
///
/// let source = Source::new(
///     "rules.json",
///     r#"{"type": "Pretrained", "checkpoint": "training.pth", "key": "model_state"}"#,
/// );
/// let rules = PlacedInitCfg::read(&json::parse(&source)?, &source, "$", ALL)?;
/// assert_eq!(rules.keys.get(0, None), Some("model_state"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckpointKeys(BTreeMap<(usize, Option<usize>), String>);

impl CheckpointKeys {
    /// The key of a rule, or of one of its overrides.
    #[must_use]
    pub fn get(&self, rule: usize, override_index: Option<usize>) -> Option<&str> {
        self.0.get(&(rule, override_index)).map(String::as_str)
    }

    /// Whether a Pretrained rule anywhere in a config has a key: mmengine refuses it.
    #[must_use]
    pub fn stand_in(config: &Value) -> bool {
        let mut values = vec![config];
        while let Some(value) = values.pop() {
            match &value.kind {
                Kind::List(items) => values.extend(items),
                Kind::Dict(entries) => {
                    if value.get(KEY).is_some_and(|key| key.as_str().is_some())
                        && is_pretrained(value)
                    {
                        return true;
                    }
                    values.extend(entries.iter().map(|entry| &entry.value));
                }
                _ => {}
            }
        }
        false
    }

    /// Takes the keys out of an init_cfg, which stands at a path.
    ///
    /// # Errors
    ///
    /// At a key that is no text.
    pub(super) fn take<'v>(
        value: &'v Value,
        texts: &dyn Texts,
        path: &str,
    ) -> Result<(Cow<'v, Value>, Self), Diagnostic> {
        let mut keys = Self::default();
        if !items(value).iter().any(has_key) {
            return Ok((Cow::Borrowed(value), keys));
        }
        let wrong = |span| {
            let message = "the key of a Pretrained rule is a text, keys joined by dots";
            Diagnostic::new(texts, span, message).at(path)
        };
        let mut value = value.clone();
        for (number, rule) in items_mut(&mut value).iter_mut().enumerate() {
            let own = take_key(rule).map_err(wrong)?;
            for (index, over) in overrides_mut(rule).iter_mut().enumerate() {
                // Without a type of its own it is written as the rule.
                let key = if over.get("type").is_some() {
                    take_key(over).map_err(wrong)?
                } else {
                    own.clone()
                };
                keys.0.extend(key.map(|key| ((number, Some(index)), key)));
            }
            keys.0.extend(own.map(|own| ((number, None), own)));
        }
        Ok((Cow::Owned(value), keys))
    }

    /// Takes over the keys of other rules, of which the first is this rule here.
    pub(super) fn append(&mut self, first: usize, other: Self) {
        let others = other.0.into_iter();
        self.0.extend(others.map(|((rule, over), key)| ((first + rule, over), key)));
    }

    /// Leaves the keys of so many rules.
    pub(super) fn truncate(&mut self, rules: usize) {
        self.0.retain(|(rule, _), _| *rule < rules);
    }

    /// Puts the keys into the rules that they were taken out of, as JSON has them.
    pub(super) fn put_into(&self, init_cfg: &mut serde_json::Value) {
        for ((rule, over), key) in &self.0 {
            let rule = json_item(init_cfg, *rule);
            let holder = match over {
                None => rule,
                Some(over) => {
                    let overrides = rule.and_then(|rule| rule.get_mut("override"));
                    // Without a type of its own it has that of the rule, and its key.
                    let found = overrides.and_then(|overrides| json_item(overrides, *over));
                    found.filter(|over| over.get("type").is_some())
                }
            };
            if let Some(holder) = holder.and_then(serde_json::Value::as_object_mut) {
                holder.insert(KEY.to_owned(), key.as_str().into());
            }
        }
    }

    /// Whether no rule has a key.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a rule of this type may have a key.
pub(super) fn is_known(of: RuleType, key: &str) -> bool {
    of.is_pretrained() && key == KEY
}

fn is_pretrained(rule: &Value) -> bool {
    let name = rule.get("type").and_then(Value::as_str);
    // No initializer is called so, registered or not.
    name.and_then(|name| RuleType::named(name, &[])).is_some_and(RuleType::is_pretrained)
}

fn has_key(rule: &Value) -> bool {
    let in_override = rule
        .get("override")
        .is_some_and(|over| items(over).iter().any(|over| over.get(KEY).is_some()));
    in_override || rule.get(KEY).is_some()
}

/// Takes the key out of a rule or override, if its type has one; the place of a key that is no text.
fn take_key(rule: &mut Value) -> Result<Option<String>, Span> {
    let takes_one = is_pretrained(rule);
    let Kind::Dict(entries) = &mut rule.kind else { return Ok(None) };
    let place = entries.iter().position(|entry| takes_one && *entry.key == *KEY);
    let Some(place) = place else { return Ok(None) };
    let Value { kind, span } = entries.remove(place).value;
    match kind {
        Kind::Str(key) => Ok(Some(key.to_string())),
        Kind::Null => Ok(None),
        _ => Err(span),
    }
}

fn items_mut(value: &mut Value) -> &mut [Value] {
    if value.as_list().is_none() {
        return std::slice::from_mut(value);
    }
    match &mut value.kind {
        Kind::List(items) => items,
        _ => &mut [],
    }
}

/// An item of a list, or of what stands in place of one.
fn json_item(value: &mut serde_json::Value, index: usize) -> Option<&mut serde_json::Value> {
    match value {
        serde_json::Value::Array(items) => items.get_mut(index),
        one => Some(one),
    }
}

fn overrides_mut(rule: &mut Value) -> &mut [Value] {
    match &mut rule.kind {
        Kind::Dict(entries) => entries
            .iter_mut()
            .find(|entry| *entry.key == *"override")
            .map_or(&mut [], |entry| items_mut(&mut entry.value)),
        _ => &mut [],
    }
}
