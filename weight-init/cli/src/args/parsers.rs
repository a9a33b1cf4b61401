//! Options whose values are names that the library knows.

use weight_init::plan::Unknown;
use weight_init::run::BackendKind;
use weight_init_core::DType;

pub(super) fn backend_parser() -> impl clap::builder::TypedValueParser<Value = BackendKind> {
    let names = clap::builder::PossibleValuesParser::new(BackendKind::ALL.map(BackendKind::name));
    clap::builder::TypedValueParser::map(names, |name| {
        BackendKind::ALL.into_iter().find(|kind| kind.name() == name).unwrap_or_default()
    })
}

pub(super) fn dtype_parser() -> impl clap::builder::TypedValueParser<Value = DType> {
    let names = clap::builder::PossibleValuesParser::new(["f32", "f64", "f16", "bf16"]);
    clap::builder::TypedValueParser::map(names, |name| {
        DType::from_name(&name).unwrap_or(DType::F32)
    })
}

pub(super) fn unknown_parser() -> impl clap::builder::TypedValueParser<Value = Unknown> {
    let names = clap::builder::PossibleValuesParser::new(Unknown::ALL.map(Unknown::name));
    clap::builder::TypedValueParser::map(names, |name| {
        Unknown::from_name(&name).unwrap_or_default()
    })
}
