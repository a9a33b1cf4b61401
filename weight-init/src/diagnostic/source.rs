//! Texts, and what a [`Span`] leads to.

use std::path::{Path, PathBuf};

use super::Diagnostic;
use crate::value::Span;

/// A text to be read, and its name in messages.
///
/// The text is kept as the bytes of the file: that they are UTF-8 is for the reader of the format
/// to check, with [`Source::text`].
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    bytes: Vec<u8>,
    /// Where the file lies, if it is one.
    folder: Option<PathBuf>,
    /// Its number among the files of a config.
    number: u32,
}

/// The texts that one config is made of: the file that was named and those that it inherits from.
///
/// ```
/// use weight_init::diagnostic::{Source, Sources, Texts};
///
/// let mut sources = Sources::new(Source::new("child.json", "{}"));
/// let child = sources.first().span(0, 2);
/// let base = sources.add(Source::new("base.json", "{}")).span(0, 2);
/// assert_eq!(sources.source(child).name(), "child.json");
/// assert_eq!(sources.source(base).name(), "base.json");
/// ```
#[derive(Clone, Debug)]
pub struct Sources {
    first: Source,
    others: Vec<Source>,
}

/// Where spans lead: one text, or the several of a config.
pub trait Texts: std::fmt::Debug {
    /// The text that the span is a part of.
    fn source(&self, span: Span) -> &Source;
}

impl Source {
    /// A text with the name that messages give it.
    pub fn new(name: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), bytes: text.into(), folder: None, number: 0 }
    }

    /// The text of a file, which may name files beside it.
    pub fn of_file(path: &Path, text: impl Into<Vec<u8>>) -> Self {
        let folder = path.parent().map(|folder| match folder.as_os_str().is_empty() {
            true => PathBuf::from("."),
            false => folder.to_owned(),
        });
        Self { folder, ..Self::new(path.display().to_string(), text) }
    }

    /// The folder of the file; `None` of a text that is no file.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The same text under another name.
    #[must_use]
    #[cfg(feature = "configs")]
    pub(crate) fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    /// The name, as a rule the file's path.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bytes `start..end` of this text.
    #[inline]
    pub fn span(&self, start: usize, end: usize) -> Span {
        Span { file: self.number, ..Span::new(start, end) }
    }

    /// The bytes as they were read. Offsets of a [`Span`] count in these.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text and the offset of its first byte: 3 behind a UTF-8 byte order mark, otherwise 0.
    ///
    /// # Errors
    ///
    /// If the bytes are not UTF-8, at the first one that is not.
    pub fn text(&self) -> Result<(&str, usize), Diagnostic> {
        let start = body_start(&self.bytes);
        match std::str::from_utf8(&self.bytes[start..]) {
            Ok(text) => Ok((text, start)),
            Err(error) => {
                let at = start + error.valid_up_to();
                let len = error.error_len().unwrap_or(1);
                let message = format!("the text is not UTF-8: invalid byte at offset {at}");
                Err(Diagnostic::new(self, self.span(at, at + len), message))
            }
        }
    }

    /// The number of the line that holds the byte at `offset`, counted from 1.
    pub fn line(&self, offset: u32) -> usize {
        super::excerpt::line_number(&self.bytes, offset as usize)
    }
}

/// Where the text begins: behind the byte order mark, if there is one.
pub(super) fn body_start(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

impl Sources {
    /// Begins with the file that was named.
    pub fn new(first: Source) -> Self {
        Self { first: Source { number: 0, ..first }, others: Vec::new() }
    }

    /// Adds a text that the others inherit from. Spans of it are made by the source that this gives back.
    pub fn add(&mut self, source: Source) -> &Source {
        let number = u32::try_from(self.others.len() + 1).unwrap_or(u32::MAX);
        self.others.push(Source { number, ..source });
        self.others.last().unwrap_or(&self.first)
    }

    /// The bytes of all texts.
    #[cfg(feature = "configs")]
    pub(crate) fn len(&self) -> usize {
        self.others.iter().fold(self.first.bytes.len(), |sum, source| sum + source.bytes.len())
    }

    /// The file that was named.
    pub const fn first(&self) -> &Source {
        &self.first
    }
}

impl Texts for Source {
    fn source(&self, _: Span) -> &Source {
        self
    }
}

impl Texts for Sources {
    fn source(&self, span: Span) -> &Source {
        let other = (span.file as usize).checked_sub(1).and_then(|index| self.others.get(index));
        other.unwrap_or(&self.first)
    }
}
