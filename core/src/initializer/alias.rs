//! The names and arguments of PyTorch's functions: each is read as the initializer that it stands for.

use super::{
    Constant, Declared, Dirac, Distribution, FanMode, Identity, Init, InitializerType, Kaiming,
    Nonlinearity, Normal, Orthogonal, Sparse, TruncNormal, Uniform, Xavier,
};
use crate::initializer;

/// A declaration that stands for an initializer of another type, whatever its arguments.
pub(super) trait Alias: Declared {
    /// The initializer that it stands for.
    fn expand(self) -> Init;
}

/// Lists declarations that stand for initializers of other types; `$make` makes their types.
macro_rules! aliases {
    ($list:ident of $make:ident: $(
        $(#[doc = $doc:literal])*
        $name:ident($($field:ident: $type:ty = $default:expr, $check:ident $(, $needed:ident)?;)*) => $expanded:expr;
    )*) => {
        /// The types of these declarations.
        pub(super) const $list: &[&InitializerType] =
            &[$(&InitializerType::$make::<declared::$name>()),*];

        #[allow(non_camel_case_types, reason = "the name of a declaration is that of the type in a dict")]
        mod declared {
            use super::*;

            $(
                initializer! {
                    $(#[doc = $doc])*
                    pub(super) struct $name {$(
                        /// As that of the initializer that it stands for.
                        $field: $type = $default, $check $(, $needed)?;
                    )*}
                }

                impl $crate::initializer::alias::Alias for $name {
                    fn expand(self) -> Init {
                        let Self { $($field),* } = self;
                        $expanded
                    }
                }
            )*
        }
    };
}

pub(super) use aliases;

aliases! {
    ALIASES of alias:
    /// PyTorch's function: Uniform.
    uniform_(a: f64 = 0.0, Finite; b: f64 = 1.0, Finite;) => Init::Uniform(Uniform { a, b });
    /// PyTorch's function: Normal.
    normal_(mean: f64 = 0.0, Finite; std: f64 = 1.0, NotNegative;) => Init::Normal(Normal { mean, std });
    /// PyTorch's function: TruncNormal. The bounds are absolute.
    trunc_normal_(
        mean: f64 = 0.0, Finite;
        std: f64 = 1.0, NotNegative;
        a: f64 = -2.0, LowerBound;
        b: f64 = 2.0, UpperBound;
    ) => Init::TruncNormal(TruncNormal { mean, std, a, b });
    /// PyTorch's function: Constant.
    constant_(val: f64 = 0.0, Finite, needed;) => Init::Constant(Constant { val });
    /// PyTorch's function: Constant with `val=1`.
    ones_() => Init::Constant(Constant { val: 1.0 });
    /// PyTorch's function: Constant with `val=0`.
    zeros_() => Init::Constant(Constant { val: 0.0 });
    /// PyTorch's function: Identity with `gain=1`.
    eye_() => Init::Identity(Identity { gain: 1.0 });
    /// PyTorch's function: Dirac.
    dirac_(groups: u64 = 1, Positive;) => Init::Dirac(Dirac { groups });
    /// PyTorch's function: Xavier with `distribution='uniform'`.
    xavier_uniform_(gain: f64 = 1.0, NotNegative;) =>
        Init::Xavier(Xavier { gain, distribution: Distribution::Uniform, ..Xavier::DEFAULT });
    /// PyTorch's function: Xavier with `distribution='normal'`.
    xavier_normal_(gain: f64 = 1.0, NotNegative;) =>
        Init::Xavier(Xavier { gain, distribution: Distribution::Normal, ..Xavier::DEFAULT });
    /// PyTorch's function: Kaiming with `distribution='uniform'`, by other defaults.
    kaiming_uniform_(
        a: f64 = 0.0, Finite;
        mode: FanMode = FanMode::FanIn, Any;
        nonlinearity: Nonlinearity = Nonlinearity::LeakyRelu, Any;
    ) => Init::Kaiming(Kaiming { a, mode, nonlinearity, distribution: Distribution::Uniform, ..Kaiming::DEFAULT });
    /// PyTorch's function: Kaiming with `distribution='normal'`, by other defaults.
    kaiming_normal_(
        a: f64 = 0.0, Finite;
        mode: FanMode = FanMode::FanIn, Any;
        nonlinearity: Nonlinearity = Nonlinearity::LeakyRelu, Any;
    ) => Init::Kaiming(Kaiming { a, mode, nonlinearity, distribution: Distribution::Normal, ..Kaiming::DEFAULT });
    /// PyTorch's function: Orthogonal.
    orthogonal_(gain: f64 = 1.0, Finite;) => Init::Orthogonal(Orthogonal { gain });
    /// PyTorch's function: Sparse.
    sparse_(sparsity: f64 = 0.0, Share, needed; std: f64 = 0.01, NotNegative;) =>
        Init::Sparse(Sparse { sparsity, std });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::initializer::{ALL, BuildError, Value};

    fn of(name: &str) -> &'static InitializerType {
        ALL.iter().find(|of| of.name == name).expect(name)
    }

    #[test]
    fn defaults_are_pytorchs() {
        let kaiming = |distribution| {
            Init::Kaiming(Kaiming {
                a: 0.0,
                mode: FanMode::FanIn,
                nonlinearity: Nonlinearity::LeakyRelu,
                distribution,
                ..Kaiming::DEFAULT
            })
        };
        let xavier =
            |distribution| Init::Xavier(Xavier { gain: 1.0, distribution, ..Xavier::DEFAULT });
        for (name, expected) in [
            ("uniform_", Init::Uniform(Uniform { a: 0.0, b: 1.0 })),
            ("normal_", Init::Normal(Normal { mean: 0.0, std: 1.0 })),
            (
                "trunc_normal_",
                Init::TruncNormal(TruncNormal { mean: 0.0, std: 1.0, a: -2.0, b: 2.0 }),
            ),
            ("ones_", Init::Constant(Constant { val: 1.0 })),
            ("zeros_", Init::Constant(Constant { val: 0.0 })),
            ("eye_", Init::Identity(Identity { gain: 1.0 })),
            ("dirac_", Init::Dirac(Dirac { groups: 1 })),
            ("xavier_uniform_", xavier(Distribution::Uniform)),
            ("xavier_normal_", xavier(Distribution::Normal)),
            ("kaiming_uniform_", kaiming(Distribution::Uniform)),
            ("kaiming_normal_", kaiming(Distribution::Normal)),
            ("orthogonal_", Init::Orthogonal(Orthogonal { gain: 1.0 })),
        ] {
            assert!(of(name).is_alias);
            assert_eq!(of(name).build(&[]), Ok(expected), "{name}");
        }
        assert_eq!(of("constant_").build(&[]), Err(BuildError::Missing("val")));
        assert_eq!(of("sparse_").build(&[]), Err(BuildError::Missing("sparsity")));
        let sparse = of("sparse_").build(&[Some(Value::Number(0.9))]);
        assert_eq!(sparse, Ok(Init::Sparse(Sparse { sparsity: 0.9, std: 0.01 })));
    }

    #[test]
    fn what_an_alias_stands_for_is_checked() {
        let numbers = [Some(Value::Number(2.0)), Some(Value::Number(1.0))];
        assert!(matches!(of("uniform_").build(&numbers), Err(BuildError::Argument(_))));
        let numbers = [Some(Value::Number(0.0)), Some(Value::Number(-1.0))];
        assert!(matches!(of("normal_").build(&numbers), Err(BuildError::Argument(_))));
    }
}
