//! The line of a file around a place, cut to what fits on a screen.

use unicode_width::UnicodeWidthStr;

use super::is_unsafe;
use crate::address::mask_in_place;
use crate::value::Span;

/// Characters of a line that are shown before the marked part, at most.
const BEFORE: usize = 60;
/// Characters of a line that are shown from the marked part on, at most.
const AFTER: usize = 80;
/// Bytes of a line, on both sides of a place, in which addresses are looked for; far more than are shown.
const AROUND: usize = 16 << 10;
/// The mark of a part of a line that was cut.
const CUT: &str = "...";

/// A place and as much of its line as is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The line, counted from 1.
    pub(super) line: usize,
    /// The column in characters, counted from 1.
    pub(super) column: usize,
    before: String,
    marked: String,
    after: String,
}

impl Excerpt {
    /// The line of `span.start`. `body` is where the text begins, behind a byte order mark.
    pub(super) fn new(bytes: &[u8], span: Span, body: usize) -> Self {
        let start = (span.start as usize).clamp(body, bytes.len().max(body));
        let (head, tail) = bytes.split_at_checked(start).unwrap_or((bytes, b""));
        let line_start = head.iter().rposition(|&b| b == b'\n').map_or(body, |at| at + 1);
        let head = head.get(line_start..).unwrap_or_default();
        let tail_end = tail.iter().position(|&b| b == b'\n').unwrap_or(tail.len());
        let tail = tail[..tail_end].strip_suffix(b"\r").unwrap_or(&tail[..tail_end]);
        let marked_len = (span.end as usize).saturating_sub(start).min(tail.len());
        let column = 1 + chars(head);

        let near = head.get(head.len().saturating_sub(AROUND)..).unwrap_or_default();
        let mut shown = [near, tail.get(..tail.len().min(AROUND)).unwrap_or_default()].concat();
        mask_in_place(&mut shown);
        let (head, tail) = shown.split_at(near.len());
        let (marked, rest) = tail.split_at(marked_len.min(tail.len()));

        let before = last(head, BEFORE);
        let (mut marked, marked_chars, cut) = first(marked, AFTER);
        let after = if cut {
            marked.push_str(CUT);
            String::new()
        } else {
            let (mut after, _, cut) = first(rest, AFTER - marked_chars);
            after.push_str(if cut { CUT } else { "" });
            after
        };
        Self { line: line_number(bytes, start), column, before, marked, after }
    }

    /// The line, or what is shown of it.
    pub(super) fn text(&self) -> String {
        format!("{}{}{}", self.before, self.marked, self.after)
    }

    /// Where the mark begins, in columns of a terminal from the start of [`text`](Self::text).
    pub(super) fn indent(&self) -> usize {
        self.before.width()
    }

    /// The mark: as wide as the text above it, but at least one.
    pub(super) fn marker(&self) -> String {
        "^".repeat(self.marked.width().max(1))
    }
}

/// The number of the line that holds the byte at `offset`, counted from 1.
pub(super) fn line_number(bytes: &[u8], offset: usize) -> usize {
    let head = &bytes[..offset.min(bytes.len())];
    1 + head.iter().filter(|&&b| b == b'\n').count()
}

/// The number of characters of UTF-8 text.
fn chars(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&b| !is_continuation(b)).count()
}

fn is_continuation(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

/// The first `max` characters, how many there are, and whether there are more.
fn first(bytes: &[u8], max: usize) -> (String, usize, bool) {
    // A character has up to four bytes; room for one more shows whether there is a rest.
    let window = &bytes[..bytes.len().min(4 * (max + 1))];
    let text = String::from_utf8_lossy(window);
    let count = text.chars().take(max).count();
    let cut = text.chars().count() > max || window.len() < bytes.len();
    (visible(text.chars().take(max)), count, cut)
}

/// The last `max` characters, after a mark if there are more.
fn last(bytes: &[u8], max: usize) -> String {
    let mut from = bytes.len().saturating_sub(4 * max);
    while from > 0 && bytes.get(from).is_some_and(|&b| is_continuation(b)) {
        from += 1;
    }
    let text = String::from_utf8_lossy(&bytes[from..]);
    let skipped = text.chars().count().saturating_sub(max);
    let shown = visible(text.chars().skip(skipped));
    if from + skipped > 0 { format!("{CUT}{shown}") } else { shown }
}

/// The characters, with spaces for a tab and a mark for those that a terminal would act upon.
fn visible(text: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    for c in text {
        match c {
            '\t' => out.push_str("    "),
            c if is_unsafe(c) => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
    out
}
