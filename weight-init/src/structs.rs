//! Rust structs that hold their weights (`#[derive(Layer)]`): initialized on all cores, checked, saved and loaded where
//! they lie.
//!
//! [`Plan::of_layer`](crate::plan::Plan::of_layer) and [`Explanation::of_layer`](crate::report::Explanation::of_layer) tell which rule writes each
//! parameter, as they do for described models.
//!
//! ```
//! use weight_init::plan::{Options, Plan};
//! use weight_init::structs::{init_weights, load, save, verify};
//! use weight_init_core::Layer;
//! use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
//! use weight_init_core::initializer::Kaiming;
//!
//! static INIT_CFG: InitCfg<Borrowed<'static>> =
//!     InitCfg { rules: &[Rule { layers: &["Linear"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) }] };
//!
//! #[derive(Layer)]
//! #[layer(init_cfg = &INIT_CFG)]
//! struct Linear {
//!     #[layer(param, shape = [self.bias.len(), 8])]
//!     weight: Vec<f32>,
//!     #[layer(param, shape = [self.bias.len()])]
//!     bias: Vec<f32>,
//! }
//!
//! let mut linear = Linear { weight: vec![0.0; 32], bias: vec![0.0; 4] };
//! print!("{}", Plan::of_layer(&linear, &Options::default())?.table(None));
//! let done = init_weights(&mut linear, 42)?;
//! assert!(done.unmatched.is_empty());
//! assert_eq!(verify(&linear, 42)?, None);
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("linear.safetensors");
//! save(&linear, &path)?;
//! linear.weight[5] = 7.0;
//! let difference = verify(&linear, 42)?.ok_or("a changed element")?;
//! assert!(difference.to_string().starts_with("weight: element 5, at [0, 5], expected "));
//! load(&mut linear, &path)?;
//! assert_eq!(verify(&linear, 42)?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod bytes;
mod inventory;
mod load;
mod save;
mod verify;

use weight_init_backends::Rayon;
pub use weight_init_backends::structs::{Initialized, StructError, UnmatchedRule};
use weight_init_core::layer_data::LayerData;

pub use self::load::{LoadError, load};
pub use self::save::save;
pub use self::verify::{VerifyError, verify};

/// Does what mmengine's `model.init_weights()` does, on all cores and as one job: each parameter is written by its last
/// writer, with the bits that any backend gives it for this seed and its name; those that no rule touches stay as they
/// are. [`Rayon::init_weights`] is the same without this crate.
///
/// Rules that write nothing are in [`Initialized::unmatched`], each with the reason.
///
/// # Errors
///
/// See [`StructError`]; then nothing was written.
pub fn init_weights(model: &mut dyn LayerData, seed: u64) -> Result<Initialized, StructError> {
    Rayon::new().init_weights(model, seed)
}
