use serde::de::{Deserialize, Error, MapAccess};

use super::key::{Holder, Key, MissingType};
use super::scalar::{Bound, Name, Nullable, Number};
use crate::init_cfg::check::{finite, not_negative};
use crate::init_cfg::{Bias, Init, Pretrained, Turn, TypeName};
use crate::initializer::{
    Caffe2Xavier, Constant, Distribution, FanMode, Kaiming, Nonlinearity, Normal, TruncNormal,
    Uniform, Xavier,
};

/// The type and arguments of a rule or override while they are read, in whatever order they come.
pub(super) struct Arguments<T> {
    holder: Holder,
    /// The keys that were seen.
    seen: u32,
    spelled: Option<Spelled>,
    numbers: Numbers,
    distribution: Option<Distribution>,
    mode: Option<FanMode>,
    nonlinearity: Option<Nonlinearity>,
    checkpoint: Option<T>,
    prefix: Option<T>,
    map_location: Option<T>,
}

/// What the text of a `type` says.
#[derive(Clone, Copy)]
struct Spelled {
    type_name: TypeName,
    turn: Turn,
}

impl Spelled {
    fn from_name(name: &str) -> Option<Self> {
        let type_name = TypeName::from_name(name)?;
        let turn = if name == type_name.name() { Turn::Last } else { Turn::InOrder };
        Some(Self { type_name, turn })
    }
}

#[derive(Default)]
struct Numbers {
    val: Option<f64>,
    gain: Option<f64>,
    mean: Option<f64>,
    std: Option<f64>,
    a: Option<f64>,
    b: Option<f64>,
    bias: Option<f64>,
    bias_prob: Option<f64>,
}

impl<T> Arguments<T> {
    pub(super) fn new(holder: Holder) -> Self {
        Self {
            holder,
            seen: 0,
            spelled: None,
            numbers: Numbers::default(),
            distribution: None,
            mode: None,
            nonlinearity: None,
            checkpoint: None,
            prefix: None,
            map_location: None,
        }
    }

    pub(super) fn type_name(&self) -> Option<TypeName> {
        self.spelled.map(|spelled| spelled.type_name)
    }

    /// Whether no key was seen.
    pub(super) const fn is_empty(&self) -> bool {
        self.seen == 0
    }

    /// Whether this key was seen and no other.
    pub(super) const fn is_only(&self, key: Key) -> bool {
        self.seen == key.bit()
    }

    /// Notes the key.
    pub(super) fn see<E: Error>(&mut self, key: Key) -> Result<(), E> {
        if self.seen & key.bit() != 0 {
            return Err(E::custom(format_args!(
                "the key '{}' stands twice in a {}",
                key.name(),
                self.holder
            )));
        }
        self.seen |= key.bit();
        Ok(())
    }

    /// Reads the value of the type or of an argument.
    pub(super) fn read<'de, A>(&mut self, key: Key, map: &mut A) -> Result<(), A::Error>
    where
        A: MapAccess<'de>,
        T: Deserialize<'de>,
    {
        let n = &mut self.numbers;
        match key {
            Key::Type => {
                self.spelled = Some(map.next_value_seed(Name {
                    what: "an initializer",
                    all: &TypeName::ALL,
                    name: TypeName::name,
                    from_name: Spelled::from_name,
                })?);
            }
            Key::Val => n.val = Some(map.next_value_seed(Number(|x| finite("val", x)))?),
            Key::Gain => n.gain = Some(map.next_value_seed(Number(|x| not_negative("gain", x)))?),
            Key::Mean => n.mean = Some(map.next_value_seed(Number(|x| finite("mean", x)))?),
            Key::Std => n.std = Some(map.next_value_seed(Number(|x| not_negative("std", x)))?),
            Key::A => n.a = Some(map.next_value_seed(Bound("a"))?),
            Key::B => n.b = Some(map.next_value_seed(Bound("b"))?),
            Key::Bias => n.bias = Some(map.next_value_seed(Number(|x| Bias::Value(x).check()))?),
            Key::BiasProb => {
                n.bias_prob = map.next_value_seed(Nullable(Number(|x| Bias::Prob(x).check())))?
            }
            Key::Distribution => {
                self.distribution = Some(map.next_value_seed(Name {
                    what: "a distribution",
                    all: &Distribution::ALL,
                    name: Distribution::name,
                    from_name: Distribution::from_name,
                })?);
            }
            Key::Mode => {
                self.mode = Some(map.next_value_seed(Name {
                    what: "a mode",
                    all: &FanMode::ALL,
                    name: FanMode::name,
                    from_name: FanMode::from_name,
                })?);
            }
            Key::Nonlinearity => {
                self.nonlinearity = Some(map.next_value_seed(Name {
                    what: "a nonlinearity",
                    all: &Nonlinearity::ALL,
                    name: Nonlinearity::name,
                    from_name: Nonlinearity::from_name,
                })?);
            }
            Key::Checkpoint => self.checkpoint = Some(map.next_value()?),
            Key::Prefix => self.prefix = map.next_value()?,
            Key::MapLocation => self.map_location = map.next_value()?,
            Key::Scope => map.next_value::<Option<T>>().map(drop)?,
            // Their values belong to the holder, which reads them itself.
            Key::Name | Key::Layer | Key::Params | Key::Override => {}
        }
        Ok(())
    }

    /// The initializer, once every key was read.
    pub(super) fn finish<E: Error>(self) -> Result<(Init<T>, Bias), E> {
        let spelled = self.spelled.ok_or_else(|| E::custom(MissingType(self.holder)))?;
        let type_name = spelled.type_name;
        // Keys that came before the type could not be held against it.
        for key in self.keys() {
            self.holder.check(key, Some(type_name))?;
        }
        let bias = match self.numbers {
            Numbers { bias_prob: Some(p), .. } => Bias::Prob(p),
            Numbers { bias: Some(x), .. } => Bias::Value(x),
            _ => Bias::DEFAULT,
        };
        let init = self.init(spelled)?;
        init.check().map_err(E::custom)?;
        Ok((init, bias))
    }

    fn keys(&self) -> impl Iterator<Item = Key> + use<T> {
        let seen = self.seen;
        Key::ALL.into_iter().filter(move |key| seen & key.bit() != 0)
    }

    fn init<E: Error>(self, Spelled { type_name, turn }: Spelled) -> Result<Init<T>, E> {
        let missing = |key: Key| {
            E::custom(format_args!("{} needs the argument '{}'", type_name.name(), key.name()))
        };
        let n = self.numbers;
        Ok(match type_name {
            TypeName::Constant => {
                Init::Constant(Constant { val: n.val.ok_or_else(|| missing(Key::Val))? })
            }
            TypeName::Xavier => {
                let d = Xavier::default();
                Init::Xavier(Xavier {
                    gain: n.gain.unwrap_or(d.gain),
                    distribution: self.distribution.unwrap_or(d.distribution),
                })
            }
            TypeName::Normal => {
                let d = Normal::default();
                Init::Normal(Normal { mean: n.mean.unwrap_or(d.mean), std: n.std.unwrap_or(d.std) })
            }
            TypeName::TruncNormal => {
                let d = TruncNormal::default();
                Init::TruncNormal(TruncNormal {
                    mean: n.mean.unwrap_or(d.mean),
                    std: n.std.unwrap_or(d.std),
                    a: n.a.unwrap_or(d.a),
                    b: n.b.unwrap_or(d.b),
                })
            }
            TypeName::Uniform => {
                let d = Uniform::default();
                Init::Uniform(Uniform { a: n.a.unwrap_or(d.a), b: n.b.unwrap_or(d.b) })
            }
            TypeName::Kaiming => {
                let d = Kaiming::default();
                Init::Kaiming(Kaiming {
                    a: n.a.unwrap_or(d.a),
                    mode: self.mode.unwrap_or(d.mode),
                    nonlinearity: self.nonlinearity.unwrap_or(d.nonlinearity),
                    distribution: self.distribution.unwrap_or(d.distribution),
                })
            }
            TypeName::Caffe2Xavier => Init::Caffe2Xavier(Caffe2Xavier),
            TypeName::Pretrained => Init::Pretrained(Pretrained {
                checkpoint: self.checkpoint.ok_or_else(|| missing(Key::Checkpoint))?,
                prefix: self.prefix,
                map_location: self.map_location,
                turn,
            }),
        })
    }
}
