//! `import`: Python's own library by name, the bases of a lazy config, all other code as opaque names.
//!
//! A config is lazy (mmengine's word) if it imports anything but Python's own library, and inherits by
//! `with read_base():`; the other kind inherits by `_base_ = ...`.

use std::collections::VecDeque;

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::evaluate::Evaluator;
use super::object::Object;
use super::slots::Slot;
use super::{stdlib, subscript};
use crate::config::load::Loader;
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// Whether the config is a lazy one: the first import or `_base_` decides, outer statements before inner ones.
pub(super) fn is_lazy(loader: &Loader, file: usize, body: &[Stmt]) -> Result<bool, Diagnostic> {
    let mut open: VecDeque<&[Stmt]> = VecDeque::from([body]);
    while let Some(body) = open.pop_front() {
        for statement in body {
            match statement {
                Stmt::Assign(assign) if is_base(assign) => return Ok(false),
                Stmt::With(with) if is_read_base(with) => return Ok(true),
                Stmt::With(with) => {
                    let range = with.range();
                    let span = loader.span(file, range.start().to_usize(), range.end().to_usize());
                    return Err(loader.error(span, "'with' is for read_base() alone in a config"));
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
                Stmt::Try(inner) => open.extend([&*inner.body, &*inner.orelse, &*inner.finalbody]),
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
fn is_read_base(with: &ast::StmtWith) -> bool {
    match with.items.as_slice() {
        [item] => match &item.context_expr {
            Expr::Call(call) => matches!(&*call.func, Expr::Name(name) if name.id == "read_base"),
            _ => false,
        },
        _ => false,
    }
}

impl Evaluator<'_> {
    /// `import a.b`, `import a.b as c`.
    pub(super) fn import(&mut self, import: &ast::StmtImport) -> Result<(), Diagnostic> {
        for alias in &import.names {
            let span = self.span(alias.range());
            let module = alias.name.id.as_str();
            let (name, module) = match &alias.asname {
                Some(name) => (name.id.as_str(), module),
                None => {
                    let first = module.split('.').next().unwrap_or(module);
                    (first, first)
                }
            };
            let object = match stdlib::evaluated(module) {
                Some(module) => Object::Module(module),
                None if stdlib::contains(module) => {
                    let name = self.heap().unevaluated(module);
                    self.at(span, name)?
                }
                None => {
                    let name = self.heap().opaque(module);
                    self.at(span, name)?
                }
            };
            self.bind_import(name, object, span)?;
        }
        Ok(())
    }

    /// `from a.b import c`; inside of `with read_base():`, of another config.
    pub(super) fn import_from(
        &mut self,
        import: &ast::StmtImportFrom,
        base: bool,
    ) -> Result<(), Diagnostic> {
        let module = import.module.as_ref().map_or("", |module| module.id.as_str());
        let level = import.level as usize;
        let span = self.span(import.range());
        if base {
            return self.import_base(import, module, level, span);
        }
        let dotted = format!("{}{module}", ".".repeat(level));
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
                Some(module) if level == 0 => subscript::module_member(self.heap(), module, name),
                None if level == 0 && stdlib::contains(module) => {
                    self.heap().unevaluated(&format!("{module}.{name}"))
                }
                _ => self.heap().opaque(&format!("{dotted}.{name}")),
            };
            let object = self.at(span, object)?;
            let bound = alias.asname.as_ref().map_or(name, |name| name.id.as_str());
            self.bind_import(bound, object, span)?;
        }
        Ok(())
    }

    fn bind_import(&mut self, name: &str, object: Object, span: Span) -> Result<(), Diagnostic> {
        let text = self.heap().text(name);
        let text = self.at(span, text)?;
        self.imported.push(text);
        self.bind(name, Slot { object, span })
    }

    /// `with read_base():`, the only `with` there is.
    pub(super) fn with(&mut self, with: &ast::StmtWith, span: Span) -> Result<(), Diagnostic> {
        if !is_read_base(with) {
            return Err(self.error(span, "'with' is for read_base() alone in a config"));
        }
        for statement in &with.body {
            match statement {
                Stmt::ImportFrom(import) => self.import_from(import, true)?,
                other => {
                    let span = self.span(other.range());
                    return Err(
                        self.error(span, "inside of read_base() stand only 'from ... import ...'")
                    );
                }
            }
        }
        Ok(())
    }

    fn import_base(
        &mut self,
        import: &ast::StmtImportFrom,
        module: &str,
        level: usize,
        span: Span,
    ) -> Result<(), Diagnostic> {
        if module.is_empty() {
            return Err(self.error(
                span,
                "'from . import ...' does not name a base: write 'from .name import ...'",
            ));
        }
        let relative =
            format!("{}{}.py", "../".repeat(level.saturating_sub(1)), module.replace('.', "/"));
        let base = if level == 0 {
            self.loader.package_base(self.file, module, span)?
        } else {
            self.loader.base(self.file, &relative, span)?
        };
        let (names, imported) = self.loader.lazy_file(&base, span)?;
        self.imported.extend(imported);
        for alias in &import.names {
            let name = alias.name.id.as_str();
            let span = self.span(alias.range());
            let entries = self.heap().entries_of(names);
            if name == "*" {
                for entry in entries.each() {
                    let (key, entry) = self.at(span, entry)?;
                    let heap = &mut self.loader.heap;
                    let scope = heap.get_scope(self.scope).names;
                    let set = heap.insert(scope, key.clone(), entry.key_span, entry.slot.clone());
                    self.at(span, set)?;
                }
                continue;
            }
            let Some(entry) = self.at(span, entries.named(name))? else {
                return Err(self.error(span, format!("the base has no '{name}'")));
            };
            let bound = alias.asname.as_ref().map_or(name, |name| name.id.as_str());
            self.bind(bound, entry.slot.clone())?;
        }
        Ok(())
    }
}
