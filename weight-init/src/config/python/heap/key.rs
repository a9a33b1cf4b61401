//! Between objects and keys of dicts.

use super::super::entries::Key;
use super::super::object::Object;
use super::super::slots::{Slot, Slots};
use super::Heap;
use crate::config::meter::{Outcome, fault};
use crate::value::Span;

impl Heap {
    /// The object that was made a key.
    pub(in crate::config) fn key_object(&mut self, key: &Key) -> Outcome<Object> {
        self.meter.step(1)?;
        Ok(match key {
            Key::None => Object::None,
            Key::Bool(bool) => Object::Bool(*bool),
            Key::Int(int) => Object::Int(*int),
            Key::Float(bits) => Object::Float(f64::from_bits(*bits)),
            Key::Str(text) => Object::Str(text.clone()),
            Key::Opaque(name, origin) => Object::Opaque(name.clone(), *origin),
            Key::Tuple(tuple) => {
                let _level = self.level()?;
                let mut slots = Slots::with_capacity(&self.meter, tuple.keys().len())?;
                for key in tuple.keys() {
                    slots.push(Slot { object: self.key_object(key)?, span: Span::default() })?;
                }
                self.tuple(slots)?
            }
        })
    }

    /// The object as a key of a dict or an element of a set.
    pub(in crate::config) fn key(&self, object: &Object) -> Outcome<Key> {
        self.key_at(object, 0)
    }

    fn key_at(&self, object: &Object, depth: usize) -> Outcome<Key> {
        Ok(match object {
            Object::None => Key::None,
            Object::Bool(bool) => Key::Bool(*bool),
            Object::Int(int) => Key::Int(*int),
            Object::Float(float) => Key::Float(float.to_bits()),
            Object::Str(text) => Key::Str(text.clone()),
            Object::Opaque(name, origin) => Key::Opaque(name.clone(), *origin),
            Object::Tuple(_) if depth > MAX_KEY_DEPTH => {
                return fault("a key of tuples nested deeper than 8 levels");
            }
            Object::Tuple(id) => {
                let _level = self.level()?;
                let items = self.items(*id);
                let keys = items.each().map(|slot| self.key_at(&slot?.object, depth + 1));
                Key::tuple(&self.meter, items.len(), keys)?
            }
            other => return fault(format!("a {} cannot be a key", other.type_name())),
        })
    }
}

/// Tuples inside each other in a key, at most.
const MAX_KEY_DEPTH: usize = 8;
