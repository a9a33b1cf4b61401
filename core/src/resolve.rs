//! Which rule writes a parameter: the last writer of mmengine's program order, in closed form.
//!
//! mmengine (0.10, `BaseModule.init_weights` and `initialize`) walks the model and writes a parameter several times; the last
//! write remains. On the way from the root to the layer of a parameter, the last writer is
//!
//! 1. the last matching Pretrained rule of the outermost module that has one, because Pretrained rules run after the children;
//! 2. otherwise the last matching rule, or override of a rule, of the innermost module that has one.
//!
//! One walk over the model therefore decides every parameter from the rules of the layers above it. These layers are linked
//! frames on the call stack, so that no storage grows with the model. A layer or parameter that is reachable by several paths
//! does need memory; the [`Observer`] brings it.
//!
//! ```
//! use core::ops::ControlFlow;
//! use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Origin, Rule, Rules};
//! use weight_init_core::initializer::Constant;
//! use weight_init_core::resolve::{Call, Observer, ParamVisit, resolve};
//! use weight_init_core::{DType, Layer, LayerVisitor, Param, Shape};
//!
//! const RULES: InitCfg<Borrowed<'static>> = InitCfg {
//!     rules: &[Rule { layers: &["Norm"], ..Rule::new(Init::Constant(Constant { val: 1.0 })) }],
//! };
//!
//! struct Norm;
//! impl Layer for Norm {
//!     fn class(&self) -> &str {
//!         "Norm"
//!     }
//!     fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
//!         visitor.param(&Param::new("weight", Shape::new(&[8]), DType::F32))
//!     }
//! }
//!
//! struct Seen(usize);
//! impl Observer for Seen {
//!     fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
//!         let writer = visit.last_writer().expect("the rule names the class");
//!         assert_eq!(writer.origin, Origin::Init(Init::Constant(Constant { val: 1.0 })));
//!         self.0 += 1;
//!         ControlFlow::Continue(())
//!     }
//! }
//!
//! let mut seen = Seen(0);
//! resolve(&Norm, Call::Initialize(&RULES), &mut seen).expect("the rules fit the model");
//! assert_eq!(seen.0, 1);
//! ```

mod considered;
mod frame;
mod path;
mod problem;
#[cfg(test)]
mod tests;
mod unmatched;
mod visit;
mod walk;

pub use considered::{Considered, Matcher, Order, Outcome, Part, Target, VisitId};
pub use path::{Path, glob_matches};
pub use problem::{MAX_TIED_VISITS, Problem, ResolveError};
pub use unmatched::unmatched;
pub use visit::{BufferVisit, Custom, ModuleVisit, ParamVisit};
pub use walk::{Call, Observer, resolve};

pub(crate) use considered::{is_bias, own, touches};
pub(crate) use frame::{Attribute, Link, attribute, extend, stream_of};
pub(crate) use path::matches_backwards;
