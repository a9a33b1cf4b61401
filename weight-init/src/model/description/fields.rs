use std::sync::Arc;

use weight_init_core::nearest;

use super::names::Names;
use crate::diagnostic::{Diagnostic, Texts};
use crate::model::builder::check_name;
use crate::value::{Kind, Segment, Span, Value, path};

/// Where a value stands: its key or index and the place of the value that holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    above: Option<&'a Self>,
    base: &'a str,
    key: &'a str,
    index: Option<usize>,
}

impl<'a> Place<'a> {
    pub(super) const fn root(base: &'a str) -> Self {
        Self { above: None, base, key: "", index: None }
    }

    const fn below(&'a self, key: &'a str, index: Option<usize>) -> Self {
        Self { above: Some(self), base: "", key, index }
    }

    fn segments(&self) -> (&'a str, Vec<Segment>) {
        let Some(above) = self.above else { return (self.base, Vec::new()) };
        let (base, mut segments) = above.segments();
        segments.push(Segment::from(self.key));
        segments.extend(self.index.map(Segment::from));
        (base, segments)
    }
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (base, segments) = self.segments();
        f.write_str(&path(base, &segments))
    }
}

/// The keys of a dict that has only known ones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    texts: &'a dyn Texts,
    value: &'a Value,
    place: &'a Place<'a>,
}

impl<'a> Fields<'a> {
    /// Checks that `value` is a dict with none but the `allowed` keys.
    pub(super) fn read(
        texts: &'a dyn Texts,
        value: &'a Value,
        place: &'a Place<'a>,
        what: &str,
        allowed: &'static [&'static str],
    ) -> Result<Self, Diagnostic> {
        let fields = Self { texts, value, place };
        let Some(entries) = value.as_dict() else {
            let message = format!("expected a {what} (a dict), found {}", value.kind_name());
            return Err(Diagnostic::new(texts, value.span, message).at(place.to_string()));
        };
        for entry in entries {
            if !allowed.contains(&&*entry.key) {
                let message = format!(
                    "unknown key '{}' of a {what}; allowed are {}",
                    entry.key,
                    quoted(allowed)
                );
                let error =
                    Diagnostic::new(texts, entry.key_span, message).at(fields.place_of(&entry.key));
                return Err(with_nearest(error, &entry.key, allowed.iter().copied()));
            }
        }
        Ok(fields)
    }

    /// A dict whose keys were checked.
    pub(super) const fn known(
        texts: &'a dyn Texts,
        value: &'a Value,
        place: &'a Place<'a>,
    ) -> Self {
        Self { texts, value, place }
    }

    /// Refuses every key but these, which `what` has.
    pub(super) fn only(&self, what: &str, keys: &[&str]) -> Result<(), Diagnostic> {
        let entries = self.value.as_dict().unwrap_or_default();
        match entries.iter().find(|entry| !keys.contains(&&*entry.key)) {
            None => Ok(()),
            Some(entry) => {
                let message = format!("{what} has no key '{}', only {}", entry.key, quoted(keys));
                Err(Diagnostic::new(self.texts, entry.key_span, message)
                    .at(self.place_of(&entry.key)))
            }
        }
    }

    /// The value of a key, unless it is missing or null.
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.value.get(key).filter(|value| !value.is_null())
    }

    /// The texts that the values stand in.
    pub(super) const fn texts(&self) -> &'a dyn Texts {
        self.texts
    }

    /// The place of the value of `key`.
    pub(super) const fn below(&self, key: &'a str) -> Place<'a> {
        self.place.below(key, None)
    }

    /// The path of the value of `key`.
    pub(super) fn place_of(&self, key: &str) -> String {
        self.place.below(key, None).to_string()
    }

    /// An error about the value of `key`, or about the whole dict where it has none.
    pub(super) fn fault(&self, key: &str, message: impl Into<String>) -> Diagnostic {
        match self.value.get(key) {
            Some(value) => Diagnostic::new(self.texts, value.span, message).at(self.place_of(key)),
            None => {
                Diagnostic::new(self.texts, self.value.span, message).at(self.place.to_string())
            }
        }
    }

    /// The same, with the candidate nearest to `found`.
    pub(super) fn fault_with_nearest<'c>(
        &self,
        key: &str,
        message: impl Into<String>,
        found: &str,
        candidates: impl IntoIterator<Item = &'c (impl AsRef<str> + ?Sized + 'c)>,
    ) -> Diagnostic {
        with_nearest(self.fault(key, message), found, candidates.into_iter().map(AsRef::as_ref))
    }

    /// The string at `key`, if there is one.
    pub(super) fn optional_string(&self, key: &str) -> Result<Option<&'a str>, Diagnostic> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.as_str() {
                Some(string) => Ok(Some(string)),
                None => Err(self.wrong(key, "a string", value)),
            },
        }
    }

    /// The truth value at `key`, if there is one.
    pub(super) fn optional_bool(&self, key: &str) -> Result<Option<bool>, Diagnostic> {
        match self.get(key) {
            None => Ok(None),
            Some(value) => match value.as_bool() {
                Some(bool) => Ok(Some(bool)),
                None => Err(self.wrong(key, "true or false", value)),
            },
        }
    }

    /// The string at `key`, which must be there.
    pub(super) fn string(&self, key: &str) -> Result<&'a str, Diagnostic> {
        self.optional_string(key)?
            .ok_or_else(|| self.fault(key, format!("the key '{key}' is missing")))
    }

    /// The same, shared with the tree of values.
    pub(super) fn shared(&self, key: &str) -> Result<Arc<str>, Diagnostic> {
        match self.value.get(key).map(|value| &value.kind) {
            Some(Kind::Str(string)) => Ok(Arc::clone(string)),
            _ => self.string(key).map(Arc::from),
        }
    }

    /// The name that PyTorch would accept for an attribute: not empty, without dots.
    pub(super) fn name(&self) -> Result<Arc<str>, Diagnostic> {
        let name = self.shared("name")?;
        check_name(&name).map_err(|fault| self.fault("name", fault.to_string()))?;
        Ok(name)
    }

    /// The list of strings at `key`; empty if it is missing.
    pub(super) fn strings(&self, key: &str) -> Result<Vec<String>, Diagnostic> {
        self.list(key)?
            .map(|(value, place)| match value.as_str() {
                Some(string) => Ok(string.to_owned()),
                None => {
                    let message = format!("expected a string, found {}", value.kind_name());
                    Err(Diagnostic::new(self.texts, value.span, message).at(place.to_string()))
                }
            })
            .collect()
    }

    /// The dict of strings at `key`; empty if it is missing.
    pub(super) fn string_map(&self, key: &str) -> Result<Vec<(String, String)>, Diagnostic> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        let entries = value.as_dict().ok_or_else(|| self.wrong(key, "a dict of strings", value))?;
        let place = self.place.below(key, None);
        entries
            .iter()
            .map(|entry| match entry.value.as_str() {
                Some(string) => Ok((entry.key.to_string(), string.to_owned())),
                None => {
                    let message = format!("expected a string, found {}", entry.value.kind_name());
                    let place = place.below(&entry.key, None);
                    Err(Diagnostic::new(self.texts, entry.value.span, message)
                        .at(place.to_string()))
                }
            })
            .collect()
    }

    /// The items of the list at `key` with their places; none if it is missing.
    pub(super) fn list<'k>(
        &self,
        key: &'k str,
    ) -> Result<impl ExactSizeIterator<Item = (&'a Value, Place<'k>)> + use<'a, 'k>, Diagnostic>
    where
        'a: 'k,
    {
        let place = self.place;
        let items = self.items(key)?.iter().enumerate();
        Ok(items.map(move |(index, value)| (value, place.below(key, Some(index)))))
    }

    fn items(&self, key: &str) -> Result<&'a [Value], Diagnostic> {
        match self.get(key) {
            None => Ok(&[]),
            Some(value) => value.as_list().ok_or_else(|| self.wrong(key, "a list", value)),
        }
    }

    /// The elements that were [taken](Value::take_list) from the list at `key`, each with its place.
    pub(super) fn taken<'k>(
        &self,
        key: &'k str,
        items: Vec<Value>,
    ) -> Result<impl Iterator<Item = (Value, Place<'k>)> + use<'a, 'k>, Diagnostic>
    where
        'a: 'k,
    {
        self.items(key)?;
        let place = self.place;
        let items = items.into_iter().enumerate();
        Ok(items.map(move |(index, value)| (value, place.below(key, Some(index)))))
    }

    /// Refuses a name that stands twice in one layer.
    pub(super) fn unique(
        &self,
        names: &mut Names,
        span: Span,
        place: &Place<'_>,
        name: &Arc<str>,
    ) -> Result<(), Diagnostic> {
        match names.add(name, span) {
            None => Ok(()),
            Some(first) => {
                let line = self.texts.source(first).line(first.start);
                let message =
                    format!("the layer has something called '{name}' already, on line {line}");
                Err(Diagnostic::new(self.texts, span, message).at(place.to_string()))
            }
        }
    }

    /// An error about the kind of a value.
    pub(super) fn wrong(&self, key: &str, expected: &str, value: &Value) -> Diagnostic {
        let found = match &value.kind {
            Kind::Str(string) if string.len() <= 40 => format!("the string '{string}'"),
            Kind::Int(int) => int.to_string(),
            Kind::Float(float) => float.to_string(),
            Kind::Bool(bool) => bool.to_string(),
            _ => value.kind_name().to_owned(),
        };
        self.fault(key, format!("'{key}' must be {expected}, found {found}"))
    }
}

fn with_nearest<'c>(
    error: Diagnostic,
    name: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Diagnostic {
    match nearest(name, candidates) {
        Some(near) => error.help(format!("did you mean '{near}'?")),
        None => error,
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", ")
}
