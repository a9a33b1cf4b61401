//! A config file and what it inherits from → one tree of values.
//!
//! Inheritance is that of mmengine 0.10 (`Config.fromfile`): `_base_` names one file or several, whose keys may not
//! meet; the file's own dicts are merged into theirs, key by key, unless they say `_delete_=True`; everything else
//! replaces. A lazy Python config inherits by `with read_base():` instead, and merges nothing.

mod base;
mod environment;
mod folder;
mod merge;
mod value;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use self::base::Found;
use self::folder::{Folder, lexically};
use super::meter::Meter;
use super::python::heap::{DictId, DictKind};
use super::python::{self, Base, Module, Session};
use super::source::read_up_to;
use super::text::{BaseSyntax, Text};
use super::{Config, ConfigError, Format, ReadOptions, YamlVersion, json, toml, yaml};
use crate::diagnostic::{Diagnostic, Source, Sources};
use crate::value::{Span, Value};

/// Reads a config, its bases and theirs.
#[derive(Debug)]
struct Loader {
    session: Session,
    /// How many times a text was read: a base may be named again.
    readings: usize,
    folder: Folder,
    yaml: YamlVersion,
    /// The files that are being read, each a base of the one before.
    open: Vec<PathBuf>,
}

/// Bytes of a file that inherits, is inherited, or is Python.
const MAX_BYTES: usize = 2 << 20;

/// Bytes of the name of a base: no system has longer paths.
const MAX_NAME: usize = 4096;

/// Bytes of the reader's stack: what its bounds on recursion need in an unoptimized build, twice over.
const STACK: usize = 128 << 20;

/// Reads a file.
pub(super) fn load(path: &Path, options: &ReadOptions) -> Result<Config, ConfigError> {
    let format = Format::of(path)?;
    let max = if format == Format::Python { MAX_BYTES } else { super::MAX_BYTES };
    let source = read_up_to(path, max).map_err(|error| match error.kind() {
        std::io::ErrorKind::FileTooLarge => {
            let name = path.display().to_string();
            let message = format!("larger than {max} bytes, the most that a config may have");
            ConfigError::Invalid(Diagnostic::of_file(&name, message))
        }
        _ => ConfigError::Io(error),
    })?;
    let given = path.to_owned();
    let (value, source) = match without_bases(source, format, path, options.yaml)? {
        (Some(value), source) => (value, source),
        (None, source) => {
            let path = std::fs::canonicalize(path).map_err(|error| {
                let message = format!("cannot find {}: {error}", path.display());
                ConfigError::Io(std::io::Error::new(error.kind(), message))
            })?;
            let folder = Folder::new(&path, options)?;
            let found = Found { path, given };
            return Ok(evaluate(found, format, source, folder, options.yaml)?);
        }
    };
    Ok(Config { value, sources: Sources::new(source) })
}

/// Reads a text that has no bases.
pub(super) fn parse(source: Source, format: Format) -> Result<Config, Diagnostic> {
    let path = PathBuf::from(source.name());
    let yaml = YamlVersion::default();
    match without_bases(source, format, &path, yaml)? {
        (Some(value), source) => Ok(Config { value, sources: Sources::new(source) }),
        (None, source) => {
            let found = Found { given: path.clone(), path };
            evaluate(found, format, source, Folder::none(), yaml)
        }
    }
}

/// The value of a file without code that inherits nothing: it may be large, and needs no evaluation.
fn without_bases(
    source: Source,
    format: Format,
    path: &Path,
    yaml: YamlVersion,
) -> Result<(Option<Value>, Source), Diagnostic> {
    if format == Format::Python {
        return Ok((None, source));
    }
    let meter = Meter::new(source.bytes().len());
    let text = Text::new(&source, &whole(path), BaseSyntax::Data, &meter)?;
    let value = data(format, &text, &meter, yaml)?;
    if value.get("_base_").is_some() || text.is_replaced() {
        return Ok((None, source));
    }
    value::check_names(&value, &source)?;
    Ok((Some(value), source))
}

/// The path from the root of the file system on, as text, which placeholders stand for.
fn whole(path: &Path) -> PathBuf {
    lexically(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// Recursion is bounded by counts; the stack is made for them, whatever the caller's is.
fn evaluate(
    found: Found,
    format: Format,
    source: Source,
    folder: Folder,
    yaml: YamlVersion,
) -> Result<Config, Diagnostic> {
    let name = source.name().to_owned();
    let read = move || Loader::read(found, format, source, folder, yaml);
    match std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(read)
        .map(std::thread::JoinHandle::join)
    {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => std::panic::resume_unwind(panic),
        Err(error) => Err(Diagnostic::of_file(
            &name,
            format!("the system gives no thread to read it: {error}"),
        )),
    }
}

/// The value of a text without code.
fn data(
    format: Format,
    text: &Text<'_>,
    meter: &Rc<Meter>,
    yaml: YamlVersion,
) -> Result<Value, Diagnostic> {
    match format {
        Format::Toml => toml::read(text, meter),
        Format::Yaml => yaml::read(text, meter, yaml),
        Format::Json | Format::Python => json::read(text, meter),
    }
}

/// The content of a file before it is evaluated.
enum Content {
    Module(Module),
    Data(Value),
}

impl Loader {
    fn read(
        found: Found,
        format: Format,
        source: Source,
        folder: Folder,
        yaml: YamlVersion,
    ) -> Result<Config, Diagnostic> {
        let meter = Meter::new(source.bytes().len());
        let mut loader = Self {
            session: Session::new(source, &meter),
            readings: 1,
            folder,
            yaml,
            open: vec![found.path.clone()],
        };
        let content = loader.content(&found, format, 0)?;
        let names = match content {
            Content::Module(module) if module.is_lazy(&loader.session, 0)? => {
                let lazy = python::lazy(&mut loader, &module, 0)?;
                loader.session.at(Span::default(), |heap| python::values(heap, &lazy))?;
                lazy.names
            }
            content => loader.inherit(content, 0)?,
        };
        value::check_keys(&mut loader.session, names)?;
        let value = value::from_heap(&mut loader.session, names)?;
        Ok(Config { value, sources: loader.session.into_sources() })
    }

    /// Parses text number `number`.
    fn content(
        &mut self,
        found: &Found,
        format: Format,
        number: usize,
    ) -> Result<Content, Diagnostic> {
        let source = self.session.source(number);
        if source.bytes().len() > MAX_BYTES {
            let message = format!("larger than {MAX_BYTES} bytes, the most that a config may have");
            return Err(Diagnostic::of_file(source.name(), message));
        }
        let syntax = if format == Format::Python { BaseSyntax::Python } else { BaseSyntax::Data };
        let meter = self.session.heap.meter();
        let text = Text::new(source, &whole(&found.given), syntax, meter)?;
        let is_replaced = text.is_replaced();
        let content = match format {
            Format::Python => Content::Module(Module::parse(&text, meter)?),
            data_format => Content::Data(data(data_format, &text, meter, self.yaml)?),
        };
        self.session.parsed(number, &found.path, &found.given, text.into_offsets());
        // mmengine replaces no placeholder of a lazy config.
        match content {
            Content::Module(module) if is_replaced && module.is_lazy(&self.session, number)? => {
                let source = self.session.source(number);
                let text = Text::plain(source)?;
                let module = Module::parse(&text, self.session.heap.meter())?;
                self.session.parsed(number, &found.path, &found.given, text.into_offsets());
                Ok(Content::Module(module))
            }
            content => Ok(content),
        }
    }

    /// Evaluates a file on what it inherits by `_base_`, and merges it in.
    fn inherit(&mut self, content: Content, number: usize) -> Result<DictId, Diagnostic> {
        let bases = match &content {
            Content::Module(module) => module.bases(&mut self.session, number)?,
            Content::Data(value) => value::bases(&mut self.session, value)?,
        };
        let inherited = self.session.at(Span::default(), |heap| {
            let entries = heap.entries()?;
            heap.dict(entries, DictKind::Config)
        })?;
        for Base { name, span } in bases {
            let name = self.session.at(span, |_| name.read())?;
            if name.len() > MAX_NAME {
                let message = format!("the name of a base has more than {MAX_NAME} bytes");
                return Err(self.session.error(span, message));
            }
            let found = self.base(number, name, span)?;
            let names = self.base_file(&found, span)?;
            let scope = name.split_once("::").map(|(package, _)| package);
            merge::beside(&mut self.session, names, inherited, scope, span)?;
        }
        let names = match content {
            Content::Module(module) => {
                python::eager(&mut self.session, &module, number, inherited)?
            }
            Content::Data(value) => value::to_heap(&mut self.session, &value, inherited)?,
        };
        // mmengine warns that the config is deprecated; its values stay what they are.
        self.session
            .at(Span::default(), |heap| heap.entries_mut(names)?.remove_name("_deprecation_"))?;
        // Names that share a dict part here, as in mmengine: what is merged into one does not show in the other.
        let names = self
            .session
            .at(Span::default(), |heap| python::copied(heap, names, python::Scope::Kept))?;
        let merged = merge::into_base(&mut self.session, names, inherited)?;
        self.session.at(Span::default(), |heap| {
            heap.entries_mut(merged)?.retain(|key, _| Ok(!key.is_private()))
        })?;
        Ok(merged)
    }
}
