//! Names: where one is bound, and where it is found.

use super::super::heap::{ScopeId, ScopeKind};
use super::super::nearest::missing;
use super::super::object::{Builtin, Object};
use super::super::slots::Slot;
use super::super::stdlib;
use super::{Evaluator, Result};
use crate::config::meter::{Outcome, fault};
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// A function's declaration of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Declared {
    Global,
    Nonlocal,
}

impl Evaluator<'_> {
    /// The value of a name.
    pub(super) fn name(&mut self, name: &str, span: Span) -> Result<Object> {
        let found = self.find(name);
        if let Some(slot) = self.at(span, found)? {
            return Ok(slot.object);
        }
        let made = match name {
            "__name__" => self.heap().string("builtins"),
            "__file__" => {
                let file = self.session.file_name(self.file);
                self.heap().string(&file)
            }
            name if stdlib::FORBIDDEN.contains(&name) => {
                let message =
                    format!("'{name}' is not evaluated: a config is read, and nothing is executed");
                return Err(self.error(span, message));
            }
            name => match Builtin::from_name(name) {
                Some(builtin) => Ok(Object::Builtin(builtin)),
                None => return Err(self.unknown(name, span)),
            },
        };
        self.at(span, made)
    }

    fn find(&mut self, name: &str) -> Outcome<Option<Slot>> {
        let mut scope = Some(self.scope);
        while let Some(id) = scope {
            let here = self.heap().get_scope(id);
            if self.declared(id, name)? == Some(Declared::Global) {
                scope = Some(self.heap().module_of(id));
                continue;
            }
            if let Some(slot) = self.heap().named(here.names, name)? {
                return Ok(Some(slot));
            }
            scope = here.outer;
        }
        Ok(None)
    }

    /// The declaration of a name in the function whose call the scope belongs to.
    fn declared(&mut self, scope: ScopeId, name: &str) -> Outcome<Option<Declared>> {
        let ScopeKind::Call(function) = self.heap().get_scope(scope).kind else { return Ok(None) };
        let function = self.heap().get_function(function);
        if function.declared.is_empty() {
            return Ok(None);
        }
        Ok(function.declared.named(name)?.map(|entry| match entry.slot.object {
            Object::Bool(true) => Declared::Global,
            _ => Declared::Nonlocal,
        }))
    }

    /// The scope that an assignment in `scope` binds a name in.
    fn scope_of(&mut self, scope: ScopeId, name: &str) -> Outcome<ScopeId> {
        match self.declared(scope, name)? {
            None => Ok(scope),
            Some(Declared::Global) => Ok(self.heap().module_of(scope)),
            Some(Declared::Nonlocal) => {
                let mut outer = self.heap().get_scope(scope).outer;
                while let Some(id) = outer {
                    let here = self.heap().get_scope(id);
                    if matches!(here.kind, ScopeKind::Call(_))
                        && self.heap().named(here.names, name)?.is_some()
                    {
                        return Ok(id);
                    }
                    outer = here.outer;
                }
                fault(format!("'nonlocal {name}': no outer function has bound the name"))
            }
        }
    }

    /// Binds a name in the innermost scope.
    pub(in crate::config::python) fn bind(&mut self, name: &str, value: Slot) -> Result<()> {
        let span = value.span;
        self.bind_at(name, span, value)
    }

    pub(super) fn bind_at(&mut self, name: &str, span: Span, value: Slot) -> Result<()> {
        self.bind_in(self.scope, name, span, value)
    }

    /// Binds a name as `:=` does: outside of comprehensions.
    pub(super) fn bind_outside(&mut self, name: &str, span: Span, value: Slot) -> Result<()> {
        let mut id = self.scope;
        loop {
            let scope = self.heap().get_scope(id);
            match (scope.kind, scope.outer) {
                (ScopeKind::Comprehension, Some(outer)) => id = outer,
                _ => return self.bind_in(id, name, span, value),
            }
        }
    }

    fn bind_in(&mut self, scope: ScopeId, name: &str, span: Span, value: Slot) -> Result<()> {
        if name == "_base_" {
            let message = if self.lazy {
                "a config that imports inherits by 'with read_base():', not by '_base_'"
            } else {
                "the bases of a config are known before it is evaluated: '_base_' is assigned once, by itself, and \
                 outside of every block"
            };
            return Err(self.error(span, message));
        }
        let scope = self.scope_of(scope, name);
        let scope = self.at(span, scope)?;
        let heap = &mut self.session.heap;
        let names = heap.get_scope(scope).names;
        let bound = heap
            .name(name)
            .and_then(|key| heap.names_mut(names)?.insert(key, span, value).map(drop));
        self.at(span, bound)
    }

    /// Carries out `del name`.
    pub(super) fn unbind(&mut self, name: &str, span: Span) -> Result<()> {
        let here = self.scope;
        let scope = self.scope_of(here, name);
        let scope = self.at(span, scope)?;
        let heap = &mut self.session.heap;
        let names = heap.get_scope(scope).names;
        let removed = heap.names_mut(names).and_then(|names| names.remove_name(name));
        match self.at(span, removed)? {
            Some(_) => Ok(()),
            None => Err(self.unknown(name, span)),
        }
    }

    /// `globals()`, or `locals()`: the names themselves, for reading.
    pub(in crate::config::python) fn names(&mut self, globals: bool, span: Span) -> Result<Object> {
        let heap = &self.session.heap;
        let scope = if globals { heap.module_of(self.scope) } else { self.scope };
        let scope = heap.get_scope(scope);
        if scope.kind == ScopeKind::Comprehension {
            let message =
                "locals() in a comprehension differs between versions of Python: call it outside";
            return Err(self.error(span, message));
        }
        Ok(Object::Dict(scope.names))
    }

    fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let heap = &self.session.heap;
        let builtins: Vec<&str> = Builtin::ALL.iter().map(|builtin| builtin.name()).collect();
        let mut tables = Vec::new();
        let mut scope = Some(self.scope);
        while let Some(here) = scope {
            let here = heap.get_scope(here);
            tables.push(heap.entries_of(here.names));
            scope = here.outer;
        }
        let tables: Vec<_> = tables.iter().map(|table| &**table).collect();
        let message = format!("the name '{name}' is not defined");
        match missing(heap, message, name, &builtins, &tables) {
            Ok(message) => self.error(span, message),
            Err(fault) => self.error(span, fault.0),
        }
    }
}
