//! The methods of strings.

mod search;
mod split;

use std::collections::HashSet;

use super::super::call::Arguments;
use super::super::format;
use super::super::heap::Heap;
use super::super::object::Object;
use super::super::slots::{Slot, Slots};
use super::super::text::{Buffer, Str};
use crate::config::meter::{Charge, Outcome, fault};
use crate::value::Span;

/// The methods, how many arguments without a name they take, and which with one.
pub(super) const METHODS: &[(&str, usize, &[&str])] = &[
    ("capitalize", 0, &[]),
    ("casefold", 0, &[]),
    ("center", 2, &[]),
    ("count", 3, &[]),
    ("endswith", 3, &[]),
    ("find", 3, &[]),
    ("format", usize::MAX, &["*"]),
    ("index", 3, &[]),
    ("isalnum", 0, &[]),
    ("isalpha", 0, &[]),
    ("isascii", 0, &[]),
    ("isdecimal", 0, &[]),
    ("isdigit", 0, &[]),
    ("isidentifier", 0, &[]),
    ("islower", 0, &[]),
    ("isnumeric", 0, &[]),
    ("isspace", 0, &[]),
    ("isupper", 0, &[]),
    ("join", 1, &[]),
    ("ljust", 2, &[]),
    ("lower", 0, &[]),
    ("lstrip", 1, &[]),
    ("partition", 1, &[]),
    ("removeprefix", 1, &[]),
    ("removesuffix", 1, &[]),
    ("replace", 3, &["count"]),
    ("rfind", 3, &[]),
    ("rindex", 3, &[]),
    ("rjust", 2, &[]),
    ("rpartition", 1, &[]),
    ("rsplit", 2, &["sep", "maxsplit"]),
    ("rstrip", 1, &[]),
    ("split", 2, &["sep", "maxsplit"]),
    ("splitlines", 1, &["keepends"]),
    ("startswith", 3, &[]),
    ("strip", 1, &[]),
    ("swapcase", 0, &[]),
    ("title", 0, &[]),
    ("upper", 0, &[]),
    ("zfill", 1, &[]),
];

pub(super) fn str_method(
    heap: &mut Heap,
    string: &Str,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    let text = string.read()?;
    let mut out = heap.buffer();
    match name {
        "join" => join(heap, string, &arguments.get(0, name)?.object, &mut out, span)?,
        "format" => return Ok(Object::Str(format::template(heap, text, arguments)?)),
        "replace" => {
            let count = arguments.optional(2, "count")?;
            let count = count.and_then(|count| count.object.as_int()).unwrap_or(-1);
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            replace(text, arguments.text(0, name)?, arguments.text(1, name)?, count, &mut out)?;
        }
        "lower" | "casefold" => {
            text.chars().flat_map(char::to_lowercase).try_for_each(|c| out.push(c))?;
        }
        "upper" => text.chars().flat_map(char::to_uppercase).try_for_each(|c| out.push(c))?,
        "swapcase" => {
            for c in text.chars() {
                if c.is_uppercase() {
                    c.to_lowercase().try_for_each(|c| out.push(c))?;
                } else {
                    c.to_uppercase().try_for_each(|c| out.push(c))?;
                }
            }
        }
        "capitalize" | "title" => {
            let mut inside = false;
            for c in text.chars() {
                if inside {
                    c.to_lowercase().try_for_each(|c| out.push(c))?;
                } else {
                    c.to_uppercase().try_for_each(|c| out.push(c))?;
                }
                inside = name == "capitalize" || c.is_alphabetic();
            }
        }
        "strip" | "lstrip" | "rstrip" => strip(heap, text, name, arguments, &mut out)?,
        "removeprefix" => {
            out.push_str(text.strip_prefix(arguments.text(0, name)?).unwrap_or(text))?;
        }
        "removesuffix" => {
            out.push_str(text.strip_suffix(arguments.text(0, name)?).unwrap_or(text))?;
        }
        "zfill" => {
            let spec = format!("0>{}", arguments.int(0, name)?.max(0));
            let (sign, digits) = text.split_at(usize::from(text.starts_with(['+', '-'])));
            if sign.is_empty() {
                format::format(heap, &Object::Str(string.clone()), &spec, &mut out)?;
            } else {
                let width = arguments.int(0, name)?.saturating_sub(1).max(0);
                out.push_str(sign)?;
                format::format(heap, &heap.string(digits)?, &format!("0>{width}"), &mut out)?;
            }
        }
        "center" | "ljust" | "rjust" => pad(text, name, arguments, &mut out)?,
        "partition" | "rpartition" | "split" | "rsplit" | "splitlines" => {
            return split::split(heap, text, name, arguments, span);
        }
        "startswith" | "endswith" | "find" | "rfind" | "index" | "rindex" | "count" => {
            return search::search(heap, text, name, arguments, span);
        }
        _ => return Ok(Object::Bool(is(heap, text, name)?)),
    }
    Ok(Object::Str(out.finish()?))
}

fn join(
    heap: &mut Heap,
    separator: &Str,
    parts: &Object,
    out: &mut Buffer,
    span: Span,
) -> Outcome<()> {
    let mut parts = heap.walk(parts, span)?;
    let mut first = true;
    while let Some(part) = parts.next(heap)? {
        let Object::Str(part) = &part.object else {
            let found = part.object.type_name();
            return fault(format!("join takes strings, found a {found}"));
        };
        if !first {
            out.push_str(separator.read()?)?;
        }
        out.push_str(part.read()?)?;
        first = false;
    }
    Ok(())
}

fn strip(
    heap: &Heap,
    text: &str,
    name: &str,
    arguments: &Arguments,
    out: &mut Buffer,
) -> Outcome<()> {
    let mut charge = Charge::new(heap.meter());
    let chars: Option<HashSet<char>> = match arguments.positional.get(0)? {
        None | Some(Slot { object: Object::None, .. }) => None,
        Some(_) => {
            let text = arguments.text(0, name)?;
            heap.step(text.len())?;
            charge.take(text.len().saturating_mul(16))?;
            Some(text.chars().collect())
        }
    };
    let inside = |c: char| chars.as_ref().map_or_else(|| is_space(c), |chars| chars.contains(&c));
    heap.step(text.len())?;
    out.push_str(match name {
        "strip" => text.trim_matches(inside),
        "lstrip" => text.trim_start_matches(inside),
        _ => text.trim_end_matches(inside),
    })
}

/// White space as Python has it.
fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

fn replace(text: &str, from: &str, to: &str, count: usize, out: &mut Buffer) -> Outcome<()> {
    let mut copied = 0;
    for (at, found) in text.match_indices(from).take(count) {
        out.push_str(&text[copied..at])?;
        out.push_str(to)?;
        copied = at + found.len();
    }
    out.push_str(&text[copied..])
}

/// `center`, `ljust`, `rjust`.
fn pad(text: &str, name: &str, arguments: &Arguments, out: &mut Buffer) -> Outcome<()> {
    let width = usize::try_from(arguments.int(0, name)?.max(0)).unwrap_or(usize::MAX);
    let fill = if arguments.positional.len() > 1 { arguments.text(1, name)? } else { " " };
    if fill.chars().count() != 1 {
        return fault(format!("{name}() fills with one character"));
    }
    let missing = width.saturating_sub(text.chars().count());
    let left = match name {
        "ljust" => 0,
        "rjust" => missing,
        // The odd one stands where Python puts it.
        _ => missing / 2 + (missing & width & 1),
    };
    out.repeat(fill, left)?;
    out.push_str(text)?;
    out.repeat(fill, missing - left)
}

/// The questions that a string answers.
fn is(heap: &Heap, text: &str, name: &str) -> Outcome<bool> {
    heap.step(text.len() / 8)?;
    let all = |test: fn(char) -> bool| !text.is_empty() && text.chars().all(test);
    let cased = |test: fn(char) -> bool, other: fn(char) -> bool| {
        text.chars().any(test) && !text.chars().any(other)
    };
    // Which characters are digits beyond those of ASCII is Unicode's table, which is not here.
    if matches!(name, "isdigit" | "isdecimal" | "isnumeric" | "isalnum")
        && text.chars().any(|c| !c.is_ascii() && !c.is_alphabetic() && c.is_numeric())
    {
        return fault(format!("{name}() is evaluated for the digits of ASCII alone"));
    }
    Ok(match name {
        "isalnum" => all(char::is_alphanumeric),
        "isalpha" => all(char::is_alphabetic),
        "isascii" => text.is_ascii(),
        "isdigit" | "isdecimal" | "isnumeric" => all(|c| c.is_ascii_digit()),
        "isidentifier" => {
            let word = |c: char| c == '_' || c.is_alphanumeric();
            text.starts_with(|c: char| word(c) && !c.is_numeric()) && text.chars().all(word)
        }
        "islower" => cased(char::is_lowercase, char::is_uppercase),
        "isupper" => cased(char::is_uppercase, char::is_lowercase),
        "isspace" => all(is_space),
        _ => return fault(format!("the method '{name}' of a str is not known")),
    })
}

/// A string for each part.
fn slots<'t>(heap: &Heap, parts: impl Iterator<Item = &'t str>, span: Span) -> Outcome<Slots> {
    let mut slots = heap.slots()?;
    for part in parts {
        slots.push(Slot { object: heap.string(part)?, span })?;
    }
    Ok(slots)
}
