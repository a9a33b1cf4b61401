//! `import`: Python's own library by name, all other code as opaque names.
//!
//! A config is lazy (mmengine's word) if it imports anything but Python's own library, and inherits by
//! `with read_base():`; the other kind inherits by `_base_ = ...`.

use std::collections::VecDeque;

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::Ranged;

use super::evaluate::{Evaluator, Flow};
use super::object::{Object, Origin};
use super::session::Session;
use super::slots::Slot;
use super::{stdlib, subscript};
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// The message about a `with` of another function.
pub(super) const FOREIGN_WITH: &str = "'with' is for read_base() alone in a config";

/// Whether the config is a lazy one: the first import or `_base_` decides, outer statements before inner ones.
pub(super) fn is_lazy(session: &Session, file: usize, body: &[Stmt]) -> Result<bool, Diagnostic> {
    let mut open: VecDeque<&[Stmt]> = VecDeque::from([body]);
    while let Some(body) = open.pop_front() {
        for statement in body {
            match statement {
                Stmt::Assign(assign) if is_base(assign) => return Ok(false),
                Stmt::With(with) if is_read_base(with) => return Ok(true),
                Stmt::With(with) => {
                    let range = with.range();
                    let span = session.span(file, range.start().to_usize(), range.end().to_usize());
                    return Err(session.error(span, FOREIGN_WITH));
                }
                Stmt::ImportFrom(import) => {
                    let module = import.module.as_ref().map_or("", |module| module.id.as_str());
                    let config = module == "mmengine"
                        && import.names.iter().all(|alias| alias.name.id == "Config");
                    if import.level != 0 || !config && !stdlib::contains(module) {
                        return Ok(true);
                    }
                }
                Stmt::Import(import)
                    if import
                        .names
                        .iter()
                        .any(|alias| !stdlib::contains(alias.name.id.as_str())) =>
                {
                    return Ok(true);
                }
                Stmt::If(inner) => {
                    open.push_back(&inner.body);
                    open.extend(inner.elif_else_clauses.iter().map(|clause| &*clause.body));
                }
                Stmt::For(inner) => open.extend([&*inner.body, &*inner.orelse]),
                Stmt::While(inner) => open.extend([&*inner.body, &*inner.orelse]),
                Stmt::FunctionDef(inner) => open.push_back(&inner.body),
                Stmt::ClassDef(inner) => open.push_back(&inner.body),
                Stmt::Try(inner) => {
                    open.push_back(&inner.body);
                    for ExceptHandler::ExceptHandler(handler) in &inner.handlers {
                        open.push_back(&handler.body);
                    }
                    open.extend([&*inner.orelse, &*inner.finalbody]);
                }
                _ => {}
            }
        }
    }
    Ok(false)
}

/// `_base_ = ...`
pub(super) fn is_base(assign: &ast::StmtAssign) -> bool {
    matches!(assign.targets.first(), Some(Expr::Name(name)) if name.id == "_base_")
}

/// `with read_base():`
pub(super) fn is_read_base(with: &ast::StmtWith) -> bool {
    match with.items.as_slice() {
        [item] => match &item.context_expr {
            Expr::Call(call) => matches!(&*call.func, Expr::Name(name) if name.id == "read_base"),
            _ => false,
        },
        _ => false,
    }
}

/// The module of `from ... import`, with its dots.
pub(super) fn dotted(import: &ast::StmtImportFrom) -> String {
    let module = import.module.as_ref().map_or("", |module| module.id.as_str());
    format!("{}{module}", ".".repeat(import.level as usize))
}

/// The name that `import a.b` or `import a.b as c` binds, and the module that it means.
pub(super) fn bound(alias: &ast::Alias) -> (&str, &str) {
    let module = alias.name.id.as_str();
    match &alias.asname {
        Some(name) => (name.id.as_str(), module),
        None => {
            let first = module.split('.').next().unwrap_or(module);
            (first, first)
        }
    }
}

impl Evaluator<'_> {
    /// `import a.b`, `import a.b as c`.
    pub(super) fn import(&mut self, import: &ast::StmtImport) -> Result<Flow, Diagnostic> {
        for alias in &import.names {
            let span = self.span(alias.range());
            let (name, module) = bound(alias);
            let object = match stdlib::module(module) {
                Some(module) => Object::Module(module),
                None if stdlib::contains(module) => {
                    let name = self.heap().unevaluated(module);
                    self.at(span, name)?
                }
                // mmengine puts a name in the place of a module that gets one, and imports all others.
                None if self.is_attempted() && !(self.lazy && alias.asname.is_some()) => {
                    return Ok(Flow::Absent);
                }
                None => self.module(module, span)?,
            };
            self.bind_import(name, object, span)?;
        }
        Ok(Flow::Next)
    }

    /// A module of other code.
    pub(super) fn module(&mut self, module: &str, span: Span) -> Result<Object, Diagnostic> {
        let origin = if self.lazy { Origin::LazyModule } else { Origin::Eager };
        let name = self.heap().opaque(module, origin);
        self.at(span, name)
    }

    /// `from a.b import c`.
    pub(super) fn import_from(&mut self, import: &ast::StmtImportFrom) -> Result<Flow, Diagnostic> {
        let module = import.module.as_ref().map_or("", |module| module.id.as_str());
        let is_own = import.level == 0 && stdlib::contains(module);
        let dotted = dotted(import);
        if self.lazy && !is_own {
            let span = self.span(import.range());
            let base = self.session.is_base(self.file, &dotted);
            // Its names were bound before the file was evaluated.
            if self.at(span, base)? {
                return Ok(Flow::Next);
            }
        }
        for alias in &import.names {
            let span = self.span(alias.range());
            let name = alias.name.id.as_str();
            if name == "*" {
                let message = format!(
                    "'from {dotted} import *' is for base configs, inside of 'with read_base():'"
                );
                return Err(self.error(span, message));
            }
            let object = match stdlib::evaluated(module) {
                Some(module) if is_own => subscript::module_member(self.heap(), module, name),
                None if is_own => self.heap().unevaluated(&format!("{module}.{name}")),
                _ if self.lazy => self.heap().opaque(&format!("{dotted}.{name}"), Origin::Lazy),
                _ if self.is_attempted() => return Ok(Flow::Absent),
                _ => self.heap().opaque(&format!("{dotted}.{name}"), Origin::Eager),
            };
            let object = self.at(span, object)?;
            let bound = alias.asname.as_ref().map_or(name, |name| name.id.as_str());
            self.bind_import(bound, object, span)?;
        }
        Ok(Flow::Next)
    }

    fn bind_import(&mut self, name: &str, object: Object, span: Span) -> Result<(), Diagnostic> {
        if !self.lazy {
            self.mark_imported(name, span)?;
        }
        self.bind(name, Slot { object, span })
    }

    /// Notes that an import binds a name, so that it is no value of the config.
    pub(super) fn mark_imported(&mut self, name: &str, span: Span) -> Result<(), Diagnostic> {
        let text = self.heap().text(name);
        let text = self.at(span, text)?;
        self.imported.push(text);
        Ok(())
    }

    /// Why a `with` is not evaluated here.
    pub(super) fn with(&self, with: &ast::StmtWith, span: Span) -> Diagnostic {
        let message = if !is_read_base(with) {
            FOREIGN_WITH
        } else if self.lazy {
            "bases are read in one 'with read_base():' of a file, outside of every block: move these imports to the \
             first"
        } else {
            "a config that inherits by '_base_' has no 'with read_base():'"
        };
        self.error(span, message)
    }
}
