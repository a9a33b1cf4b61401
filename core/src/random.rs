//! Random numbers: a public contract, version 1.
//!
//! The values of a parameter depend on the seed, the name of its stream, the element's index and
//! the distribution, and on nothing else. They never change within a major version.
//!
//! 1. **Words.** [`philox`]: block `k` of a stream is Philox4x32-10 of the counter
//!    `(k mod 2³², k / 2³², id mod 2³², id / 2³²)` under the key `(seed mod 2³², seed / 2³²)`: four
//!    32-bit words. [`stream`]: `id` is the 64-bit FNV-1a of the stream's name.
//! 2. **Elements.** Element `i` of an `f32`, `f16` or `bf16` parameter takes word `i mod 4` of block
//!    `i / 4`; element `i` of an `f64` parameter takes words `2(i mod 2)` (low half) and
//!    `2(i mod 2) + 1` (high half) of block `i / 2`.
//! 3. **Samples.** [`uniform`], [`normal`], [`trunc_normal`]: computed in `f32` (in `f64` for
//!    `f64`) by the formulas of these modules, each operation rounded to nearest even, in the
//!    written order, none fused. `f16` and `bf16` elements are the `f32` samples rounded once more.
//!
//! The modules state every formula so that another implementation can reproduce every bit.

pub mod normal;
pub mod philox;
pub mod stream;
pub mod trunc_normal;
pub mod uniform;

pub use philox::{Philox4x32, philox4x32_10};
pub use stream::{Fnv1a, Stream, stream_id};
