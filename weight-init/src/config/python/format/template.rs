//! `'...'.format(...)` and `'...' % ...`.

use super::super::call::Arguments;
use super::super::heap::Heap;
use super::super::object::Object;
use super::super::show;
use super::super::subscript;
use super::super::text::{Buffer, Str};
use super::{convert, format};
use crate::config::meter::{Outcome, fault};
use crate::value::Span;

/// `template.format(*positional, **named)`.
pub(in crate::config::python) fn template(
    heap: &mut Heap,
    template: &str,
    arguments: &Arguments,
) -> Outcome<Str> {
    let mut out = heap.buffer();
    fill(heap, template, &mut Fields { arguments, next: 0 }, 0, &mut out)?;
    out.finish()
}

struct Fields<'a> {
    arguments: &'a Arguments,
    /// The number of the next field without a name.
    next: usize,
}

fn fill(
    heap: &mut Heap,
    template: &str,
    fields: &mut Fields<'_>,
    depth: usize,
    out: &mut Buffer,
) -> Outcome<()> {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        out.push_str(&rest[..at])?;
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if rest.starts_with(brace) {
            out.push_str(brace)?;
            rest = &rest[1..];
            continue;
        }
        let Some(end) = (brace == "{").then(|| closing(rest)).flatten() else {
            return fault(format!("a single '{brace}' in a format string"));
        };
        heap.meter().look(end)?;
        let (field, spec) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
        rest = &rest[end + 1..];
        let (name, conversion) = match field.split_once('!') {
            Some((name, conversion)) => (name, conversion.chars().next()),
            None => (field, None),
        };
        let value = lookup(heap, name, fields)?;
        let value = convert(heap, &value, conversion)?;
        let mut inner = heap.buffer();
        if depth == 0 {
            fill(heap, spec, fields, 1, &mut inner)?;
        } else {
            inner.push_str(spec)?;
        }
        format(heap, &value, inner.finish()?.read()?, out)?;
    }
    out.push_str(rest)
}

/// Where the brace closes that stands before `rest`.
fn closing(rest: &str) -> Option<usize> {
    let mut open = 1_usize;
    rest.char_indices().find_map(|(at, c)| {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        (open == 0).then_some(at)
    })
}

/// The value of a field: `0`, `name`, `name.attribute`, `name[key]`.
fn lookup(heap: &mut Heap, name: &str, fields: &mut Fields<'_>) -> Outcome<Object> {
    let end = name.find(['.', '[']).unwrap_or(name.len());
    let (first, mut path) = name.split_at(end);
    let index = if first.is_empty() {
        fields.next += 1;
        Some(fields.next - 1)
    } else {
        first.parse::<usize>().ok()
    };
    let found = match index {
        Some(index) => fields.arguments.positional.get(index)?.cloned(),
        None => fields.arguments.named(first)?,
    };
    let Some(mut value) = found.map(|slot| slot.object) else {
        return fault(format!("the format string has no value for '{{{first}}}'"));
    };
    while !path.is_empty() {
        if let Some(rest) = path.strip_prefix('.') {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            value = subscript::attribute(heap, &value, &rest[..end])?;
            path = &rest[end..];
        } else {
            let inner = path.strip_prefix('[').and_then(|rest| rest.split_once(']'));
            let Some((key, rest)) = inner else { return fault(format!("'{name}' is no field")) };
            let key = match key.parse::<i128>() {
                Ok(int) => Object::Int(int),
                Err(_) => heap.string(key)?,
            };
            value = subscript::get(heap, &value, &key)?;
            path = rest;
        }
    }
    Ok(value)
}

/// `template % values`.
pub(in crate::config::python) fn percent(
    heap: &mut Heap,
    template: &Str,
    values: &Object,
) -> Outcome<Str> {
    let mut row = match values {
        Object::Tuple(_) => Some(heap.walk(values, Span::default())?),
        _ => None,
    };
    let mut single = (row.is_none()).then(|| values.clone());
    let mut next = |heap: &mut Heap| match &mut row {
        Some(row) => Ok(row.next(heap)?.map(|slot| slot.object)),
        None => Ok(single.take()),
    };
    let mut out = heap.buffer();
    let mut rest = template.read()?;
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at])?;
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('%') {
            out.push('%')?;
            rest = tail;
            continue;
        }
        let value = match (rest.strip_prefix('(').and_then(|rest| rest.split_once(')')), values) {
            (Some((name, tail)), Object::Dict(id)) => {
                rest = tail;
                heap.named(*id, name)?.map(|slot| slot.object)
            }
            _ => next(heap)?,
        };
        let end = rest.find(|c: char| c.is_ascii_alphabetic());
        let (Some(value), Some(end)) = (value, end) else {
            return fault("the string has more places than values are given");
        };
        let (flags, kind) = (&rest[..end], &rest[end..=end]);
        rest = &rest[end + 1..];
        let left = flags.starts_with('-');
        let flags = flags.trim_start_matches('-');
        let (kind, value) = match (kind, &value) {
            ("s", _) => ("s", Object::Str(show::str(heap, &value)?)),
            ("r", _) => ("s", Object::Str(show::repr(heap, &value)?)),
            ("d" | "i" | "u", Object::Float(x)) => ("d", Object::Int(x.trunc() as i128)),
            ("d" | "i" | "u", _) => ("d", value),
            (kind @ ("x" | "X" | "o" | "e" | "E" | "f" | "F" | "g" | "G" | "c"), _) => {
                (kind, value)
            }
            (kind, _) => return fault(format!("the format '%{kind}' is not known")),
        };
        let align = if left {
            "<"
        } else if kind == "s" {
            ">"
        } else {
            ""
        };
        let mut spec = heap.buffer();
        for part in [align, flags, kind] {
            spec.push_str(part)?;
        }
        format(heap, &value, spec.finish()?.read()?, &mut out)?;
    }
    out.push_str(rest)?;
    if next(heap)?.is_some() && !matches!(values, Object::Dict(_)) {
        return fault("more values are given than the string has places");
    }
    out.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::super::super::slots::{Slot, Slots};
    use super::*;
    use crate::config::meter::Meter;

    #[test]
    fn templates_are_filled_as_python_does() {
        let heap = &mut Heap::new(&Meter::new(0));
        let slot = |object| Slot { object, span: Span::default() };
        let values = [slot(Object::Int(1)), slot(heap.string("b").unwrap())];
        let positional = Slots::of(heap.meter(), values).unwrap();
        let mut named = heap.entries().unwrap();
        let name = heap.name("n").unwrap();
        named.insert(name, Span::default(), slot(Object::Float(0.25))).unwrap();
        let arguments = Arguments { positional, named: std::rc::Rc::new(named) };
        let mut filled = |text| template(heap, text, &arguments).map(|text| text.to_string());
        assert_eq!(filled("{} {1!r} {n:.1f} {{}} {0:{0}}").unwrap(), "1 'b' 0.2 {} 1");
        assert!(filled("{2}").is_err());
        assert!(filled("{").is_err());
    }

    #[test]
    fn percent_is_as_python_has_it() {
        let heap = &mut Heap::new(&Meter::new(0));
        let a = heap.string("a").unwrap();
        let mut filled = |text, value: &Object| {
            let text = heap.text(text)?;
            percent(heap, &text, value).map(|text| text.to_string())
        };
        assert_eq!(filled("%05d%%", &Object::Int(7)).unwrap(), "00007%");
        assert_eq!(filled("%.2f", &Object::Float(0.5)).unwrap(), "0.50");
        assert_eq!(filled("[%4s]", &a).unwrap(), "[   a]");
        assert_eq!(filled("[%-4s]", &a).unwrap(), "[a   ]");
        assert!(filled("%d %d", &Object::Int(7)).is_err());
        assert!(filled("x", &Object::Int(7)).is_err());
    }
}
