//! `'...'.format(...)` and `'...' % ...`.

use std::rc::Rc;

use super::super::heap::{Heap, Key, Outcome, fault};
use super::super::object::Object;
use super::super::show::{self, MAX_STRING};
use super::super::subscript;
use super::{convert, format};

/// `template.format(*positional, **named)`.
pub(in crate::config::python) fn template(
    heap: &mut Heap,
    template: &str,
    positional: &[Object],
    named: &[(Rc<str>, Object)],
) -> Outcome<String> {
    let mut out = String::new();
    let mut next = 0;
    fill(heap, template, &mut Fields { positional, named, next: &mut next }, 0, &mut out)?;
    Ok(out)
}

struct Fields<'a> {
    positional: &'a [Object],
    named: &'a [(Rc<str>, Object)],
    /// The number of the next field without a name.
    next: &'a mut usize,
}

fn fill(
    heap: &mut Heap,
    template: &str,
    fields: &mut Fields<'_>,
    depth: usize,
    out: &mut String,
) -> Outcome<()> {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        heap.step(1)?;
        out.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if rest.starts_with(brace) {
            out.push_str(brace);
            rest = &rest[1..];
            continue;
        }
        let Some(end) = (brace == "{").then(|| closing(rest)).flatten() else {
            return fault(format!("a single '{brace}' in a format string"));
        };
        let (field, spec) = rest[..end].split_once(':').unwrap_or((&rest[..end], ""));
        rest = &rest[end + 1..];
        let (name, conversion) = match field.split_once('!') {
            Some((name, conversion)) => (name, conversion.chars().next()),
            None => (field, None),
        };
        let value = lookup(heap, name, fields)?;
        let value = convert(heap, &value, conversion)?;
        let mut inner = String::new();
        if depth == 0 {
            fill(heap, spec, fields, 1, &mut inner)?;
        } else {
            inner.push_str(spec);
        }
        out.push_str(&format(heap, &value, &inner)?);
        if out.len() > MAX_STRING {
            return fault(format!("a string of more than {MAX_STRING} bytes"));
        }
    }
    out.push_str(rest);
    heap.take(out.len())
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
    let found = if first.is_empty() {
        *fields.next += 1;
        fields.positional.get(*fields.next - 1).cloned()
    } else if let Ok(index) = first.parse::<usize>() {
        fields.positional.get(index).cloned()
    } else {
        fields.named.iter().find(|(name, _)| &**name == first).map(|(_, value)| value.clone())
    };
    let Some(mut value) = found else {
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
            let key = key.parse::<i128>().map_or_else(|_| Object::str(key), Object::Int);
            value = subscript::get(heap, &value, &key)?;
            path = rest;
        }
    }
    Ok(value)
}

/// `template % values`.
pub(in crate::config::python) fn percent(
    heap: &mut Heap,
    template: &str,
    values: &Object,
) -> Outcome<String> {
    let mut positional = match values {
        Object::Tuple(id) => heap.items(*id).iter().map(|slot| slot.object.clone()).collect(),
        other => vec![other.clone()],
    }
    .into_iter();
    let mut out = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        heap.step(1)?;
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('%') {
            out.push('%');
            rest = tail;
            continue;
        }
        let value = match (rest.strip_prefix('(').and_then(|rest| rest.split_once(')')), values) {
            (Some((name, tail)), Object::Dict(id)) => {
                rest = tail;
                heap.get_dict(*id)
                    .entries
                    .get(&Key::str(name))
                    .map(|entry| entry.slot.object.clone())
            }
            _ => positional.next(),
        };
        let end = rest.find(|c: char| c.is_ascii_alphabetic());
        let (Some(value), Some(end)) = (value, end) else {
            return fault("the string has more places than values are given".to_owned());
        };
        let (flags, kind) = (&rest[..end], &rest[end..=end]);
        rest = &rest[end + 1..];
        let left = flags.starts_with('-');
        let flags = flags.trim_start_matches('-');
        let (kind, value) = match (kind, &value) {
            ("s", _) => ("s", Object::str(&show::str(heap, &value)?)),
            ("r", _) => ("s", Object::str(&show::repr(heap, &value)?)),
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
        out.push_str(&format(heap, &value, &format!("{align}{flags}{kind}"))?);
        if out.len() > MAX_STRING {
            return fault(format!("a string of more than {MAX_STRING} bytes"));
        }
    }
    out.push_str(rest);
    if positional.next().is_some() && !matches!(values, Object::Dict(_)) {
        return fault("more values are given than the string has places".to_owned());
    }
    Ok(out)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn templates_are_filled_as_python_does() {
        let heap = &mut Heap::default();
        let values = [Object::Int(1), Object::str("b")];
        let named = [(Rc::from("n"), Object::Float(0.25))];
        let filled = template(heap, "{} {1!r} {n:.1f} {{}} {0:{0}}", &values, &named).unwrap();
        assert_eq!(filled, "1 'b' 0.2 {} 1");
        assert!(template(heap, "{2}", &values, &named).is_err());
        assert!(template(heap, "{", &values, &named).is_err());
    }

    #[test]
    fn percent_is_as_python_has_it() {
        let heap = &mut Heap::default();
        assert_eq!(percent(heap, "%05d%%", &Object::Int(7)).unwrap(), "00007%");
        assert_eq!(percent(heap, "%.2f", &Object::Float(0.5)).unwrap(), "0.50");
        assert_eq!(percent(heap, "[%4s]", &Object::str("a")).unwrap(), "[   a]");
        assert_eq!(percent(heap, "[%-4s]", &Object::str("a")).unwrap(), "[a   ]");
        assert!(percent(heap, "%d %d", &Object::Int(7)).is_err());
        assert!(percent(heap, "x", &Object::Int(7)).is_err());
    }
}
