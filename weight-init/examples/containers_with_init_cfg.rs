//! The second way of MMDetection's tutorial on weight initialization: `Sequential` and `ModuleList` with an init_cfg of
//! their own, which beats that of the model that holds them.
//!
//! `cargo run --release --example containers_with_init_cfg`

use weight_init_core::Layer;
use weight_init_core::in_place::init_weights;
use weight_init_core::init_cfg::{Bias, Borrowed, Init, InitCfg, Rule, Write};
use weight_init_core::initializer::{Constant, Kaiming};

#[derive(Layer)]
#[layer(bases("Module"))]
struct Linear {
    #[layer(param, shape = [self.bias.len(), self.inputs])]
    weight: Vec<f32>,
    #[layer(param, shape = [self.bias.len()])]
    bias: Vec<f32>,
    #[layer(skip)]
    inputs: usize,
}

impl Linear {
    fn new(inputs: usize, outputs: usize) -> Self {
        Self { weight: vec![0.0; inputs * outputs], bias: vec![0.0; outputs], inputs }
    }
}

/// `dict(type='Constant', layer='Linear', val=1, bias=2)`
static OF_THE_LIST: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[Rule {
        layers: &["Linear"],
        ..Rule::writing(Write::Init(Init::Constant(Constant { val: 1.0 }), Bias::Value(2.0)))
    }],
};

/// `dict(type='Kaiming', layer='Linear')`
static OF_THE_MODEL: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[Rule { layers: &["Linear"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) }],
};

#[derive(Layer)]
#[layer(init_cfg = &OF_THE_MODEL)]
struct FooModel {
    #[layer(container = "ModuleList", init_cfg = &OF_THE_LIST)]
    convs: Vec<Linear>,
    #[layer(container = "Sequential")]
    head: Vec<Linear>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut model = FooModel {
        convs: vec![Linear::new(2, 2), Linear::new(2, 1)],
        head: vec![Linear::new(3, 2)],
    };
    init_weights(&mut model, 42)?;
    for (index, layer) in model.convs.iter().enumerate() {
        println!("convs.{index}: weight {:?}, bias {:?}", layer.weight, layer.bias);
        assert!(layer.weight.iter().all(|w| *w == 1.0) && layer.bias.iter().all(|b| *b == 2.0));
    }
    let head = &model.head[0];
    println!("head.0:  weight {:?}, bias {:?}", head.weight, head.bias);
    assert!(
        head.weight.iter().all(|w| *w != 0.0 && *w != 1.0) && head.bias.iter().all(|b| *b == 0.0)
    );
    Ok(())
}
