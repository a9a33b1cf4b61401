//! Executors of a [`Fill`](weight_init_core::Fill): the same bits on each.
//!
//! | feature | backend | memory | needs |
//! |---|---|---|---|
//! | `embedded` (default) | [`Embedded`] | a slice of the caller's | nothing: no_std, no heap |
//! | `simd` | [`Simd`] | a slice of the caller's | std, to ask the processor what it can |
//! | `rayon` | [`Rayon`] | a slice of the caller's | threads |
//!
//! [`embedded`] also initializes structs that hold their weights, linking no more than a program uses.
//!
//! A backend that a program takes is a value; features only say which backends there are.
//!
//! ```
//! use weight_init_backends::{Backend, Embedded};
//! use weight_init_core::{Fill, Stream};
//!
//! let fill = Fill::<f32>::normal(0.0, 0.02)?;
//! let mut weights = [0.0; 100];
//! Embedded.fill(&fill, Stream::new(42, "conv1.weight"), 0, &mut weights)?;
//! assert!(weights.iter().all(|w| w.abs() < 0.2));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![no_std]
#![deny(unsafe_code)]

#[cfg(any(test, feature = "simd"))]
extern crate std;

mod backend;
#[cfg(feature = "embedded")]
pub mod embedded;
#[cfg(feature = "rayon")]
mod rayon;
#[cfg(feature = "simd")]
#[allow(unsafe_code, reason = "functions with instructions that were asked for at run time")]
mod simd;
#[cfg(feature = "rayon")]
mod tile;

pub use self::backend::{Backend, Job};
#[cfg(feature = "embedded")]
pub use self::embedded::Embedded;
#[cfg(feature = "rayon")]
pub use self::rayon::{BuildError, Rayon};
#[cfg(feature = "simd")]
pub use self::simd::{Level, Simd};
