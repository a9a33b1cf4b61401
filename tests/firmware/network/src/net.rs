//! The network: one separable convolution between a stem and a head, on 25 frames of 10 cepstral coefficients.

use weight_init_core::Layer;
use weight_init_core::container::AsRules;
use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule, Rules};
use weight_init_core::initializer::{Constant, Kaiming};

use crate::digest::{Element, digest};

/// Kaiming-normal for the weights, ones for the norms.
pub static INIT_CFG: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[
        Rule { layers: &["Conv2d", "Linear"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) },
        Rule { layers: &["_BatchNorm"], ..Rule::new(Init::Constant(Constant { val: 1.0 })) },
    ],
};

/// The seed of every report.
pub const SEED: u64 = 42;

/// A convolution; over one channel each where `IN` is 1.
#[derive(Debug, Layer)]
#[layer(bases("_ConvNd"))]
pub struct Conv2d<T: Element, const OUT: usize, const IN: usize, const H: usize, const W: usize> {
    #[layer(param)]
    weight: [[[[T; W]; H]; IN]; OUT],
    #[layer(param)]
    bias: [T; OUT],
}

/// A batch norm; what it has measured so far is not part of it here.
#[derive(Debug, Layer)]
#[layer(bases("_BatchNorm"))]
pub struct BatchNorm2d<T: Element, const N: usize> {
    #[layer(param)]
    weight: [T; N],
    #[layer(param)]
    bias: [T; N],
}

/// A linear layer.
#[derive(Debug, Layer)]
pub struct Linear<T: Element, const OUT: usize, const IN: usize> {
    #[layer(param)]
    weight: [[T; IN]; OUT],
    #[layer(param)]
    bias: [T; OUT],
}

/// A depthwise convolution and a pointwise one.
#[derive(Debug, Layer)]
pub struct Separable<T: Element> {
    depthwise: Conv2d<T, 16, 1, 3, 3>,
    norm: BatchNorm2d<T, 16>,
    pointwise: Conv2d<T, 24, 16, 1, 1>,
}

/// The rules of [`INIT_CFG`], by a type: a reference in the network would take it from zeroed memory to flash.
#[derive(Clone, Copy, Debug)]
pub struct Table;

impl AsRules for Table {
    fn as_rules(&self) -> Option<&dyn Rules> {
        Some(&INIT_CFG)
    }
}

/// No rules: they are given when the network is initialized.
#[derive(Clone, Copy, Debug)]
pub struct Bare;

impl AsRules for Bare {
    fn as_rules(&self) -> Option<&dyn Rules> {
        None
    }
}

/// The whole network: 1,088 parameters, and the rules that initialize them.
#[derive(Debug, Layer)]
pub struct KeywordNet<T: Element, R: AsRules = Table> {
    #[layer(init_cfg)]
    rules: R,
    stem: Conv2d<T, 16, 1, 5, 3>,
    norm: BatchNorm2d<T, 16>,
    block: Separable<T>,
    head: Linear<T, 8, 24>,
}

macro_rules! zeroed {
    ($type:ident<$(const $n:ident),*> { $($field:ident: $value:expr),* }) => {
        impl<T: Element, $(const $n: usize),*> $type<T, $($n),*> {
            const ZERO: Self = Self { $($field: $value),* };
        }
    };
}
zeroed!(Conv2d<const OUT, const IN, const H, const W> { weight: [[[[T::ZERO; W]; H]; IN]; OUT], bias: [T::ZERO; OUT] });
zeroed!(BatchNorm2d<const N> { weight: [T::ZERO; N], bias: [T::ZERO; N] });
zeroed!(Linear<const OUT, const IN> { weight: [[T::ZERO; IN]; OUT], bias: [T::ZERO; OUT] });

impl<T: Element> KeywordNet<T> {
    /// Before it is initialized, with the rules of the table.
    pub const ZERO: Self = Self::zero(Table);
}

impl<T: Element> KeywordNet<T, Bare> {
    /// Before it is initialized, without rules.
    pub const BARE: Self = Self::zero(Bare);
}

impl<T: Element, R: AsRules> KeywordNet<T, R> {
    const fn zero(rules: R) -> Self {
        Self {
            rules,
            stem: Conv2d::ZERO,
            norm: BatchNorm2d::ZERO,
            block: Separable {
                depthwise: Conv2d::ZERO,
                norm: BatchNorm2d::ZERO,
                pointwise: Conv2d::ZERO,
            },
            head: Linear::ZERO,
        }
    }

    /// Names and digests of the parameters.
    pub fn digests(&self, see: &mut dyn FnMut(&str, u64)) {
        let Separable { depthwise, norm, pointwise } = &self.block;
        see("stem.weight", digest(&self.stem.weight));
        see("stem.bias", digest(&self.stem.bias));
        see("norm.weight", digest(&self.norm.weight));
        see("norm.bias", digest(&self.norm.bias));
        see("block.depthwise.weight", digest(&depthwise.weight));
        see("block.depthwise.bias", digest(&depthwise.bias));
        see("block.norm.weight", digest(&norm.weight));
        see("block.norm.bias", digest(&norm.bias));
        see("block.pointwise.weight", digest(&pointwise.weight));
        see("block.pointwise.bias", digest(&pointwise.bias));
        see("head.weight", digest(&self.head.weight));
        see("head.bias", digest(&self.head.bias));
    }
}
