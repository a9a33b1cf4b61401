//! The files that a config inherits from.

use std::path::{Path, PathBuf};

use super::{Content, Loader, MAX_BYTES};
use crate::config::Format;
use crate::config::python::heap::DictId;
use crate::config::python::{self, Bases, Names, Session};
use crate::config::source::read_up_to;
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// A base that was found.
#[derive(Debug)]
pub(super) struct Found {
    /// Where it is, without links.
    pub(super) path: PathBuf,
    /// The path as it was given.
    pub(super) given: PathBuf,
}

/// Files that one config may be made of, counted each time that they are read.
const MAX_FILES: usize = 1000;

impl Loader {
    /// The names of a file that another one inherits from by `_base_`.
    pub(super) fn base_file(&mut self, found: &Found, span: Span) -> Result<DictId, Diagnostic> {
        let (content, number) = self.open(found, span)?;
        if let Content::Module(module) = &content
            && module.is_lazy(&self.session, number)?
        {
            let message = "the base is a lazy config (it imports, or uses read_base()), and this one is not: \
                           both must inherit in the same way";
            return Err(self.session.error(span, message));
        }
        let names = self.inherit(content, number)?;
        self.open.pop();
        Ok(names)
    }

    /// Reads and parses a base.
    fn open(&mut self, found: &Found, span: Span) -> Result<(Content, usize), Diagnostic> {
        let path = found.path.as_path();
        if self.open.iter().any(|open| open == path) {
            return Err(self
                .session
                .error(span, "the file inherits from itself, by way of this base"));
        }
        self.readings += 1;
        if self.readings > MAX_FILES {
            return Err(self
                .session
                .error(span, format!("the config is made of more than {MAX_FILES} files")));
        }
        let format =
            Format::of(path).map_err(|error| self.session.error(span, error.to_string()))?;
        self.open.push(path.to_owned());
        // The same text for a base that was read before, so that it is held once.
        if let Some(number) = self.session.number(path) {
            return Ok((self.content(found, format, number)?, number));
        }
        let source = read_up_to(path, MAX_BYTES)
            .map_err(|error| self.session.error(span, error.to_string()))?;
        self.session.heap.meter().admit(source.bytes().len());
        let number = self.session.add(source.named(self.folder.shown(path)));
        Ok((self.content(found, format, number)?, number))
    }

    /// A base, relative to the file that names it, or of a package: `mmdet::NAME`.
    pub(super) fn base(&self, file: usize, name: &str, span: Span) -> Result<Found, Diagnostic> {
        let (path, given) = self.session.paths(file);
        let folder = path.parent().unwrap_or_else(|| Path::new("/"));
        let path =
            self.folder.find(folder, name).map_err(|message| self.session.error(span, message))?;
        let given = match name.contains("::") {
            true => path.clone(),
            false => given.parent().unwrap_or_else(|| Path::new("")).join(name),
        };
        Ok(Found { path, given })
    }

    /// A base that is named from its package on: `mmdet.configs.default_runtime`.
    fn package_base(&self, file: usize, module: &str, span: Span) -> Result<Found, Diagnostic> {
        let (package, rest) = module.split_once('.').unwrap_or((module, ""));
        let mut above = self.session.paths(file).0.ancestors();
        let around = above.find(|folder| folder.file_name().is_some_and(|name| name == package));
        let name = format!("{}.py", rest.replace('.', "/"));
        let found = match around {
            Some(folder) => self.folder.find(folder, &name),
            None => {
                self.folder.package(package, "").and_then(|folder| self.folder.find(&folder, &name))
            }
        };
        let path = found.map_err(|message| self.session.error(span, message))?;
        Ok(Found { given: path.clone(), path })
    }
}

impl Bases for Loader {
    fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    fn by_path(&mut self, file: usize, name: &str, span: Span) -> Result<Names, Diagnostic> {
        let found = self.base(file, name, span)?;
        self.lazy_file(&found, span)
    }

    fn by_module(&mut self, file: usize, module: &str, span: Span) -> Result<Names, Diagnostic> {
        let found = self.package_base(file, module, span)?;
        self.lazy_file(&found, span)
    }
}

impl Loader {
    /// The names of a file that a lazy config imports.
    fn lazy_file(&mut self, found: &Found, span: Span) -> Result<Names, Diagnostic> {
        let (content, number) = self.open(found, span)?;
        let Content::Module(module) = content else {
            return Err(self.session.error(span, "a lazy config inherits from Python files"));
        };
        let base = python::lazy(self, &module, number)?;
        self.open.pop();
        let plain = python::Scope::Config(None);
        let names = self.session.at(span, |heap| python::copied(heap, base.names, plain))?;
        Ok(Names { names, ..base })
    }
}
