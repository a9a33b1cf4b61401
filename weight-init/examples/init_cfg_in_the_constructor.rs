//! The first way of MMDetection's tutorial on weight initialization: a model takes its init_cfg in the constructor.
//!
//! `cargo run --release --example init_cfg_in_the_constructor`

use weight_init_core::Layer;
use weight_init_core::in_place::init_weights;
use weight_init_core::init_cfg::{Bias, Borrowed, Init, InitCfg, Override, Rule, Write};
use weight_init_core::initializer::Constant;

/// `nn.Conv1d(3, 1, 3)`
#[derive(Layer)]
#[layer(bases("_ConvNd"))]
struct Conv1d {
    #[layer(param)]
    weight: [[[f32; 3]; 3]; 1],
    #[layer(param)]
    bias: [f32; 1],
}

/// `nn.Conv2d(3, 3, 3)`
#[derive(Layer)]
#[layer(bases("_ConvNd"))]
struct Conv2d {
    #[layer(param)]
    weight: [[[[f32; 3]; 3]; 3]; 3],
    #[layer(param)]
    bias: [f32; 3],
}

/// `nn.Linear(1, 2)`
#[derive(Layer)]
#[layer(bases("Module"))]
struct Linear {
    #[layer(param)]
    weight: [[f32; 1]; 2],
    #[layer(param)]
    bias: [f32; 2],
}

#[derive(Layer)]
struct FooNet {
    #[layer(init_cfg)]
    init_cfg: InitCfg<Borrowed<'static>>,
    feat: Conv1d,
    reg: Conv2d,
    cls: Linear,
}

impl FooNet {
    fn new(init_cfg: InitCfg<Borrowed<'static>>) -> Self {
        Self {
            init_cfg,
            feat: Conv1d { weight: [[[0.0; 3]; 3]; 1], bias: [0.0; 1] },
            reg: Conv2d { weight: [[[[0.0; 3]; 3]; 3]; 3], bias: [0.0; 3] },
            cls: Linear { weight: [[0.0; 1]; 2], bias: [0.0; 2] },
        }
    }
}

/// `dict(type='Constant', layer=['Conv1d', 'Conv2d'], val=1, bias=2,
/// override=dict(type='Constant', name='reg', val=3, bias=4))`
const INIT_CFG: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[Rule {
        layers: &["Conv1d", "Conv2d"],
        overrides: &[Override {
            name: "reg",
            write: Some(Write::Init(Init::Constant(Constant { val: 3.0 }), Bias::Value(4.0))),
        }],
        ..Rule::writing(Write::Init(Init::Constant(Constant { val: 1.0 }), Bias::Value(2.0)))
    }],
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut net = FooNet::new(INIT_CFG);
    let done = init_weights(&mut net, 42)?;
    println!("feat: weight {:?}, bias {:?}", net.feat.weight, net.feat.bias);
    println!("reg:  weight {:?}, bias {:?}", net.reg.weight[0][0], net.reg.bias);
    println!(
        "cls:  weight {:?}, bias {:?} (kept: no rule names Linear)",
        net.cls.weight, net.cls.bias
    );
    assert_eq!((net.feat.weight, net.feat.bias), ([[[1.0; 3]; 3]; 1], [2.0; 1]));
    assert_eq!((net.reg.weight, net.reg.bias), ([[[[3.0; 3]; 3]; 3]; 3], [4.0; 3]));
    assert_eq!((done.written, done.kept), (4, 2));
    Ok(())
}
