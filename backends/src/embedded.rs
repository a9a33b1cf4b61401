//! A microcontroller's backend: the scalar reference of the core, into the caller's memory.

mod lane;
mod soft;
#[cfg(all(target_os = "none", target_abi = "eabihf"))]
#[allow(unsafe_code, reason = "an instruction that core offers by no name yet")]
mod vfp;

use core::convert::Infallible;

use weight_init_core::in_place::{
    InitWeightsError, LayerMut, On, Scratch, ScratchFault, Set, WithScratch, Written,
    init_weights_on, init_weights_with, initialize_with,
};
use weight_init_core::init_cfg::Rules;
use weight_init_core::{Fill, Float, Stream};

use crate::{Backend, in_default_environment};

pub use self::soft::Soft;

/// One lane of the target: the scalar reference of the core, on microcontrollers with a square root of their own.
#[cfg(not(target_os = "none"))]
pub use weight_init_core::lanes::Scalar as Lane;

#[cfg(all(target_os = "none", not(target_abi = "eabihf")))]
pub use self::soft::Soft as Lane;
#[cfg(all(target_os = "none", target_abi = "eabihf"))]
pub use self::vfp::Vfp as Lane;

/// The scalar reference of the core, into the caller's buffer: a microcontroller's backend.
///
/// ```
/// use weight_init_backends::{Backend, Embedded};
/// use weight_init_core::{Fill, Stream};
///
/// let fill = Fill::<f32>::uniform(-1.0, 1.0)?;
/// let (mut whole, mut part) = ([0.0; 8], [0.0; 3]);
/// let stream = Stream::new(42, "fc.weight");
/// Embedded.fill(&fill, stream, 0, &mut whole)?;
/// Embedded.fill(&fill, stream, 5, &mut part)?;
/// assert_eq!(whole[5..], part);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Embedded;

impl<T: Float> Backend<T> for Embedded {
    type Memory = [T];
    type Error = Infallible;

    fn fill(
        &mut self,
        fill: &Fill<T>,
        stream: Stream,
        first: u64,
        out: &mut [T],
    ) -> Result<(), Infallible> {
        in_default_environment(|| fill.write_with(Lane, stream, first, out));
        Ok(())
    }
}

/// The initializers of `S` on the lane of the target.
pub type Native<S> = On<Lane, S>;

/// Writes the model's own init_cfg, linking the initializers of `S` alone: [`init_weights_with`] on this target.
///
/// # Errors
///
/// See [`InitWeightsError`].
///
/// ```
/// use weight_init_backends::embedded::init_weights;
/// use weight_init_core::Layer;
/// use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
/// use weight_init_core::initializer::{Constant, Kaiming};
///
/// static INIT_CFG: InitCfg<Borrowed<'static>> =
///     InitCfg { rules: &[Rule { layers: &["Linear"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) }] };
///
/// #[derive(Layer)]
/// #[layer(init_cfg = &INIT_CFG)]
/// struct Linear {
///     #[layer(param)]
///     weight: [[f32; 8]; 4],
///     #[layer(param)]
///     bias: [f32; 4],
/// }
///
/// let mut linear = Linear { weight: [[0.0; 8]; 4], bias: [0.0; 4] };
/// // The bias is written by a constant.
/// let done = init_weights::<(Constant, Kaiming)>(&mut linear, 42)?;
/// assert_eq!(done.written, 2);
/// # Ok::<(), weight_init_core::in_place::InitWeightsError>(())
/// ```
pub fn init_weights<S: Set>(
    model: &mut dyn LayerMut<Native<S>>,
    seed: u64,
) -> Result<Written, InitWeightsError> {
    in_default_environment(|| init_weights_with(model, seed))
}

/// As [`init_weights`], of initializers that make whole lines, too, in this scratch memory.
///
/// # Errors
///
/// See [`ScratchFault`].
///
/// ```
/// use weight_init_backends::embedded::init_weights_with_scratch;
/// use weight_init_core::Layer;
/// use weight_init_core::in_place::Scratch;
/// use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
/// use weight_init_core::initializer::{Constant, Orthogonal};
///
/// static INIT_CFG: InitCfg<Borrowed<'static>> =
///     InitCfg { rules: &[Rule { layers: &["Cell"], ..Rule::new(Init::Orthogonal(Orthogonal { gain: 1.0 })) }] };
///
/// #[derive(Layer)]
/// #[layer(init_cfg = &INIT_CFG)]
/// struct Cell {
///     #[layer(param)]
///     weight: [[f32; 16]; 16],
/// }
///
/// let mut cell = Cell { weight: [[0.0; 16]; 16] };
/// // One row: the vector of a reflection.
/// init_weights_with_scratch::<(Constant, Orthogonal)>(&mut cell, 42, Scratch::new(&mut [0.0; 16]))?;
/// # Ok::<(), weight_init_core::in_place::ScratchFault>(())
/// ```
pub fn init_weights_with_scratch<S: Set>(
    model: &mut dyn LayerMut<WithScratch<S, Lane>>,
    seed: u64,
    scratch: Scratch<'_>,
) -> Result<Written, ScratchFault> {
    in_default_environment(|| init_weights_on(model, seed, scratch))
}

/// Writes these rules on the root alone, linking the initializers of `S` alone: [`initialize_with`] on this target.
///
/// # Errors
///
/// See [`InitWeightsError`].
pub fn initialize<S: Set>(
    model: &mut dyn LayerMut<Native<S>>,
    rules: &dyn Rules,
    seed: u64,
) -> Result<Written, InitWeightsError> {
    in_default_environment(|| initialize_with(model, rules, seed))
}
