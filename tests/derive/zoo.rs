//! A struct of every kind of field equals its description: the same plan, the same bits.

use std::collections::BTreeMap;

use weight_init::checkpoint::safetensors::SafetensorsFile;
use weight_init::create::Recipe;
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan};
use weight_init::run::BackendKind;
use weight_init_core::in_place::{InitWeightsError, Written, init_weights};
use weight_init_core::init_cfg::{Bias, Borrowed, Init, InitCfg, Override, Rule, Write};
use weight_init_core::initializer::{Constant, Kaiming, Normal, Uniform, Xavier};
use weight_init_core::tensor::ParamData;
use weight_init_core::{Layer, bf16};
use weight_init_tests::bits::Bits;

#[derive(Layer)]
#[layer(class = "Conv2d", bases("_ConvNd"))]
pub(super) struct Conv<const IN: usize, const OUT: usize> {
    #[layer(param)]
    weight: [[[[f32; 3]; 3]; IN]; OUT],
    #[layer(param)]
    bias: [f32; OUT],
}

impl<const IN: usize, const OUT: usize> Conv<IN, OUT> {
    fn new() -> Self {
        Self { weight: [[[[9.0; 3]; 3]; IN]; OUT], bias: [9.0; OUT] }
    }
}

#[derive(Layer)]
#[layer(bases("Module"))]
pub(super) struct Linear {
    #[layer(param, shape = [self.bias.len(), self.inputs])]
    pub(super) weight: Vec<f64>,
    #[layer(param, shape = [self.bias.len()])]
    bias: Box<[f64]>,
    #[layer(skip)]
    inputs: usize,
}

impl Linear {
    fn new(inputs: usize, outputs: usize) -> Self {
        Self { weight: vec![9.0; inputs * outputs], bias: vec![9.0; outputs].into(), inputs }
    }
}

#[derive(Layer)]
#[layer(class = "BatchNorm2d", bases("_BatchNorm"))]
pub(super) struct Norm {
    #[layer(param)]
    weight: [bf16; 8],
    #[layer(param)]
    bias: [bf16; 8],
    #[layer(buffer)]
    pub(super) running_mean: [f32; 8],
}

#[derive(Layer)]
#[layer(module)]
pub(super) struct Block {
    conv: Conv<8, 8>,
    pub(super) norm: Option<Norm>,
}

static BLOCKS: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[Rule {
        layers: &["_ConvNd"],
        ..Rule::new(Init::Uniform(Uniform { a: -0.5, b: 0.5 }))
    }],
};

#[derive(Layer)]
#[layer(alias(first = "stem"))]
pub(super) struct Net {
    #[layer(init_cfg)]
    rules: InitCfg<Borrowed<'static>>,
    stem: Conv<3, 8>,
    #[layer(container = "Sequential", init_cfg = &BLOCKS)]
    pub(super) blocks: [Block; 2],
    plain: Vec<Linear>,
    heads: BTreeMap<String, Linear>,
    #[layer(rename = "cls")]
    pub(super) class_head: Linear,
    nothing: Option<Linear>,
    #[layer(param, shape = [4, 8], layout = "in_out", stream = "old.name")]
    weight: Vec<f32>,
    #[layer(param, rename = "tied", same_as = "cls.weight", shape = [4, 3])]
    _tied: (),
}

const RULES: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[
        Rule { layers: &["Conv2d"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) },
        Rule { layers: &["_BatchNorm"], ..Rule::new(Init::Constant(Constant { val: 1.0 })) },
        Rule {
            layers: &["Linear"],
            overrides: &[Override { name: "cls", write: None }],
            ..Rule::writing(Write::Init(
                Init::Normal(Normal { mean: 0.0, std: 0.01 }),
                Bias::Prob(0.01),
            ))
        },
        Rule { params: &["weight"], ..Rule::new(Init::Xavier(Xavier::DEFAULT)) },
    ],
};

pub(super) const DESCRIPTION: &str = r#"{
  "class": "Net", "init_weights": "module", "aliases": {"first": "stem"},
  "init_cfg": [
    {"type": "Kaiming", "layer": "Conv2d"},
    {"type": "Constant", "val": 1, "layer": "_BatchNorm"},
    {"type": "Normal", "mean": 0, "std": 0.01, "layer": "Linear", "bias_prob": 0.01, "override": {"name": "cls"}},
    {"type": "Xavier", "params": "weight"}
  ],
  "params": [{"name": "weight", "shape": [4, 8], "layout": "in_out", "stream": "old.name"}],
  "children": [
    {"name": "stem", "class": "Conv2d", "bases": ["_ConvNd"],
     "params": [{"name": "weight", "shape": [8, 3, 3, 3]}, {"name": "bias", "shape": [8]}]},
    {"name": "blocks", "class": "Sequential", "bases": ["BaseModule", "Sequential"], "init_weights": "module",
     "init_cfg": {"type": "Uniform", "a": -0.5, "b": 0.5, "layer": "_ConvNd"},
     "children": [
      {"name": "0", "class": "Block", "init_weights": "module", "children": [
        {"name": "conv", "class": "Conv2d", "bases": ["_ConvNd"],
         "params": [{"name": "weight", "shape": [8, 8, 3, 3]}, {"name": "bias", "shape": [8]}]},
        {"name": "norm", "class": "BatchNorm2d", "bases": ["_BatchNorm"],
         "params": [{"name": "weight", "shape": [8], "dtype": "bfloat16"}, {"name": "bias", "shape": [8], "dtype": "bfloat16"}],
         "buffers": [{"name": "running_mean", "shape": [8]}]}]},
      {"name": "1", "class": "Block", "init_weights": "module", "children": [
        {"name": "conv", "class": "Conv2d", "bases": ["_ConvNd"],
         "params": [{"name": "weight", "shape": [8, 8, 3, 3]}, {"name": "bias", "shape": [8]}]}]}]},
    {"name": "plain", "class": "ModuleList", "bases": ["Module"], "children": [
      {"name": "0", "class": "Linear", "bases": ["Module"],
       "params": [{"name": "weight", "shape": [2, 5], "dtype": "float64"}, {"name": "bias", "shape": [2], "dtype": "float64"}]}]},
    {"name": "heads", "class": "ModuleDict", "bases": ["Module"], "children": [
      {"name": "a", "class": "Linear", "bases": ["Module"],
       "params": [{"name": "weight", "shape": [1, 2], "dtype": "float64"}, {"name": "bias", "shape": [1], "dtype": "float64"}]},
      {"name": "b", "class": "Linear", "bases": ["Module"],
       "params": [{"name": "weight", "shape": [3, 2], "dtype": "float64"}, {"name": "bias", "shape": [3], "dtype": "float64"}]}]},
    {"name": "cls", "class": "Linear", "bases": ["Module"],
     "params": [{"name": "weight", "shape": [4, 3], "dtype": "float64"}, {"name": "bias", "shape": [4], "dtype": "float64"}]}
  ]
}"#;

pub(super) fn net() -> Net {
    let norm = Norm { weight: [bf16::MAX; 8], bias: [bf16::MAX; 8], running_mean: [0.0; 8] };
    Net {
        rules: RULES,
        stem: Conv::new(),
        blocks: [
            Block { conv: Conv::new(), norm: Some(norm) },
            Block { conv: Conv::new(), norm: None },
        ],
        plain: vec![Linear::new(5, 2)],
        heads: [("b".to_owned(), Linear::new(2, 3)), ("a".to_owned(), Linear::new(2, 1))].into(),
        class_head: Linear::new(3, 4),
        nothing: None,
        weight: vec![9.0; 32],
        _tied: (),
    }
}

/// The elements in the bytes of a file.
fn le<P: ParamData<Element: Bits>>(data: &P) -> Vec<u8> {
    let mut bytes = Vec::new();
    data.elements().iter().for_each(|element| element.append_to(&mut bytes));
    bytes
}

/// Every parameter by its full name.
pub(super) fn weights(net: &Net) -> Vec<(&'static str, Vec<u8>)> {
    let norm = net.blocks[0].norm.as_ref().unwrap();
    vec![
        ("weight", le(&net.weight)),
        ("stem.weight", le(&net.stem.weight)),
        ("stem.bias", le(&net.stem.bias)),
        ("blocks.0.conv.weight", le(&net.blocks[0].conv.weight)),
        ("blocks.0.conv.bias", le(&net.blocks[0].conv.bias)),
        ("blocks.0.norm.weight", le(&norm.weight)),
        ("blocks.0.norm.bias", le(&norm.bias)),
        ("blocks.1.conv.weight", le(&net.blocks[1].conv.weight)),
        ("blocks.1.conv.bias", le(&net.blocks[1].conv.bias)),
        ("plain.0.weight", le(&net.plain[0].weight)),
        ("plain.0.bias", le(&net.plain[0].bias)),
        ("heads.a.weight", le(&net.heads["a"].weight)),
        ("heads.a.bias", le(&net.heads["a"].bias)),
        ("heads.b.weight", le(&net.heads["b"].weight)),
        ("heads.b.bias", le(&net.heads["b"].bias)),
        ("cls.weight", le(&net.class_head.weight)),
        ("cls.bias", le(&net.class_head.bias)),
    ]
}

#[test]
fn a_struct_gets_the_bits_of_its_description() {
    let mut net = net();
    let done = init_weights(&mut net, 42).unwrap();
    assert_eq!(done, Written { written: 17, kept: 0 });

    let model = Model::read(&Source::new("net.json", DESCRIPTION)).unwrap();
    let plan = Plan::new(&model, &Options::default()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let recipe = Recipe { seed: 42, ..Recipe::default() };
    recipe
        .create(&plan, &path, &mut BackendKind::Embedded.start(None).unwrap(), &mut |_| ())
        .unwrap();
    let file = SafetensorsFile::open(&path).unwrap();
    for (name, bytes) in weights(&net) {
        let tensor = file.tensor(name).unwrap();
        let mut expected = vec![0; bytes.len()];
        file.read_at(tensor, 0, &mut expected).unwrap();
        assert!(bytes == expected, "{name}");
    }
    assert_eq!(net.blocks[0].norm.as_ref().unwrap().running_mean, [0.0; 8]);
}

#[test]
fn all_cores_write_the_same_struct() {
    let (mut one, mut all) = (net(), net());
    init_weights(&mut one, 42).unwrap();
    let done = weight_init::init_weights(&mut all, 42).unwrap();
    assert_eq!((done.written, done.kept, done.unmatched), (17, 0, vec![]));
    assert!(weights(&one) == weights(&all));
}

#[test]
fn what_cannot_be_written_is_refused_before_anything_is() {
    #[derive(Layer)]
    #[layer(module)]
    struct Short {
        #[layer(param, shape = [2, 2])]
        weight: Vec<f32>,
    }
    let mut short = Short { weight: vec![7.0; 3] };
    assert_eq!(init_weights(&mut short, 0), Err(InitWeightsError::Elements));
    assert_eq!(short.weight, [7.0; 3]);
}
