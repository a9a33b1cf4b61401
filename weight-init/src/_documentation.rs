//! The pages of the repository's `docs/`, whose examples are tests.

#[doc = include_str!("../docs/command.md")]
pub mod command {}

#[doc = include_str!("../docs/resolution.md")]
pub mod resolution {}

#[doc = include_str!("../docs/initializers.md")]
pub mod initializers {}

#[doc = include_str!("../docs/models.md")]
pub mod models {}

#[doc = include_str!("../docs/configs.md")]
pub mod configs {}

#[doc = include_str!("../docs/checkpoints.md")]
pub mod checkpoints {}

#[doc = include_str!("../docs/scale.md")]
pub mod scale {}

#[doc = include_str!("../docs/rust.md")]
pub mod rust {}

#[doc = include_str!("../docs/firmware.md")]
pub mod firmware {}

#[doc = include_str!("../docs/cuda.md")]
pub mod cuda {}

#[doc = include_str!("../docs/stream.md")]
pub mod stream {}

#[doc = include_str!("../docs/design.md")]
pub mod design {}

#[doc = include_str!("../docs/compare.md")]
pub mod compare {}
