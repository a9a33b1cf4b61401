//! Python configs, evaluated without being executed.
//!
//! The parser is `ruff_python_parser`: the hand-written parser of Ruff, kept by its authors release by release,
//! with the whole of Python's grammar, exact places and a stack that grows with the nesting; 70 crates and a good
//! minute to build, Rust but for `stacker`'s few lines of assembly. `rustpython-parser` has not moved since 2024
//! and generates its parser with LALRPOP; RustPython itself parses with a copy of Ruff's. `starlark` has a language
//! of its own, without `import`, `**` of dicts in displays, or `with`. Ruff calls the crate internal, so its
//! version is pinned exactly.
//!
//! What is evaluated: literals, names, attributes, items, slices, operators, comparisons, `if`, `for`, `while`,
//! comprehensions, lambdas and functions, f-strings, `%` and `format`, unpacking, `del`, `assert`; Python's built-in
//! functions that have no effect, the methods of its containers and strings, and parts of `copy`, `math`, `os.path`,
//! `itertools`, `collections`. Imports of other code are names and nothing else; a call of one is an error. So are
//! `eval`, `open`, `__import__`, classes' methods, `try` and whatever else would execute.
//!
//! Dicts are Python's where the config makes them, and mmengine's `ConfigDict` where they come from a base: their keys
//! are attributes, `update` merges, `pop` never fails.
//!
//! Bounds: 2 MiB of text a file, 1000 files, 10 million steps, 256 MiB of objects, nesting as [`guard`] and
//! [`evaluate`] say. Each is an error with a place.

mod builtins;
mod call;
mod evaluate;
mod format;
mod guard;
pub(super) mod heap;
mod imports;
mod methods;
pub(super) mod object;
pub(super) mod operator;
mod show;
mod stdlib;
pub(super) mod subscript;

use std::rc::Rc;

use ruff_python_ast::{ModModule, Stmt};
use ruff_python_parser::{Parsed, parse_module};
use ruff_text_size::Ranged;

use self::evaluate::Evaluator;
use self::heap::{DictId, Heap, Key, Outcome, ScopeId, Slot};
use self::object::Object;
use super::load::Loader;
use super::text::Text;
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// The syntax tree of a file.
pub(super) struct Module {
    parsed: Parsed<ModModule>,
}

/// A file that another one inherits from, and where it is named.
pub(super) struct Base {
    pub(super) name: String,
    pub(super) span: Span,
}

impl Module {
    pub(super) fn parse(text: &Text<'_>) -> Result<Self, Diagnostic> {
        let fault = |start, end, message: String| {
            Diagnostic::new(text.source(), text.span(start, end), message)
        };
        if let Some((at, message)) = guard::too_deep(text.as_str()) {
            return Err(fault(at, at + 1, message));
        }
        match parse_module(text.as_str()) {
            Ok(parsed) => Ok(Self { parsed }),
            Err(error) => {
                let range = error.location;
                Err(fault(
                    range.start().to_usize(),
                    range.end().to_usize(),
                    error.error.to_string(),
                ))
            }
        }
    }

    fn body(&self) -> &[Stmt] {
        &self.parsed.syntax().body
    }

    /// Whether it inherits by imports.
    pub(super) fn is_lazy(&self, loader: &Loader, file: usize) -> Result<bool, Diagnostic> {
        imports::is_lazy(loader, file, self.body())
    }

    /// What it inherits from by `_base_ = ...`, one string or a list; the expression sees no names of the file.
    pub(super) fn bases(&self, loader: &mut Loader, file: usize) -> Result<Vec<Base>, Diagnostic> {
        let assigned = self.body().iter().find_map(|statement| match statement {
            Stmt::Assign(assign) if imports::is_base(assign) => Some(&assign.value),
            _ => None,
        });
        let Some(value) = assigned else { return Ok(Vec::new()) };
        let scope = module_scope(loader)?;
        let mut evaluator = Evaluator::new(loader, file, scope, false);
        let Slot { object, span } = evaluator.slot(value)?;
        let slots = match &object {
            Object::List(_) => {
                let elements = evaluator.heap().elements(&object, span);
                evaluator.at(span, elements)?
            }
            _ => vec![Slot { object, span }],
        };
        let named = slots.into_iter().map(|Slot { object, span }| match object {
            Object::Str(name) => Ok(Base { name: name.to_string(), span }),
            other => Err(evaluator.error(
                span,
                format!("a base is named by a string, found a {}", other.type_name()),
            )),
        });
        named.collect()
    }

    fn end(&self) -> usize {
        self.parsed.syntax().range().end().to_usize()
    }
}

/// Evaluates a file that inherits by `_base_`; its own names.
pub(super) fn eager(
    loader: &mut Loader,
    module: &Module,
    file: usize,
    inherited: DictId,
) -> Result<DictId, Diagnostic> {
    let scope = module_scope(loader)?;
    let names = loader.heap.get_scope(scope).names;
    let mut evaluator = Evaluator::new(loader, file, scope, false);
    evaluator.bind("_base_", Slot { object: Object::Dict(inherited), span: Span::default() })?;
    evaluator.statements(module.body())?;
    let imported = std::mem::take(&mut evaluator.imported);
    loader.heap.dict_mut(names).entries.retain(|key, entry| {
        let Key::Str(name) = key else { return true };
        let is_code = match entry.slot.object {
            Object::Function(_) | Object::Module(_) => true,
            Object::Builtin(_) | Object::Opaque(_) | Object::Unevaluated(_) => {
                imported.contains(name)
            }
            _ => false,
        };
        !is_code && &**name != "_base_" && !key.is_private()
    });
    Ok(names)
}

/// Evaluates a lazy file; its names, and those that it imported.
pub(super) fn lazy(
    loader: &mut Loader,
    module: &Module,
    file: usize,
) -> Result<(DictId, Vec<Rc<str>>), Diagnostic> {
    let scope = module_scope(loader)?;
    let names = loader.heap.get_scope(scope).names;
    for statement in module.body() {
        if let Stmt::Assign(assign) = statement
            && imports::is_base(assign)
        {
            let range = assign.range();
            let span = loader.span(
                file,
                range.start().to_usize(),
                range.end().to_usize().min(module.end()),
            );
            return Err(loader.error(
                span,
                "a config that imports inherits by 'with read_base():', not by '_base_'",
            ));
        }
    }
    let mut evaluator = Evaluator::new(loader, file, scope, true);
    evaluator.statements(module.body())?;
    let imported = std::mem::take(&mut evaluator.imported);
    loader
        .heap
        .dict_mut(names)
        .entries
        .retain(|key, entry| !key.is_private() && !matches!(entry.slot.object, Object::Module(_)));
    Ok((names, imported))
}

/// What becomes of dicts that are copied.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    /// They stay what they are.
    Kept,
    /// They become mmengine's; the outermost ones with a `type` name the package that they come from.
    Config(Option<&'a str>),
}

/// A copy with containers of its own.
pub(super) fn copied(heap: &mut Heap, names: DictId, scope: Scope<'_>) -> Outcome<DictId> {
    match subscript::deep_copy(heap, &Object::Dict(names), scope, 0)? {
        Object::Dict(copied) => Ok(copied),
        _ => Ok(names),
    }
}

fn module_scope(loader: &mut Loader) -> Result<ScopeId, Diagnostic> {
    loader.heap.scope(None).map_err(|fault| loader.error(Span::default(), fault.0))
}
