//! Parts of `os.path`.

use super::super::call::Arguments;
use super::super::heap::{Heap, Outcome, Slot};
use super::super::object::{Builtin, Object};
use crate::value::Span;

/// POSIX paths, as text: no file is looked at.
pub(super) fn path(
    heap: &mut Heap,
    builtin: Builtin,
    arguments: &Arguments,
    span: Span,
) -> Outcome<Object> {
    let first = arguments.text(0, builtin.name())?;
    let (folder, file) = match first.rfind('/') {
        Some(at) => (&first[..=at], &first[at + 1..]),
        None => ("", &*first),
    };
    match builtin {
        Builtin::PathBasename => heap.string(file),
        Builtin::PathDirname => {
            let trimmed = folder.trim_end_matches('/');
            heap.string(if trimmed.is_empty() { folder } else { trimmed })
        }
        Builtin::PathSplitext => {
            let dots = file.len() - file.trim_start_matches('.').len();
            let at = file[dots..].rfind('.').map_or(first.len(), |at| folder.len() + dots + at);
            let parts =
                [&first[..at], &first[at..]].map(|part| Slot { object: Object::str(part), span });
            heap.take(first.len())?;
            heap.tuple(parts.into())
        }
        _ => {
            let mut joined = String::new();
            for index in 0..arguments.positional.len() {
                let part = arguments.text(index, "os.path.join")?;
                if part.starts_with('/') {
                    joined.clear();
                } else if !joined.is_empty() && !joined.ends_with('/') {
                    joined.push('/');
                }
                joined.push_str(&part);
            }
            heap.string(&joined)
        }
    }
}
