//! Expressions.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::super::heap::DictKind;
use super::super::object::Object;
use super::super::slice::{self, Slice};
use super::super::slots::Slot;
use super::super::{operator, subscript};
use super::define::Code;
use super::{Evaluator, Result};
use crate::value::Span;

impl Evaluator<'_> {
    pub(in crate::config::python) fn expression(&mut self, expression: &Expr) -> Result<Object> {
        let span = self.span(expression.range());
        self.deeper(span, |this| this.expression_here(expression, span))
    }

    fn expression_here(&mut self, expression: &Expr, span: Span) -> Result<Object> {
        let made = match expression {
            Expr::NoneLiteral(_) => return Ok(Object::None),
            Expr::EllipsisLiteral(_) => return Ok(Object::Ellipsis),
            Expr::BooleanLiteral(literal) => return Ok(Object::Bool(literal.value)),
            Expr::NumberLiteral(literal) => return self.number(&literal.value, span),
            Expr::StringLiteral(literal) => {
                self.check_text(literal.range())?;
                self.heap().string(literal.value.to_str())
            }
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
                let heap = self.heap();
                heap.list(slots)
                    .and_then(|list| heap.walk(&list, span))
                    .and_then(|walk| heap.set_of(walk))
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
                    slice::slice(self.heap(), &object, &slice)
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
                operator::binary(self.heap(), binary.op, &left, &right)
            }
            Expr::BoolOp(both) => return self.bool_operation(both),
            Expr::Compare(comparison) => return self.comparison(comparison, span),
            Expr::If(choice) => {
                let chosen =
                    if self.is_true(&choice.test)? { &choice.body } else { &choice.orelse };
                return self.expression(chosen);
            }
            Expr::ListComp(ast::ExprListComp { elt, generators, .. }) => {
                let slots = self.comprehended(elt, generators, span)?;
                self.heap().list(slots)
            }
            Expr::Generator(ast::ExprGenerator { elt, generators, .. }) => {
                let slots = self.comprehended(elt, generators, span)?;
                self.heap().iter(slots)
            }
            Expr::SetComp(comprehension) => return self.set_comprehension(comprehension, span),
            Expr::DictComp(comprehension) => return self.dict_comprehension(comprehension, span),
            Expr::Lambda(lambda) => {
                let empty = ast::Parameters::default();
                let parameters = lambda.parameters.as_deref().unwrap_or(&empty);
                return self.function(parameters, Code::Expression(&lambda.body), span);
            }
            Expr::Named(named) => {
                let value = self.slot(&named.value)?;
                let Expr::Name(name) = &*named.target else {
                    return Err(self.error(span, "':=' binds a name"));
                };
                let place = self.span(name.range());
                self.bind_outside(&name.id, place, value.clone())?;
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

    fn number(&mut self, number: &ast::Number, span: Span) -> Result<Object> {
        match number {
            ast::Number::Float(float) => Ok(Object::Float(*float)),
            ast::Number::Int(int) => {
                let cost = self.heap().meter().look((span.end - span.start) as usize);
                self.at(span, cost)?;
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

    fn dict(&mut self, dict: &ast::ExprDict, span: Span) -> Result<Object> {
        let entries = self.heap().entries();
        let mut entries = self.at(span, entries)?;
        for item in &dict.items {
            let Some(key) = &item.key else {
                let value = self.slot(&item.value)?;
                let Object::Dict(other) = value.object else {
                    let message =
                        format!("'**' takes a dict, found a {}", value.object.type_name());
                    return Err(self.error(value.span, message));
                };
                for entry in self.heap().entries_of(other).each() {
                    let (key, entry) = self.at(span, entry)?;
                    let put = entries.insert(key.clone(), entry.key_span, entry.slot.clone());
                    self.at(span, put)?;
                }
                continue;
            };
            let key = self.slot(key)?;
            let value = self.slot(&item.value)?;
            let put =
                self.heap().key(&key.object).and_then(|name| entries.insert(name, key.span, value));
            self.at(key.span, put)?;
        }
        let id = self.heap().dict(entries, DictKind::Plain);
        Ok(Object::Dict(self.at(span, id)?))
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

    pub(super) fn slice(&mut self, slice: &ast::ExprSlice) -> Result<Slice> {
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
}
