//! The tree of values that every config format becomes, with the place of each value in its file.
//!
//! JSON, Python, TOML and YAML differ in their text, not in what they can say. Each reader under
//! [`config`](crate::config) turns its text into a [`Value`]; everything behind it sees only that.
//!
//! | here | JSON | Python |
//! |---|---|---|
//! | [`Kind::Null`] | `null` | `None` |
//! | [`Kind::Bool`] | `true` | `True` |
//! | [`Kind::Int`] | `64` | `64` |
//! | [`Kind::Float`] | `0.01` | `0.01` |
//! | [`Kind::Str`] | `"Conv2d"` | `'Conv2d'` |
//! | [`Kind::List`] | `[1, 2]` | `[1, 2]`, `(1, 2)` |
//! | [`Kind::Dict`] | `{"a": 0}` | `dict(a=0)` |

use std::fmt;
use std::sync::Arc;

/// A value and where it stands in its file.
///
/// Two values are equal when their kinds and their spans are.
///
/// # Examples
///
/// ```
/// use weight_init::config::json;
/// use weight_init::diagnostic::Source;
///
/// let source = Source::new("cfg.json", r#"{"type": "Constant", "val": 1}"#);
/// let value = json::parse(&source)?;
/// let val = value.get("val").ok_or("no val")?;
/// assert_eq!(val.as_float(), Some(1.0));
/// assert_eq!((val.span.start, val.span.end), (28, 29));
/// assert_eq!(val.kind_name(), "an integer");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// What the value is.
    pub kind: Kind,
    /// Where it is written.
    pub span: Span,
}

/// What a [`Value`] is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Nothing: `null`, `None`.
    Null,
    /// A truth value.
    Bool(bool),
    /// An integer. Readers accept −2⁶³ ..= 2⁶⁴ − 1, so that every `i64` and every `u64` (a seed)
    /// arrives unchanged, and refuse integers outside of it.
    Int(i128),
    /// A number written with a point or an exponent; infinity and, but for JSON, NaN included.
    Float(f64),
    /// A string; equal ones of one text may be held once.
    Str(Arc<str>),
    /// A list; a Python tuple is one, too.
    List(Vec<Value>),
    /// Keys with values, in file order. No key stands twice.
    Dict(Vec<Entry>),
}

/// One `key: value` of a [`Kind::Dict`].
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key; equal ones of one text may be held once.
    pub key: Arc<str>,
    /// Where the key is written, quotes included.
    pub key_span: Span,
    /// The value.
    pub value: Value,
}

/// A range of bytes of a [`Source`](crate::diagnostic::Source), `start..end`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Span {
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
    /// Which of the config's texts, as [`Sources`](crate::diagnostic::Sources) count them.
    pub file: u32,
}

/// One step from a value to a value inside it.
///
/// # Examples
///
/// ```
/// use weight_init::value::Segment;
///
/// assert_eq!(Segment::from("layer").to_string(), ".layer");
/// assert_eq!(Segment::from(1).to_string(), "[1]");
/// assert_eq!(Segment::from("odd key").to_string(), r#"["odd key"]"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// The value of a key of a dict.
    Key(String),
    /// An element of a list, counted from 0.
    Index(usize),
}

impl Value {
    /// A value of a kind at a place.
    pub const fn new(kind: Kind, span: Span) -> Self {
        Self { kind, span }
    }

    /// The value of `key`, if this is a dict that has it.
    ///
    /// Walks the entries: meant for the dicts of a config, not for tables of thousands of keys.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of `key`, if this is a dict that has it.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.as_dict()?.iter().find(|entry| *entry.key == *key)
    }

    /// The value of `key`, if this is a dict that has it, to be changed.
    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Kind::Dict(entries) = &mut self.kind else { return None };
        entries.iter_mut().find(|entry| *entry.key == *key).map(|entry| &mut entry.value)
    }

    /// The value, which is null from now on.
    pub(crate) const fn take(&mut self) -> Self {
        let kind = std::mem::replace(&mut self.kind, Kind::Null);
        Self { kind, span: self.span }
    }

    /// The elements of the list at `key`, which is empty from now on; none where there is no list.
    pub(crate) fn take_list(&mut self, key: &str) -> Vec<Self> {
        match self.get_mut(key) {
            Some(Self { kind: Kind::List(items), .. }) => std::mem::take(items),
            _ => Vec::new(),
        }
    }

    /// What this is, for a message: `null`, `a boolean`, `an integer`, `a float`, `a string`,
    /// `a list` or `a dict`.
    pub const fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Null => "null",
            Kind::Bool(_) => "a boolean",
            Kind::Int(_) => "an integer",
            Kind::Float(_) => "a float",
            Kind::Str(_) => "a string",
            Kind::List(_) => "a list",
            Kind::Dict(_) => "a dict",
        }
    }

    /// Whether this is [`Kind::Null`].
    pub const fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    /// The truth value, if it is one.
    pub const fn as_bool(&self) -> Option<bool> {
        match self.kind {
            Kind::Bool(bool) => Some(bool),
            _ => None,
        }
    }

    /// The integer, if it is one.
    pub const fn as_int(&self) -> Option<i128> {
        match self.kind {
            Kind::Int(int) => Some(int),
            _ => None,
        }
    }

    /// The number as a float, if it is one; an integer is rounded to the nearest float.
    pub const fn as_float(&self) -> Option<f64> {
        match self.kind {
            Kind::Int(int) => Some(int as f64),
            Kind::Float(float) => Some(float),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match &self.kind {
            Kind::Str(string) => Some(string),
            _ => None,
        }
    }

    /// The elements, if this is a list.
    pub const fn as_list(&self) -> Option<&[Self]> {
        match &self.kind {
            Kind::List(list) => Some(list.as_slice()),
            _ => None,
        }
    }

    /// The entries in file order, if this is a dict.
    pub const fn as_dict(&self) -> Option<&[Entry]> {
        match &self.kind {
            Kind::Dict(entries) => Some(entries.as_slice()),
            _ => None,
        }
    }
}

impl Span {
    /// The bytes `start..end` of the first text.
    ///
    /// Offsets beyond 4 GiB become 4 GiB; no reader accepts a file of that size.
    #[inline]
    pub fn new(start: usize, end: usize) -> Self {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Self { start: offset(start), end: offset(end), file: 0 }
    }
}

impl From<&str> for Segment {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Segment {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// As it is appended to the path of the outer value; see [`path`].
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Key(key) if is_plain(key) => write!(f, ".{key}"),
            Self::Key(key) => match key.char_indices().nth(MAX_KEY) {
                Some((cut, _)) => write!(f, "[{:?}...]", &key[..cut]),
                None => write!(f, "[{key:?}]"),
            },
        }
    }
}

/// The characters of an odd key that a path shows.
const MAX_KEY: usize = 60;

fn is_plain(key: &str) -> bool {
    let mut chars = key.chars();
    key.len() <= MAX_KEY
        && chars.next().is_some_and(|c| c.is_alphanumeric() || c == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

/// The path of a value inside the value that `base` names: `$.children[2].params[0].shape`.
///
/// # Examples
///
/// ```
/// use weight_init::value::{Segment, path};
///
/// let segments = [Segment::from("init_cfg"), Segment::from(1), Segment::from("layer")];
/// assert_eq!(path("$", &segments), "$.init_cfg[1].layer");
/// assert_eq!(path("model.backbone", &segments), "model.backbone.init_cfg[1].layer");
/// assert_eq!(path("", &segments), "init_cfg[1].layer");
/// ```
pub fn path(base: &str, segments: &[Segment]) -> String {
    let mut path = base.to_owned();
    for segment in segments {
        path.push_str(&segment.to_string());
    }
    if base.is_empty() && path.starts_with('.') {
        path.remove(0);
    }
    path
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    fn value(kind: Kind) -> Value {
        Value::new(kind, Span::default())
    }

    #[test]
    fn accessors_answer_for_their_kind_only() {
        let entry = |key: &str, kind| Entry {
            key: key.into(),
            key_span: Span::default(),
            value: value(kind),
        };
        let seed = i128::from(u64::MAX);
        let dict = value(Kind::Dict(vec![
            entry("seed", Kind::Int(seed)),
            entry("std", Kind::Float(0.5)),
            entry("layer", Kind::Str("Conv2d".into())),
            entry("bias", Kind::Bool(true)),
            entry("none", Kind::Null),
            entry("list", Kind::List(vec![value(Kind::Null)])),
        ]));
        let get = |key| dict.get(key).unwrap();
        assert_eq!(get("seed").as_int(), Some(seed));
        assert_eq!(get("seed").as_float(), Some(18_446_744_073_709_551_615.0));
        assert_eq!((get("std").as_float(), get("std").as_int()), (Some(0.5), None));
        assert_eq!((get("layer").as_str(), get("layer").as_bool()), (Some("Conv2d"), None));
        assert_eq!((get("bias").as_bool(), get("bias").as_int()), (Some(true), None));
        assert!(get("none").is_null() && !get("list").is_null());
        assert_eq!(get("list").as_list().map(<[Value]>::len), Some(1));
        assert_eq!((dict.get("absent"), get("list").get("seed")), (None, None));
        let names: Vec<_> =
            dict.as_dict().unwrap().iter().map(|entry| entry.value.kind_name()).collect();
        assert_eq!(names, ["an integer", "a float", "a string", "a boolean", "null", "a list"]);
        assert_eq!(dict.kind_name(), "a dict");
    }

    #[test]
    fn odd_keys_are_quoted_and_long_ones_cut() {
        let long = "é".repeat(100_000);
        let segment = |key: &str| Segment::from(key).to_string();
        assert_eq!(segment(""), "[\"\"]");
        assert_eq!(segment("a.b"), "[\"a.b\"]");
        assert_eq!(segment("\u{1b}[31m"), "[\"\\u{1b}[31m\"]");
        assert_eq!(segment("-x"), "[\"-x\"]");
        assert_eq!(segment("0"), ".0");
        assert_eq!(segment(&long), format!("[\"{}\"...]", "é".repeat(60)));
        assert_eq!(path("", &[Segment::from(0), Segment::from("a")]), "[0].a");
    }
}
