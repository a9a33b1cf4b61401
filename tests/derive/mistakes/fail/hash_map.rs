use std::collections::HashMap;

use weight_init_core::Layer;

#[derive(Layer)]
struct Net {
    heads: HashMap<String, Head>,
}

#[derive(Layer)]
struct Head;

fn main() {}
