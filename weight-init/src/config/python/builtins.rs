//! Python's built-in functions.

mod iterate;
mod math;
mod number;
mod path;
mod signature;

use self::path::path;
use super::call::Arguments;
use super::entries::Keys;
use super::evaluate::Evaluator;
use super::heap::{Dict, DictKind, Heap};
use super::object::{Builtin, Object};
use super::slots::Slot;
use super::{Scope, format, methods, operator, show, subscript};
use crate::config::meter::{Outcome, fault};
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// Calls a built-in function.
pub(super) fn call(
    evaluator: &mut Evaluator<'_>,
    builtin: Builtin,
    arguments: &Arguments,
    span: Span,
) -> Result<Object, Diagnostic> {
    let (most, names) = signature::of(builtin);
    evaluator.at(span, arguments.check(builtin.name(), most, names))?;
    match builtin {
        Builtin::Map | Builtin::Filter => iterate::mapped(evaluator, builtin, arguments, span),
        Builtin::Sorted | Builtin::Min | Builtin::Max => {
            iterate::ordered(evaluator, builtin, arguments, span)
        }
        Builtin::Globals => evaluator.names(true, span),
        Builtin::Locals => evaluator.names(false, span),
        Builtin::Vars if arguments.positional.len() == 0 => evaluator.names(false, span),
        _ => {
            let result = plain(evaluator.heap(), builtin, arguments, span);
            evaluator.at(span, result)
        }
    }
}

/// Built-in functions that call no other function.
fn plain(heap: &mut Heap, builtin: Builtin, arguments: &Arguments, span: Span) -> Outcome<Object> {
    let name = builtin.name();
    let count = arguments.positional.len();
    let object = |index: usize| arguments.get(index, name).map(|slot| slot.object.clone());
    match builtin {
        Builtin::Dict | Builtin::OrderedDict => {
            let entries = methods::from_arguments(heap, arguments, span)?;
            Ok(Object::Dict(heap.share_dict(Dict { entries, kind: DictKind::Plain })?))
        }
        Builtin::List | Builtin::Tuple | Builtin::Iter | Builtin::Reversed => {
            let mut slots =
                if count == 0 { heap.slots()? } else { heap.elements(&object(0)?, span)? };
            if builtin == Builtin::Reversed {
                slots.reverse()?;
            }
            match builtin {
                Builtin::List => heap.list(slots),
                Builtin::Tuple => heap.tuple(slots),
                _ => heap.iter(slots),
            }
        }
        Builtin::Set | Builtin::Frozenset if count == 0 => {
            let keys = Keys::new(heap.meter())?;
            heap.set(keys)
        }
        Builtin::Set | Builtin::Frozenset => {
            let walk = heap.walk(&object(0)?, span)?;
            heap.set_of(walk)
        }
        Builtin::Next => match object(0)? {
            Object::Iter(id) => match (heap.next(id)?, arguments.positional.get(1)?) {
                (Some(slot), _) => Ok(slot.object),
                (None, Some(default)) => Ok(default.object.clone()),
                (None, None) => fault("the iterator is at its end"),
            },
            other => fault(format!("next() takes an iterator, found a {}", other.type_name())),
        },
        Builtin::Enumerate | Builtin::Zip | Builtin::Chain | Builtin::Product => {
            iterate::iterate(heap, builtin, arguments, span)
        }
        Builtin::Len => {
            let len = match object(0)? {
                Object::Str(text) => text.read()?.chars().count(),
                Object::List(id) | Object::Tuple(id) => heap.len(id),
                Object::Dict(id) => heap.entries_of(id).len(),
                Object::Set(id) => heap.keys_of(id).len(),
                Object::Range(range) => usize::try_from(range.len()).unwrap_or(usize::MAX),
                other => return fault(format!("a {} has no length", other.type_name())),
            };
            Ok(Object::Int(len as i128))
        }
        Builtin::Sum | Builtin::Prod => {
            let (op, start) = match builtin {
                Builtin::Sum => (ruff_python_ast::Operator::Add, 0),
                _ => (ruff_python_ast::Operator::Mult, 1),
            };
            let given = match arguments.positional.get(1)? {
                Some(start) => Some(start.clone()),
                None => arguments.named("start")?,
            };
            let mut sum = given.map_or(Object::Int(start), |start| start.object);
            let mut walk = heap.walk(&object(0)?, span)?;
            while let Some(slot) = walk.next(heap)? {
                sum = operator::binary(heap, op, &sum, &slot.object)?;
            }
            Ok(sum)
        }
        Builtin::All | Builtin::Any => {
            let mut walk = heap.walk(&object(0)?, span)?;
            while let Some(slot) = walk.next(heap)? {
                if operator::truth(heap, &slot.object) == (builtin == Builtin::Any) {
                    return Ok(Object::Bool(builtin == Builtin::Any));
                }
            }
            Ok(Object::Bool(builtin == Builtin::All))
        }
        Builtin::Bool => {
            let value = if count == 0 { Object::None } else { object(0)? };
            Ok(Object::Bool(operator::truth(heap, &value)))
        }
        Builtin::Str if count == 0 => heap.string(""),
        Builtin::Str => Ok(Object::Str(show::str(heap, &object(0)?)?)),
        Builtin::Repr => Ok(Object::Str(show::repr(heap, &object(0)?)?)),
        Builtin::Format => {
            let spec = if count > 1 { arguments.text(1, name)? } else { "" };
            let mut out = heap.buffer();
            format::format(heap, &object(0)?, spec, &mut out)?;
            Ok(Object::Str(out.finish()?))
        }
        Builtin::Ord => {
            let mut chars = arguments.text(0, name)?.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => Ok(Object::Int(i128::from(u32::from(c)))),
                _ => fault("ord() takes one character"),
            }
        }
        Builtin::Chr => {
            let code = arguments.int(0, name)?;
            match u32::try_from(code).ok().and_then(char::from_u32) {
                Some(c) => heap.string(c.encode_utf8(&mut [0; 4])),
                None => fault(format!("{code} is no character")),
            }
        }
        Builtin::Isinstance => is_instance(heap, &object(0)?, &object(1)?, span),
        Builtin::Hasattr | Builtin::Getattr => attribute(heap, builtin, arguments),
        Builtin::Print => Ok(Object::None),
        Builtin::Copy => subscript::shallow_copy(heap, &object(0)?),
        Builtin::Deepcopy => subscript::deep_copy(heap, &object(0)?, Scope::Anew),
        Builtin::PathJoin
        | Builtin::PathBasename
        | Builtin::PathDirname
        | Builtin::PathSplitext => path(heap, builtin, arguments, span),
        Builtin::Map | Builtin::Filter | Builtin::Sorted | Builtin::Min | Builtin::Max => {
            fault(format!("{name}() is not evaluated here"))
        }
        Builtin::Globals | Builtin::Locals | Builtin::Vars => {
            fault(format!("{name}() is not evaluated here"))
        }
        Builtin::FromKeys => {
            let mut entries = heap.entries()?;
            let value = match arguments.positional.get(1)? {
                Some(value) => value.clone(),
                None => Slot { object: Object::None, span },
            };
            let mut keys = heap.walk(&object(0)?, span)?;
            while let Some(key) = keys.next(heap)? {
                entries.insert(heap.key(&key.object)?, key.span, value.clone())?;
            }
            Ok(Object::Dict(heap.dict(entries, DictKind::Plain)?))
        }
        _ if builtin.name().starts_with("math.") => math::math(heap, builtin, arguments),
        _ => number::number(heap, builtin, arguments, span),
    }
}

/// `hasattr`, `getattr`.
fn attribute(heap: &Heap, builtin: Builtin, arguments: &Arguments) -> Outcome<Object> {
    let name = builtin.name();
    let (object, text) = (&arguments.get(0, name)?.object, arguments.text(1, name)?);
    let found = subscript::find_attribute(heap, object, text)?;
    // Of other objects Python knows more attributes than are evaluated.
    let is_known = match object {
        Object::Dict(id) => heap.is_config(*id) && !text.starts_with("__"),
        Object::Class(_) => !text.starts_with("__"),
        _ => false,
    };
    match (builtin, found, arguments.positional.get(2)?) {
        (Builtin::Hasattr, Some(_), _) => Ok(Object::Bool(true)),
        (_, Some(found), _) => Ok(found),
        (Builtin::Getattr, None, None) => subscript::attribute(heap, object, text),
        (_, None, _) if !is_known => fault(format!(
            "whether a {} has an attribute '{text}' is not evaluated",
            object.type_name()
        )),
        (Builtin::Getattr, None, Some(default)) => Ok(default.object.clone()),
        (_, None, _) => Ok(Object::Bool(false)),
    }
}

fn is_instance(heap: &mut Heap, object: &Object, class: &Object, span: Span) -> Outcome<Object> {
    let is = |class: &Object| {
        if !is_class(class) {
            return fault(
                "isinstance() is evaluated for Python's own classes and those of the config",
            );
        }
        Ok(matches!(
            (class, object),
            (Object::Builtin(Builtin::Dict), Object::Dict(_))
                | (Object::Builtin(Builtin::List), Object::List(_))
                | (Object::Builtin(Builtin::Tuple), Object::Tuple(_))
                | (Object::Builtin(Builtin::Set), Object::Set(_))
                | (Object::Builtin(Builtin::Str), Object::Str(_))
                | (Object::Builtin(Builtin::Int), Object::Int(_) | Object::Bool(_))
                | (Object::Builtin(Builtin::Float), Object::Float(_))
                | (Object::Builtin(Builtin::Bool), Object::Bool(_))
        ))
    };
    let Object::Tuple(_) = class else { return Ok(Object::Bool(is(class)?)) };
    let mut classes = heap.walk(class, span)?;
    let mut hit = false;
    while let Some(class) = classes.next(heap)? {
        hit |= is(&class.object)?;
    }
    Ok(Object::Bool(hit))
}

fn is_class(object: &Object) -> bool {
    matches!(
        object,
        Object::Class(_)
            | Object::Builtin(
                Builtin::Dict
                    | Builtin::List
                    | Builtin::Tuple
                    | Builtin::Set
                    | Builtin::Str
                    | Builtin::Int
                    | Builtin::Float
                    | Builtin::Bool
            )
    )
}
