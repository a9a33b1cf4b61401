//! Methods that take a string apart.

use super::super::super::call::Arguments;
use super::super::super::heap::Heap;
use super::super::super::object::Object;
use super::super::super::slots::Slot;
use super::{is_space, slots};
use crate::config::meter::{Outcome, fault};
use crate::value::Span;

/// `partition`, `rpartition`, `split`, `rsplit`, `splitlines`.
pub(super) fn split(
    heap: &mut Heap,
    text: &str,
    name: &str,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    if let "partition" | "rpartition" = name {
        let parts = partition(text, arguments.text(0, name)?, name)?;
        let slots = slots(heap, parts.into_iter(), span)?;
        return heap.tuple(slots);
    }
    if name == "splitlines" {
        let keep = arguments.positional.get(0)?.is_some_and(|slot| slot.object.as_int() != Some(0))
            || arguments.is_true(heap, "keepends")?;
        let slots = slots(heap, Lines { rest: text, keep }, span)?;
        return heap.list(slots);
    }
    let limit = arguments.optional(1, "maxsplit")?;
    let limit = match limit.map(|slot| slot.object.as_int()) {
        None => usize::MAX,
        Some(Some(limit)) if limit >= 0 => usize::try_from(limit).unwrap_or(usize::MAX),
        Some(Some(_)) => usize::MAX,
        Some(None) => return fault(format!("{name}() splits an integer of times")),
    };
    let separator = arguments.optional(0, "sep")?;
    let backward = name == "rsplit";
    let mut parts = match &separator {
        None | Some(Slot { object: Object::None, .. }) => {
            slots(heap, Words { rest: text, limit, backward }, span)?
        }
        Some(Slot { object: Object::Str(separator), .. }) if separator.is_empty() => {
            return fault("the separator is empty");
        }
        Some(Slot { object: Object::Str(separator), .. }) => {
            let (separator, count) = (separator.read()?, limit.saturating_add(1));
            if backward {
                slots(heap, text.rsplitn(count, separator), span)?
            } else {
                slots(heap, text.splitn(count, separator), span)?
            }
        }
        Some(other) => {
            let found = other.object.type_name();
            return fault(format!("{name}() takes a str, found a {found}"));
        }
    };
    if backward {
        parts.reverse()?;
    }
    heap.list(parts)
}

fn partition<'t>(text: &'t str, separator: &'t str, name: &str) -> Outcome<[&'t str; 3]> {
    if separator.is_empty() {
        return fault("the separator is empty");
    }
    let split =
        if name == "partition" { text.split_once(separator) } else { text.rsplit_once(separator) };
    Ok(match (split, name) {
        (Some((before, after)), _) => [before, separator, after],
        (None, "partition") => [text, "", ""],
        (None, _) => ["", "", text],
    })
}

/// Parts between white space, at most so many and a rest.
struct Words<'t> {
    rest: &'t str,
    limit: usize,
    backward: bool,
}

impl<'t> Iterator for Words<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let rest = if self.backward {
            self.rest.trim_end_matches(is_space)
        } else {
            self.rest.trim_start_matches(is_space)
        };
        if rest.is_empty() {
            return None;
        }
        let cut = match (self.limit, self.backward) {
            (0, _) => None,
            (_, false) => rest.find(is_space),
            (_, true) => rest.rfind(is_space),
        };
        self.limit = self.limit.saturating_sub(1);
        let Some(at) = cut else {
            self.rest = "";
            // The rest keeps the white space at its other end.
            return Some(rest);
        };
        let behind = at + rest[at..].chars().next().map_or(0, char::len_utf8);
        let word;
        (word, self.rest) = if self.backward {
            (&rest[behind..], &rest[..at])
        } else {
            (&rest[..at], &rest[behind..])
        };
        Some(word)
    }
}

/// Lines as Python has them.
struct Lines<'t> {
    rest: &'t str,
    keep: bool,
}

impl<'t> Iterator for Lines<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        const ENDS: [char; 10] = [
            '\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}',
            '\u{2029}',
        ];
        if self.rest.is_empty() {
            return None;
        }
        let (line, end) = match self.rest.find(ENDS) {
            None => (self.rest.len(), self.rest.len()),
            Some(at) if self.rest[at..].starts_with("\r\n") => (at, at + 2),
            Some(at) => (at, at + self.rest[at..].chars().next().map_or(0, char::len_utf8)),
        };
        let shown = if self.keep { end } else { line };
        let line = &self.rest[..shown];
        self.rest = &self.rest[end..];
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_lines_are_pythons() {
        let words =
            |text, limit, backward| Words { rest: text, limit, backward }.collect::<Vec<_>>();
        assert_eq!(words("  a b\tc ", usize::MAX, false), ["a", "b", "c"]);
        assert_eq!(words("  a b  c ", 1, false), ["a", "b  c "]);
        assert_eq!(words("  a b  c ", 1, true), ["c", "  a b"]);
        assert_eq!(words("  a ", 0, false), ["a "]);
        assert!(words(" \t ", 0, true).is_empty());
        let lines = |text, keep| Lines { rest: text, keep }.collect::<Vec<_>>();
        assert_eq!(lines("a\n\nb\r\nc\rd\u{2028}", false), ["a", "", "b", "c", "d"]);
        assert_eq!(lines("a\n\nb\r\n", true), ["a\n", "\n", "b\r\n"]);
    }
}
