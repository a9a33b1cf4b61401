//! Statements: what they bind, change and delete.

use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::Ranged;

use super::super::heap::ScopeKind;
use super::super::object::Object;
use super::super::slots::{Slot, Slots};
use super::super::{operator, show, slice, subscript};
use super::{Evaluator, Flow, Result};
use crate::value::Span;

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
                        Flow::Next | Flow::Continue => {}
                        end => return Ok(end),
                    }
                }
                return self.statements(&while_loop.orelse);
            }
            Stmt::FunctionDef(definition) => self.define(definition)?,
            Stmt::ClassDef(class) => self.class(class, span)?,
            Stmt::Return(returned) => {
                let object = match &returned.value {
                    Some(value) => self.expression(value)?,
                    None => Object::None,
                };
                return Ok(Flow::Return(object));
            }
            Stmt::Import(import) => return self.import(import),
            Stmt::ImportFrom(import) => return self.import_from(import),
            Stmt::With(with) => return Err(self.with(with, span)),
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
            // Declarations of a function were found when it was defined.
            Stmt::Pass(_) => {}
            Stmt::Global(_) | Stmt::Nonlocal(_) => {
                if self.session.heap.get_scope(self.scope).kind == ScopeKind::Class {
                    return Err(self.error(span, "'global' is not evaluated in a class"));
                }
            }
            Stmt::Break(_) => return Ok(Flow::Break),
            Stmt::Continue(_) => return Ok(Flow::Continue),
            Stmt::Try(attempt) => return self.attempt(attempt),
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
                Flow::Next | Flow::Continue => {}
                end => return Ok(end),
            }
        }
        self.statements(&for_loop.orelse)
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
            Expr::Name(name) => return self.unbind(&name.id, span),
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
