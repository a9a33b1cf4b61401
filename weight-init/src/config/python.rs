//! Python configs, evaluated without being executed.
//!
//! The parser is `ruff_python_parser`: the hand-written parser of Ruff, kept by its authors release by release,
//! with the whole of Python's grammar, exact places and a stack that grows with the nesting; 70 crates and a good
//! minute to build, Rust but for `stacker`'s few lines of assembly. `rustpython-parser` has not moved since 2024
//! and generates its parser with LALRPOP; RustPython itself parses with a copy of Ruff's. `starlark` has a language
//! of its own, without `import`, `**` of dicts in displays, or `with`. Ruff calls the crate internal, so its
//! version is pinned exactly.
//!
//! The subset that is evaluated: literals, names, attributes, items, slices, operators, comparisons, `if`, `for`, `while`,
//! comprehensions, lambdas and functions with `global` and `nonlocal`, classes for their attributes, f-strings, `%` and
//! `format`, unpacking, `del`, `assert`, `try` around an import; Python's built-in functions that have no effect,
//! `locals()` and `globals()` for reading, the methods of its containers and strings, `math`, and parts of `copy`,
//! `os.path`, `itertools`, `collections`. Imports of other code are names and nothing else; a call of one is an error. So
//! are `eval`, `open`, `__import__`, objects of classes, and every statement and argument that is not evaluated.
//!
//! Dicts are Python's where the config makes them, and mmengine's `ConfigDict` where they come from a base: their keys
//! are attributes, `update` and `|` merge, `pop` never fails, `copy` has lists of its own.
//!
//! Bounds: 2 MiB of text a file, 1000 readings of files, steps and memory as the [`meter`](super::meter) has them, nesting
//! as [`guard`] and [`evaluate`] say. Each is an error with a place.

mod builtins;
mod call;
pub(super) mod entries;
mod evaluate;
mod format;
mod guard;
pub(super) mod heap;
mod imports;
mod lazy;
mod methods;
mod nearest;
pub(super) mod object;
pub(super) mod operator;
mod session;
mod show;
mod slice;
pub(super) mod slots;
mod stdlib;
pub(super) mod subscript;
mod surrogate;
pub(super) mod text;

use std::rc::Rc;

use ruff_python_ast::{ModModule, Stmt};
use ruff_python_parser::parse_module;
use ruff_text_size::Ranged;

use self::entries::{Key, Keys};
use self::evaluate::Evaluator;
use self::heap::{DictId, DictKind, Heap, ScopeId, ScopeKind};
pub(super) use self::lazy::{Bases, Names, lazy, values};
use self::object::Object;
pub(super) use self::session::Session;
pub(super) use self::show::begin;
use self::slots::Slot;
use self::text::Str;
use super::meter::{Charge, Meter, Outcome};
use super::text::Text;
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// The syntax tree of a file, and what it takes.
pub(super) struct Module {
    syntax: ModModule,
    _charge: Charge,
}

/// A file that another one inherits from, and where it is named.
pub(super) struct Base {
    pub(super) name: Str,
    pub(super) span: Span,
}

impl Module {
    pub(super) fn parse(text: &Text<'_>, meter: &Rc<Meter>) -> Result<Self, Diagnostic> {
        let fault = |start, end, message: String| {
            Diagnostic::new(text.source(), text.span(start, end), message)
        };
        let whole = |message| Diagnostic::of_file(text.source().name(), message);
        meter.step(text.as_str().len()).map_err(|fault| whole(fault.0))?;
        let size = match guard::size(text.as_str()) {
            Ok(size) => size,
            Err((at, message)) => return Err(fault(at, at + 1, message)),
        };
        let mut charge = Charge::new(meter);
        charge.take(size.tree + size.tokens).map_err(|fault| whole(fault.0))?;
        match parse_module(text.as_str()) {
            Ok(parsed) => {
                if let Some((start, end)) = surrogate::find(text.as_str(), parsed.tokens()) {
                    let escape = &text.as_str()[start..end];
                    let message = format!(
                        "'{escape}' is half of a surrogate pair, which is no character by itself"
                    );
                    return Err(fault(start, end, message));
                }
                let syntax = parsed.into_syntax();
                charge.give(size.tokens);
                Ok(Self { syntax, _charge: charge })
            }
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
        &self.syntax.body
    }

    /// Whether it inherits by imports.
    pub(super) fn is_lazy(&self, session: &Session, file: usize) -> Result<bool, Diagnostic> {
        imports::is_lazy(session, file, self.body())
    }

    /// The bases that `_base_ = ...` names, one string or a list; the expression sees no names of the file.
    pub(super) fn bases(
        &self,
        session: &mut Session,
        file: usize,
    ) -> Result<Vec<Base>, Diagnostic> {
        let assigned = self.body().iter().find_map(|statement| match statement {
            Stmt::Assign(assign) if imports::is_base(assign) => Some(&assign.value),
            _ => None,
        });
        let Some(value) = assigned else { return Ok(Vec::new()) };
        let scope = module_scope(session)?;
        let mut evaluator = Evaluator::new(session, file, scope, false);
        let Slot { object, span } = evaluator.slot(value)?;
        let name = |evaluator: &Evaluator<'_>, Slot { object, span }: Slot| match object {
            Object::Str(name) => Ok(Base { name, span }),
            other => Err(evaluator.error(
                span,
                format!("a base is named by a string, found a {}", other.type_name()),
            )),
        };
        let Object::List(_) = object else {
            return Ok(vec![name(&evaluator, Slot { object, span })?]);
        };
        let slots = evaluator.heap().elements(&object, span);
        let slots = evaluator.at(span, slots)?;
        slots.into_iter().map(|slot| name(&evaluator, slot)).collect()
    }
}

/// Evaluates a file that inherits by `_base_`; its own names.
pub(super) fn eager(
    session: &mut Session,
    module: &Module,
    file: usize,
    inherited: DictId,
) -> Result<DictId, Diagnostic> {
    let scope = module_scope(session)?;
    session.at(Span::default(), |heap| {
        let names = heap.get_scope(scope).names;
        let slot = Slot { object: Object::Dict(inherited), span: Span::default() };
        let key = heap.name("_base_")?;
        heap.names_mut(names)?.insert(key, Span::default(), slot)
    })?;
    let mut evaluator = Evaluator::new(session, file, scope, false);
    // The statement `_base_ = ...` was read before the file.
    let base = module.body().iter().position(is_base);
    for (at, statement) in module.body().iter().enumerate() {
        let span = evaluator.span(statement.range());
        if Some(at) == base {
            if matches!(statement, Stmt::Assign(assign) if assign.targets.len() > 1) {
                return Err(evaluator.error(span, "'_base_' is assigned by itself"));
            }
            continue;
        }
        let done = evaluator.statements(std::slice::from_ref(statement))?;
        evaluator.finished(&done, span)?;
    }
    let imported = std::mem::take(&mut evaluator.imported);
    session.at(Span::default(), |heap| {
        let imported = keys(heap, &imported)?;
        let names = heap.get_scope(scope).names;
        let mut own = heap.entries_of(names).copy()?;
        own.retain(|key, entry| {
            if key.is("_base_") || key.is_private() {
                return Ok(false);
            }
            Ok(match entry.slot.object {
                Object::Function(_) | Object::Module(_) => false,
                Object::Class(id) => !key.is(heap.get_class(id).name.read()?),
                Object::Builtin(_) | Object::Opaque(..) | Object::Unevaluated(_) => {
                    !imported.contains(key)?
                }
                _ => true,
            })
        })?;
        heap.dict(own, DictKind::Plain)
    })
}

fn is_base(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Assign(assign) if imports::is_base(assign))
}

fn keys(heap: &Heap, names: &[Str]) -> Outcome<Keys> {
    let mut keys = Keys::new(heap.meter())?;
    for name in names {
        keys.insert(Key::Str(name.clone()))?;
    }
    Ok(keys)
}

/// The treatment of lazy names in a copy.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scope<'a> {
    /// They stay what they are.
    Kept,
    /// They stay what they are, and lazy names become others.
    Anew,
    /// They become Python's own.
    Plain,
    /// They become mmengine's; the outermost ones with a `type` name the package that they come from.
    Config(Option<&'a str>),
}

/// A copy with containers of its own.
pub(super) fn copied(heap: &mut Heap, names: DictId, scope: Scope<'_>) -> Outcome<DictId> {
    match subscript::deep_copy(heap, &Object::Dict(names), scope)? {
        Object::Dict(copied) => Ok(copied),
        _ => Ok(names),
    }
}

fn module_scope(session: &mut Session) -> Result<ScopeId, Diagnostic> {
    session.at(Span::default(), |heap| heap.scope(None, ScopeKind::Module))
}
