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
use std::rc::Rc;

use super::meter::Meter;
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
        meter: &Rc<Meter>,
    ) -> Result<Self, Diagnostic> {
        let mut plain = Self::plain(source)?;
        let Cow::Borrowed(old) = plain.text else { return Ok(plain) };
        let mut new = String::new();
        let mut copied = 0;
        for (start, end, placeholder) in Placeholders::of(old) {
            let fault = |message| Diagnostic::new(source, plain.span(start, end), message);
            let replacement = placeholder.value(path, syntax).map_err(fault)?;
            if new.is_empty() {
                // Room for the text as it is; what replacements add comes on top.
                meter.take(old.len()).map_err(|limit| fault(limit.0))?;
                new.reserve(old.len());
            }
            meter
                .take(size_of::<Edit>() + 2 * replacement.len())
                .map_err(|limit| fault(limit.0))?;
            new.push_str(&old[copied..start]);
            new.push_str(&replacement);
            copied = end;
            plain.offsets.edits.push(Edit {
                end: new.len(),
                len: replacement.len(),
                old: (start, end),
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
    #[inline]
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
    #[inline]
    pub(super) fn span(&self, source: &Source, start: usize, end: usize) -> Span {
        let (start, end) = match self.edits.is_empty() {
            true => (start, end),
            false => (self.old(start, |old| old.0), self.old(end, |old| old.1)),
        };
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
    match Placeholders::of(string).next() {
        Some((0, end, Placeholder::Base(path))) if end == string.len() => Some(path),
        _ => None,
    }
}

/// The content of two double braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholder<'t> {
    Dirname,
    Basename,
    BasenameNoExtension,
    Extname,
    Variable { name: &'t str, default: &'t str },
    Base(&'t str),
}

/// The placeholders of a text and where they stand, in one pass: what was searched behind one pair of braces is kept
/// for the next.
struct Placeholders<'t> {
    text: &'t str,
    /// Where to go on.
    from: usize,
    closing: Closing,
    /// The first white space at or behind the last place where it was looked for.
    space: usize,
}

/// The pair of braces that closes a placeholder.
#[derive(Clone, Copy, Debug, Default)]
struct Closing {
    at: usize,
    /// Where the text before it ends, white space left out.
    trimmed: usize,
    /// Where the text before it ends, a quote and white space around it left out.
    unquoted: usize,
}

impl<'t> Placeholders<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, from: 0, closing: Closing::default(), space: 0 }
    }

    /// The placeholder whose braces open at `start`, and its end.
    fn at(&mut self, start: usize) -> Option<(usize, Placeholder<'t>)> {
        let begin = start + 2;
        let closing = self.closing(begin)?;
        let text = self.text;
        let first = begin + blank(&text[begin..closing.at]);
        let word = if first < closing.trimmed { &text[first..closing.trimmed] } else { "" };
        let found = match word {
            "fileDirname" => Placeholder::Dirname,
            "fileBasename" => Placeholder::Basename,
            "fileBasenameNoExtension" => Placeholder::BasenameNoExtension,
            "fileExtname" => Placeholder::Extname,
            word => match word.strip_prefix("_base_.") {
                Some(path) if path.chars().all(|c| is_word(c) || c == '.') => {
                    Placeholder::Base(path)
                }
                Some(_) => return None,
                None => self.variable(begin, closing)?,
            },
        };
        Some((closing.at + 2, found))
    }

    /// `'$NAME:default'`, with quotes or without, and white space around each part.
    fn variable(&mut self, begin: usize, closing: Closing) -> Option<Placeholder<'t>> {
        let text = &self.text[..closing.unquoted];
        let begin = begin + usize::from(self.text[begin..].starts_with(['\'', '"']));
        let rest = text.get(begin..)?.trim_start().strip_prefix('$')?;
        let behind = rest.trim_start_matches(is_word);
        let name = &rest[..rest.len() - behind.len()];
        let default = behind.trim_start().strip_prefix(':')?.trim_start();
        let start = text.len() - default.len();
        let valid = !name.is_empty() && self.space(start) >= text.len();
        valid.then_some(Placeholder::Variable { name, default })
    }

    /// The first pair of closing braces at or behind a place.
    fn closing(&mut self, from: usize) -> Option<Closing> {
        if self.closing.at < from || self.closing.at == 0 {
            let at = match self.text.get(from..)?.find("}}") {
                Some(found) => from + found,
                None => self.text.len(),
            };
            let before = &self.text[..at];
            let unquoted = before.strip_suffix(['\'', '"']).unwrap_or(before);
            self.closing = Closing {
                at,
                trimmed: before.trim_end().len(),
                unquoted: unquoted.trim_end().len(),
            };
        }
        (self.closing.at < self.text.len()).then_some(self.closing)
    }

    /// The first white space at or behind a place, or the end of the text.
    fn space(&mut self, from: usize) -> usize {
        if self.space < from {
            let found = self.text[from..].find(char::is_whitespace);
            self.space = found.map_or(self.text.len(), |found| from + found);
        }
        self.space
    }
}

impl<'t> Iterator for Placeholders<'t> {
    type Item = (usize, usize, Placeholder<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let start = self.from + self.text.get(self.from..)?.find("{{")?;
            // Without a closing pair there are no more.
            self.closing(start + 2)?;
            match self.at(start) {
                Some((end, placeholder)) => {
                    self.from = end;
                    return Some((start, end, placeholder));
                }
                None => self.from = start + 1,
            }
        }
    }
}

/// Bytes of white space that a text begins with.
fn blank(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

impl<'t> Placeholder<'t> {
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
        Text::new(&source, path, BaseSyntax::Python, &Meter::new(0)).unwrap().as_str().to_owned()
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
        let error =
            Text::new(&source, Path::new("a.py"), BaseSyntax::Python, &Meter::new(0)).unwrap_err();
        assert_eq!(error.column(), Some(6));
        assert!(error.message().contains("'HOME' has no default"), "{error}");
    }

    #[test]
    fn offsets_lead_back_to_the_file() {
        let source = Source::new("a.py", "a={{_base_.x}};b={{$N:12345678901234567890}};c");
        let text =
            Text::new(&source, Path::new("a.py"), BaseSyntax::Python, &Meter::new(0)).unwrap();
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
