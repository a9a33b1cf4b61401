//! `str` and `repr`: objects as Python prints them.

use super::heap::{Heap, Key, Outcome, Slot, fault};
use super::object::Object;
use crate::config::MAX_DEPTH;

/// `str(object)`.
pub(super) fn str(heap: &mut Heap, object: &Object) -> Outcome<String> {
    match object {
        Object::Str(string) => Ok(string.to_string()),
        other => repr(heap, other),
    }
}

/// `repr(object)`.
pub(super) fn repr(heap: &mut Heap, object: &Object) -> Outcome<String> {
    let mut out = String::new();
    write(heap, object, 0, &mut out)?;
    heap.take(out.len())?;
    Ok(out)
}

fn write(heap: &mut Heap, object: &Object, depth: usize, out: &mut String) -> Outcome<()> {
    if depth > MAX_DEPTH {
        return fault(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    heap.step(1)?;
    match object {
        Object::None => out.push_str("None"),
        Object::Ellipsis => out.push_str("Ellipsis"),
        Object::Bool(true) => out.push_str("True"),
        Object::Bool(false) => out.push_str("False"),
        Object::Int(int) => out.push_str(&int.to_string()),
        Object::Float(x) => out.push_str(&float(*x)),
        Object::Str(string) => out.push_str(&quoted(string)),
        Object::List(id) => {
            let items = heap.copy_items(*id)?;
            write_items(heap, &items, depth, ("[", "]"), out)?;
        }
        Object::Tuple(id) => {
            let items = heap.copy_items(*id)?;
            let close = if items.len() == 1 { ",)" } else { ")" };
            write_items(heap, &items, depth, ("(", close), out)?;
        }
        Object::Set(id) => {
            let shown: Vec<_> = heap.get_set(*id).iter().map(key).collect();
            *out += &if shown.is_empty() {
                "set()".to_owned()
            } else {
                format!("{{{}}}", shown.join(", "))
            };
        }
        Object::Dict(id) => {
            let entries = heap.copy_dict(*id)?.entries;
            out.push('{');
            for (index, (name, entry)) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                out.push_str(&key(name));
                out.push_str(": ");
                write(heap, &entry.slot.object, depth + 1, out)?;
            }
            out.push('}');
        }
        Object::Range(range) => {
            out.push_str(&match range.step {
                1 => format!("range({}, {})", range.start, range.stop),
                step => format!("range({}, {}, {step})", range.start, range.stop),
            });
        }
        Object::Opaque(name) => out.push_str(name),
        Object::Builtin(builtin) => *out += &format!("<function {}>", builtin.name()),
        Object::Unevaluated(name) => return fault(format!("'{name}' is not evaluated")),
        Object::Iter(_) | Object::Function(_) | Object::Method(..) | Object::Module(_) => {
            *out += &format!("<{}>", object.type_name());
        }
    }
    if out.len() > MAX_STRING {
        return fault(format!("a string of more than {MAX_STRING} bytes"));
    }
    Ok(())
}

/// Bytes of a string that an operation makes, at most.
pub(super) const MAX_STRING: usize = 16 << 20;

fn write_items(
    heap: &mut Heap,
    items: &[Slot],
    depth: usize,
    (open, close): (&str, &str),
    out: &mut String,
) -> Outcome<()> {
    out.push_str(open);
    for (index, slot) in items.iter().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " });
        write(heap, &slot.object, depth + 1, out)?;
    }
    out.push_str(close);
    Ok(())
}

/// A key as `repr` writes it.
pub(super) fn key(key: &Key) -> String {
    match key {
        Key::None => "None".to_owned(),
        Key::Bool(true) => "True".to_owned(),
        Key::Bool(false) => "False".to_owned(),
        Key::Str(string) => quoted(string),
        other => other.to_string(),
    }
}

/// A string in quotes, with Python's escapes.
fn quoted(string: &str) -> String {
    let quote = if string.contains('\'') && !string.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(string.len() + 2);
    out.push(quote);
    for c in string.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => out.extend(['\\', c]),
            c if c.is_control() && (c as u32) < 0x100 => {
                out.push_str(&format!("\\x{:02x}", c as u32))
            }
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

/// A float in the fewest digits that read back as the same one, laid out as Python does: with an exponent below
/// 1e-4 and from 1e16 on.
pub(super) fn float(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{x:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{x}");
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_laid_out_as_python_does() {
        for (x, shown) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (2.5e-7, "2.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (123_456.789, "123456.789"),
            (f64::NAN, "nan"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(x), shown);
        }
    }

    #[test]
    fn strings_are_quoted_as_python_does() {
        assert_eq!(quoted("a'b"), "\"a'b\"");
        assert_eq!(quoted("a'b\""), "'a\\'b\"'");
        assert_eq!(quoted("\n\\\u{1}é"), "'\\n\\\\\\x01é'");
    }
}
