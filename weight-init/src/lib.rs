//! Declarative weight initialization: one OpenMMLab-style init_cfg, any model, any device, the same bits.
//!
//! Data flows one way:
//!
//! ```text
//! text, bases ─► value ─► init_cfg ┐
//! text, bases ─► value ─► model ───┼─► plan ─► run (backend) ─► create, verify ─► checkpoint
//!         fetch ─► checkpoint ─────┘
//! ```
//!
//! | module | what |
//! |---|---|
//! | [`value`], [`config`], [`diagnostic`] | files of any format, with their bases → values with places; errors that show them |
//! | [`address`] | addresses in messages and reports, without their secrets |
//! | [`model`] | a model built from a config or described; what frameworks' constructors give its parameters |
//! | [`rules`] | rules with the text that they were read from, for programs and adapters |
//! | [`plan`] | which rule writes each parameter, and why |
//! | [`pattern`] | names that differ in their numbers alone, as one glob |
//! | [`report`] | a plan as a table, an explanation, JSON |
//! | [`signal`] | how activations and gradients pass through a model before training |
//! | [`split`] | how a model is cut for tensor and pipeline parallelism |
//! | [`window`] | a part of a tensor as runs of consecutive elements |
//! | [`run`] | a plan, a seed and a backend → bytes, piece by piece |
//! | [`fetch`] | where checkpoints are that Pretrained rules name, and their way onto this machine |
//! | [`checkpoint`] | safetensors files, written whole or not at all; files of every format, read as hostile input |
//! | [`create`] | a plan → a checkpoint; a checkpoint checked against a plan |
//! | [`structs`] | Rust structs that hold their weights: written, checked, saved and loaded where they lie |
//! | [`inspect`] | what is in a checkpoint |
//! | [`diff`] | what changed between two models, plans or checkpoints |
//! | [`reference`](mod@reference) | the initializers that a config may name |
//! | [`mod@bench`] | what this machine does, beside memset |
//!
//! | feature | default | what |
//! |---|---|---|
//! | `configs` | yes | config files: OpenMMLab's Python, TOML and YAML beside JSON, with what they inherit |
//! | `fetch` | yes | checkpoints by the names of model zoos, from caches and downloads |
//! | `cloud` | no | `s3://`, `gs://` and `az://` as places of checkpoints, to read and to write |
//! | `cuda` | no | a CUDA device as backend, on Linux |
//! | `signals` | no | a handler of signals that removes unfinished files |
//!
//! ```
//! use weight_init::create::Recipe;
//! use weight_init::diagnostic::Source;
//! use weight_init::model::Model;
//! use weight_init::plan::{Options, Plan};
//! use weight_init::run::BackendKind;
//!
//! let model = Model::read(&Source::new("net.json", r#"{
//!     "class": "Net", "init_weights": "module",
//!     "init_cfg": {"type": "Kaiming", "layer": "Conv2d", "bias": 0.1},
//!     "children": [{"name": "conv", "class": "Conv2d", "bases": ["_ConvNd"],
//!                   "params": [{"name": "weight", "shape": [8, 3, 3, 3]}, {"name": "bias", "shape": [8]}]}]
//! }"#))?;
//! let plan = Plan::new(&model, &Options::default())?;
//! assert!(plan.warnings().is_empty());
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("net.safetensors");
//! let recipe = Recipe { seed: 42, ..Recipe::default() };
//! recipe.create(&plan, &path, &mut BackendKind::Auto.start(None)?, &mut |_| ())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]

pub mod _documentation;
pub mod address;
pub mod bench;
pub mod checkpoint;
pub mod config;
pub mod create;
pub mod diagnostic;
pub mod diff;
mod elementary;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod inspect;
pub mod model;
pub mod pattern;
pub mod plan;
mod pool;
pub mod reference;
pub mod report;
pub mod rules;
pub mod run;
pub mod signal;
pub mod split;
#[cfg(feature = "cloud")]
mod store;
pub mod structs;
pub mod value;
pub mod window;

pub use model::Registry;
pub use structs::init_weights;

/// The README's examples are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
