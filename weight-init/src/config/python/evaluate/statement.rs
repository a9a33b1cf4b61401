//! Statements: what they bind, change and delete.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::super::heap::{Body, Function};
use super::super::object::Object;
use super::super::slots::{Slot, Slots};
use super::super::{operator, show, slice, subscript};
use super::{Evaluator, Flow, Result};
use crate::value::Span;

/// What a function does when it is called.
pub(super) enum Code<'c> {
    Statements(&'c [Stmt]),
    Expression(&'c Expr),
}

/// Bytes of a part of the syntax tree.
struct Nodes(usize);

impl Nodes {
    fn of(parameters: &ast::Parameters, body: &Code<'_>) -> usize {
        let mut nodes = Self(size_of::<Function>());
        nodes.visit_parameters(parameters);
        match body {
            Code::Statements(body) => nodes.visit_body(body),
            Code::Expression(body) => nodes.visit_expr(body),
        }
        nodes.0
    }
}

impl<'c> Visitor<'c> for Nodes {
    fn visit_stmt(&mut self, statement: &'c Stmt) {
        self.0 += size_of::<Stmt>() + HEAD;
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'c Expr) {
        self.0 += size_of::<Expr>() + HEAD;
        // A string stands beside its node.
        if let Expr::StringLiteral(_) | Expr::FString(_) | Expr::Name(_) = expression {
            self.0 += expression.range().len().to_usize();
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_parameter(&mut self, parameter: &'c ast::Parameter) {
        self.0 += size_of::<ast::ParameterWithDefault>() + size_of::<Option<Object>>() + HEAD;
        visitor::walk_parameter(self, parameter);
    }

    fn visit_keyword(&mut self, keyword: &'c ast::Keyword) {
        self.0 += size_of::<ast::Keyword>();
        visitor::walk_keyword(self, keyword);
    }
}

/// What a box takes beside what is in it.
const HEAD: usize = 16;

impl Evaluator<'_> {
    pub(in crate::config::python) fn statements(&mut self, body: &[Stmt]) -> Result<Flow> {
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
            // A docstring, or a note between statements.
            Stmt::Expr(expression) if matches!(*expression.value, Expr::StringLiteral(_)) => {}
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
                let name = self.heap().text(class.name.id.as_str());
                let name = self.at(span, name)?;
                self.imported.push(name.clone());
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
        let span = self.span(for_loop.iter.range());
        let mut walk = self.walk(&for_loop.iter)?;
        while let Some(element) = self.next(&mut walk, span)? {
            self.assign(&for_loop.target, element)?;
            match self.statements(&for_loop.body)? {
                Flow::Break => return Ok(Flow::Next),
                Flow::Return(object) => return Ok(Flow::Return(object)),
                Flow::Next | Flow::Continue => {}
            }
        }
        self.statements(&for_loop.orelse)
    }

    pub(super) fn define(&mut self, definition: &ast::StmtFunctionDef) -> Result<()> {
        let span = self.span(definition.name.range());
        let name = definition.name.id.as_str();
        if !definition.decorator_list.is_empty() || definition.is_async {
            let object = self.heap().opaque(name);
            return self.bind(name, Slot { object: self.at(span, object)?, span });
        }
        let body = Code::Statements(&definition.body);
        let place = self.span(definition.range());
        let object = self.function(&definition.parameters, body, place)?;
        self.bind(name, Slot { object, span })
    }

    /// A function of a copy of the code.
    pub(super) fn function(
        &mut self,
        parameters: &ast::Parameters,
        body: Code<'_>,
        span: Span,
    ) -> Result<Object> {
        let bytes = (span.end.saturating_sub(span.start)) as usize;
        let cost = self.heap().step(bytes);
        self.at(span, cost)?;
        let size = Nodes::of(parameters, &body);
        let cost = self.heap().meter().take(size);
        self.at(span, cost)?;
        let mut defaults = Vec::new();
        let all =
            parameters.posonlyargs.iter().chain(&parameters.args).chain(&parameters.kwonlyargs);
        for parameter in all {
            defaults.push(match &parameter.default {
                Some(default) => Some(self.expression(default)?),
                None => None,
            });
        }
        let function = Function {
            parameters: parameters.clone(),
            defaults,
            body: match body {
                Code::Statements(body) => Body::Statements(body.to_vec()),
                Code::Expression(body) => Body::Expression(body.clone()),
            },
            scope: self.scope,
            file: self.file,
        };
        let function = self.heap().function(function);
        self.at(span, function)
    }

    /// Binds a name in the innermost scope.
    pub(in crate::config::python) fn bind(&mut self, name: &str, value: Slot) -> Result<()> {
        let span = value.span;
        self.bind_at(name, span, value)
    }

    fn bind_at(&mut self, name: &str, span: Span, value: Slot) -> Result<()> {
        let heap = &mut self.loader.heap;
        let names = heap.get_scope(self.scope).names;
        let bound = heap.name(name).and_then(|key| heap.insert(names, key, span, value));
        self.at(span, bound)
    }

    pub(super) fn assign(&mut self, target: &Expr, value: Slot) -> Result<()> {
        let span = self.span(target.range());
        match target {
            Expr::Name(name) => self.bind_at(&name.id, span, value),
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
                    let set = slice::set_slice(self.heap(), &object, &slice, values);
                    return self.at(span, set);
                }
                let key = self.slot(&subscription.slice)?;
                let set = subscript::set(self.heap(), &object, &key.object, key.span, value);
                self.at(key.span, set)
            }
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                let values = self.heap().elements(&value.object, value.span);
                let values = self.at(value.span, values)?;
                self.unpack(elts, &values, span)
            }
            other => Err(self.error(self.span(other.range()), "this cannot be assigned to")),
        }
    }

    fn unpack(&mut self, targets: &[Expr], values: &Slots, span: Span) -> Result<()> {
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
        let mut at = 0;
        for target in targets {
            let Expr::Starred(starred) = target else {
                if let Some(value) = self.at(span, values.get(at))? {
                    self.assign(target, value.clone())?;
                }
                at += 1;
                continue;
            };
            let rest = self.heap().slots();
            let mut rest = self.at(span, rest)?;
            for _ in targets.len()..=values.len() {
                if let Some(value) = self.at(span, values.get(at))? {
                    self.at(span, rest.push(value.clone()))?;
                }
                at += 1;
            }
            let list = self.heap().list(rest);
            self.assign(&starred.value, Slot { object: self.at(span, list)?, span })?;
        }
        Ok(())
    }

    fn delete(&mut self, target: &Expr) -> Result<()> {
        let span = self.span(target.range());
        let deleted = match target {
            Expr::Name(name) => {
                let heap = &mut self.loader.heap;
                let names = heap.get_scope(self.scope).names;
                let removed = heap.entries_mut(names).and_then(|names| names.remove_name(&name.id));
                return match self.at(span, removed)? {
                    Some(_) => Ok(()),
                    None => Err(self.unknown(&name.id, span)),
                };
            }
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value)?;
                let name = self.heap().string(attribute.attr.id.as_str());
                let name = self.at(span, name)?;
                subscript::delete(self.heap(), &object, &name)
            }
            Expr::Subscript(subscription) => {
                let object = self.expression(&subscription.value)?;
                if let Expr::Slice(slice) = &*subscription.slice {
                    let slice = self.slice(slice)?;
                    slice::delete_slice(self.heap(), &object, &slice)
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
}
