//! `#[derive(Layer)]`: a struct that holds its weights as a layer of weight-init.
//!
//! The derive implements `Layer`, by which the resolver sees the struct, `LayerMut`, by which `in_place::init_weights`
//! writes it without heap, for any target, and `LayerData`, by which backends, checks and checkpoints get all of its
//! elements at once. Use it through `weight-init-core` with the feature `derive`.
//!
//! On the struct, `#[layer(...)]`:
//!
//! | key | what | default |
//! |---|---|---|
//! | `class = "Conv2d"` | name of the class, which rules go by | the struct's name |
//! | `bases("_ConvNd")` | names of its direct base classes | none |
//! | `module` | it is mmengine's `BaseModule`: it has `init_weights` | if it has an init_cfg |
//! | `custom` | a module whose class has its own `init_weights` | |
//! | `init_cfg = &RULES` | rules in a `static` or `const` | a field marked `init_cfg`, or none |
//! | `alias(norm3 = "bn3")` | another name of a layer below | |
//! | `crate = path` | where weight-init-core is | `::weight_init_core` |
//!
//! On a field:
//!
//! | key | what |
//! |---|---|
//! | (nothing) | a layer or a `Box` of one; `Option`s of layers are shown if they are there; arrays and `Vec`s are a `ModuleList` |
//! | `param`, `buffer` | a parameter or buffer: nested arrays, or anything flat with a `shape`; boxes of these; an `Option` of any is shown if it is there |
//! | `init_cfg` | the struct's own rules |
//! | `skip` | nothing of the model |
//! | `rename = "0"` | the name in the layer, where it is not the field's |
//! | `shape = [self.out, 3]` | dimensions, where the type does not say them |
//! | `layout = "in_out"` | `[…, in, out]` instead of PyTorch's `[out, in, …]` |
//! | `stream = "old.name"` | the name that seeds the values |
//! | `same_as = "embed.weight"` | the very same parameter as that of this full name; needs a `shape`, holds no memory |
//! | `container = "Sequential"`, `init_cfg = &RULES` | of an array or `Vec` of layers: its class, and rules of its own |
//!
//! [`weight_init_core::Layer`](https://docs.rs/weight-init-core/latest/weight_init_core/derive.Layer.html) has an example.

mod expand;
mod field;
mod layer;
mod lend;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// [The page of the crate](crate) lists the attributes.
#[proc_macro_derive(Layer, attributes(layer))]
pub fn derive_layer(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::expand(&input).unwrap_or_else(|error| error.to_compile_error()).into()
}
