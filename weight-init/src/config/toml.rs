//! TOML text → [`Value`], and back.
//!
//! TOML has no null. In its place stands the table `{ __null__ = true }`, which is written and read here alone.
//! A date is a string. The parser is the `toml` crate's, which gives the place of every key and value and bounds its
//! own recursion.

use std::rc::Rc;

use serde_spanned::Spanned;
use toml::de::{DeTable, DeValue};

use super::meter::Meter;
use super::out::Out;
use super::text::Text;
use crate::diagnostic::{Diagnostic, is_unsafe};
use crate::value::{Entry, Kind, Value};

/// The key of the table that stands for null.
const NULL: &str = "__null__";

pub(super) fn read(text: &Text<'_>, meter: &Rc<Meter>) -> Result<Value, Diagnostic> {
    let bytes = tokens(text.as_str());
    meter.take(bytes).map_err(|fault| Diagnostic::of_file(text.source().name(), fault.0))?;
    match DeTable::parse(text.as_str()) {
        Ok(table) => {
            let span = text.span(table.span().start, table.span().end);
            Ok(Value::new(dict(text, table.get_ref())?, span))
        }
        Err(error) => {
            let range = error.span().unwrap_or(0..0);
            let message = error.message().lines().next().unwrap_or("this is no TOML").to_owned();
            Err(Diagnostic::new(text.source(), text.span(range.start, range.end), message))
        }
    }
}

/// Upper bound of the memory of the parser's tokens, its tree and the values that they become.
fn tokens(text: &str) -> usize {
    let mut before = b'\n';
    let mut bytes = 0_usize;
    for byte in text.bytes() {
        bytes += match byte {
            b'[' | b'{' if before != b'\n' && before != b'[' => BRACKET,
            b',' | b'[' | b'{' | b'=' | b'\n' => TOKEN,
            b']' | b'}' | b'.' | b'#' => TOKEN / 2,
            _ => 1,
        };
        before = byte;
    }
    bytes
}

/// Bytes of a token and of the value behind it.
const TOKEN: usize = 200;

/// Bytes of a list, which begins with room for four values.
const BRACKET: usize = 640;

fn dict(text: &Text<'_>, table: &DeTable<'_>) -> Result<Kind, Diagnostic> {
    let entries = table.iter().map(|(key, value)| {
        let key_span = text.span(key.span().start, key.span().end);
        Ok(Entry { key: key.get_ref().as_ref().into(), key_span, value: self::value(text, value)? })
    });
    let entries: Vec<Entry> = entries.collect::<Result<_, Diagnostic>>()?;
    match entries.as_slice() {
        [Entry { key, value, .. }] if **key == *NULL && value.as_bool() == Some(true) => {
            Ok(Kind::Null)
        }
        _ => Ok(Kind::Dict(entries)),
    }
}

fn value(text: &Text<'_>, value: &Spanned<DeValue<'_>>) -> Result<Value, Diagnostic> {
    let span = text.span(value.span().start, value.span().end);
    let kind = match value.get_ref() {
        DeValue::String(string) => Kind::Str(string.as_ref().into()),
        DeValue::Boolean(bool) => Kind::Bool(*bool),
        DeValue::Datetime(date) => Kind::Str(date.to_string().into()),
        DeValue::Integer(int) => match i128::from_str_radix(int.as_str(), int.radix()) {
            Ok(int) if (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&int) => {
                Kind::Int(int)
            }
            _ => {
                let message = format!("the integer {int} does not fit into 64 bits");
                return Err(Diagnostic::new(text.source(), span, message));
            }
        },
        DeValue::Float(float) => match float.as_str().parse::<f64>() {
            Ok(number)
                if number.is_finite() || !float.as_str().contains(|c: char| c.is_ascii_digit()) =>
            {
                Kind::Float(number)
            }
            _ => {
                let message =
                    format!("found {}, which is beyond the range of a float", float.as_str());
                return Err(Diagnostic::new(text.source(), span, message));
            }
        },
        DeValue::Array(items) => {
            Kind::List(items.iter().map(|item| self::value(text, item)).collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => dict(text, table)?,
    };
    Ok(Value::new(kind, span))
}

/// The value as a TOML document: plain values first, then a table for each dict below.
///
/// # Errors
///
/// If the value is no dict, or holds an integer beyond what TOML has.
pub(super) fn write(value: &Value, out: &mut Out) -> Result<(), String> {
    let Some(entries) = value.as_dict() else {
        return Err(format!("a TOML document is a dict, found {}", value.kind_name()));
    };
    table(entries, "", out)
}

/// The entries of the table at `path`, those that need a header of their own behind the others.
fn table(entries: &[Entry], path: &str, out: &mut Out) -> Result<(), String> {
    let (tables, plain): (Vec<_>, Vec<_>) =
        entries.iter().partition(|entry| is_table(&entry.value));
    for Entry { key, value, .. } in plain {
        out.push_str(&self::key(key));
        out.push_str(" = ");
        inline(value, out)?;
        out.push('\n');
    }
    for Entry { key, value, .. } in tables {
        let path =
            if path.is_empty() { self::key(key) } else { format!("{path}.{}", self::key(key)) };
        out.room()?;
        out.push_str(&format!("{}[{path}]\n", if out.is_empty() { "" } else { "\n" }));
        table(value.as_dict().unwrap_or_default(), &path, out)?;
    }
    Ok(())
}

fn is_table(value: &Value) -> bool {
    value.as_dict().is_some_and(|entries| !entries.is_empty())
}

fn key(key: &str) -> String {
    let bare =
        !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { key.to_owned() } else { string(key) }
}

fn inline(value: &Value, out: &mut Out) -> Result<(), String> {
    out.room()?;
    match &value.kind {
        Kind::Null => out.push_str(&format!("{{ {NULL} = true }}")),
        Kind::Bool(bool) => out.push_str(&bool.to_string()),
        Kind::Int(int) if i64::try_from(*int).is_ok() => out.push_str(&int.to_string()),
        Kind::Int(int) => return Err(format!("TOML has no integer as large as {int}")),
        Kind::Float(float) => out.push_str(&match float {
            float if float.is_nan() => "nan".to_owned(),
            float if float.is_infinite() => if *float > 0.0 { "inf" } else { "-inf" }.to_owned(),
            float => format!("{float:?}"),
        }),
        Kind::Str(text) => out.push_str(&string(text)),
        Kind::List(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                inline(item, out)?;
            }
            out.push(']');
        }
        Kind::Dict(entries) if entries.is_empty() => out.push_str("{}"),
        Kind::Dict(entries) => {
            out.push_str("{ ");
            for (index, entry) in entries.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { ", " });
                out.push_str(&key(&entry.key));
                out.push_str(" = ");
                inline(&entry.value, out)?;
            }
            out.push_str(" }");
        }
    }
    Ok(())
}

/// A basic string.
fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_unsafe(c) && c > '\u{ffff}' => out.push_str(&format!("\\U{:08X}", c as u32)),
            c if is_unsafe(c) => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
