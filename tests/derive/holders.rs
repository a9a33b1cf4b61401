//! Parameters and layers in boxes and `Option`s, and what the engine of all cores makes of them.

use weight_init_backends::{Rayon, Simd};
use weight_init_core::Layer;
use weight_init_core::in_place::init_weights;
use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
use weight_init_core::initializer::{Constant, Normal};

static RULES: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[Rule {
        layers: &["Linear"],
        ..Rule::new(Init::Normal(Normal { mean: 0.0, std: 1.0 }))
    }],
};

#[derive(Clone, Debug, PartialEq, Layer)]
struct Linear {
    #[layer(param)]
    weight: Box<[[f32; 4]; 3]>,
    #[layer(param, shape = [3])]
    bias: Option<Vec<f32>>,
    #[layer(param)]
    scale: Option<Box<[f64; 3]>>,
    #[layer(param, shape = [self.rows.len(), 2])]
    rows: Vec<[f32; 2]>,
    #[layer(param, shape = [2, 2])]
    boxed: Box<[[f32; 2]]>,
    #[layer(buffer)]
    mean: Option<[f32; 3]>,
}

impl Linear {
    fn new(has_bias: bool) -> Self {
        Self {
            weight: Box::new([[9.0; 4]; 3]),
            bias: has_bias.then(|| vec![9.0; 3]),
            scale: Some(Box::new([9.0; 3])),
            rows: vec![[9.0; 2]; 5],
            boxed: vec![[9.0; 2]; 2].into(),
            mean: Some([9.0; 3]),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Layer)]
#[layer(init_cfg = &RULES)]
struct Net<L: Layer> {
    first: Box<L>,
    second: Option<Box<L>>,
    more: Vec<Box<L>>,
    none: Option<L>,
}

fn net() -> Net<Linear> {
    Net {
        first: Box::new(Linear::new(true)),
        second: Some(Box::new(Linear::new(false))),
        more: vec![Box::new(Linear::new(true))],
        none: None,
    }
}

#[test]
fn boxes_and_options_are_written_on_every_engine() {
    let (mut one, mut simd, mut all) = (net(), net(), net());
    let done = init_weights(&mut one, 42).unwrap();
    // Weights, and the biases that are there.
    assert_eq!((done.written, done.kept), (5, 9));
    assert!(one.first.weight.as_flattened().iter().all(|w| *w != 9.0));
    assert_eq!(one.first.bias, Some(vec![0.0; 3]));
    assert_eq!(one.second.as_ref().unwrap().bias, None);
    assert_eq!(one.first.mean, Some([9.0; 3]));

    assert_eq!(Simd::new().init_weights(&mut simd, 42).unwrap().written, 5);
    let done = Rayon::new().init_weights(&mut all, 42).unwrap();
    assert_eq!((done.written, done.kept, done.unmatched), (5, 9, vec![]));
    assert_eq!(simd, one);
    assert_eq!(all, one);
}

#[test]
fn thousands_of_parameters_are_one_job() {
    #[derive(Clone, Debug, PartialEq, Layer)]
    #[layer(init_cfg = &RULES)]
    struct Many {
        layers: Vec<Small>,
    }
    #[derive(Clone, Debug, PartialEq, Layer)]
    #[layer(class = "Linear")]
    struct Small {
        #[layer(param)]
        weight: [f32; 7],
    }
    let mut many = Many { layers: vec![Small { weight: [0.0; 7] }; 5000] };
    let mut one = Many { layers: many.layers[..20].to_vec() };
    Rayon::new().init_weights(&mut many, 7).unwrap();
    init_weights(&mut one, 7).unwrap();
    assert_eq!(many.layers[..20], one.layers);
    assert!(many.layers.iter().all(|small| small.weight.iter().all(|w| *w != 0.0)));
}

#[test]
fn a_rule_that_writes_nothing_is_told() {
    const ONE: Init = Init::Constant(Constant { val: 1.0 });
    static MISSPELT: InitCfg<Borrowed<'static>> = InitCfg {
        rules: &[
            Rule { layers: &["Liner"], ..Rule::new(ONE) },
            Rule { params: &["*.wieght"], ..Rule::new(ONE) },
            Rule::new(ONE),
        ],
    };
    #[derive(Layer)]
    #[layer(init_cfg = &MISSPELT)]
    struct Wrong {
        fc: Linear,
    }
    let mut wrong = Wrong { fc: Linear::new(true) };
    let done = Rayon::new().init_weights(&mut wrong, 0).unwrap();
    assert_eq!(done.written, 0);
    let told: Vec<_> = done.unmatched.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "rule 0 (Constant) of the model itself writes no parameter: no layer is a 'Liner'; did you mean 'Linear'?",
            "rule 1 (Constant) of the model itself writes no parameter: no parameter has a name like '*.wieght'; did you \
             mean 'fc.weight'?",
            "rule 2 (Constant) of the model itself writes no parameter: it names no layer, no params and no override",
        ]
    );

    // Rules in a plain layer, which no init_weights reaches.
    #[derive(Layer)]
    struct Plain {
        inner: Net<Linear>,
    }
    let done = Rayon::new().init_weights(&mut Plain { inner: net() }, 0).unwrap();
    assert_eq!(
        done.unmatched[0].to_string(),
        "rule 0 (Normal) of inner writes no parameter: no init_weights reaches this module; it, or a layer above it, is \
         a plain layer, which `#[layer(module)]` changes"
    );
}

#[test]
fn the_engine_says_which_parameter_is_wrong_and_writes_nothing() {
    #[derive(Layer)]
    #[layer(class = "Linear", module, init_cfg = &RULES)]
    struct Short {
        #[layer(param, shape = [2])]
        bias: Vec<f32>,
        #[layer(param, shape = [2, 2])]
        weight: Vec<f32>,
    }
    let mut short = Short { bias: vec![7.0; 2], weight: vec![7.0; 3] };
    let error = Rayon::new().init_weights(&mut short, 0).unwrap_err();
    assert_eq!(error.to_string(), "weight: its memory has 3 elements, its shape is [2, 2]");
    assert_eq!((short.bias, short.weight), (vec![7.0; 2], vec![7.0; 3]));
}
