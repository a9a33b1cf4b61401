//! The methods of strings.

use std::collections::HashSet;

use super::super::call::Arguments;
use super::super::format;
use super::super::heap::Heap;
use super::super::object::Object;
use super::super::slots::{Slot, Slots};
use super::super::text::{Buffer, Str};
use crate::config::meter::{Charge, Outcome, fault};
use crate::value::Span;

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
        "join" => {
            let mut parts = heap.walk(&arguments.get(0, name)?.object, span)?;
            let mut first = true;
            while let Some(part) = parts.next(heap)? {
                let Object::Str(part) = &part.object else {
                    let found = part.object.type_name();
                    return fault(format!("join takes strings, found a {found}"));
                };
                if !first {
                    out.push_str(string.read()?)?;
                }
                out.push_str(part.read()?)?;
                first = false;
            }
        }
        "format" => return Ok(Object::Str(format::template(heap, text, arguments)?)),
        "replace" => replace(text, arguments.text(0, name)?, arguments.text(1, name)?, &mut out)?,
        "lower" => text.chars().flat_map(char::to_lowercase).try_for_each(|c| out.push(c))?,
        "upper" => text.chars().flat_map(char::to_uppercase).try_for_each(|c| out.push(c))?,
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
        "strip" | "lstrip" | "rstrip" => {
            let mut charge = Charge::new(heap.meter());
            let chars: Option<HashSet<char>> = match arguments.positional.get(0)? {
                Some(_) => {
                    let text = arguments.text(0, name)?;
                    heap.step(text.len())?;
                    charge.take(text.len().saturating_mul(16))?;
                    Some(text.chars().collect())
                }
                None => None,
            };
            let inside = |c: char| {
                chars.as_ref().map_or_else(|| c.is_whitespace(), |chars| chars.contains(&c))
            };
            heap.step(text.len())?;
            out.push_str(match name {
                "strip" => text.trim_matches(inside),
                "lstrip" => text.trim_start_matches(inside),
                _ => text.trim_end_matches(inside),
            })?;
        }
        "removeprefix" => {
            out.push_str(text.strip_prefix(arguments.text(0, name)?).unwrap_or(text))?;
        }
        "removesuffix" => {
            out.push_str(text.strip_suffix(arguments.text(0, name)?).unwrap_or(text))?;
        }
        "zfill" => {
            let spec = format!("0>{}", arguments.int(0, name)?);
            format::format(heap, &Object::Str(string.clone()), &spec, &mut out)?;
        }
        "startswith" | "endswith" => {
            let affixes = arguments.get(0, name)?;
            let mut walk = match &affixes.object {
                Object::Tuple(_) => heap.walk(&affixes.object, span)?,
                _ => {
                    let slots = Slots::of(heap.meter(), [affixes.clone()])?;
                    let one = heap.tuple(slots)?;
                    heap.walk(&one, span)?
                }
            };
            while let Some(affix) = walk.next(heap)? {
                let hit = match &affix.object {
                    Object::Str(affix) if name == "startswith" => text.starts_with(affix.read()?),
                    Object::Str(affix) => text.ends_with(affix.read()?),
                    _ => false,
                };
                if hit {
                    return Ok(Object::Bool(true));
                }
            }
            return Ok(Object::Bool(false));
        }
        "isdigit" => {
            heap.step(text.len() / 8)?;
            return Ok(Object::Bool(!text.is_empty() && text.chars().all(char::is_numeric)));
        }
        "find" => {
            let at = text.find(arguments.text(0, name)?).map(|at| text[..at].chars().count());
            return Ok(Object::Int(at.map_or(-1, |at| at as i128)));
        }
        "count" => {
            let mut count = 0;
            for _ in text.matches(arguments.text(0, name)?) {
                heap.step(1)?;
                count += 1;
            }
            return Ok(Object::Int(count));
        }
        "partition" | "rpartition" => {
            let separator = arguments.text(0, name)?;
            let split = if name == "partition" {
                text.split_once(separator)
            } else {
                text.rsplit_once(separator)
            };
            let parts = match (split, name) {
                (Some((before, after)), _) => [before, separator, after],
                (None, "partition") => [text, "", ""],
                (None, _) => ["", "", text],
            };
            let slots = slots(heap, parts.into_iter(), span)?;
            return heap.tuple(slots);
        }
        "split" | "rsplit" | "splitlines" => {
            let slots = split(heap, text, name, arguments, span)?;
            return heap.list(slots);
        }
        _ => return fault(format!("the method '{name}' of a str is not known")),
    }
    Ok(Object::Str(out.finish()?))
}

fn replace(text: &str, from: &str, to: &str, out: &mut Buffer) -> Outcome<()> {
    let mut copied = 0;
    for (at, found) in text.match_indices(from) {
        out.push_str(&text[copied..at])?;
        out.push_str(to)?;
        copied = at + found.len();
    }
    out.push_str(&text[copied..])
}

/// A string for each part.
fn slots<'t>(heap: &Heap, parts: impl Iterator<Item = &'t str>, span: Span) -> Outcome<Slots> {
    let mut slots = heap.slots()?;
    for part in parts {
        slots.push(Slot { object: heap.string(part)?, span })?;
    }
    Ok(slots)
}

fn split(heap: &Heap, text: &str, name: &str, arguments: &Arguments, span: Span) -> Outcome<Slots> {
    if name == "splitlines" {
        return slots(heap, text.lines(), span);
    }
    let limit = match arguments.positional.get(1)? {
        Some(slot) => Some(slot.clone()),
        None => arguments.named("maxsplit")?,
    };
    let limit = match limit.and_then(|slot| slot.object.as_int()) {
        Some(limit) if limit >= 0 => usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1),
        _ => usize::MAX,
    };
    let separator = match arguments.positional.get(0)? {
        Some(slot) => Some(slot.clone()),
        None => arguments.named("sep")?,
    };
    let separator = match &separator {
        Some(Slot { object: Object::Str(separator), .. }) if separator.is_empty() => {
            return fault("the separator is empty");
        }
        Some(Slot { object: Object::Str(separator), .. }) => separator.read()?,
        _ => return slots(heap, text.split_whitespace(), span),
    };
    if name == "split" {
        return slots(heap, text.splitn(limit, separator), span);
    }
    let mut parts = slots(heap, text.rsplitn(limit, separator), span)?;
    parts.reverse()?;
    Ok(parts)
}
