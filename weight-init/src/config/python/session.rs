//! The state of evaluating one config: the heap of its objects and the texts that it is made of.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::heap::Heap;
use crate::config::meter::{Meter, Outcome};
use crate::config::text::Offsets;
use crate::diagnostic::{Diagnostic, Source, Sources, Texts, help};
use crate::value::Span;

/// Objects and texts of a config with its bases; texts have numbers, the config's own is 0.
#[derive(Debug)]
pub(in crate::config) struct Session {
    pub(in crate::config) heap: Heap,
    sources: Sources,
    /// One for each text that was parsed, by its number.
    files: Vec<File>,
}

/// The file that a text is from.
#[derive(Debug)]
struct File {
    /// The path of the file, without links.
    path: PathBuf,
    /// The path as it was given: the reader's, or that of the file that names it and how that names it.
    given: PathBuf,
    offsets: Offsets,
    /// The names of a lazy file's bases, as the file writes them.
    bases: Vec<String>,
}

impl Session {
    /// A session that begins with the config's own text.
    pub(in crate::config) fn new(source: Source, meter: &Rc<Meter>) -> Self {
        Self { heap: Heap::new(meter), sources: Sources::new(source), files: Vec::new() }
    }

    /// The texts, in the order of their numbers.
    pub(in crate::config) fn into_sources(self) -> Sources {
        self.sources
    }

    /// Adds a text and returns its number; [`parsed`](Self::parsed) tells its file.
    pub(in crate::config) fn add(&mut self, source: Source) -> usize {
        self.sources.add(source);
        self.files.len()
    }

    /// A text.
    pub(in crate::config) fn source(&self, number: usize) -> &Source {
        self.sources.source(Span { file: number as u32, ..Span::default() })
    }

    /// Notes the file of a text, and how places in the parsed text lead back to it.
    pub(in crate::config) fn parsed(
        &mut self,
        number: usize,
        path: &Path,
        given: &Path,
        offsets: Offsets,
    ) {
        match self.files.get_mut(number) {
            Some(file) => (file.given, file.offsets) = (given.to_owned(), offsets),
            None => {
                let (path, given) = (path.to_owned(), given.to_owned());
                self.files.push(File { path, given, offsets, bases: Vec::new() });
            }
        }
    }

    /// The number of the text of this file, if it was read.
    pub(in crate::config) fn number(&self, path: &Path) -> Option<usize> {
        self.files.iter().position(|file| file.path == path)
    }

    /// The path of a text's file, without links, and as it was given.
    pub(in crate::config) fn paths(&self, number: usize) -> (&Path, &Path) {
        match self.files.get(number) {
            Some(file) => (&file.path, &file.given),
            None => (Path::new(""), Path::new("")),
        }
    }

    /// The path of a text, as it was given.
    pub(super) fn file_name(&self, number: usize) -> String {
        self.paths(number).1.display().to_string()
    }

    /// The place of bytes of a text.
    pub(in crate::config) fn span(&self, number: usize, start: usize, end: usize) -> Span {
        let file = self.files.get(number);
        file.map_or_else(Span::default, |file| file.offsets.span(self.source(number), start, end))
    }

    /// Whether `{{_base_.x}}` stands within bytes of a text.
    pub(super) fn has_base(&self, number: usize, start: usize, end: usize) -> bool {
        self.files.get(number).is_some_and(|file| file.offsets.has_base(start, end))
    }

    /// Notes the names by which a lazy file reads its bases.
    pub(super) fn set_bases(&mut self, number: usize, bases: Vec<String>) {
        if let Some(file) = self.files.get_mut(number) {
            file.bases = bases;
        }
    }

    /// Whether a lazy file reads a base by this name.
    pub(super) fn is_base(&self, number: usize, module: &str) -> Outcome<bool> {
        let bases = self.files.get(number).map_or(&[][..], |file| &file.bases);
        self.heap.step(1 + bases.len())?;
        Ok(bases.iter().any(|base| base == module))
    }

    /// An error at a place; a `; did you mean 'name'?` at its end becomes its help.
    #[cold]
    pub(in crate::config) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        let message = message.into();
        let (message, help) = help::split(&message);
        let diagnostic = Diagnostic::new(&self.sources, span, message);
        match help {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }

    /// Works on the heap, and adds the place to a fault.
    pub(in crate::config) fn at<T>(
        &mut self,
        span: Span,
        work: impl FnOnce(&mut Heap) -> Outcome<T>,
    ) -> Result<T, Diagnostic> {
        work(&mut self.heap).map_err(|fault| self.error(span, fault.0))
    }
}
