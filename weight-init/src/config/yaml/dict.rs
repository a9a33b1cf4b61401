//! A dict that is being read.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::config::de::ValueError;
use crate::value::{Entry, Kind, Span, Value};

/// The entries so far.
#[derive(Debug, Default)]
pub(super) struct OpenDict {
    entries: IndexMap<Arc<str>, (Span, Value)>,
    /// Entries that `<<` brings in; the dict's own win.
    merged: IndexMap<Arc<str>, (Span, Value)>,
    /// The key that waits for its value.
    waiting: Option<Waiting>,
}

#[derive(Debug)]
enum Waiting {
    Key(Arc<str>, Span),
    /// `<<` without quotes.
    Merge(Span),
}

impl OpenDict {
    /// Whether the next value is a key.
    pub(super) const fn is_at_key(&self) -> bool {
        self.waiting.is_none()
    }

    /// The next value tells whose entries come in.
    pub(super) fn begin_merge(&mut self, span: Span) {
        self.waiting = Some(Waiting::Merge(span));
    }

    pub(super) fn put(&mut self, value: Value) -> Result<(), ValueError> {
        match self.waiting.take() {
            None => self.waiting = Some(Waiting::Key(key(&value)?, value.span)),
            Some(Waiting::Merge(span)) => self.merge(value, span)?,
            Some(Waiting::Key(key, key_span)) => {
                if self.entries.contains_key(&key) {
                    return Err(
                        ValueError::new(format!("duplicate key '{key}'")).with_span(key_span)
                    );
                }
                self.entries.insert(key, (key_span, value));
            }
        }
        Ok(())
    }

    /// `<<: *base`, or a list of them, of which the first wins; of two `<<` the second does.
    fn merge(&mut self, value: Value, span: Span) -> Result<(), ValueError> {
        let wrong = |value: &Value| {
            let message =
                format!("'<<' takes a dict or a list of dicts, found {}", value.kind_name());
            Err(ValueError::new(message).with_span(span))
        };
        let dicts = match value.kind {
            Kind::List(items) => items,
            _ => vec![value],
        };
        for value in dicts.into_iter().rev() {
            let Kind::Dict(entries) = value.kind else { return wrong(&value) };
            for Entry { key, key_span, value } in entries {
                self.merged.insert(key, (key_span, value));
            }
        }
        Ok(())
    }

    pub(super) fn close(self) -> Kind {
        let mut all = self.merged;
        all.extend(self.entries);
        let entries =
            all.into_iter().map(|(key, (key_span, value))| Entry { key, key_span, value });
        Kind::Dict(entries.collect())
    }
}

/// A key as JSON would have it.
fn key(value: &Value) -> Result<Arc<str>, ValueError> {
    Ok(match &value.kind {
        Kind::Str(string) => Arc::clone(string),
        Kind::Null => "null".into(),
        Kind::Bool(bool) => bool.to_string().into(),
        Kind::Int(int) => int.to_string().into(),
        Kind::Float(float) => format!("{float:?}").into(),
        Kind::List(_) | Kind::Dict(_) => {
            let message = format!("a key is a plain value, found {}", value.kind_name());
            return Err(ValueError::new(message).with_span(value.span));
        }
    })
}
