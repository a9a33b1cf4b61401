//! Initializers as plans name them: PyTorch's function and its arguments.

use std::fmt;

use serde::{Serialize, Serializer};
use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::{Caffe2Xavier, Distribution, Kaiming};

use crate::address::shown;
use crate::diagnostic::escape;
use crate::model::defaults::ParamDefault;

/// An argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Arg<'a> {
    Number(f64),
    Text(&'a str),
    /// The name of a checkpoint, which may be an address with secrets.
    Checkpoint(&'a str),
    Nothing,
}

impl Serialize for Arg<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // JSON has no infinite numbers.
            Self::Number(x) if x.is_infinite() => serializer.collect_str(x),
            Self::Number(x) => serializer.serialize_f64(*x),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Checkpoint(name) => serializer.serialize_str(&shown(name)),
            Self::Nothing => serializer.serialize_none(),
        }
    }
}

impl fmt::Display for Arg<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(x) => write!(f, "{x}"),
            Self::Text(text) => f.write_str(&escape(text)),
            Self::Checkpoint(name) => f.write_str(&escape(&shown(name))),
            Self::Nothing => f.write_str("-"),
        }
    }
}

/// The name of what is done and its arguments in PyTorch's order.
pub(super) fn named(init: &Init<String>) -> (&'static str, Vec<(&'static str, Arg<'_>)>) {
    use Arg::{Checkpoint, Nothing, Number, Text};
    match init {
        Init::Constant(i) => ("constant", vec![("val", Number(i.val))]),
        Init::Normal(i) => ("normal", vec![("mean", Number(i.mean)), ("std", Number(i.std))]),
        Init::Uniform(i) => ("uniform", vec![("a", Number(i.a)), ("b", Number(i.b))]),
        Init::TruncNormal(i) => {
            let args = [("mean", i.mean), ("std", i.std), ("a", i.a), ("b", i.b)];
            ("trunc_normal", args.map(|(name, x)| (name, Number(x))).to_vec())
        }
        Init::Xavier(i) => {
            let name = match i.distribution {
                Distribution::Normal => "xavier_normal",
                Distribution::Uniform => "xavier_uniform",
            };
            (name, vec![("gain", Number(i.gain))])
        }
        Init::Kaiming(i) => kaiming(i),
        Init::Caffe2Xavier(Caffe2Xavier) => kaiming(&Caffe2Xavier::KAIMING),
        Init::Pretrained(p) => {
            let prefix = p.prefix.as_deref().map_or(Nothing, Text);
            ("pretrained", vec![("checkpoint", Checkpoint(&p.checkpoint)), ("prefix", prefix)])
        }
    }
}

fn kaiming(i: &Kaiming) -> (&'static str, Vec<(&'static str, Arg<'static>)>) {
    let name = match i.distribution {
        Distribution::Normal => "kaiming_normal",
        Distribution::Uniform => "kaiming_uniform",
    };
    let args = vec![
        ("a", Arg::Number(i.a)),
        ("mode", Arg::Text(i.mode.name())),
        ("nonlinearity", Arg::Text(i.nonlinearity.name())),
    ];
    (name, args)
}

/// The initializer as one word with its arguments: `normal(mean=0, std=0.01)`.
pub(super) fn in_words(init: &Init<String>) -> String {
    let (name, args) = named(init);
    let args: Vec<_> = args
        .iter()
        .filter(|(_, arg)| *arg != Arg::Nothing)
        .map(|(key, arg)| format!("{key}={arg}"))
        .collect();
    format!("{name}({})", args.join(", "))
}

/// What a constructor does, as words: `normal(mean=0, std=1), row 0 zero`.
pub(super) fn default_in_words(default: &ParamDefault) -> String {
    let init = in_words(&default.init);
    match default.zero_row {
        Some(row) => format!("{init}, row {row} zero"),
        None => init,
    }
}
