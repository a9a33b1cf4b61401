//! Initializers as plans name them: PyTorch's function and its arguments.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};
use weight_init_core::init_cfg::{Init, Origin};
use weight_init_core::initializer::{Axes, Value};

use crate::address::shown;
use crate::diagnostic::escape;
use crate::model::Values;
use crate::model::classes::ParamDefault;
use crate::model::constructor::{Content, Mapped, Step, Written};

/// An argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arg<'a> {
    Number(f64),
    Count(u64),
    Flag(bool),
    Axes(Axes),
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
            Self::Count(n) => serializer.serialize_u64(*n),
            Self::Flag(flag) => serializer.serialize_bool(*flag),
            Self::Axes(axes) => axes.serialize(serializer),
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
            Self::Count(n) => write!(f, "{n}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Axes(axes) => write!(f, "{axes}"),
            Self::Text(text) => f.write_str(&escape(text)),
            Self::Checkpoint(name) => f.write_str(&escape(&shown(name))),
            Self::Nothing => f.write_str("-"),
        }
    }
}

/// The name of what is done, and the arguments in their order, which is PyTorch's.
pub(crate) type Named<'a> = (Cow<'static, str>, Vec<(&'static str, Arg<'a>)>);

/// What writes a parameter as plans name it.
pub(crate) fn named(origin: &Origin<String>) -> Named<'_> {
    match origin {
        Origin::Init(init) => init_named(init),
        Origin::Pretrained(p) => {
            let prefix = p.prefix.as_deref().map_or(Arg::Nothing, Arg::Text);
            let args = vec![("checkpoint", Arg::Checkpoint(&p.checkpoint)), ("prefix", prefix)];
            ("pretrained".into(), args)
        }
    }
}

/// An initializer as plans name it: by its function, whose name may hold choices among the arguments.
pub(crate) fn init_named(init: &Init) -> Named<'static> {
    let init = init.declared().same_as.unwrap_or(*init);
    let mut function = Cow::Borrowed(init.declared().function);
    let mut args = Vec::new();
    for (argument, value) in init.arguments() {
        let shown = argument.shown(value);
        let in_name = format!("{{{}}}", argument.name);
        if function.contains(&in_name) {
            function = function.replace(&in_name, &shown.to_string()).into();
            continue;
        }
        let arg = match value {
            Value::Number(x) => Arg::Number(x),
            Value::Count(n) => Arg::Count(n),
            Value::Flag(flag) => Arg::Flag(flag),
            Value::Axes(axes) => Arg::Axes(axes),
            Value::Choice(_) => shown.name().map_or(Arg::Nothing, Arg::Text),
        };
        args.push((argument.name, arg));
    }
    (function, args)
}

/// What writes a parameter as one word with its arguments: `normal(mean=0, std=0.01)`.
pub(crate) fn in_words(origin: &Origin<String>) -> String {
    words(named(origin))
}

/// An initializer behind the name that a config has for it: `HeNormal = variance_scaling(...)`.
pub(crate) fn in_full(alias: Option<&str>, init: &str) -> String {
    match alias {
        Some(alias) => format!("{alias} = {init}"),
        None => init.to_owned(),
    }
}

/// The same of an initializer.
pub(crate) fn init_in_words(init: &Init) -> String {
    words(init_named(init))
}

fn words((name, args): Named<'_>) -> String {
    let args: Vec<_> = args
        .iter()
        .filter(|(_, arg)| *arg != Arg::Nothing)
        .map(|(key, arg)| format!("{key}={arg}"))
        .collect();
    format!("{name}({})", args.join(", "))
}

/// What a constructor does, as words: `normal(mean=0, std=1), row 0 zero`.
pub(crate) fn default_in_words(default: &ParamDefault) -> String {
    let init = init_in_words(&default.init);
    match default.zero_row {
        Some(row) => format!("{init}, row {row} zero"),
        None => init,
    }
}

/// What the model's code wrote, in words: `normal(mean=0, std=1)`.
pub(crate) fn content_in_words(written: &Written) -> String {
    match &written.content {
        Content::Init(init) => init_in_words(init),
        Content::Mapped(Mapped { init, steps }) => {
            init_in_words(init) + &steps.iter().map(Step::to_string).collect::<String>()
        }
        Content::Values(Values::All(x)) => format!("constant(val={x})"),
        Content::Values(_) => "given values".to_owned(),
        Content::NormOf(of) => format!("norm(of={})", escape(of)),
        Content::Unknown(what) => format!("unknown: {}", escape(what)),
    }
}
