use weight_init_core::Layer;
use weight_init_core::init_cfg::{Borrowed, InitCfg};

static RULES: InitCfg<Borrowed<'static>> = InitCfg { rules: &[] };

#[derive(Layer)]
#[layer(init_cfg = &RULES)]
struct Net {
    #[layer(init_cfg)]
    rules: InitCfg<Borrowed<'static>>,
}

#[derive(Layer)]
struct Number {
    #[layer(init_cfg)]
    rules: u32,
}

fn main() {}
