//! Encoding with serde: mmengine's dict shape into human-readable formats, a compact tuple into binary ones.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::compact::{write_list, write_override, write_rule};
use super::{Bias, InitCfg, Override, Rule, Storage, Turn, Write};
use crate::initializer::{Argument, Value};

/// One rule is a dict, several are a list of dicts.
impl<S: Storage> Serialize for InitCfg<S> {
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        match self.rules.as_ref() {
            [rule] if serializer.is_human_readable() => rule.serialize(serializer),
            rules => write_list(rules, serializer),
        }
    }
}

impl<S: Storage> Serialize for Rule<S> {
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        if !serializer.is_human_readable() {
            return write_rule(self, serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        keys(&mut map, &self.write)?;
        names(&mut map, "layer", self.layers.as_ref())?;
        names(&mut map, "params", self.params.as_ref())?;
        match self.overrides.as_ref() {
            [] => {}
            [one] => map.serialize_entry("override", one)?,
            many => map.serialize_entry("override", many)?,
        }
        map.end()
    }
}

impl<S: Storage> Serialize for Override<S> {
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        if !serializer.is_human_readable() {
            return write_override(self, serializer);
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.name.as_ref())?;
        if let Some(write) = &self.write {
            keys(&mut map, write)?;
        }
        map.end()
    }
}

fn names<M: SerializeMap, T: AsRef<str>>(
    map: &mut M,
    key: &str,
    names: &[T],
) -> Result<(), M::Error> {
    struct Names<'n, T>(&'n [T]);
    impl<T: AsRef<str>> Serialize for Names<'_, T> {
        fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
            serializer.collect_seq(self.0.iter().map(AsRef::as_ref))
        }
    }
    match names {
        [] => Ok(()),
        [one] => map.serialize_entry(key, one.as_ref()),
        many => map.serialize_entry(key, &Names(many)),
    }
}

/// A value of an argument: a choice by its name, an infinite number, which JSON has none for, as a text.
struct Shown(&'static Argument, Value);

impl Serialize for Shown {
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        let Self(argument, value) = *self;
        match value {
            Value::Number(f64::INFINITY) => serializer.serialize_str("inf"),
            Value::Number(f64::NEG_INFINITY) => serializer.serialize_str("-inf"),
            Value::Number(x) => serializer.serialize_f64(x),
            Value::Count(n) => serializer.serialize_u64(n),
            Value::Flag(flag) => serializer.serialize_bool(flag),
            Value::Axes(axes) => axes.serialize(serializer),
            Value::Choice(place) => match argument.shown(value).name() {
                Some(name) => serializer.serialize_str(name),
                None => serializer.serialize_u8(place),
            },
        }
    }
}

/// The type, with a scope where the scope has a meaning, and its arguments.
fn keys<M: SerializeMap, T: AsRef<str>>(map: &mut M, write: &Write<T>) -> Result<(), M::Error> {
    match write.as_ref() {
        Write::Init(init, bias) => {
            map.serialize_entry("type", init.name())?;
            for (argument, value) in init.arguments() {
                map.serialize_entry(argument.name, &Shown(argument, value))?;
            }
            match bias {
                // Negative zero is a value of its own.
                Bias::Value(x) if x.to_bits() == 0 => Ok(()),
                Bias::Value(x) => map.serialize_entry("bias", &x),
                Bias::Prob(p) => map.serialize_entry("bias_prob", &p),
            }
        }
        Write::Pretrained(pretrained) => {
            let name = match pretrained.turn {
                Turn::Last => "Pretrained",
                Turn::InOrder => "mmengine.Pretrained",
            };
            map.serialize_entry("type", name)?;
            map.serialize_entry("checkpoint", pretrained.checkpoint)?;
            let texts = [("prefix", pretrained.prefix), ("map_location", pretrained.map_location)];
            for (key, text) in texts {
                if let Some(text) = text {
                    map.serialize_entry(key, text)?;
                }
            }
            Ok(())
        }
    }
}
