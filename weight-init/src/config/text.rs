//! The text of a config file with its placeholders replaced, and the way back to the file.
//!
//! mmengine replaces placeholders in the text, before anything is parsed
//! (<https://mmengine.readthedocs.io/en/latest/advanced_tutorials/config.html>), and so does this:
//!
//! | placeholder | becomes |
//! |---|---|
//! | `{{ fileDirname }}`, `{{ fileBasename }}`, `{{ fileBasenameNoExtension }}`, `{{ fileExtname }}` | that part of the file's path |
//! | `{{$NAME:default}}`, `{{'$NAME:default'}}` | the default: a result must not depend on the environment |
//! | `{{_base_.a.b}}` | the value `a.b` of what the file inherits from |

use std::borrow::Cow;
use std::path::Path;

use crate::diagnostic::{Diagnostic, Source};
use crate::value::Span;

/// A text to be parsed, whose offsets lead back to a [`Source`].
#[derive(Debug)]
pub(super) struct Text<'s> {
    source: &'s Source,
    text: Cow<'s, str>,
    offsets: Offsets,
}

/// The way from offsets of a text to those of its file.
#[derive(Clone, Debug, Default)]
pub(super) struct Offsets {
    /// Where the text begins in the file: behind a byte order mark.
    begin: usize,
    edits: Vec<Edit>,
}

/// A part of the text that stands for another part of the file.
#[derive(Clone, Copy, Debug)]
struct Edit {
    /// Where it ends in the text.
    end: usize,
    /// Its length in the text.
    len: usize,
    /// Where the placeholder is in the file's text.
    old: (usize, usize),
    /// Whether it stands for a value of a base.
    is_base: bool,
}

/// How a file's format writes the value of a base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BaseSyntax {
    /// As an expression.
    Python,
    /// As a string that [`base_path`] knows again.
    Data,
}

/// Bytes of a text with its placeholders replaced, at most.
const MAX_TEXT: usize = 1 << 26;

impl<'s> Text<'s> {
    /// The text as it stands.
    pub(super) fn plain(source: &'s Source) -> Result<Self, Diagnostic> {
        let (text, begin) = source.text()?;
        Ok(Self {
            source,
            text: Cow::Borrowed(text),
            offsets: Offsets { begin, edits: Vec::new() },
        })
    }

    /// The text with its placeholders replaced; `path` is the file's.
    pub(super) fn new(
        source: &'s Source,
        path: &Path,
        syntax: BaseSyntax,
    ) -> Result<Self, Diagnostic> {
        let mut plain = Self::plain(source)?;
        let old = &*plain.text;
        let mut new = String::new();
        let mut copied = 0;
        let mut from = 0;
        while let Some(found) = old[from..].find("{{") {
            let start = from + found;
            let Some((placeholder, len)) = Placeholder::read(&old[start..]) else {
                from = start + 1;
                continue;
            };
            let replacement = placeholder.value(path, syntax).map_err(|message| {
                Diagnostic::new(source, plain.span(start, start + len), message)
            })?;
            new.push_str(&old[copied..start]);
            new.push_str(&replacement);
            if new.len() > MAX_TEXT {
                let message = format!(
                    "with its placeholders replaced, the file has more than {MAX_TEXT} bytes"
                );
                return Err(Diagnostic::of_file(source.name(), message));
            }
            let end = new.len();
            from = start + len;
            copied = from;
            plain.offsets.edits.push(Edit {
                end,
                len: replacement.len(),
                old: (start, from),
                is_base: matches!(placeholder, Placeholder::Base(_)),
            });
        }
        if !plain.offsets.edits.is_empty() {
            new.push_str(&old[copied..]);
            plain.text = Cow::Owned(new);
        }
        Ok(plain)
    }

    pub(super) const fn source(&self) -> &'s Source {
        self.source
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a placeholder stands in it.
    pub(super) const fn is_replaced(&self) -> bool {
        !self.offsets.edits.is_empty()
    }

    pub(super) fn into_offsets(self) -> Offsets {
        self.offsets
    }

    /// The bytes of the file that `start..end` of the text stand for.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        self.offsets.span(self.source, start, end)
    }
}

impl Offsets {
    /// Whether the value of a base stands within `start..end` of the text.
    pub(super) fn has_base(&self, start: usize, end: usize) -> bool {
        let behind = self.edits.partition_point(|edit| edit.end <= start);
        let mut inside = self.edits[behind..].iter().take_while(|edit| edit.end <= end);
        inside.any(|edit| edit.is_base)
    }

    /// The bytes of the file that `start..end` of the text stand for.
    pub(super) fn span(&self, source: &Source, start: usize, end: usize) -> Span {
        let (start, end) = (self.old(start, |old| old.0), self.old(end, |old| old.1));
        source.span(self.begin + start, self.begin + end)
    }

    /// The offset in the file's text; `inside` chooses which end of a placeholder.
    fn old(&self, at: usize, inside: fn((usize, usize)) -> usize) -> usize {
        let behind = self.edits.partition_point(|edit| edit.end <= at);
        match self.edits.get(behind) {
            Some(edit) if edit.end - edit.len < at => return inside(edit.old),
            _ => {}
        }
        match behind.checked_sub(1).and_then(|last| self.edits.get(last)) {
            Some(edit) => edit.old.1 + (at - edit.end),
            None => at,
        }
    }
}

/// The dotted path of a string that stands for the value of a base: `{{_base_.a.b}}`.
pub(super) fn base_path(string: &str) -> Option<&str> {
    match Placeholder::read(string) {
        Some((Placeholder::Base(path), len)) if len == string.len() => Some(path),
        _ => None,
    }
}

/// What stands between two double braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder<'t> {
    Dirname,
    Basename,
    BasenameNoExtension,
    Extname,
    Variable { name: &'t str, default: &'t str },
    Base(&'t str),
}

impl<'t> Placeholder<'t> {
    /// The placeholder that a text begins with, and its length.
    fn read(text: &'t str) -> Option<(Self, usize)> {
        let body = text.strip_prefix("{{")?;
        let end = body.find("}}")?;
        let length = end + 4;
        let inner = &body[..end];
        let found = match inner.trim() {
            "fileDirname" => Self::Dirname,
            "fileBasename" => Self::Basename,
            "fileBasenameNoExtension" => Self::BasenameNoExtension,
            "fileExtname" => Self::Extname,
            trimmed => match trimmed.strip_prefix("_base_.") {
                Some(path) if path.chars().all(|c| is_word(c) || c == '.') => Self::Base(path),
                Some(_) => return None,
                None => Self::variable(inner)?,
            },
        };
        Some((found, length))
    }

    fn variable(inner: &'t str) -> Option<Self> {
        let inner = inner.strip_prefix(['\'', '"']).unwrap_or(inner);
        let inner = inner.strip_suffix(['\'', '"']).unwrap_or(inner);
        let (name, default) = inner.trim().strip_prefix('$')?.split_once(':')?;
        let (name, default) = (name.trim_end(), default.trim());
        let valid = !name.is_empty() && name.chars().all(is_word);
        (valid && !default.contains(char::is_whitespace))
            .then_some(Self::Variable { name, default })
    }

    fn value(self, path: &Path, syntax: BaseSyntax) -> Result<Cow<'t, str>, String> {
        let part = |part: Option<&std::ffi::OsStr>| {
            Cow::Owned(part.unwrap_or_default().to_string_lossy().replace('\\', "/"))
        };
        Ok(match self {
            Self::Dirname => part(path.parent().map(Path::as_os_str)),
            Self::Basename => part(path.file_name()),
            Self::BasenameNoExtension => part(path.file_stem()),
            Self::Extname => match path.extension() {
                Some(extension) => Cow::Owned(format!(".{}", extension.to_string_lossy())),
                None => Cow::Borrowed(""),
            },
            Self::Variable { name, default: "" } => {
                return Err(format!(
                    "the variable '{name}' has no default: write {{{{${name}:value}}}} (the environment is not read)"
                ));
            }
            Self::Variable { default, .. } => Cow::Borrowed(default),
            Self::Base(path) => Cow::Owned(match syntax {
                BaseSyntax::Python => format!("(_base_.{path})"),
                BaseSyntax::Data => format!("\"{{{{_base_.{path}}}}}\""),
            }),
        })
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    fn replaced(text: &str) -> String {
        let source = Source::new("a.py", text);
        let path = Path::new("/configs/net/a.b.py");
        Text::new(&source, path, BaseSyntax::Python).unwrap().as_str().to_owned()
    }

    #[test]
    fn placeholders_become_what_they_stand_for() {
        assert_eq!(
            replaced("x = '{{ fileDirname }}/{{fileBasename}}'"),
            "x = '/configs/net/a.b.py'"
        );
        assert_eq!(replaced("'{{ fileBasenameNoExtension }}' '{{fileExtname }}'"), "'a.b' '.py'");
        assert_eq!(replaced("n = {{'$CLASSES:80'}} + {{ $N : 3 }}"), "n = 80 + 3");
        assert_eq!(replaced("a={{ _base_.model.x }}"), "a=(_base_.model.x)");
        for kept in
            ["{{}}", "{{'a'}}", "{{fileDir}}", "{{ _base_ }}", "{{_base_.a b}}", "{{", "{{{}}}"]
        {
            assert_eq!(replaced(kept), kept);
        }
        let source = Source::new("a.py", "x = '{{$HOME:}}'");
        let error = Text::new(&source, Path::new("a.py"), BaseSyntax::Python).unwrap_err();
        assert_eq!(error.column(), Some(6));
        assert!(error.message().contains("'HOME' has no default"), "{error}");
    }

    #[test]
    fn offsets_lead_back_to_the_file() {
        let source = Source::new("a.py", "a={{_base_.x}};b={{$N:12345678901234567890}};c");
        let text = Text::new(&source, Path::new("a.py"), BaseSyntax::Python).unwrap();
        assert_eq!(text.as_str(), "a=(_base_.x);b=12345678901234567890;c");
        let span = |start, end| {
            let span = text.span(start, end);
            (span.start, span.end)
        };
        assert_eq!(span(0, 2), (0, 2));
        assert_eq!(span(2, 12), (2, 14));
        assert_eq!(span(3, 10), (2, 14));
        assert_eq!(span(13, 14), (15, 16));
        assert_eq!(span(15, 35), (17, 44));
        assert_eq!(span(36, 37), (45, 46));
    }

    #[test]
    fn the_string_of_a_base_is_known_again() {
        assert_eq!(base_path("{{_base_.a.b}}"), Some("a.b"));
        assert_eq!(base_path("{{_base_.a.b}} "), None);
        assert_eq!(base_path("x"), None);
    }
}
