//! The error of reading a [`Value`](crate::value::Value): what, where, and on which path.

use std::fmt::{self, Write as _};

use serde::de::{Expected, Unexpected};

use crate::diagnostic::{Diagnostic, Texts, help};
use crate::value::{Segment, Span, path};

/// A value is not what its reader expects.
///
/// Made by serde's `Error` methods, whose texts are put in the words of a config file: *key* and
/// *dict*, not *field* and *map*; first what was found, then what is allowed.
///
/// # Examples
///
/// ```
/// use serde::de::Error;
/// use weight_init::config::de::ValueError;
///
/// let error = ValueError::missing_field("type");
/// assert_eq!(error.to_string(), "missing key 'type'");
/// assert_eq!(error.span, None); // not yet met by a value
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueError {
    /// Where it is; `None` until the error has left the first value.
    pub span: Option<Span>,
    /// The steps from the outermost value to the one in question.
    pub path: Vec<Segment>,
    /// The value that was found and the values that are allowed; one clause.
    pub message: String,
    /// The key that an `unknown_field` or `duplicate_field` is about.
    key: Option<String>,
}

impl ValueError {
    /// An error without a place.
    #[cold]
    pub fn new(message: impl Into<String>) -> Self {
        Self { span: None, path: Vec::new(), message: message.into(), key: None }
    }

    /// The same error at `span`.
    #[must_use]
    pub(crate) fn with_span(mut self, span: Span) -> Self {
        self.span = Some(span);
        self
    }

    /// The same error at `span`, unless it has a place already.
    #[must_use]
    pub(super) fn or_span(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// The same error, seen from one value further out.
    #[must_use]
    pub(crate) fn inside(mut self, segment: impl Into<Segment>) -> Self {
        self.path.insert(0, segment.into());
        self
    }

    /// Whether the error is about `key`: made for it, or it says `key 'layr'` or begins `'layr'`.
    pub(super) fn is_about(&self, key: &str) -> bool {
        match &self.key {
            Some(about) => about == key,
            None => {
                let quoted = format!("'{key}'");
                self.message.starts_with(&quoted) || self.message.contains(&format!("key {quoted}"))
            }
        }
    }

    /// The error for people.
    ///
    /// `base` is the path of the value that was read, as in `model.backbone.init_cfg`. A
    /// `; did you mean 'name'?` at the end of the message becomes its help.
    pub fn into_diagnostic(self, texts: &dyn Texts, base: &str) -> Diagnostic {
        let (message, help) = help::split(&self.message);
        let diagnostic = match self.span {
            Some(span) => Diagnostic::new(texts, span, message),
            None => Diagnostic::of_file(texts.source(Span::default()).name(), message),
        };
        let diagnostic = diagnostic.at(path(base, &self.path));
        match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "at {}: ", path("", &self.path))?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for ValueError {}

impl serde::de::Error for ValueError {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(message.to_string())
    }

    #[cold]
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("found {}, expected {expected}", name(found)))
    }

    #[cold]
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    #[cold]
    fn invalid_length(len: usize, expected: &dyn Expected) -> Self {
        let plural = if len == 1 { "" } else { "s" };
        Self::new(format!("found {len} element{plural}, expected {expected}"))
    }

    #[cold]
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(format!("unknown name '{}'{}", shown(variant), allowed(expected)))
    }

    #[cold]
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let message = format!("unknown key '{}'{}", shown(field), allowed(expected));
        Self { key: Some(field.to_owned()), ..Self::new(message) }
    }

    #[cold]
    fn missing_field(field: &'static str) -> Self {
        Self::new(format!("missing key '{field}'"))
    }

    #[cold]
    fn duplicate_field(field: &'static str) -> Self {
        let message = format!("duplicate key '{field}'");
        Self { key: Some(field.to_owned()), ..Self::new(message) }
    }
}

/// The type of a value that was found, in the words of a config file.
fn name(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(bool) => format!("the boolean {bool}"),
        Unexpected::Unsigned(int) => format!("the integer {int}"),
        Unexpected::Signed(int) => format!("the integer {int}"),
        Unexpected::Float(float) => format!("the float {float:?}"),
        Unexpected::Str(string) => format!("the string '{}'", shown(string)),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a dict".to_owned(),
        other => other.to_string(),
    }
}

/// The names that are allowed, as the end of a sentence.
fn allowed(names: &[&str]) -> String {
    let mut out = String::new();
    for (i, name) in names.iter().enumerate() {
        out.push_str(match (i, names.len()) {
            (0, 1) => "; allowed is ",
            (0, _) => "; allowed are ",
            _ => ", ",
        });
        // Writing to a string does not fail.
        let _ = write!(out, "'{name}'");
    }
    out
}

/// The characters of a string that a message shows.
const MAX_STRING: usize = 60;

fn shown(string: &str) -> String {
    match string.char_indices().nth(MAX_STRING) {
        Some((cut, _)) => format!("{}...", &string[..cut]),
        None => string.to_owned(),
    }
}
