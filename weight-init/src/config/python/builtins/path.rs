//! Parts of `os.path`.

use super::super::call::Arguments;
use super::super::heap::Heap;
use super::super::object::{Builtin, Object};
use super::super::slots::Slot;
use crate::config::meter::Outcome;
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
        None => ("", first),
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
            let (root, ending) = (heap.string(&first[..at])?, heap.string(&first[at..])?);
            heap.pair(Slot { object: root, span }, Slot { object: ending, span })
        }
        _ => {
            let mut joined = heap.buffer();
            let mut slash = true;
            for index in 0..arguments.positional.len() {
                let part = arguments.text(index, "os.path.join")?;
                if part.starts_with('/') {
                    joined.clear();
                } else if !slash {
                    joined.push('/')?;
                }
                joined.push_str(part)?;
                slash = part.is_empty() || part.ends_with('/');
            }
            Ok(Object::Str(joined.finish()?))
        }
    }
}
