//! One layer under every initializer in turn.

use weight_init_backends::embedded::initialize;
use weight_init_core::Layer;
use weight_init_core::in_place::{All, InitWeightsError};
use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
use weight_init_core::initializer::{
    Caffe2Xavier, Constant, Distribution, FanMode, Kaiming, Nonlinearity, Normal, TruncNormal,
    Uniform, Xavier,
};

use crate::digest::{Element, digest};
use crate::net::SEED;

/// Every initializer, each distribution, and each method of the truncated normal.
pub static CASES: &[(&str, Init)] = &[
    ("constant", Init::Constant(Constant { val: 0.1 })),
    ("xavier_normal", Init::Xavier(Xavier::DEFAULT)),
    (
        "xavier_uniform",
        Init::Xavier(Xavier { gain: 1.5, distribution: Distribution::Uniform, ..Xavier::DEFAULT }),
    ),
    ("normal", Init::Normal(Normal { mean: 0.5, std: 0.02 })),
    ("trunc_normal", Init::TruncNormal(TruncNormal { mean: 0.0, std: 0.02, a: -0.04, b: 0.04 })),
    (
        "trunc_normal_narrow",
        Init::TruncNormal(TruncNormal { mean: 0.0, std: 1.0, a: 0.5, b: 0.75 }),
    ),
    ("trunc_normal_tail", Init::TruncNormal(TruncNormal { mean: -40.0, std: 1.0, a: 0.0, b: 1.0 })),
    ("uniform", Init::Uniform(Uniform { a: -0.03, b: 0.03 })),
    ("kaiming_normal", Init::Kaiming(Kaiming::DEFAULT)),
    (
        "kaiming_uniform",
        Init::Kaiming(Kaiming {
            a: 0.1,
            mode: FanMode::FanIn,
            nonlinearity: Nonlinearity::LeakyRelu,
            distribution: Distribution::Uniform,
            ..Kaiming::DEFAULT
        }),
    ),
    ("caffe2_xavier", Init::Caffe2Xavier(Caffe2Xavier)),
];

#[derive(Debug, Layer)]
#[layer(module)]
struct Probe<T: Element> {
    #[layer(param)]
    weight: [[T; 31]; 8],
}

/// Digest of a weight that the initializer wrote.
///
/// # Errors
///
/// None for [`CASES`].
pub fn run<T: Element>(init: Init) -> Result<u64, InitWeightsError> {
    let rules: &[Rule<Borrowed<'_>>] = &[Rule { layers: &["Probe"], ..Rule::new(init) }];
    let mut probe = Probe { weight: [[T::ZERO; 31]; 8] };
    initialize::<All>(&mut probe, &InitCfg::<Borrowed<'_>> { rules }, SEED)?;
    Ok(digest(&probe.weight))
}
