//! The two ways of MMDetection's tutorial, in Rust: an init_cfg given to the constructor, and containers with an
//! init_cfg of their own.

use weight_init_core::Layer;
use weight_init_core::in_place::{Written, init_weights};
use weight_init_core::init_cfg::{Bias, Borrowed, Init, InitCfg, Override, Rule, Write};
use weight_init_core::initializer::Constant;

type Rules = InitCfg<Borrowed<'static>>;

const fn constants(val: f64, bias: f64) -> Write<&'static str> {
    Write::Init(Init::Constant(Constant { val }), Bias::Value(bias))
}

const fn constant(val: f64, bias: f64, layers: &'static [&'static str]) -> Rule<Borrowed<'static>> {
    Rule { layers, ..Rule::writing(constants(val, bias)) }
}

#[derive(Layer)]
#[layer(bases("_ConvNd"))]
struct Conv1d {
    #[layer(param)]
    weight: [[[f32; 3]; 3]; 1],
    #[layer(param)]
    bias: [f32; 1],
}

#[derive(Layer)]
#[layer(bases("Module"))]
struct Linear {
    #[layer(param)]
    weight: [[f32; 1]; 2],
    #[layer(param)]
    bias: [f32; 2],
}

const CONV: Conv1d = Conv1d { weight: [[[-1.0; 3]; 3]; 1], bias: [-1.0; 1] };
const LINEAR: Linear = Linear { weight: [[-1.0]; 2], bias: [-1.0; 2] };

/// `FooNet(init_cfg=...)`.
#[derive(Layer)]
struct FooNet {
    #[layer(init_cfg)]
    init_cfg: Option<Rules>,
    feat: Conv1d,
    reg: Linear,
    cls: Linear,
}

impl FooNet {
    const fn new(init_cfg: Option<Rules>) -> Self {
        Self { init_cfg, feat: CONV, reg: LINEAR, cls: LINEAR }
    }
}

#[test]
fn an_init_cfg_in_the_constructor() {
    static OVERRIDES: [Override<Borrowed<'static>>; 1] =
        [Override { name: "reg", write: Some(constants(3.0, 4.0)) }];
    static RULES: [Rule<Borrowed<'static>>; 1] =
        [Rule { overrides: &OVERRIDES, ..constant(1.0, 2.0, &["Conv1d"]) }];
    let mut net = FooNet::new(Some(InitCfg { rules: &RULES }));
    assert_eq!(init_weights(&mut net, 0), Ok(Written { written: 4, kept: 2 }));
    assert_eq!((net.feat.weight, net.feat.bias), ([[[1.0; 3]; 3]; 1], [2.0]));
    assert_eq!((net.reg.weight, net.reg.bias), ([[3.0]; 2], [4.0; 2]));
    // Initialized by the framework: what it held stays.
    assert_eq!((net.cls.weight, net.cls.bias), ([[-1.0]; 2], [-1.0; 2]));

    let mut net = FooNet::new(None);
    assert_eq!(init_weights(&mut net, 0), Ok(Written { written: 0, kept: 6 }));
}

#[test]
fn containers_with_an_init_cfg_of_their_own() {
    static INNER: Rules = InitCfg { rules: &[constant(1.0, 2.0, &["Linear"])] };

    #[derive(Layer)]
    struct Foo {
        #[layer(init_cfg)]
        init_cfg: Rules,
        #[layer(container = "ModuleList", init_cfg = &INNER)]
        list: [Linear; 2],
        #[layer(container = "Sequential", init_cfg = &INNER)]
        sequential: [Linear; 1],
        plain: [Linear; 1],
    }
    let mut foo = Foo {
        init_cfg: InitCfg { rules: const { &[constant(5.0, 6.0, &["Linear"])] } },
        list: [LINEAR; 2],
        sequential: [LINEAR],
        plain: [LINEAR],
    };
    assert_eq!(init_weights(&mut foo, 0), Ok(Written { written: 8, kept: 0 }));
    for inner in foo.list.iter().chain(&foo.sequential) {
        assert_eq!((inner.weight, inner.bias), ([[1.0]; 2], [2.0; 2]));
    }
    assert_eq!((foo.plain[0].weight, foo.plain[0].bias), ([[5.0]; 2], [6.0; 2]));
}
