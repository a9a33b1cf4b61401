//! A config's own values over those of its bases, as mmengine merges them.

use super::super::python::heap::{DictId, Key};
use super::super::python::{self, object::Object};
use super::Loader;
use crate::config::MAX_DEPTH;
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// Takes the names of one base more into what a file inherits; no name may stand in two bases.
///
/// If it is the base of another package, its outermost dicts that have a `type` say so under `_scope_`.
pub(super) fn beside(
    loader: &mut Loader,
    names: DictId,
    inherited: DictId,
    package: Option<&str>,
    span: Span,
) -> Result<(), Diagnostic> {
    let names =
        loader.at(span, |heap| python::copied(heap, names, python::Scope::Config(package)))?;
    let entries = loader.at(span, |heap| heap.copy_dict(names))?.entries;
    for (key, entry) in entries {
        if loader.heap.get_dict(inherited).entries.contains_key(&key) {
            return Err(
                loader.error(span, format!("'{key}' stands in this base and in one before it"))
            );
        }
        loader.at(span, |heap| heap.insert(inherited, key, entry.key_span, entry.slot))?;
    }
    Ok(())
}

/// The base with the child's values merged in, as a dict of its own.
pub(super) fn into_base(
    loader: &mut Loader,
    child: DictId,
    base: DictId,
    depth: usize,
) -> Result<DictId, Diagnostic> {
    let outer = Span::default();
    let merged = loader.at(outer, |heap| {
        let copy = heap.copy_dict(base)?;
        heap.dict(copy)
    })?;
    let entries = loader.at(outer, |heap| heap.copy_dict(child))?.entries;
    for (key, mut entry) in entries {
        let span = entry.slot.span;
        if depth > MAX_DEPTH {
            return Err(loader.error(span, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let inherited =
            loader.heap.get_dict(merged).entries.get(&key).map(|entry| entry.slot.object.clone());
        if let (Object::Dict(child), Some(inherited)) = (&entry.slot.object, inherited) {
            let delete = loader.at(span, |heap| heap.remove(*child, &Key::str("_delete_")))?;
            let delete =
                delete.is_some_and(|slot| python::operator::truth(&mut loader.heap, &slot.object));
            entry.slot.object = match (delete, inherited) {
                (true, _) => Object::Dict(*child),
                (false, Object::Dict(base)) => {
                    Object::Dict(into_base(loader, *child, base, depth + 1)?)
                }
                (false, other) => {
                    let message = format!(
                        "'{key}' is a dict here and a {} in the base; _delete_=True replaces it",
                        other.type_name()
                    );
                    return Err(loader.error(span, message));
                }
            };
        }
        loader.at(span, |heap| heap.insert(merged, key, entry.key_span, entry.slot))?;
    }
    Ok(merged)
}
