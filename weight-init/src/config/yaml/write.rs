//! A value as YAML.

use crate::config::out::Out;
use crate::diagnostic::is_unsafe;
use crate::value::{Entry, Kind, Value};

/// The value as a YAML document: lists and dicts in block style, those without elements in flow style.
pub(in crate::config) fn write(value: &Value, out: &mut Out) -> Result<(), String> {
    block(value, 0, out)
}

/// Characters of a key that needs no `?` before it: the specification allows 1024.
const MAX_IMPLICIT_KEY: usize = 1000;

/// Writes a value where a line has begun, at an indentation.
fn block(value: &Value, indent: usize, out: &mut Out) -> Result<(), String> {
    out.room()?;
    match &value.kind {
        Kind::Dict(entries) if !entries.is_empty() => {
            for (index, Entry { key, value, .. }) in entries.iter().enumerate() {
                if index > 0 {
                    out.push_str(&" ".repeat(indent));
                }
                let key = scalar(&Kind::Str(key.clone()));
                if key.chars().count() > MAX_IMPLICIT_KEY {
                    out.push_str(&format!("? {key}\n{}:", " ".repeat(indent)));
                } else {
                    out.push_str(&key);
                    out.push(':');
                }
                nested(value, indent, out)?;
            }
        }
        Kind::List(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(&" ".repeat(indent));
                }
                out.push('-');
                if is_block(item) {
                    out.push(' ');
                    block(item, indent + 2, out)?;
                } else {
                    nested(item, indent, out)?;
                }
            }
        }
        kind => {
            out.push_str(&scalar(kind));
            out.push('\n');
        }
    }
    Ok(())
}

/// Writes a value behind a key.
fn nested(value: &Value, indent: usize, out: &mut Out) -> Result<(), String> {
    if is_block(value) {
        out.push('\n');
        out.push_str(&" ".repeat(indent + 2));
        block(value, indent + 2, out)
    } else {
        out.push(' ');
        block(value, indent, out)
    }
}

fn is_block(value: &Value) -> bool {
    match &value.kind {
        Kind::Dict(entries) => !entries.is_empty(),
        Kind::List(items) => !items.is_empty(),
        _ => false,
    }
}

fn scalar(kind: &Kind) -> String {
    match kind {
        Kind::Null => "null".to_owned(),
        Kind::Bool(bool) => bool.to_string(),
        Kind::Int(int) => int.to_string(),
        Kind::Float(float) => match float {
            float if float.is_nan() => ".nan".to_owned(),
            float if float.is_infinite() => if *float > 0.0 { ".inf" } else { "-.inf" }.to_owned(),
            float => number(*float),
        },
        Kind::Str(text) if is_plain(text) => text.to_string(),
        Kind::Str(text) => quoted(text),
        Kind::List(_) => "[]".to_owned(),
        Kind::Dict(_) => "{}".to_owned(),
    }
}

/// With a point and a sign before the exponent: YAML 1.1 reads no other form as a number.
fn number(float: f64) -> String {
    let text = format!("{float:?}");
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let mantissa =
        if mantissa.contains('.') { mantissa.to_owned() } else { format!("{mantissa}.0") };
    let sign = if exponent.starts_with('-') { "" } else { "+" };
    format!("{mantissa}e{sign}{exponent}")
}

/// Whether a string may stand without quotes, and is a string to readers of YAML 1.1, too.
fn is_plain(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '/' | '.' | '-');
    let old = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(word)
        && !old.contains(&text.to_ascii_lowercase().as_str())
}

/// In double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_escaped(c) && c > '\u{ffff}' => out.push_str(&format!("\\U{:08X}", c as u32)),
            c if is_escaped(c) => out.push_str(&format!("\\u{:04X}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a character cannot stand for itself: what no YAML text has, and what ends a line.
fn is_escaped(c: char) -> bool {
    let ends = matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
    is_unsafe(c) || ends || !super::is_printable(c)
}
