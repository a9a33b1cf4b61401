//! Calling: arguments, functions of the config, what else can be called.

use std::rc::Rc;

use ruff_python_ast as ast;
use ruff_text_size::Ranged;

use super::entries::{Entries, Key, Keys};
use super::evaluate::{Evaluator, Flow};
use super::heap::{Body, DictKind, Function, FunctionId, Heap, ScopeKind};
use super::object::Object;
use super::slots::{Slot, Slots};
use super::text::Str;
use super::{builtins, methods, operator, show};
use crate::config::meter::{Outcome, fault};
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// The arguments of a call.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) positional: Slots,
    pub(super) named: Rc<Entries>,
}

impl Arguments {
    /// A row of arguments without names.
    pub(super) fn row(heap: &Heap, positional: Slots) -> Outcome<Self> {
        Ok(Self { positional, named: Rc::new(heap.entries()?) })
    }

    /// Refuses what a function does not take, which would be passed over otherwise.
    pub(super) fn check(&self, function: &str, most: usize, names: &[&str]) -> Outcome<()> {
        let found = self.positional.len();
        if found > most {
            return fault(format!(
                "{function}() takes at most {most} arguments without a name, found {found}"
            ));
        }
        if names.contains(&"*") {
            return Ok(());
        }
        for entry in self.named.each() {
            let (key, _) = entry?;
            if !names.iter().any(|name| key.is(name)) {
                let key = show::begin(key);
                return fault(format!("the argument '{key}' of {function}() is not evaluated"));
            }
        }
        Ok(())
    }

    /// The argument without a name at `index`, or the one of a name.
    pub(super) fn optional(&self, index: usize, name: &str) -> Outcome<Option<Slot>> {
        match self.positional.get(index)? {
            Some(slot) => Ok(Some(slot.clone())),
            None => self.named(name),
        }
    }

    /// The argument without a name at `index`.
    pub(super) fn get(&self, index: usize, function: &str) -> Outcome<&Slot> {
        match self.positional.get(index)? {
            Some(slot) => Ok(slot),
            None => {
                fault(format!("{function}() needs at least {} arguments, found {index}", index + 1))
            }
        }
    }

    pub(super) fn str(&self, index: usize, function: &str) -> Outcome<&Str> {
        match &self.get(index, function)?.object {
            Object::Str(text) => Ok(text),
            other => fault(format!("{function}() takes a str, found a {}", other.type_name())),
        }
    }

    pub(super) fn text(&self, index: usize, function: &str) -> Outcome<&str> {
        self.str(index, function)?.read()
    }

    pub(super) fn int(&self, index: usize, function: &str) -> Outcome<i128> {
        let object = &self.get(index, function)?.object;
        match object.as_int() {
            Some(int) => Ok(int),
            None => fault(format!("{function}() takes an int, found a {}", object.type_name())),
        }
    }

    /// The argument of this name.
    pub(super) fn named(&self, name: &str) -> Outcome<Option<Slot>> {
        Ok(self.named.named(name)?.map(|entry| entry.slot.clone()))
    }

    /// Whether the argument of this name is there and true.
    pub(super) fn is_true(&self, heap: &Heap, name: &str) -> Outcome<bool> {
        Ok(self.named(name)?.is_some_and(|slot| operator::truth(heap, &slot.object)))
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
        let named = self.heap().entries();
        let mut named = self.at(Span::default(), named)?;
        let mut put = |this: &Self, key: Key, key_span: Span, slot: Slot| {
            let old = named.insert(key.clone(), key_span, slot);
            match this.at(key_span, old)? {
                Some(_) => {
                    Err(this.error(key_span, format!("the argument '{key}' is given twice")))
                }
                None => Ok(()),
            }
        };
        for keyword in &given.keywords {
            let value = self.slot(&keyword.value)?;
            let span = value.span;
            if let Some(name) = &keyword.arg {
                let name_span = self.span(name.range());
                let key = self.heap().name(name.id.as_str());
                put(self, self.at(name_span, key)?, name_span, value)?;
                continue;
            }
            let Object::Dict(id) = value.object else {
                let message = format!("'**' takes a dict, found a {}", value.object.type_name());
                return Err(self.error(span, message));
            };
            for entry in self.heap().entries_of(id).each() {
                let (key, entry) = self.at(span, entry)?;
                if !matches!(key, Key::Str(_)) {
                    return Err(self.error(span, "the keys of '**' are strings"));
                }
                put(self, key.clone(), entry.key_span, entry.slot.clone())?;
            }
        }
        Ok(Arguments { positional, named: Rc::new(named) })
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
            Object::Method(method) => {
                let result =
                    methods::call(self.heap(), &method.object, method.name, &arguments, span);
                self.at(span, result)
            }
            Object::Function(id) => self.call_function(*id, arguments, span),
            // The environment is not read: what stands in for an unset variable stands.
            Object::Unevaluated(name) if name.is("os.environ.get") || name.is("os.getenv") => {
                let default = self.at(span, arguments.positional.get(1))?;
                Ok(default.map_or(Object::None, |slot| slot.object.clone()))
            }
            Object::Opaque(name, _) | Object::Unevaluated(name) => {
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
        let bound = bind(self.heap(), &function, arguments, span);
        let bound = self.at(span, bound)?;
        let scope = self.heap().scope_of(bound, Some(function.scope), ScopeKind::Call(id));
        let scope = self.at(span, scope)?;
        self.inside(function.file, scope, span, |evaluator| match &function.body {
            Body::Expression(body) => evaluator.expression(body),
            Body::Statements(body) => match evaluator.statements(body)? {
                Flow::Return(object) => Ok(object),
                flow => evaluator.finished(&flow, span).map(|()| Object::None),
            },
        })
    }

    /// Calls anything with one argument.
    pub(super) fn call_with(
        &mut self,
        function: &Object,
        argument: Slot,
        span: Span,
    ) -> Result<Object, Diagnostic> {
        let row = Slots::of(self.heap().meter(), [argument])
            .and_then(|row| Arguments::row(self.heap(), row));
        let row = self.at(span, row)?;
        self.call(function, row, span)
    }
}

/// The parameters and what they are given.
fn bind(
    heap: &mut Heap,
    function: &Function,
    arguments: Arguments,
    span: Span,
) -> Outcome<Entries> {
    let Arguments { positional, named } = arguments;
    let parameters = &function.parameters;
    let mut bound = heap.entries()?;
    let mut taken = 0;
    let mut used = Keys::new(heap.meter())?;
    let by_position =
        parameters.posonlyargs.iter().chain(&parameters.args).map(|parameter| (parameter, true));
    let by_name = parameters.kwonlyargs.iter().map(|parameter| (parameter, false));
    for (index, (parameter, may_be_positional)) in by_position.chain(by_name).enumerate() {
        let name = parameter.name().as_str();
        let mut given = None;
        if may_be_positional && let Some(slot) = positional.get(taken)? {
            given = Some(slot.clone());
            taken += 1;
        } else if let Some(entry) = named.named(name)? {
            given = Some(entry.slot.clone());
            used.insert(heap.name(name)?)?;
        } else if let Some(Some(object)) = function.defaults.get(index) {
            given = Some(Slot { object: object.clone(), span: Span::default() });
        }
        match given {
            Some(slot) => bound.insert(heap.name(name)?, span, slot)?,
            None => return fault(format!("the argument '{name}' is missing")),
        };
    }
    if parameters.kwarg.is_some() || used.len() < named.len() {
        let mut rest = heap.entries()?;
        for entry in named.each() {
            let (key, entry) = entry?;
            if used.contains(key)? {
                continue;
            }
            if bound.get(key)?.is_some() {
                return fault(format!("the argument '{key}' is given twice"));
            }
            rest.insert(key.clone(), entry.key_span, entry.slot.clone())?;
        }
        match (&parameters.kwarg, rest.at(0)?) {
            (Some(parameter), _) => {
                let object = Object::Dict(heap.dict(rest, DictKind::Plain)?);
                bound.insert(heap.name(parameter.name().as_str())?, span, Slot { object, span })?;
            }
            (None, Some((name, _))) => return fault(format!("there is no parameter '{name}'")),
            (None, None) => {}
        }
    }
    if let Some(parameter) = &parameters.vararg {
        let mut rest = heap.slots()?;
        for index in taken..positional.len() {
            if let Some(slot) = positional.get(index)? {
                rest.push(slot.clone())?;
            }
        }
        let object = heap.tuple(rest)?;
        bound.insert(heap.name(parameter.name().as_str())?, span, Slot { object, span })?;
    } else if taken < positional.len() {
        return fault(format!("{} arguments too many", positional.len() - taken));
    }
    Ok(bound)
}
