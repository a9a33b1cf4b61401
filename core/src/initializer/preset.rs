//! Names for constants of other initializers: they are read as what they stand for, and have no number and no type in Rust.

use super::{
    Constant, Identity, Init, InitializerType, VarianceDistribution as Of, VarianceMode as By,
    VarianceScaling,
};

macro_rules! presets {
    ($($(#[doc = $doc:literal])* $name:ident = $type:ident $fields:tt;)*) => {
        /// The types of the presets.
        pub(super) const PRESETS: &[&InitializerType] = &[$(
            &InitializerType::preset::<$type>(
                stringify!($name),
                &[$($doc),*],
                Init::$type($type $fields),
                |_, _| Ok(Init::$type($type $fields)),
            ),
        )*];
    };
}
presets! {
    /// Zeros: Constant with `val=0`.
    Zeros = Constant { val: 0.0 };
    /// Ones: Constant with `val=1`.
    Ones = Constant { val: 1.0 };
    /// The identity matrix: Identity with `gain=1`.
    Eye = Identity { gain: 1.0 };
    /// Keras' Glorot normal: VarianceScaling with `scale=1`, fan_avg, truncated normal.
    ///
    /// Xavier draws from the whole normal distribution.
    GlorotNormal = VarianceScaling { scale: 1.0, mode: By::FanAvg, distribution: Of::TruncatedNormal, ..VarianceScaling::DEFAULT };
    /// Keras' Glorot uniform: VarianceScaling with `scale=1`, fan_avg, uniform.
    GlorotUniform = VarianceScaling { scale: 1.0, mode: By::FanAvg, distribution: Of::Uniform, ..VarianceScaling::DEFAULT };
    /// Keras' He normal: VarianceScaling with `scale=2`, fan_in, truncated normal.
    ///
    /// Kaiming draws from the whole normal distribution, and by fan_out.
    HeNormal = VarianceScaling { scale: 2.0, mode: By::FanIn, distribution: Of::TruncatedNormal, ..VarianceScaling::DEFAULT };
    /// Keras' He uniform: VarianceScaling with `scale=2`, fan_in, uniform.
    HeUniform = VarianceScaling { scale: 2.0, mode: By::FanIn, distribution: Of::Uniform, ..VarianceScaling::DEFAULT };
    /// Keras' LeCun normal: VarianceScaling with `scale=1`, fan_in, truncated normal.
    LecunNormal = VarianceScaling { scale: 1.0, mode: By::FanIn, distribution: Of::TruncatedNormal, ..VarianceScaling::DEFAULT };
    /// Keras' LeCun uniform: VarianceScaling with `scale=1`, fan_in, uniform.
    LecunUniform = VarianceScaling { scale: 1.0, mode: By::FanIn, distribution: Of::Uniform, ..VarianceScaling::DEFAULT };
}
