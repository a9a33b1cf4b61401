//! Names with arguments of their own for constants of a well-known use: each is read as the initializer that it stands for.

use super::alias::aliases;
use super::{Constant, Init, InitializerType, bias_from_prob};
use crate::initializer;

aliases! {
    SHORTHANDS of shorthand:
    /// The bias over which a sigmoid gives `prior_prob`: Constant with `val=-ln((1 - prior_prob)/prior_prob)`.
    ///
    /// Tsung-Yi Lin, Priya Goyal, Ross Girshick, Kaiming He, Piotr Dollár: *Focal loss for dense object detection*, ICCV 2017,
    /// <https://arxiv.org/abs/1708.02002>, section 4.1. For any parameter that `params` names; the `bias` of layers has the key
    /// `bias_prob`.
    BiasProb(prior_prob: f64 = 0.01, Probability, needed;) =>
        Init::Constant(Constant { val: bias_from_prob(prior_prob) });
    /// The scale of a residual branch: Constant with `val=init_values`.
    ///
    /// Hugo Touvron, Matthieu Cord, Alexandre Sablayrolles, Gabriel Synnaeve, Hervé Jégou: *Going deeper with image
    /// transformers*, ICCV 2021, <https://arxiv.org/abs/2103.17239>, section 2: 0.1 up to 18 layers, 1e-5 up to 24, 1e-6 beyond.
    LayerScale(init_values: f64 = 1e-5, Finite;) => Init::Constant(Constant { val: init_values });
}

#[cfg(test)]
mod tests {
    use crate::initializer::{ALL, BuildError, Constant, Init, Value};

    #[test]
    fn they_are_constants() {
        let build = |name: &str, value: Option<f64>| {
            let of = ALL.iter().find(|of| of.name == name).expect(name);
            assert!(!of.is_alias);
            of.build(&[value.map(Value::Number)])
        };
        let constant = |val| Ok(Init::Constant(Constant { val }));
        assert_eq!(build("BiasProb", Some(0.01)), constant(-4.59511985013459));
        assert_eq!(build("BiasProb", None), Err(BuildError::Missing("prior_prob")));
        for wrong in [0.0, 1.0, -0.5, f64::NAN] {
            assert!(matches!(build("BiasProb", Some(wrong)), Err(BuildError::Argument(_))));
        }
        assert_eq!(build("LayerScale", None), constant(1e-5));
    }
}
