//! The compact form for binary formats, which cannot describe themselves: positions instead of keys, numbers
//! instead of names.
//!
//! An init_cfg is the sequence of its rules; a rule the tuple (init, bias, layers, params, overrides); an override
//! the tuple (name, optional (init, bias)). The order of the variants here is part of the format.

use core::fmt;
use core::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::ser::{SerializeSeq, SerializeTuple};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::{Bias, Init, List, Override, Pretrained, Rule, Storage, Turn};
use crate::initializer::{
    Caffe2Xavier, Constant, Distribution, FanMode, Kaiming, Nonlinearity, Normal, TruncNormal,
    Uniform, Xavier,
};

#[derive(Serialize, Deserialize)]
enum WireInit<T> {
    Constant { val: f64 },
    Xavier { gain: f64, distribution: u8 },
    Normal { mean: f64, std: f64 },
    TruncNormal { mean: f64, std: f64, a: f64, b: f64 },
    Uniform { a: f64, b: f64 },
    Kaiming { a: f64, mode: u8, nonlinearity: u8, distribution: u8 },
    Caffe2Xavier,
    Pretrained { checkpoint: T, prefix: Option<T>, map_location: Option<T> },
    PretrainedInOrder { checkpoint: T, prefix: Option<T>, map_location: Option<T> },
}

#[derive(Serialize, Deserialize)]
enum WireBias {
    Value(f64),
    Prob(f64),
}

/// The place of a name in the list of all names.
fn place<T: PartialEq>(all: &[T], item: &T) -> u8 {
    all.iter().position(|i| i == item).and_then(|i| u8::try_from(i).ok()).unwrap_or(u8::MAX)
}

fn at<T: Copy, E: de::Error>(all: &[T], place: u8, what: &str) -> Result<T, E> {
    all.get(usize::from(place)).copied().ok_or_else(|| {
        E::custom(format_args!("{place} is the number of no {what}; there are {}", all.len()))
    })
}

fn to_wire<T: AsRef<str>>(init: &Init<T>) -> WireInit<&str> {
    match init.as_ref() {
        Init::Constant(Constant { val }) => WireInit::Constant { val },
        Init::Xavier(Xavier { gain, distribution }) => {
            WireInit::Xavier { gain, distribution: place(&Distribution::ALL, &distribution) }
        }
        Init::Normal(Normal { mean, std }) => WireInit::Normal { mean, std },
        Init::TruncNormal(TruncNormal { mean, std, a, b }) => {
            WireInit::TruncNormal { mean, std, a, b }
        }
        Init::Uniform(Uniform { a, b }) => WireInit::Uniform { a, b },
        Init::Kaiming(Kaiming { a, mode, nonlinearity, distribution }) => WireInit::Kaiming {
            a,
            mode: place(&FanMode::ALL, &mode),
            nonlinearity: place(&Nonlinearity::ALL, &nonlinearity),
            distribution: place(&Distribution::ALL, &distribution),
        },
        Init::Caffe2Xavier(Caffe2Xavier) => WireInit::Caffe2Xavier,
        Init::Pretrained(Pretrained { checkpoint, prefix, map_location, turn }) => match turn {
            Turn::Last => WireInit::Pretrained { checkpoint, prefix, map_location },
            Turn::InOrder => WireInit::PretrainedInOrder { checkpoint, prefix, map_location },
        },
    }
}

fn from_wire<T, E: de::Error>((init, bias): (WireInit<T>, WireBias)) -> Result<(Init<T>, Bias), E> {
    let init = match init {
        WireInit::Constant { val } => Init::Constant(Constant { val }),
        WireInit::Xavier { gain, distribution } => Init::Xavier(Xavier {
            gain,
            distribution: at(&Distribution::ALL, distribution, "distribution")?,
        }),
        WireInit::Normal { mean, std } => Init::Normal(Normal { mean, std }),
        WireInit::TruncNormal { mean, std, a, b } => {
            Init::TruncNormal(TruncNormal { mean, std, a, b })
        }
        WireInit::Uniform { a, b } => Init::Uniform(Uniform { a, b }),
        WireInit::Kaiming { a, mode, nonlinearity, distribution } => Init::Kaiming(Kaiming {
            a,
            mode: at(&FanMode::ALL, mode, "mode")?,
            nonlinearity: at(&Nonlinearity::ALL, nonlinearity, "nonlinearity")?,
            distribution: at(&Distribution::ALL, distribution, "distribution")?,
        }),
        WireInit::Caffe2Xavier => Init::Caffe2Xavier(Caffe2Xavier),
        WireInit::Pretrained { checkpoint, prefix, map_location } => {
            Init::Pretrained(Pretrained { checkpoint, prefix, map_location, turn: Turn::Last })
        }
        WireInit::PretrainedInOrder { checkpoint, prefix, map_location } => {
            Init::Pretrained(Pretrained { checkpoint, prefix, map_location, turn: Turn::InOrder })
        }
    };
    let bias = match bias {
        WireBias::Value(x) => Bias::Value(x),
        WireBias::Prob(p) => Bias::Prob(p),
    };
    init.check().map_err(E::custom)?;
    bias.check().map_err(E::custom)?;
    let is_default = matches!(bias, Bias::Value(x) if x.to_bits() == 0);
    if init.is_pretrained() && !is_default {
        return Err(E::custom("Pretrained has no bias of its own"));
    }
    Ok((init, bias))
}

const fn bias_to_wire(bias: Bias) -> WireBias {
    match bias {
        Bias::Value(x) => WireBias::Value(x),
        Bias::Prob(p) => WireBias::Prob(p),
    }
}

pub(super) fn write_list<T: Serialize, S: Serializer>(
    items: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let mut seq = serializer.serialize_seq(Some(items.len()))?;
    for item in items {
        seq.serialize_element(item)?;
    }
    seq.end()
}

/// A list by reference; its items serialize themselves.
struct Items<'a, T>(&'a [T]);

impl<T: Serialize> Serialize for Items<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_list(self.0, serializer)
    }
}

/// A list of texts by reference.
struct Texts<'a, T>(&'a [T]);

impl<T: AsRef<str>> Serialize for Texts<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for text in self.0 {
            seq.serialize_element(text.as_ref())?;
        }
        seq.end()
    }
}

pub(super) fn write_rule<S: Storage, Ser: Serializer>(
    rule: &Rule<S>,
    serializer: Ser,
) -> Result<Ser::Ok, Ser::Error> {
    let mut tuple = serializer.serialize_tuple(5)?;
    tuple.serialize_element(&to_wire(&rule.init))?;
    tuple.serialize_element(&bias_to_wire(rule.bias))?;
    tuple.serialize_element(&Texts(rule.layers.as_ref()))?;
    tuple.serialize_element(&Texts(rule.params.as_ref()))?;
    tuple.serialize_element(&Items(rule.overrides.as_ref()))?;
    tuple.end()
}

pub(super) fn write_override<S: Storage, Ser: Serializer>(
    item: &Override<S>,
    serializer: Ser,
) -> Result<Ser::Ok, Ser::Error> {
    let mut tuple = serializer.serialize_tuple(2)?;
    tuple.serialize_element(item.name.as_ref())?;
    tuple.serialize_element(
        &item.write.as_ref().map(|(init, bias)| (to_wire(init), bias_to_wire(*bias))),
    )?;
    tuple.end()
}

pub(super) fn read_rule<'de, S, D>(deserializer: D) -> Result<Rule<S>, D::Error>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    S::Texts: List<S::Text>,
    S::Overrides: List<Override<S>>,
    D: Deserializer<'de>,
{
    type Wire<S, T, L, O> =
        (WireInit<T>, WireBias, ReadList<L, T>, ReadList<L, T>, ReadList<O, Override<S>>);
    let (init, bias, layers, params, overrides) =
        Wire::<S, S::Text, S::Texts, S::Overrides>::deserialize(deserializer)?;
    let (init, bias) = from_wire((init, bias))?;
    let names_layers = !layers.0.as_ref().is_empty() || !params.0.as_ref().is_empty();
    if init.is_pretrained() && names_layers {
        return Err(de::Error::custom("Pretrained covers a whole sub-tree and names no layers"));
    }
    Ok(Rule { init, bias, layers: layers.0, params: params.0, overrides: overrides.0 })
}

pub(super) fn read_override<'de, S, D>(deserializer: D) -> Result<Override<S>, D::Error>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let (name, write) =
        <(S::Text, Option<(WireInit<S::Text>, WireBias)>)>::deserialize(deserializer)?;
    Ok(Override { name, write: write.map(from_wire).transpose()? })
}

/// A list of any kind, read item by item, so that a length that lies takes no memory.
pub(super) struct ReadList<L, T>(L, PhantomData<T>);

impl<L, T> ReadList<L, T> {
    pub(super) fn into_inner(self) -> L {
        self.0
    }
}

impl<'de, L: List<T>, T: Deserialize<'de>> Deserialize<'de> for ReadList<L, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Items<L, T>(PhantomData<(L, T)>);
        impl<'de, L: List<T>, T: Deserialize<'de>> Visitor<'de> for Items<L, T> {
            type Value = L;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<L, A::Error> {
                let mut list = L::default();
                while let Some(item) = seq.next_element_seed(PhantomData::<T>)? {
                    super::de::push(&mut list, item, "items")?;
                }
                Ok(list)
            }
        }
        deserializer.deserialize_seq(Items(PhantomData)).map(|list| Self(list, PhantomData))
    }
}
