//! The methods of strings.

use std::rc::Rc;

use super::super::call::Arguments;
use super::super::format;
use super::super::heap::{Heap, Outcome, Slot, fault};
use super::super::object::Object;
use super::super::show::MAX_STRING;
use crate::value::Span;

pub(super) fn str_method(
    heap: &mut Heap,
    string: &Rc<str>,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    heap.step(string.len() / 16)?;
    let text = |index: usize| arguments.text(index, name);
    let made = match name {
        "join" => {
            let parts = heap.elements(&arguments.get(0, name)?.object, span)?;
            let mut out = String::new();
            for (index, part) in parts.iter().enumerate() {
                let Object::Str(part) = &part.object else {
                    return fault(format!(
                        "join takes strings, found a {}",
                        part.object.type_name()
                    ));
                };
                if index > 0 {
                    out.push_str(string);
                }
                out.push_str(part);
                if out.len() > MAX_STRING {
                    return fault(format!("a string of more than {MAX_STRING} bytes"));
                }
            }
            out
        }
        "format" => {
            let positional: Vec<_> =
                arguments.positional.iter().map(|slot| slot.object.clone()).collect();
            let named = arguments.named.iter();
            let named: Vec<_> =
                named.map(|(name, _, slot)| (Rc::clone(name), slot.object.clone())).collect();
            format::template(heap, string, &positional, &named)?
        }
        "replace" => {
            let (from, to) = (text(0)?, text(1)?);
            let grown = string
                .len()
                .saturating_add(string.len().saturating_add(1).saturating_mul(to.len()));
            if !from.is_empty() && grown / from.len() > MAX_STRING
                || from.is_empty() && grown > MAX_STRING
            {
                return fault(format!("a string of more than {MAX_STRING} bytes"));
            }
            string.replace(&*from, &to)
        }
        "lower" => string.to_lowercase(),
        "upper" => string.to_uppercase(),
        "capitalize" => {
            let mut chars = string.chars();
            let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            first + &chars.as_str().to_lowercase()
        }
        "title" => {
            let mut inside = false;
            let title = string.chars().flat_map(|c| {
                let shown: Vec<char> =
                    if inside { c.to_lowercase().collect() } else { c.to_uppercase().collect() };
                inside = c.is_alphabetic();
                shown
            });
            title.collect()
        }
        "strip" | "lstrip" | "rstrip" => {
            let chars = match arguments.positional.first() {
                Some(_) => Some(text(0)?),
                None => None,
            };
            let inside = |c: char| {
                chars.as_ref().map_or_else(|| c.is_whitespace(), |chars| chars.contains(c))
            };
            let stripped = match name {
                "strip" => string.trim_matches(inside),
                "lstrip" => string.trim_start_matches(inside),
                _ => string.trim_end_matches(inside),
            };
            stripped.to_owned()
        }
        "removeprefix" => string.strip_prefix(&*text(0)?).unwrap_or(string).to_owned(),
        "removesuffix" => string.strip_suffix(&*text(0)?).unwrap_or(string).to_owned(),
        "zfill" => format::format(
            heap,
            &Object::Str(Rc::clone(string)),
            &format!("0>{}", arguments.int(0, name)?),
        )?,
        "startswith" | "endswith" => {
            let affixes = match &arguments.get(0, name)?.object {
                Object::Tuple(id) => heap.copy_items(*id)?,
                _ => vec![arguments.get(0, name)?.clone()],
            };
            let hit = affixes.iter().any(|affix| match &affix.object {
                Object::Str(affix) if name == "startswith" => string.starts_with(&**affix),
                Object::Str(affix) => string.ends_with(&**affix),
                _ => false,
            });
            return Ok(Object::Bool(hit));
        }
        "isdigit" => {
            return Ok(Object::Bool(!string.is_empty() && string.chars().all(char::is_numeric)));
        }
        "find" => {
            let at = string.find(&*text(0)?).map(|at| string[..at].chars().count());
            return Ok(Object::Int(at.map_or(-1, |at| at as i128)));
        }
        "count" => return Ok(Object::Int(string.matches(&*text(0)?).count() as i128)),
        "partition" | "rpartition" => {
            let separator = text(0)?;
            let split = if name == "partition" {
                string.split_once(&*separator)
            } else {
                string.rsplit_once(&*separator)
            };
            let parts = match (split, name) {
                (Some((before, after)), _) => [before, &separator, after],
                (None, "partition") => [string, "", ""],
                (None, _) => ["", "", string],
            };
            let slots = parts.map(|part| Slot { object: Object::str(part), span });
            heap.take(string.len())?;
            return heap.tuple(slots.into());
        }
        "split" | "rsplit" | "splitlines" => {
            let parts = split(string, name, arguments)?;
            heap.take(string.len())?;
            let slots = parts.iter().map(|part| Slot { object: Object::str(part), span });
            return heap.list(slots.collect());
        }
        _ => return fault(format!("the method '{name}' of a str is not known")),
    };
    heap.string(&made)
}

fn split<'s>(string: &'s str, name: &str, arguments: &Arguments) -> Outcome<Vec<&'s str>> {
    if name == "splitlines" {
        return Ok(string.lines().collect());
    }
    let limit = match arguments.positional.get(1).or_else(|| arguments.named("maxsplit")) {
        Some(slot) => match slot.object.as_int() {
            Some(limit) if limit >= 0 => {
                usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(1)
            }
            _ => usize::MAX,
        },
        None => usize::MAX,
    };
    let separator = match arguments.positional.first().or_else(|| arguments.named("sep")) {
        Some(Slot { object: Object::Str(separator), .. }) if separator.is_empty() => {
            return fault("the separator is empty");
        }
        Some(Slot { object: Object::Str(separator), .. }) => separator,
        _ => return Ok(string.split_whitespace().collect()),
    };
    Ok(if name == "split" {
        string.splitn(limit, &**separator).collect()
    } else {
        let mut parts: Vec<_> = string.rsplitn(limit, &**separator).collect();
        parts.reverse();
        parts
    })
}
