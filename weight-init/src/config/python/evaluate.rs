//! Statements and expressions → objects.

use std::rc::Rc;

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use weight_init_core::nearest;

use super::heap::{Body, Function, Heap, Key, Outcome, ScopeId, Slot};
use super::object::{Builtin, Object};
use super::subscript::{self, Slice};
use super::{format, operator, show, stdlib};
use crate::config::load::Loader;
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// What evaluates the statements of one file, or of a function of it.
#[derive(Debug)]
pub(super) struct Evaluator<'l> {
    pub(super) loader: &'l mut Loader,
    /// The number of the text.
    pub(super) file: usize,
    pub(super) scope: ScopeId,
    /// How deep expressions, statements and calls stand inside each other.
    depth: usize,
    /// Names that imports bound in the module.
    pub(super) imported: Vec<Rc<str>>,
    /// What the file inherits from by `_base_`.
    pub(super) lazy: bool,
}

/// How a block of statements ends.
#[derive(Debug)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
    Return(Object),
}

/// Expressions, statements and calls inside each other, at most. The thread of the reader has the stack for it.
const MAX_RECURSION: usize = 1000;

type Result<T> = std::result::Result<T, Diagnostic>;

impl<'l> Evaluator<'l> {
    pub(super) fn new(loader: &'l mut Loader, file: usize, scope: ScopeId, lazy: bool) -> Self {
        Self { loader, file, scope, depth: 0, imported: Vec::new(), lazy }
    }

    pub(super) fn heap(&mut self) -> &mut Heap {
        &mut self.loader.heap
    }

    /// The place of a part of the syntax tree.
    pub(super) fn span(&self, range: TextRange) -> Span {
        self.loader.span(self.file, range.start().to_usize(), range.end().to_usize())
    }

    #[cold]
    pub(super) fn error(&self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.loader.error(span, message)
    }

    /// Adds the place to a fault.
    pub(super) fn at<T>(&self, span: Span, outcome: Outcome<T>) -> Result<T> {
        outcome.map_err(|fault| self.error(span, fault.0))
    }

    /// Goes on in another scope and text, one level deeper.
    pub(super) fn inside<T>(
        &mut self,
        file: usize,
        scope: ScopeId,
        span: Span,
        work: impl FnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let outer = (self.file, self.scope);
        (self.file, self.scope) = (file, scope);
        let result = self.deeper(span, work);
        (self.file, self.scope) = outer;
        result
    }

    fn deeper<T>(&mut self, span: Span, work: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth >= MAX_RECURSION {
            return Err(self
                .error(span, format!("nested deeper than {MAX_RECURSION} expressions and calls")));
        }
        let step = self.heap().step(1);
        self.at(span, step)?;
        self.depth += 1;
        let result = work(self);
        self.depth -= 1;
        result
    }

    pub(super) fn statements(&mut self, body: &[Stmt]) -> Result<Flow> {
        for statement in body {
            let span = self.span(statement.range());
            match self.deeper(span, |this| this.statement(statement, span))? {
                Flow::Next => {}
                end => return Ok(end),
            }
        }
        Ok(Flow::Next)
    }

    fn statement(&mut self, statement: &Stmt, span: Span) -> Result<Flow> {
        match statement {
            Stmt::Assign(assign) => {
                // What the file inherits from was read before the file.
                if !self.lazy
                    && matches!(assign.targets.first(), Some(Expr::Name(name)) if name.id == "_base_")
                {
                    return Ok(Flow::Next);
                }
                let value = self.slot(&assign.value)?;
                for target in &assign.targets {
                    self.assign(target, value.clone())?;
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let value = self.slot(value)?;
                    self.assign(&assign.target, value)?;
                }
            }
            Stmt::AugAssign(assign) => {
                let old = self.expression(&assign.target)?;
                let value = self.slot(&assign.value)?;
                let new = operator::in_place(self.heap(), assign.op, &old, &value.object, span);
                let object = self.at(span, new)?;
                self.assign(&assign.target, Slot { object, span: value.span })?;
            }
            Stmt::Expr(expression) => {
                self.expression(&expression.value)?;
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    self.delete(target)?;
                }
            }
            Stmt::If(condition) => return self.condition(condition),
            Stmt::For(for_loop) => return self.for_loop(for_loop),
            Stmt::While(while_loop) => {
                while self.is_true(&while_loop.test)? {
                    match self.statements(&while_loop.body)? {
                        Flow::Break => return Ok(Flow::Next),
                        Flow::Return(object) => return Ok(Flow::Return(object)),
                        Flow::Next | Flow::Continue => {}
                    }
                }
                return self.statements(&while_loop.orelse);
            }
            Stmt::FunctionDef(definition) => self.define(definition)?,
            Stmt::ClassDef(class) => {
                let name = Rc::from(class.name.id.as_str());
                self.imported.push(Rc::clone(&name));
                self.bind(class.name.id.as_str(), Slot { object: Object::Opaque(name), span })?;
            }
            Stmt::Return(returned) => {
                let object = match &returned.value {
                    Some(value) => self.expression(value)?,
                    None => Object::None,
                };
                return Ok(Flow::Return(object));
            }
            Stmt::Import(import) => self.import(import)?,
            Stmt::ImportFrom(import) => self.import_from(import, false)?,
            Stmt::With(with) => self.with(with, span)?,
            Stmt::Assert(assert) => {
                if !self.is_true(&assert.test)? {
                    let message = match &assert.msg {
                        Some(message) => {
                            let message = self.expression(message)?;
                            let text = show::str(self.heap(), &message);
                            format!("the assertion fails: {}", self.at(span, text)?)
                        }
                        None => "the assertion fails".to_owned(),
                    };
                    return Err(self.error(span, message));
                }
            }
            Stmt::Raise(_) => return Err(self.error(span, "the config raises an error here")),
            Stmt::Pass(_) | Stmt::Global(_) | Stmt::Nonlocal(_) => {}
            Stmt::Break(_) => return Ok(Flow::Break),
            Stmt::Continue(_) => return Ok(Flow::Continue),
            Stmt::Try(_) => return Err(self.error(span, "'try' is not evaluated in a config")),
            Stmt::Match(_) => return Err(self.error(span, "'match' is not evaluated in a config")),
            Stmt::TypeAlias(_) | Stmt::IpyEscapeCommand(_) => {
                return Err(self.error(span, "this statement is not evaluated in a config"));
            }
        }
        Ok(Flow::Next)
    }

    fn condition(&mut self, condition: &ast::StmtIf) -> Result<Flow> {
        if self.is_true(&condition.test)? {
            return self.statements(&condition.body);
        }
        for clause in &condition.elif_else_clauses {
            let chosen = match &clause.test {
                Some(test) => self.is_true(test)?,
                None => true,
            };
            if chosen {
                return self.statements(&clause.body);
            }
        }
        Ok(Flow::Next)
    }

    fn for_loop(&mut self, for_loop: &ast::StmtFor) -> Result<Flow> {
        for element in self.elements(&for_loop.iter)? {
            self.assign(&for_loop.target, element)?;
            match self.statements(&for_loop.body)? {
                Flow::Break => return Ok(Flow::Next),
                Flow::Return(object) => return Ok(Flow::Return(object)),
                Flow::Next | Flow::Continue => {}
            }
        }
        self.statements(&for_loop.orelse)
    }

    fn define(&mut self, definition: &ast::StmtFunctionDef) -> Result<()> {
        let span = self.span(definition.name.range());
        let name = definition.name.id.as_str();
        if !definition.decorator_list.is_empty() || definition.is_async {
            return self.bind(name, Slot { object: Object::str_opaque(name), span });
        }
        let cost = self.heap().take(definition.range().len().to_usize() * 8);
        self.at(span, cost)?;
        let body = Body::Statements(definition.body.iter().cloned().collect());
        let object = self.function(&definition.parameters, body, span)?;
        self.bind(name, Slot { object, span })
    }

    fn function(&mut self, parameters: &ast::Parameters, body: Body, span: Span) -> Result<Object> {
        let mut defaults = Vec::new();
        let all =
            parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs);
        for parameter in all {
            if let Some(default) = &parameter.default {
                defaults.push((Rc::from(parameter.name().as_str()), self.expression(default)?));
            }
        }
        let function = Function {
            parameters: parameters.clone(),
            defaults,
            body,
            scope: self.scope,
            file: self.file,
        };
        let function = self.heap().function(function);
        self.at(span, function)
    }

    /// Binds a name in the innermost scope.
    pub(super) fn bind(&mut self, name: &str, value: Slot) -> Result<()> {
        let names = self.loader.heap.get_scope(self.scope).names;
        let span = value.span;
        let bound = self.heap().insert(names, Key::str(name), span, value);
        self.at(span, bound)
    }

    fn assign(&mut self, target: &Expr, value: Slot) -> Result<()> {
        let span = self.span(target.range());
        match target {
            Expr::Name(name) => {
                let names = self.loader.heap.get_scope(self.scope).names;
                let bound = self.heap().insert(names, Key::str(&name.id), span, value);
                self.at(span, bound)
            }
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value)?;
                let name_span = self.span(attribute.attr.range());
                let set = subscript::set_attribute(
                    self.heap(),
                    &object,
                    attribute.attr.id.as_str(),
                    name_span,
                    value,
                );
                self.at(name_span, set)
            }
            Expr::Subscript(subscription) => {
                let object = self.expression(&subscription.value)?;
                if let Expr::Slice(slice) = &*subscription.slice {
                    let slice = self.slice(slice)?;
                    let values = self.heap().elements(&value.object, span);
                    let values = self.at(span, values)?;
                    let set = subscript::set_slice(self.heap(), &object, &slice, values);
                    return self.at(span, set);
                }
                let key = self.slot(&subscription.slice)?;
                let set = subscript::set(self.heap(), &object, &key.object, key.span, value);
                self.at(key.span, set)
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let values = self.heap().elements(&value.object, value.span);
                let values = self.at(value.span, values)?;
                self.unpack(elts, values, span)
            }
            other => Err(self.error(self.span(other.range()), "this cannot be assigned to")),
        }
    }

    fn unpack(&mut self, targets: &[Expr], mut values: Vec<Slot>, span: Span) -> Result<()> {
        let starred = targets.iter().position(|target| matches!(target, Expr::Starred(_)));
        let enough = match starred {
            None => values.len() == targets.len(),
            Some(_) => values.len() + 1 >= targets.len(),
        };
        if !enough {
            let message =
                format!("{} values are unpacked into {} names", values.len(), targets.len());
            return Err(self.error(span, message));
        }
        if let Some(at) = starred {
            let rest = values.len() + 1 - targets.len();
            let taken: Vec<_> = values.splice(at..at + rest, []).collect();
            let list = self.heap().list(taken);
            values.insert(at, Slot { object: self.at(span, list)?, span });
        }
        for (target, value) in targets.iter().zip(values) {
            match target {
                Expr::Starred(starred) => self.assign(&starred.value, value)?,
                target => self.assign(target, value)?,
            }
        }
        Ok(())
    }

    fn delete(&mut self, target: &Expr) -> Result<()> {
        let span = self.span(target.range());
        let deleted = match target {
            Expr::Name(name) => {
                let names = self.loader.heap.get_scope(self.scope).names;
                let removed = self.heap().remove(names, &Key::str(&name.id));
                return match self.at(span, removed)? {
                    Some(_) => Ok(()),
                    None => Err(self.unknown(&name.id, span)),
                };
            }
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value)?;
                let name = Object::str(attribute.attr.id.as_str());
                subscript::delete(self.heap(), &object, &name)
            }
            Expr::Subscript(subscription) => {
                let object = self.expression(&subscription.value)?;
                if let Expr::Slice(slice) = &*subscription.slice {
                    let slice = self.slice(slice)?;
                    subscript::delete_slice(self.heap(), &object, &slice)
                } else {
                    let key = self.expression(&subscription.slice)?;
                    subscript::delete(self.heap(), &object, &key)
                }
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                return elts.iter().try_for_each(|target| self.delete(target));
            }
            _ => return Err(self.error(span, "this cannot be deleted")),
        };
        self.at(span, deleted)
    }

    fn is_true(&mut self, test: &Expr) -> Result<bool> {
        let object = self.expression(test)?;
        Ok(operator::truth(self.heap(), &object))
    }

    /// The value of an expression and its place.
    pub(super) fn slot(&mut self, expression: &Expr) -> Result<Slot> {
        let object = self.expression(expression)?;
        Ok(Slot { object, span: self.span(expression.range()) })
    }

    /// The elements of what an expression gives.
    fn elements(&mut self, expression: &Expr) -> Result<Vec<Slot>> {
        let Slot { object, span } = self.slot(expression)?;
        let elements = self.heap().elements(&object, span);
        self.at(span, elements)
    }

    /// The values of expressions in a row, with starred ones unpacked.
    pub(super) fn elements_of(&mut self, expressions: &[Expr]) -> Result<Vec<Slot>> {
        let mut slots = Vec::with_capacity(expressions.len());
        for expression in expressions {
            match expression {
                Expr::Starred(starred) => slots.extend(self.elements(&starred.value)?),
                expression => slots.push(self.slot(expression)?),
            }
        }
        Ok(slots)
    }

    pub(super) fn expression(&mut self, expression: &Expr) -> Result<Object> {
        let span = self.span(expression.range());
        self.deeper(span, |this| this.expression_here(expression, span))
    }

    fn expression_here(&mut self, expression: &Expr, span: Span) -> Result<Object> {
        let made = match expression {
            Expr::NoneLiteral(_) => return Ok(Object::None),
            Expr::EllipsisLiteral(_) => return Ok(Object::Ellipsis),
            Expr::BooleanLiteral(literal) => return Ok(Object::Bool(literal.value)),
            Expr::NumberLiteral(literal) => return self.number(&literal.value, span),
            Expr::StringLiteral(literal) => self.heap().string(literal.value.to_str()),
            Expr::FString(literal) => return self.f_string(literal, span),
            Expr::Name(name) => return self.name(&name.id, span),
            Expr::List(list) => {
                let slots = self.elements_of(&list.elts)?;
                self.heap().list(slots)
            }
            Expr::Tuple(tuple) => {
                let slots = self.elements_of(&tuple.elts)?;
                self.heap().tuple(slots)
            }
            Expr::Set(set) => {
                let slots = self.elements_of(&set.elts)?;
                let keys = slots.iter().map(|slot| self.loader.heap.key(&slot.object)).collect();
                let keys = self.at(span, keys)?;
                self.heap().set(keys)
            }
            Expr::Dict(dict) => return self.dict(dict, span),
            Expr::Call(call) => return self.call_expression(call),
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value)?;
                let result = subscript::attribute(self.heap(), &object, attribute.attr.id.as_str());
                return self.at(self.span(attribute.attr.range()), result);
            }
            Expr::Subscript(subscription) => {
                let object = self.expression(&subscription.value)?;
                if let Expr::Slice(slice) = &*subscription.slice {
                    let slice = self.slice(slice)?;
                    subscript::slice(self.heap(), &object, &slice)
                } else {
                    let key = self.slot(&subscription.slice)?;
                    let result = subscript::get(self.heap(), &object, &key.object);
                    return self.at(key.span, result);
                }
            }
            Expr::UnaryOp(unary) => {
                let operand = self.expression(&unary.operand)?;
                operator::unary(self.heap(), unary.op, &operand)
            }
            Expr::BinOp(binary) => {
                let left = self.expression(&binary.left)?;
                let right = self.expression(&binary.right)?;
                operator::binary(self.heap(), binary.op, &left, &right, span)
            }
            Expr::BoolOp(both) => return self.bool_operation(both),
            Expr::Compare(comparison) => return self.comparison(comparison, span),
            Expr::If(choice) => {
                let chosen =
                    if self.is_true(&choice.test)? { &choice.body } else { &choice.orelse };
                return self.expression(chosen);
            }
            Expr::ListComp(ast::ExprListComp { elt, generators, .. }) => {
                let slots = self.comprehension(generators, span, |this| this.slot(elt))?;
                self.heap().list(slots)
            }
            Expr::Generator(ast::ExprGenerator { elt, generators, .. }) => {
                let slots = self.comprehension(generators, span, |this| this.slot(elt))?;
                self.heap().iter(slots)
            }
            Expr::SetComp(ast::ExprSetComp { elt, generators, .. }) => {
                let slots = self.comprehension(generators, span, |this| this.slot(elt))?;
                let keys = slots.iter().map(|slot| self.loader.heap.key(&slot.object)).collect();
                let keys = self.at(span, keys)?;
                self.heap().set(keys)
            }
            Expr::DictComp(comprehension) => return self.dict_comprehension(comprehension, span),
            Expr::Lambda(lambda) => {
                let cost = self.heap().take(lambda.range().len().to_usize() * 8);
                self.at(span, cost)?;
                let empty = ast::Parameters::default();
                let parameters = lambda.parameters.as_deref().unwrap_or(&empty);
                return self.function(parameters, Body::Expression((*lambda.body).clone()), span);
            }
            Expr::Named(named) => {
                let value = self.slot(&named.value)?;
                self.assign(&named.target, value.clone())?;
                return Ok(value.object);
            }
            Expr::BytesLiteral(_) => {
                return Err(self.error(span, "bytes have no place in a config"));
            }
            Expr::TString(_)
            | Expr::Await(_)
            | Expr::Yield(_)
            | Expr::YieldFrom(_)
            | Expr::Starred(_)
            | Expr::Slice(_)
            | Expr::IpyEscapeCommand(_) => {
                return Err(self.error(span, "this expression is not evaluated in a config"));
            }
        };
        self.at(span, made)
    }

    fn number(&self, number: &ast::Number, span: Span) -> Result<Object> {
        match number {
            ast::Number::Float(float) => Ok(Object::Float(*float)),
            ast::Number::Int(int) => {
                let text = int.to_string();
                let (digits, base) = match text.get(..2) {
                    Some("0x" | "0X") => (&text[2..], 16),
                    Some("0o" | "0O") => (&text[2..], 8),
                    Some("0b" | "0B") => (&text[2..], 2),
                    _ => (&*text, 10),
                };
                match i128::from_str_radix(&digits.replace('_', ""), base) {
                    Ok(int) => Ok(Object::Int(int)),
                    Err(_) => Err(self.error(span, "the integer does not fit into 128 bits")),
                }
            }
            ast::Number::Complex { .. } => {
                Err(self.error(span, "complex numbers have no place in a config"))
            }
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Result<Object> {
        let key = Key::str(name);
        let mut scope = Some(self.scope);
        while let Some(here) = scope {
            let here = self.loader.heap.get_scope(here);
            if let Some(entry) = self.loader.heap.get_dict(here.names).entries.get(&key) {
                return Ok(entry.slot.object.clone());
            }
            scope = here.outer;
        }
        match name {
            "__name__" => Ok(Object::str("builtins")),
            "__file__" => Ok(Object::str(&self.loader.file_name(self.file))),
            name if stdlib::FORBIDDEN.contains(&name) => {
                let message =
                    format!("'{name}' is not evaluated: a config is read, and nothing is executed");
                Err(self.error(span, message))
            }
            name => match Builtin::from_name(name) {
                Some(builtin) => Ok(Object::Builtin(builtin)),
                None => Err(self.unknown(name, span)),
            },
        }
    }

    fn unknown(&self, name: &str, span: Span) -> Diagnostic {
        let heap = &self.loader.heap;
        let mut names: Vec<&str> = Builtin::ALL.iter().map(|builtin| builtin.name()).collect();
        let mut scope = Some(self.scope);
        while let Some(here) = scope {
            let here = heap.get_scope(here);
            names.extend(heap.get_dict(here.names).entries.keys().filter_map(|key| match key {
                Key::Str(key) => Some(&**key),
                _ => None,
            }));
            scope = here.outer;
        }
        let message = format!("the name '{name}' is not defined");
        match nearest(name, names) {
            Some(near) => self.error(span, format!("{message}; did you mean '{near}'?")),
            None => self.error(span, message),
        }
    }

    fn dict(&mut self, dict: &ast::ExprDict, span: Span) -> Result<Object> {
        let made = self.heap().dict(super::heap::Dict::default());
        let id = self.at(span, made)?;
        for item in &dict.items {
            let Some(key) = &item.key else {
                let value = self.slot(&item.value)?;
                let Object::Dict(other) = value.object else {
                    let message =
                        format!("'**' takes a dict, found a {}", value.object.type_name());
                    return Err(self.error(value.span, message));
                };
                let other = self.heap().copy_dict(other);
                for (key, entry) in self.at(span, other)?.entries {
                    let set = self.heap().insert(id, key, entry.key_span, entry.slot);
                    self.at(span, set)?;
                }
                continue;
            };
            let key = self.slot(key)?;
            let value = self.slot(&item.value)?;
            let set = match self.loader.heap.key(&key.object) {
                Ok(name) => self.heap().insert(id, name, key.span, value),
                Err(fault) => Err(fault),
            };
            self.at(key.span, set)?;
        }
        Ok(Object::Dict(id))
    }

    fn bool_operation(&mut self, both: &ast::ExprBoolOp) -> Result<Object> {
        let mut last = Object::None;
        for value in &both.values {
            last = self.expression(value)?;
            let truth = operator::truth(self.heap(), &last);
            if truth == (both.op == ast::BoolOp::Or) {
                break;
            }
        }
        Ok(last)
    }

    fn comparison(&mut self, comparison: &ast::ExprCompare, span: Span) -> Result<Object> {
        let mut left = self.expression(&comparison.left)?;
        for (op, right) in comparison.ops.iter().zip(&comparison.comparators) {
            let right = self.expression(right)?;
            let holds = operator::compare(self.heap(), *op, &left, &right);
            if !self.at(span, holds)? {
                return Ok(Object::Bool(false));
            }
            left = right;
        }
        Ok(Object::Bool(true))
    }

    fn slice(&mut self, slice: &ast::ExprSlice) -> Result<Slice> {
        let mut bound = |bound: &Option<Box<Expr>>| -> Result<Option<i128>> {
            let Some(bound) = bound else { return Ok(None) };
            let Slot { object, span } = self.slot(bound)?;
            match (&object, object.as_int()) {
                (Object::None, _) => Ok(None),
                (_, Some(int)) => Ok(Some(int)),
                (other, None) => {
                    let message =
                        format!("the bound of a slice is an integer, not a {}", other.type_name());
                    Err(self.error(span, message))
                }
            }
        };
        Ok(Slice {
            lower: bound(&slice.lower)?,
            upper: bound(&slice.upper)?,
            step: bound(&slice.step)?,
        })
    }

    /// What `element` gives for each round of the generators, in a scope of its own.
    fn comprehension<T>(
        &mut self,
        generators: &[ast::Comprehension],
        span: Span,
        mut element: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let outer = self.scope;
        let scope = self.heap().scope(Some(outer));
        let scope = self.at(span, scope)?;
        let mut out = Vec::new();
        self.inside(self.file, scope, span, |this| {
            this.rounds(generators, &mut |this| {
                let cost = this.heap().take_slots(1);
                this.at(span, cost)?;
                out.push(element(this)?);
                Ok(())
            })
        })?;
        Ok(out)
    }

    fn rounds(
        &mut self,
        generators: &[ast::Comprehension],
        each: &mut dyn FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let Some((generator, inner)) = generators.split_first() else { return each(self) };
        let span = self.span(generator.range());
        for element in self.elements(&generator.iter)? {
            self.assign(&generator.target, element)?;
            let mut passes = true;
            for test in &generator.ifs {
                passes = passes && self.is_true(test)?;
            }
            if passes {
                self.deeper(span, |this| this.rounds(inner, each))?;
            }
        }
        Ok(())
    }

    fn dict_comprehension(
        &mut self,
        comprehension: &ast::ExprDictComp,
        span: Span,
    ) -> Result<Object> {
        let Some(key) = &comprehension.key else {
            return Err(self.error(span, "'**' is not evaluated in a comprehension"));
        };
        let pairs = self.comprehension(&comprehension.generators, span, |this| {
            Ok((this.slot(key)?, this.slot(&comprehension.value)?))
        })?;
        let made = self.heap().dict(super::heap::Dict::default());
        let id = self.at(span, made)?;
        for (key, value) in pairs {
            let set = match self.loader.heap.key(&key.object) {
                Ok(name) => self.heap().insert(id, name, key.span, value),
                Err(fault) => Err(fault),
            };
            self.at(key.span, set)?;
        }
        Ok(Object::Dict(id))
    }

    fn f_string(&mut self, literal: &ast::ExprFString, span: Span) -> Result<Object> {
        let mut out = String::new();
        for part in &literal.value {
            match part {
                ast::FStringPart::Literal(literal) => out.push_str(&literal.value),
                ast::FStringPart::FString(f_string) => {
                    self.interpolate(&f_string.elements, &mut out)?
                }
            }
        }
        if out.len() > show::MAX_STRING {
            return Err(
                self.error(span, format!("a string of more than {} bytes", show::MAX_STRING))
            );
        }
        let string = self.heap().string(&out);
        self.at(span, string)
    }

    fn interpolate(
        &mut self,
        elements: &ast::InterpolatedStringElements,
        out: &mut String,
    ) -> Result<()> {
        for element in elements {
            let part = match element {
                ast::InterpolatedStringElement::Literal(literal) => {
                    out.push_str(&literal.value);
                    continue;
                }
                ast::InterpolatedStringElement::Interpolation(part) => part,
            };
            let span = self.span(part.range());
            let value = self.expression(&part.expression)?;
            if let Some(debug) = &part.debug_text {
                out.push_str(debug.as_str());
            }
            let conversion = match part.conversion {
                ast::ConversionFlag::None
                    if part.debug_text.is_some() && part.format_spec.is_none() =>
                {
                    Some('r')
                }
                ast::ConversionFlag::None => None,
                ast::ConversionFlag::Str => Some('s'),
                ast::ConversionFlag::Repr | ast::ConversionFlag::Ascii => Some('r'),
            };
            let value = format::convert(self.heap(), &value, conversion);
            let value = self.at(span, value)?;
            let mut spec = String::new();
            if let Some(parts) = &part.format_spec {
                self.interpolate(&parts.elements, &mut spec)?;
            }
            let text = format::format(self.heap(), &value, &spec);
            out.push_str(&self.at(span, text)?);
        }
        Ok(())
    }
}
