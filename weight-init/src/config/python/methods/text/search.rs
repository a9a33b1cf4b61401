//! Methods that look for a part of a string.

use super::super::super::call::Arguments;
use super::super::super::heap::Heap;
use super::super::super::object::Object;
use super::super::super::slots::Slots;
use crate::config::meter::{Outcome, fault};
use crate::value::Span;

/// `startswith`, `endswith`, `find`, `rfind`, `index`, `rindex`, `count`: of the whole, or of a range of it.
pub(super) fn search(
    heap: &mut Heap,
    text: &str,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    let window = window(heap, text, name, arguments)?;
    if let "startswith" | "endswith" = name {
        return affix(heap, window.map(|(_, inside)| inside), name, arguments, span);
    }
    let part = arguments.text(0, name)?;
    if name == "count" {
        let mut count = 0;
        for _ in window.map_or("", |(_, inside)| inside).matches(part) {
            heap.step(1)?;
            count += 1;
        }
        return Ok(Object::Int(if window.is_none() { 0 } else { count }));
    }
    let found = window.and_then(|(skipped, inside)| {
        let at = if name.starts_with('r') { inside.rfind(part) } else { inside.find(part) };
        at.map(|at| skipped + inside[..at].chars().count())
    });
    match found {
        Some(at) => Ok(Object::Int(at as i128)),
        None if name.ends_with("find") => Ok(Object::Int(-1)),
        None => fault("the part is not in the string"),
    }
}

/// The characters between the second and the third argument, and how many stand before them.
fn window<'t>(
    heap: &Heap,
    text: &'t str,
    name: &str,
    arguments: &Arguments,
) -> Outcome<Option<(usize, &'t str)>> {
    if arguments.positional.len() < 2 {
        return Ok(Some((0, text)));
    }
    heap.step(text.len())?;
    let count = text.chars().count();
    let bound = |index: usize, otherwise: usize| -> Outcome<usize> {
        match arguments.positional.get(index)?.map(|slot| &slot.object) {
            None | Some(Object::None) => Ok(otherwise),
            Some(_) => {
                let at = arguments.int(index, name)?;
                let at = if at < 0 { at.saturating_add(count as i128).max(0) } else { at };
                Ok(usize::try_from(at).unwrap_or(usize::MAX))
            }
        }
    };
    let (start, end) = (bound(1, 0)?, bound(2, count)?.min(count));
    if start > end {
        return Ok(None);
    }
    let byte = |index: usize| text.char_indices().nth(index).map_or(text.len(), |(at, _)| at);
    Ok(Some((start, &text[byte(start)..byte(end)])))
}

fn affix(
    heap: &mut Heap,
    text: Option<&str>,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    let affixes = arguments.get(0, name)?;
    let mut walk = match &affixes.object {
        Object::Tuple(_) => heap.walk(&affixes.object, span)?,
        _ => {
            let slots = Slots::of(heap.meter(), [affixes.clone()])?;
            let one = heap.tuple(slots)?;
            heap.walk(&one, span)?
        }
    };
    let mut hit = false;
    while let Some(affix) = walk.next(heap)? {
        let Object::Str(affix) = &affix.object else {
            return fault(format!("{name}() takes strings, found a {}", affix.object.type_name()));
        };
        let affix = affix.read()?;
        hit = hit
            || text.is_some_and(|text| match name {
                "startswith" => text.starts_with(affix),
                _ => text.ends_with(affix),
            });
    }
    Ok(Object::Bool(hit))
}
