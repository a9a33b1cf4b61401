//! Executors of a [`Fill`](weight_init_core::Fill): the same bits on each.
//!
//! | feature | backend | memory | needs |
//! |---|---|---|---|
//! | `embedded` (default) | [`Embedded`] | a slice of the caller's | nothing: no_std, no heap |
//! | `rayon` | [`Rayon`] | a slice of the caller's | threads |
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
#![forbid(unsafe_code)]

#[cfg(any(test, feature = "rayon"))]
extern crate std;

mod backend;
#[cfg(feature = "embedded")]
mod embedded;
mod level;
#[cfg(feature = "rayon")]
mod rayon;
#[cfg(feature = "rayon")]
mod tile;

pub use self::backend::{Backend, Job};
#[cfg(feature = "embedded")]
pub use self::embedded::Embedded;
pub use self::level::Level;
#[cfg(feature = "rayon")]
pub use self::rayon::{BuildError, Rayon};
