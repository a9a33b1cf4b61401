//! `str` and `repr`: objects as Python prints them.

use std::fmt::{self, Write as _};

use super::entries::Key;
use super::heap::Heap;
use super::object::{Object, Origin};
use super::slots::Slots;
use super::text::{Buffer, Str};
use crate::config::meter::{Outcome, fault};

/// `str(object)`.
pub(super) fn str(heap: &Heap, object: &Object) -> Outcome<Str> {
    match object {
        Object::Str(text) => Ok(text.clone()),
        other => repr(heap, other),
    }
}

/// `repr(object)`.
pub(super) fn repr(heap: &Heap, object: &Object) -> Outcome<Str> {
    let mut out = heap.buffer();
    write(heap, object, &mut out)?;
    out.finish()
}

fn write(heap: &Heap, object: &Object, out: &mut Buffer) -> Outcome<()> {
    let _level = heap.level()?;
    match object {
        Object::None => out.push_str("None"),
        Object::Ellipsis => out.push_str("Ellipsis"),
        Object::Bool(true) => out.push_str("True"),
        Object::Bool(false) => out.push_str("False"),
        Object::Int(int) => out.push_str(&int.to_string()),
        Object::Float(x) => out.push_str(&float(*x)),
        Object::Str(text) => quote(text.read()?, |part| out.push_str(part)),
        Object::List(id) => write_items(heap, &heap.items(*id), ("[", "]"), out),
        Object::Tuple(id) => {
            let items = heap.items(*id);
            let close = if items.len() == 1 { ",)" } else { ")" };
            write_items(heap, &items, ("(", close), out)
        }
        Object::Set(id) => {
            let keys = heap.keys_of(*id);
            if keys.is_empty() {
                return out.push_str("set()");
            }
            out.push_str("{")?;
            for (index, key) in keys.each().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " })?;
                write_key(heap, key?, out)?;
            }
            out.push_str("}")
        }
        Object::Dict(id) => {
            let entries = heap.entries_of(*id);
            out.push_str("{")?;
            for (index, entry) in entries.each().enumerate() {
                let (key, entry) = entry?;
                out.push_str(if index == 0 { "" } else { ", " })?;
                write_key(heap, key, out)?;
                out.push_str(": ")?;
                write(heap, &entry.slot.object, out)?;
            }
            out.push_str("}")
        }
        Object::Range(range) => out.push_str(&match range.step {
            1 => format!("range({}, {})", range.start, range.stop),
            step => format!("range({}, {}, {step})", range.start, range.stop),
        }),
        Object::Opaque(name, origin) => opaque(name, *origin, out),
        Object::Class(id) => out.push_str(&format!("<class '{}'>", heap.get_class(*id).name)),
        Object::Builtin(builtin) => out.push_str(&format!("<function {}>", builtin.name())),
        Object::Unevaluated(name) => fault(format!("'{name}' is not evaluated")),
        Object::Iter(_) | Object::Function(_) | Object::Method(_) | Object::Module(_) => {
            out.push_str(&format!("<{}>", object.type_name()))
        }
    }
}

/// A lazy name is shown as its last part, as mmengine does; how other code shows itself is not known.
fn opaque(name: &Str, origin: Origin, out: &mut Buffer) -> Outcome<()> {
    let path = name.read()?;
    match origin {
        Origin::LazyModule => out.push_str(path),
        Origin::Lazy => out.push_str(path.rsplit('.').next().unwrap_or(path)),
        Origin::Eager => {
            fault(format!("'{}' has no text here: no other code is executed", begin(name)))
        }
    }
}

fn write_items(
    heap: &Heap,
    items: &Slots,
    (open, close): (&str, &str),
    out: &mut Buffer,
) -> Outcome<()> {
    out.push_str(open)?;
    for (index, slot) in items.each().enumerate() {
        out.push_str(if index == 0 { "" } else { ", " })?;
        write(heap, &slot?.object, out)?;
    }
    out.push_str(close)
}

fn write_key(heap: &Heap, key: &Key, out: &mut Buffer) -> Outcome<()> {
    heap.step(key.weight())?;
    match key {
        Key::Str(text) => quote(text.read()?, |part| out.push_str(part)),
        Key::Opaque(name, origin) => opaque(name, *origin, out),
        Key::Tuple(tuple) => {
            out.push_str("(")?;
            for (index, key) in tuple.keys().iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " })?;
                write_key(heap, key, out)?;
            }
            out.push_str(if tuple.keys().len() == 1 { ",)" } else { ")" })
        }
        plain => out.push_str(&Repr(plain).to_string()),
    }
}

/// A key as `repr` writes it.
pub(super) struct Repr<'k>(pub(super) &'k Key);

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Key::None => f.write_str("None"),
            Key::Bool(true) => f.write_str("True"),
            Key::Bool(false) => f.write_str("False"),
            Key::Str(text) => quote(text.plain(), |part| f.write_str(part)),
            other => other.fmt(f),
        }
    }
}

/// The beginning of a key or name, so that a message stays a message.
pub(in crate::config) fn begin(name: &impl fmt::Display) -> String {
    let mut begin = Begin(String::new());
    let _ = write!(begin, "{name}");
    begin.0
}

/// Takes the first bytes, and stops what writes.
struct Begin(String);

impl fmt::Write for Begin {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        const MAX: usize = 500;
        let end = text.floor_char_boundary(MAX.saturating_sub(self.0.len()));
        self.0.push_str(&text[..end]);
        if end < text.len() {
            self.0.push_str("...");
            return Err(fmt::Error);
        }
        Ok(())
    }
}

/// The beginning of a text, as much as a message shows.
pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((cut, _)) => format!("{}...", &text[..cut]),
        None => text.to_owned(),
    }
}

/// A string in quotes, with Python's escapes, piece by piece.
fn quote<E>(text: &str, mut push: impl FnMut(&str) -> Result<(), E>) -> Result<(), E> {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let quotes = if quote == '"' { "\"" } else { "'" };
    push(quotes)?;
    let mut copied = 0;
    for (at, c) in text.char_indices() {
        let mut code = String::new();
        let escaped = match c {
            '\\' => "\\\\",
            '\n' => "\\n",
            '\r' => "\\r",
            '\t' => "\\t",
            '\'' if quote == '\'' => "\\'",
            c if c.is_control() && (c as u32) < 0x100 => {
                let _ = write!(code, "\\x{:02x}", c as u32);
                &code
            }
            _ => continue,
        };
        push(&text[copied..at])?;
        push(escaped)?;
        copied = at + c.len_utf8();
    }
    push(&text[copied..])?;
    push(quotes)
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

    fn quoted(text: &str) -> String {
        let mut out = String::new();
        let _ = quote(text, |part| out.write_str(part));
        out
    }

    #[test]
    fn strings_are_quoted_as_python_does() {
        assert_eq!(quoted("a'b"), "\"a'b\"");
        assert_eq!(quoted("a'b\""), "'a\\'b\"'");
        assert_eq!(quoted("\n\\\u{1}é"), "'\\n\\\\\\x01é'");
    }
}
