//! A value as text, of bounded length.

use super::out::Out;
use super::{Format, toml, yaml};
use crate::diagnostic::is_unsafe;
use crate::value::{Entry, Kind, Segment, Value, path};

/// The value as text of a format; `read` bytes were read for it.
pub(super) fn write(value: &Value, format: Format, read: usize) -> Result<String, String> {
    let mut out = Out::new(read);
    match format {
        Format::Json => {
            json(value, 0, &mut Vec::new(), &mut out)?;
            out.push('\n');
        }
        Format::Toml => toml::write(value, &mut out)?,
        Format::Yaml => yaml::write(value, &mut out)?,
        Format::Python => return Err("a config is not written as Python".to_owned()),
    }
    out.finish()
}

/// JSON, one element a line, lists of plain values on one. Infinity is `1e9999`, which readers of JSON take for it.
fn json(value: &Value, indent: usize, at: &mut Vec<Segment>, out: &mut Out) -> Result<(), String> {
    out.room()?;
    match &value.kind {
        Kind::Null => out.push_str("null"),
        Kind::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
        Kind::Int(int) => out.push_str(&int.to_string()),
        Kind::Float(float) if float.is_nan() => {
            return Err(format!("JSON has no NaN, found at {}", path("$", at)));
        }
        Kind::Float(float) if float.is_infinite() => {
            out.push_str(if *float > 0.0 { "1e9999" } else { "-1e9999" })
        }
        Kind::Float(float) => out.push_str(&format!("{float:?}")),
        Kind::Str(text) => string(text, out),
        Kind::List(items) => {
            let lines = items.iter().any(|item| matches!(item.kind, Kind::List(_) | Kind::Dict(_)));
            let separator =
                if lines { format!(",\n{}", " ".repeat(indent + 2)) } else { ", ".to_owned() };
            out.push('[');
            if lines {
                out.push_str(&separator[1..]);
            }
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push_str(&separator);
                }
                at.push(Segment::from(index));
                json(item, indent + 2, at, out)?;
                at.pop();
            }
            if lines {
                out.push_str(&format!("\n{}", " ".repeat(indent)));
            }
            out.push(']');
        }
        Kind::Dict(entries) => {
            out.push('{');
            for (index, Entry { key, value, .. }) in entries.iter().enumerate() {
                out.push_str(if index > 0 { ",\n" } else { "\n" });
                out.push_str(&" ".repeat(indent + 2));
                string(key, out);
                out.push_str(": ");
                at.push(Segment::from(&**key));
                json(value, indent + 2, at, out)?;
                at.pop();
            }
            if !entries.is_empty() {
                out.push_str(&format!("\n{}", " ".repeat(indent)));
            }
            out.push('}');
        }
    }
    Ok(())
}

fn string(text: &str, out: &mut Out) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_unsafe(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
