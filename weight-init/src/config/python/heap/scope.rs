//! Functions and classes of a config, and where their names are bound.

use std::rc::Rc;

use ruff_python_ast::{Expr, Parameters, Stmt};

use super::super::entries::Entries;
use super::super::object::Object;
use super::super::text::Str;
use super::{ClassId, DictId, DictKind, FunctionId, HEAD, Heap, ScopeId, index};
use crate::config::meter::Outcome;

/// A function of the config.
#[derive(Debug)]
pub(in crate::config) struct Function {
    pub(in crate::config) parameters: Parameters,
    /// One for each parameter, as they were when the function was defined: those before the stars, then those by name.
    pub(in crate::config) defaults: Vec<Option<Object>>,
    pub(in crate::config) body: Body,
    /// The names of its `global` (true) and `nonlocal` (false) statements.
    pub(in crate::config) declared: Entries,
    pub(in crate::config) scope: ScopeId,
    /// Which text it stands in.
    pub(in crate::config) file: usize,
}

#[derive(Debug)]
pub(in crate::config) enum Body {
    Statements(Vec<Stmt>),
    Expression(Expr),
}

/// A class of the config. It is never called; its attributes are values.
#[derive(Debug)]
pub(in crate::config) struct Class {
    pub(in crate::config) name: Str,
    /// Where its attributes are bound, if no other code has a part in them.
    pub(in crate::config) names: Option<DictId>,
    /// Classes of the config that it takes the other attributes from.
    pub(in crate::config) bases: Vec<ClassId>,
}

/// Names of a module, of a class, of a call or of a comprehension.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct Scope {
    pub(in crate::config) names: DictId,
    pub(in crate::config) outer: Option<ScopeId>,
    pub(in crate::config) kind: ScopeKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum ScopeKind {
    Module,
    /// Seen by the statements of its body alone.
    Class,
    Call(FunctionId),
    Comprehension,
}

impl Heap {
    pub(in crate::config) fn function(&mut self, function: Function) -> Outcome<Object> {
        self.meter.take(size_of::<Function>())?;
        self.functions.push(Rc::new(function));
        Ok(Object::Function(FunctionId(index(self.functions.len()))))
    }

    pub(in crate::config) fn get_function(&self, id: FunctionId) -> Rc<Function> {
        Rc::clone(&self.functions[id.0 as usize])
    }

    pub(in crate::config) fn class(&mut self, class: Class) -> Outcome<Object> {
        let bases = class.bases.len().saturating_mul(size_of::<ClassId>());
        self.meter.take(size_of::<Class>() + HEAD + bases)?;
        self.classes.push(Rc::new(class));
        Ok(Object::Class(ClassId(index(self.classes.len()))))
    }

    pub(in crate::config) fn get_class(&self, id: ClassId) -> Rc<Class> {
        Rc::clone(&self.classes[id.0 as usize])
    }

    pub(in crate::config) fn scope(
        &mut self,
        outer: Option<ScopeId>,
        kind: ScopeKind,
    ) -> Outcome<ScopeId> {
        let names = self.entries()?;
        self.scope_of(names, outer, kind)
    }

    /// A scope that has these names.
    pub(in crate::config) fn scope_of(
        &mut self,
        names: Entries,
        outer: Option<ScopeId>,
        kind: ScopeKind,
    ) -> Outcome<ScopeId> {
        let names = self.dict(names, DictKind::Names)?;
        self.meter.take(size_of::<Scope>())?;
        self.scopes.push(Scope { names, outer, kind });
        Ok(ScopeId(index(self.scopes.len())))
    }

    pub(in crate::config) fn get_scope(&self, id: ScopeId) -> Scope {
        self.scopes[id.0 as usize]
    }

    /// The scope of the module that a scope is in.
    pub(in crate::config) fn module_of(&self, id: ScopeId) -> ScopeId {
        let mut module = id;
        while let Some(outer) = self.get_scope(module).outer {
            module = outer;
        }
        module
    }
}
