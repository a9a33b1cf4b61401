//! Declarative, bit-reproducible weight initialization, without heap or operating system.
//!
//! | module | what |
//! |---|---|
//! | [`init_cfg`] | rules as OpenMMLab writes them: a `const` table, decoded on the device, or owned |
//! | [`layer`] | what a model shows of itself |
//! | [`resolve`] | which rule writes each parameter, and why |
//! | [`mod@initializer`] | fans, gains, and from an initializer and a shape to a [`Fill`] |
//! | [`fill`] | numbers only: constant, uniform, normal, truncated normal, diagonal; the scalar reference |
//! | [`line_fill`] | the same of what is made line by line: orthogonal, sparse |
//! | [`random`] | Philox4x32-10, streams, samplers: a public contract |
//! | [`math`] | ln, sin, cos and the inverse normal CDF out of + − × ÷ √ |
//! | [`in_place`] | `init_weights` for structs that hold their weights |
//! | [`layer_data`] | the elements of all their tensors at once, for backends, checks and checkpoints |
//! | [`tensor`], [`container`] | what such structs are made of; `#[derive(Layer)]` (feature `derive`) |
//! | [`lanes`] | the vectors over which every sampler is written once |
//!
//! On a microcontroller, from a rule in flash to weights in RAM:
//!
//! ```
//! use core::ops::ControlFlow;
//! use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule, Rules};
//! use weight_init_core::initializer::Kaiming;
//! use weight_init_core::resolve::{Call, Observer, ParamVisit, resolve};
//! use weight_init_core::{DType, InitWeights, Layer, LayerVisitor, Param, Shape, Stream};
//!
//! static INIT_CFG: InitCfg<Borrowed<'static>> = InitCfg {
//!     rules: &[Rule { layers: &["Linear"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) }],
//! };
//!
//! struct Linear;
//! impl Layer for Linear {
//!     fn class(&self) -> &str {
//!         "Linear"
//!     }
//!     fn init_weights(&self) -> InitWeights {
//!         InitWeights::Module
//!     }
//!     fn init_cfg(&self) -> Option<&dyn Rules> {
//!         Some(&INIT_CFG)
//!     }
//!     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
//!         visitor.param(&Param::new("weight", Shape::new(&[4, 8]), DType::F32))
//!     }
//! }
//!
//! struct Weights([f32; 32]);
//! impl Observer for Weights {
//!     fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
//!         let writer = visit.last_writer();
//!         let init = writer.as_ref().and_then(|writer| writer.origin.init());
//!         if let Some(Ok(fill)) = init.map(|init| init.fill::<f32>(&visit.param().shape)) {
//!             fill.write(Stream::with_id(42, visit.stream_id()), 0, &mut self.0);
//!         }
//!         ControlFlow::Continue(())
//!     }
//! }
//!
//! let mut weights = Weights([0.0; 32]);
//! resolve(&Linear, Call::InitWeights, &mut weights)?;
//! assert!(weights.0.iter().all(|w| *w != 0.0));
//! # Ok::<(), weight_init_core::resolve::ResolveError>(())
//! ```
//!
//! Features, each of which only adds: `serde` (decode and encode init_cfg), `alloc` (init_cfg of `Vec` and `String`),
//! `derive` (`#[derive(Layer)]`), `registry` (initializers of your own by name in an init_cfg; with `alloc`),
//! `nalgebra` and `ndarray` (their matrices and arrays as parameters of structs).
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod container;
mod dtype;
pub mod fill;
mod float;
pub mod in_place;
pub mod init_cfg;
pub mod initializer;
pub mod lanes;
pub mod layer;
pub mod layer_data;
pub mod line_fill;
pub mod math;
mod nearest;
pub mod random;
pub mod resolve;
pub mod tensor;

pub use dtype::{DType, Opaque};
pub use fill::{Fill, FillError};
pub use float::{Compute, Float};
pub use half::{bf16, f16};
pub use initializer::{InitError, Initializer, Layout, Shape};
pub use layer::{Buffer, Child, InitWeights, Layer, LayerVisitor, Param};
pub use nearest::nearest;
pub use random::{Fnv1a, Philox4x32, Stream, stream_id};
/// Makes a layer of a struct that holds its weights; the attributes are described in [`weight_init_derive`].
///
/// ```
/// use weight_init_core::{Layer, InitWeights};
///
/// #[derive(Layer)]
/// #[layer(bases("Module"))]
/// struct Linear<const IN: usize, const OUT: usize> {
///     #[layer(param)]
///     weight: [[f32; IN]; OUT],
///     #[layer(param)]
///     bias: [f32; OUT],
/// }
///
/// let linear = Linear { weight: [[0.0; 2]; 3], bias: [0.0; 3] };
/// assert_eq!(linear.class(), "Linear");
/// assert_eq!(linear.init_weights(), InitWeights::None);
/// ```
#[cfg(feature = "derive")]
pub use weight_init_derive::Layer;
