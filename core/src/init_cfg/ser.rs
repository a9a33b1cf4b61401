//! Encoding with serde: mmengine's dict shape into human-readable formats, a compact tuple into binary ones.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::compact::{write_list, write_override, write_rule};
use super::{Bias, Init, InitCfg, Override, Pretrained, Rule, Storage, Turn};

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
        init(&mut map, &self.init, self.bias)?;
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
        if let Some((write, bias)) = &self.write {
            init(&mut map, write, *bias)?;
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

/// The name of the type, with a scope where the scope has a meaning.
const fn type_name<T>(init: &Init<T>) -> &'static str {
    match init {
        Init::Pretrained(Pretrained { turn: Turn::InOrder, .. }) => "mmengine.Pretrained",
        init => init.type_name().name(),
    }
}

/// A bound that may be infinite, which JSON has no number for.
struct Bound(f64);

impl Serialize for Bound {
    fn serialize<Ser: Serializer>(&self, serializer: Ser) -> Result<Ser::Ok, Ser::Error> {
        match self.0 {
            f64::INFINITY => serializer.serialize_str("inf"),
            f64::NEG_INFINITY => serializer.serialize_str("-inf"),
            x => serializer.serialize_f64(x),
        }
    }
}

fn init<M: SerializeMap, T: AsRef<str>>(
    map: &mut M,
    init: &Init<T>,
    bias: Bias,
) -> Result<(), M::Error> {
    map.serialize_entry("type", type_name(init))?;
    match init.as_ref() {
        Init::Constant(i) => map.serialize_entry("val", &i.val)?,
        Init::Xavier(i) => {
            map.serialize_entry("gain", &i.gain)?;
            map.serialize_entry("distribution", i.distribution.name())?;
        }
        Init::Normal(i) => {
            map.serialize_entry("mean", &i.mean)?;
            map.serialize_entry("std", &i.std)?;
        }
        Init::TruncNormal(i) => {
            map.serialize_entry("mean", &i.mean)?;
            map.serialize_entry("std", &i.std)?;
            map.serialize_entry("a", &Bound(i.a))?;
            map.serialize_entry("b", &Bound(i.b))?;
        }
        Init::Uniform(i) => {
            map.serialize_entry("a", &i.a)?;
            map.serialize_entry("b", &i.b)?;
        }
        Init::Kaiming(i) => {
            map.serialize_entry("a", &i.a)?;
            map.serialize_entry("mode", i.mode.name())?;
            map.serialize_entry("nonlinearity", i.nonlinearity.name())?;
            map.serialize_entry("distribution", i.distribution.name())?;
        }
        Init::Caffe2Xavier(_) => {}
        Init::Pretrained(i) => {
            map.serialize_entry("checkpoint", i.checkpoint)?;
            for (key, text) in [("prefix", i.prefix), ("map_location", i.map_location)] {
                if let Some(text) = text {
                    map.serialize_entry(key, text)?;
                }
            }
        }
    }
    match bias {
        // Negative zero is a value of its own.
        Bias::Value(x) if x.to_bits() == 0 => Ok(()),
        Bias::Value(x) => map.serialize_entry("bias", &x),
        Bias::Prob(p) => map.serialize_entry("bias_prob", &p),
    }
}
