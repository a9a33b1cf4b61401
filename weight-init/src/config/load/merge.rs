//! A config's own values over those of its bases, as mmengine merges them.

use super::super::python::heap::DictId;
use super::super::python::slots::Slot;
use super::super::python::{self, Session, object::Object, operator};
use crate::diagnostic::Diagnostic;
use crate::value::Span;

/// Takes the names of one base more into what a file inherits; no name may stand in two bases.
///
/// If it is the base of another package, its outermost dicts that have a `type` say so under `_scope_`.
pub(super) fn beside(
    session: &mut Session,
    names: DictId,
    inherited: DictId,
    package: Option<&str>,
    span: Span,
) -> Result<(), Diagnostic> {
    let names =
        session.at(span, |heap| python::copied(heap, names, python::Scope::Config(package)))?;
    for entry in session.heap.entries_of(names).each() {
        let (key, entry) = session.at(span, |_| entry)?;
        let old = session.at(span, |heap| {
            let entries = heap.entries_mut(inherited)?;
            entries.insert(key.clone(), entry.key_span, entry.slot.clone())
        })?;
        if old.is_some() {
            return Err(
                session.error(span, format!("'{key}' stands in this base and in one before it"))
            );
        }
    }
    Ok(())
}

/// The base with the child's values merged in, as a dict of its own.
pub(super) fn into_base(
    session: &mut Session,
    child: DictId,
    base: DictId,
) -> Result<DictId, Diagnostic> {
    let outer = Span::default();
    let (_level, merged) = session.at(outer, |heap| {
        let level = heap.level()?;
        let dict = heap.get_dict(base);
        Ok((level, heap.share_dict(dict)?))
    })?;
    for entry in session.heap.entries_of(child).each() {
        let (key, entry) = session.at(outer, |_| entry)?;
        let Slot { object, span } = entry.slot.clone();
        let inherited = session.at(span, |heap| heap.get(merged, key))?;
        let object = match (object, inherited) {
            (Object::Dict(child), Some(inherited)) => {
                let delete = session.at(span, |heap| match heap.named(child, "_delete_")? {
                    Some(_) => heap.entries_mut(child)?.remove_name("_delete_"),
                    None => Ok(None),
                })?;
                let delete =
                    delete.is_some_and(|slot| operator::truth(&session.heap, &slot.object));
                match (delete, inherited.object) {
                    (true, _) => Object::Dict(child),
                    (false, Object::Dict(base)) => Object::Dict(into_base(session, child, base)?),
                    (false, other) => {
                        let key = python::begin(key);
                        let message = format!(
                            "'{key}' is a dict here and a {} in the base; _delete_=True replaces it",
                            other.type_name()
                        );
                        return Err(session.error(span, message));
                    }
                }
            }
            (object, _) => object,
        };
        session.at(span, |heap| {
            heap.insert(merged, key.clone(), entry.key_span, Slot { object, span })
        })?;
    }
    Ok(merged)
}
