//! The compact form for binary formats, which cannot describe themselves: positions instead of keys, numbers
//! instead of names.
//!
//! An init_cfg is the sequence of its rules; a rule the tuple (source, bias, layers, params, overrides); an override
//! the tuple (name, optional (source, bias)). A source is the number of an initializer and the values of its arguments in
//! the order of their declaration, or the number of Pretrained and its texts.

use core::fmt;
use core::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::ser::{SerializeSeq, SerializeTuple};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::{Bias, List, Override, Pretrained, Rule, Storage, Turn, Write};
use crate::initializer::{
    Argument, ArgumentKind, ArgumentType, Axes, Known, MOST_ARGUMENTS, Read, Value, WITH_LATER,
};

/// The numbers of Pretrained among those of the initializers: behind the children, and in list order.
const PRETRAINED: u8 = 7;
const PRETRAINED_IN_ORDER: u8 = 8;

/// A bias: the number of its kind, then a number.
type WireBias = (u8, f64);

const VALUE: u8 = 0;
const PROB: u8 = 1;

/// The source of what is written, without the bias.
struct Source<'a, T>(&'a Write<T>);

impl<T: AsRef<str>> Serialize for Source<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let init = match self.0.as_ref() {
            Write::Init(init, _) => init,
            Write::Pretrained(p) => {
                let number = match p.turn {
                    Turn::Last => PRETRAINED,
                    Turn::InOrder => PRETRAINED_IN_ORDER,
                };
                let texts = (number, p.checkpoint, p.prefix, p.map_location);
                return texts.serialize(serializer);
            }
        };
        let number = init.number().ok_or_else(|| {
            ser::Error::custom(format_args!(
                "{} has no binary form: it is registered in one program",
                init.name()
            ))
        })?;
        let arguments = init.declared().arguments;
        let has_later = init.arguments().any(|(argument, _)| argument.later);
        let is_written = |argument: &Argument| has_later || !argument.later;
        let count = arguments.iter().filter(|argument| is_written(argument)).count();
        let mut tuple = serializer.serialize_tuple(1 + count)?;
        tuple.serialize_element(&if has_later { number | WITH_LATER } else { number })?;
        for (index, argument) in arguments.iter().enumerate() {
            let Some(value) = init.get(index).filter(|_| is_written(argument)) else { continue };
            match value {
                Value::Number(x) => tuple.serialize_element(&x)?,
                Value::Count(n) => tuple.serialize_element(&n)?,
                Value::Flag(flag) => tuple.serialize_element(&flag)?,
                Value::Choice(place) => tuple.serialize_element(&place)?,
                Value::Axes(axes) => tuple.serialize_element(&axes.to_bits())?,
            }
        }
        tuple.end()
    }
}

/// Reads what [`Source`] wrote, of the initializers of `K` alone.
struct ReadSource<T, K>(Write<T>, PhantomData<K>);

impl<'de, T: Deserialize<'de>, K: Known> Deserialize<'de> for ReadSource<T, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T, K>(PhantomData<(T, K)>);
        impl<'de, T: Deserialize<'de>, K: Known> Visitor<'de> for Elements<T, K> {
            type Value = Write<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the number of an initializer and its values")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Write<T>, A::Error> {
                let number: u8 = element(&mut seq)?;
                if matches!(number, PRETRAINED | PRETRAINED_IN_ORDER) {
                    let turn = if number == PRETRAINED { Turn::Last } else { Turn::InOrder };
                    let checkpoint = element(&mut seq)?;
                    let prefix = element(&mut seq)?;
                    let map_location = element(&mut seq)?;
                    let pretrained = Pretrained { checkpoint, prefix, map_location, turn };
                    return Ok(Write::Pretrained(pretrained));
                }
                let mut values = Values(seq, number & WITH_LATER != 0, PhantomData);
                let init = K::read(number, &mut values).ok_or_else(|| {
                    de::Error::custom(format_args!(
                        "{number} is the number of no initializer that is known here"
                    ))
                })??;
                init.check().map_err(de::Error::custom)?;
                Ok(Write::new(init))
            }
        }
        deserializer
            .deserialize_tuple(1 + MOST_ARGUMENTS, Elements::<T, K>(PhantomData))
            .map(|write| Self(write, PhantomData))
    }
}

fn element<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(seq: &mut A) -> Result<T, A::Error> {
    seq.next_element()?.ok_or_else(|| de::Error::custom("a value is missing"))
}

/// Values of arguments, one after the other, and whether those that came later are among them.
struct Values<'de, A>(A, bool, PhantomData<&'de ()>);

impl<'de, A: SeqAccess<'de>> Read for Values<'de, A> {
    type Error = A::Error;

    fn next<T: ArgumentType>(&mut self, _: Option<T>) -> Result<T, A::Error> {
        let seq = &mut self.0;
        let value = match T::KIND {
            ArgumentKind::Number => Value::Number(element(seq)?),
            ArgumentKind::Count => Value::Count(element(seq)?),
            ArgumentKind::Flag => Value::Flag(element(seq)?),
            ArgumentKind::Choice { .. } => Value::Choice(element(seq)?),
            ArgumentKind::Axes => Value::Axes(Axes::from_bits(element(seq)?)),
        };
        T::of(value).ok_or_else(|| de::Error::custom(NoChoice(T::KIND, value)))
    }

    fn later<T: ArgumentType>(&mut self, default: T) -> Result<T, A::Error> {
        if self.1 { self.next(None) } else { Ok(default) }
    }
}

/// A number that stands for no name.
struct NoChoice(ArgumentKind, Value);

impl fmt::Display for NoChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(ArgumentKind::Choice { what, names, .. }, Value::Choice(place)) = self else {
            return f.write_str("a value of another kind");
        };
        let what = what.strip_prefix("a ").unwrap_or(what);
        write!(f, "{place} is the number of no {what}; there are {}", names.len())
    }
}

fn join<T, E: de::Error>(source: Write<T>, bias: WireBias) -> Result<Write<T>, E> {
    let bias = match bias {
        (VALUE, x) => Bias::Value(x),
        (PROB, p) => Bias::Prob(p),
        (kind, _) => {
            return Err(E::custom(format_args!("{kind} is the number of no kind of bias")));
        }
    };
    bias.check().map_err(E::custom)?;
    match source {
        Write::Init(init, _) => Ok(Write::Init(init, bias)),
        Write::Pretrained(_) if !matches!(bias, Bias::Value(x) if x.to_bits() == 0) => {
            Err(E::custom("Pretrained has no bias of its own"))
        }
        pretrained => Ok(pretrained),
    }
}

const fn bias_of<T>(write: &Write<T>) -> WireBias {
    match write {
        Write::Init(_, Bias::Prob(p)) => (PROB, *p),
        Write::Init(_, Bias::Value(x)) => (VALUE, *x),
        Write::Pretrained(_) => (VALUE, 0.0),
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
    tuple.serialize_element(&Source(&rule.write))?;
    tuple.serialize_element(&bias_of(&rule.write))?;
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
    tuple.serialize_element(&item.write.as_ref().map(|write| (Source(write), bias_of(write))))?;
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
    type Wire<S, T, L, O> = (
        ReadSource<T, <S as Storage>::Known>,
        WireBias,
        ReadList<L, T>,
        ReadList<L, T>,
        ReadList<O, Override<S>>,
    );
    let (source, bias, layers, params, overrides) =
        Wire::<S, S::Text, S::Texts, S::Overrides>::deserialize(deserializer)?;
    let write = join(source.0, bias)?;
    let names_layers = !layers.0.as_ref().is_empty() || !params.0.as_ref().is_empty();
    if write.is_pretrained() && names_layers {
        return Err(de::Error::custom("Pretrained covers a whole sub-tree and names no layers"));
    }
    Ok(Rule { write, layers: layers.0, params: params.0, overrides: overrides.0 })
}

pub(super) fn read_override<'de, S, D>(deserializer: D) -> Result<Override<S>, D::Error>
where
    S: Storage,
    S::Text: Deserialize<'de>,
    D: Deserializer<'de>,
{
    type Wire<S, T> = (T, Option<(ReadSource<T, <S as Storage>::Known>, WireBias)>);
    let (name, write) = Wire::<S, S::Text>::deserialize(deserializer)?;
    Ok(Override { name, write: write.map(|(source, bias)| join(source.0, bias)).transpose()? })
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
