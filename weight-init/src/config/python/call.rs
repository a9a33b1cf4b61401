//! Calling: arguments, functions of the config, what else can be called.

use std::rc::Rc;

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::evaluate::{Evaluator, Flow};
use super::heap::{Body, Function, FunctionId, Key, Outcome, Slot, fault};
use super::object::Object;
use super::{builtins, methods};
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// What a call is given.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Slot>,
    /// With the places of the names.
    pub(super) named: Vec<(Rc<str>, Span, Slot)>,
}

impl Arguments {
    /// The argument without a name at `index`.
    pub(super) fn get(&self, index: usize, function: &str) -> Outcome<&Slot> {
        match self.positional.get(index) {
            Some(slot) => Ok(slot),
            None => {
                fault(format!("{function}() needs at least {} arguments, found {index}", index + 1))
            }
        }
    }

    pub(super) fn text(&self, index: usize, function: &str) -> Outcome<Rc<str>> {
        match &self.get(index, function)?.object {
            Object::Str(string) => Ok(Rc::clone(string)),
            other => fault(format!("{function}() takes a str, found a {}", other.type_name())),
        }
    }

    pub(super) fn int(&self, index: usize, function: &str) -> Outcome<i128> {
        let object = &self.get(index, function)?.object;
        match object.as_int() {
            Some(int) => Ok(int),
            None => fault(format!("{function}() takes an int, found a {}", object.type_name())),
        }
    }

    /// The argument of this name.
    pub(super) fn named(&self, name: &str) -> Option<&Slot> {
        self.named.iter().find(|(other, ..)| &**other == name).map(|(.., slot)| slot)
    }
}

impl Evaluator<'_> {
    pub(super) fn call_expression(&mut self, call: &ast::ExprCall) -> Result<Object, Diagnostic> {
        let function = self.expression(&call.func)?;
        let arguments = self.arguments(&call.arguments)?;
        let span = self.span(call.range());
        self.call(&function, arguments, span)
    }

    fn arguments(&mut self, given: &ast::Arguments) -> Result<Arguments, Diagnostic> {
        let positional = self.elements_of(&given.args)?;
        let mut arguments = Arguments { positional, named: Vec::new() };
        for keyword in &given.keywords {
            let value = self.slot(&keyword.value)?;
            let span = value.span;
            let Some(name) = &keyword.arg else {
                let Object::Dict(id) = value.object else {
                    let message =
                        format!("'**' takes a dict, found a {}", value.object.type_name());
                    return Err(self.error(span, message));
                };
                let dict = self.heap().copy_dict(id);
                for (key, entry) in self.at(span, dict)?.entries {
                    let Key::Str(key) = key else {
                        return Err(self.error(span, "the keys of '**' are strings"));
                    };
                    arguments.named.push((key, entry.key_span, entry.slot));
                }
                continue;
            };
            let name_span = self.span(name.range());
            if arguments.named(&name.id).is_some() {
                return Err(
                    self.error(name_span, format!("the argument '{}' is given twice", name.id))
                );
            }
            arguments.named.push((Rc::from(name.id.as_str()), name_span, value));
        }
        let count = self.heap().take_slots(arguments.named.len());
        self.at(span_of(&arguments), count)?;
        Ok(arguments)
    }

    /// Calls anything.
    pub(super) fn call(
        &mut self,
        function: &Object,
        arguments: Arguments,
        span: Span,
    ) -> Result<Object, Diagnostic> {
        match function {
            Object::Builtin(builtin) => builtins::call(self, *builtin, &arguments, span),
            Object::Method(object, name) => {
                let result = methods::call(self.heap(), object, name, &arguments, span);
                self.at(span, result)
            }
            Object::Function(id) => self.call_function(*id, arguments, span),
            // The environment is not read: what stands in for an unset variable stands.
            Object::Unevaluated(name) if ["os.environ.get", "os.getenv"].contains(&&**name) => {
                Ok(arguments.positional.get(1).map_or(Object::None, |slot| slot.object.clone()))
            }
            Object::Opaque(name) | Object::Unevaluated(name) => {
                let message = format!(
                    "'{name}' cannot be called: a config is read, and no other code is executed"
                );
                Err(self.error(span, message))
            }
            other => Err(self.error(span, format!("a {} cannot be called", other.type_name()))),
        }
    }

    fn call_function(
        &mut self,
        id: FunctionId,
        arguments: Arguments,
        span: Span,
    ) -> Result<Object, Diagnostic> {
        let function = self.heap().get_function(id);
        let scope = self.heap().scope(Some(function.scope));
        let scope = self.at(span, scope)?;
        let bound = bind(&function, arguments);
        for (name, slot) in self.at(span, bound)? {
            let value = match slot {
                Bound::One(slot) => slot,
                Bound::Rest(slots) => {
                    let tuple = self.heap().tuple(slots);
                    Slot { object: self.at(span, tuple)?, span }
                }
                Bound::Named(named) => {
                    let arguments = Arguments { positional: Vec::new(), named };
                    let dict = methods::from_arguments(self.heap(), &arguments, span);
                    let dict = self.at(span, dict)?;
                    let dict = self.heap().dict(dict);
                    Slot { object: Object::Dict(self.at(span, dict)?), span }
                }
            };
            let names = self.heap().get_scope(scope).names;
            let set = self.heap().insert(names, Key::Str(name), span, value);
            self.at(span, set)?;
        }
        self.inside(function.file, scope, span, |evaluator| match &function.body {
            Body::Expression(body) => evaluator.expression(body),
            Body::Statements(body) => match evaluator.statements(body)? {
                Flow::Return(object) => Ok(object),
                _ => Ok(Object::None),
            },
        })
    }
}

fn span_of(arguments: &Arguments) -> Span {
    arguments.named.first().map_or_else(Span::default, |(_, span, _)| *span)
}

/// What a parameter is bound to.
enum Bound {
    One(Slot),
    /// `*args`
    Rest(Vec<Slot>),
    /// `**kwargs`
    Named(Vec<(Rc<str>, Span, Slot)>),
}

/// The parameters and what they are given.
fn bind(function: &Function, arguments: Arguments) -> Outcome<Vec<(Rc<str>, Bound)>> {
    let Arguments { positional, mut named } = arguments;
    let parameters = &function.parameters;
    let mut positional = positional.into_iter();
    let mut bound = Vec::new();
    let mut take_named = |name: &str| {
        let at = named.iter().position(|(other, ..)| &**other == name)?;
        Some(named.remove(at).2)
    };
    let default = |name: &str| {
        let found = function.defaults.iter().find(|(other, _)| &**other == name);
        found.map(|(_, object)| Slot { object: object.clone(), span: Span::default() })
    };
    let by_position =
        parameters.posonlyargs.iter().chain(&parameters.args).map(|parameter| (parameter, true));
    let by_name = parameters.kwonlyargs.iter().map(|parameter| (parameter, false));
    let mut rest = None;
    for (parameter, may_be_positional) in by_position.chain(by_name) {
        let name = parameter.name().as_str();
        if !may_be_positional && rest.is_none() {
            rest = Some(positional.by_ref().collect::<Vec<_>>());
        }
        let given = if may_be_positional { positional.next() } else { None };
        match given.or_else(|| take_named(name)).or_else(|| default(name)) {
            Some(slot) => bound.push((Rc::from(name), Bound::One(slot))),
            None => return fault(format!("the argument '{name}' is missing")),
        }
    }
    let rest = rest.unwrap_or_else(|| positional.collect());
    match &parameters.vararg {
        Some(parameter) => bound.push((Rc::from(parameter.name().as_str()), Bound::Rest(rest))),
        None if !rest.is_empty() => return fault(format!("{} arguments too many", rest.len())),
        None => {}
    }
    match (&parameters.kwarg, named.first()) {
        (Some(parameter), _) => {
            bound.push((Rc::from(parameter.name().as_str()), Bound::Named(named)))
        }
        (None, Some((name, ..))) => return fault(format!("there is no parameter '{name}'")),
        (None, None) => {}
    }
    Ok(bound)
}
