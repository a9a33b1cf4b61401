//! The answers for layers of fixed shapes. The same table was compared with 60 seeds of the real
//! constructors (bounds, moments, constants): PyTorch 2.15.0, mmcv 2.2.0, mmdet 3.3.0.

use std::ops::ControlFlow;

use weight_init_core::initializer::{
    Constant, Distribution, FanMode, Kaiming, Nonlinearity, Normal, Uniform, Xavier,
};
use weight_init_core::{
    Buffer, Child, DType, Fill, InitWeights, Layer, LayerVisitor, Param, Shape,
};

use super::*;

#[derive(Default)]
struct Node {
    class: &'static str,
    bases: Vec<&'static str>,
    init_weights: InitWeights,
    params: Vec<(&'static str, Vec<usize>)>,
    buffers: Vec<(&'static str, Vec<usize>)>,
    children: Vec<(&'static str, Self)>,
    ancestors: Vec<String>,
    rewrites: Option<bool>,
    padding_row: Option<usize>,
}

/// A layer with parameters.
fn node<const N: usize>(class: &'static str, params: [(&'static str, &[usize]); N]) -> Node {
    let params = params.into_iter().map(|(name, shape)| (name, shape.to_vec())).collect();
    Node { class, params, ..Node::default() }
}

impl Node {
    fn base(mut self, base: &'static str) -> Self {
        self.bases.push(base);
        self
    }

    fn child(mut self, name: &'static str, child: Self) -> Self {
        self.children.push((name, child));
        self
    }

    fn buffer(mut self, name: &'static str, shape: &[usize]) -> Self {
        self.buffers.push((name, shape.to_vec()));
        self
    }

    fn facts<'a>(&'a self, name: &'a str) -> LayerFacts<'a> {
        LayerFacts {
            ancestors: &self.ancestors,
            rewrites: self.rewrites,
            padding_row: self.padding_row,
            ..LayerFacts::new(name, self)
        }
    }

    /// What the constructors give the parameter at a dotted path, whatever they do to one of its rows.
    fn given(&self, path: &str) -> Option<Init> {
        self.param_default(path).map(|default| default.init)
    }

    fn param_default(&self, path: &str) -> Option<ParamDefault> {
        let (layers, param) = path.rsplit_once('.').unwrap_or(("", path));
        let mut lineage = vec![self.facts("")];
        let mut node = self;
        for piece in layers.split('.').filter(|piece| !piece.is_empty()) {
            let (name, child) = node.children.iter().find(|(name, _)| *name == piece)?;
            lineage.insert(0, child.facts(name));
            node = child;
        }
        param_default(&lineage, param)
    }

    fn buffer_default(&self, name: &str) -> Option<BufferDefault> {
        buffer_default(&[self.facts("")], name)
    }
}

impl Layer for Node {
    fn class(&self) -> &str {
        self.class
    }

    fn base(&self, index: usize) -> Option<&str> {
        self.bases.get(index).copied()
    }

    fn init_weights(&self) -> InitWeights {
        self.init_weights
    }

    fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
        for (name, shape) in &self.params {
            visitor.param(&Param::new(name, Shape::new(shape), DType::F32))?;
        }
        for (name, shape) in &self.buffers {
            visitor.buffer(&Buffer { name, shape, dtype: DType::F32 })?;
        }
        for (name, child) in &self.children {
            visitor.child(&Child::new(name, child))?;
        }
        ControlFlow::Continue(())
    }
}

fn uniform(bound: f64) -> Option<Init> {
    Some(Init::Uniform(Uniform { a: -bound, b: bound }))
}

fn value(val: f64) -> Option<Init> {
    Some(Init::Constant(Constant { val }))
}

fn normal(std: f64) -> Option<Init> {
    Some(Init::Normal(Normal { mean: 0.0, std }))
}

fn xavier(distribution: Distribution) -> Option<Init> {
    Some(Init::Xavier(Xavier { gain: 1.0, distribution, ..Xavier::DEFAULT }))
}

fn kaiming_normal(mode: FanMode) -> Option<Init> {
    Some(Init::Kaiming(Kaiming { mode, ..Kaiming::default() }))
}

/// Bound of the uniform distribution that a weight of this shape gets.
fn bound(init: Option<Init>, shape: &[usize]) -> f64 {
    let fill: Option<Fill<f64>> = init.and_then(|init| init.fill(&Shape::new(shape)).ok());
    match fill {
        Some(Fill::Uniform(fill)) => fill.b(),
        _ => f64::NAN,
    }
}

fn conv(class: &'static str) -> Node {
    node(class, [("weight", &[64, 4, 3, 3]), ("bias", &[64])])
}

fn linear() -> Node {
    node("Linear", [("weight", &[10, 64]), ("bias", &[10])])
}

fn norm(class: &'static str) -> Node {
    node(class, [("weight", &[8]), ("bias", &[8])])
}

#[test]
fn convolutions_and_linear_maps() {
    for class in ["Conv2d", "ConvTranspose2d", "LazyConv2d"] {
        let conv = conv(class);
        assert!((bound(conv.given("weight"), &[64, 4, 3, 3]) - 1.0 / 6.0).abs() < 1e-16);
        assert_eq!(conv.given("bias"), uniform(1.0 / 6.0));
        assert_eq!(conv.given("other"), None);
    }
    assert!((bound(linear().given("weight"), &[10, 64]) - 0.125).abs() < 1e-16);
    assert_eq!(linear().given("bias"), uniform(0.125));
    let empty = node("Linear", [("weight", &[20, 0]), ("bias", &[20])]);
    assert_eq!(empty.given("bias"), value(0.0));
    let bilinear = node("Bilinear", [("weight", &[10, 25, 30]), ("bias", &[10])]);
    assert_eq!(bilinear.given("weight"), uniform(0.2));
    assert_eq!(bilinear.given("bias"), uniform(0.2));
    assert_eq!(node("Conv2d", [("bias", &[64])]).given("bias"), None);
}

#[test]
fn norms_embeddings_activations() {
    for class in ["BatchNorm2d", "SyncBatchNorm", "InstanceNorm1d", "LayerNorm", "GroupNorm"] {
        assert_eq!(norm(class).given("weight"), value(1.0));
        assert_eq!(norm(class).given("bias"), value(0.0));
    }
    let mmcv = norm("SyncBatchNorm").base("Module");
    assert_eq!(mmcv.given("weight"), Some(Init::Uniform(Uniform { a: 0.0, b: 1.0 })));
    let buffers = [("running_mean", 0.0), ("running_var", 1.0), ("num_batches_tracked", 0.0)];
    for (name, value) in buffers {
        let default = norm("BatchNorm2d").buffer_default(name);
        assert_eq!(default, Some(BufferDefault::Constant(value)));
    }
    for (name, value) in
        [("weight", 1.0), ("bias", 0.0), ("running_mean", 0.0), ("running_var", 1.0)]
    {
        let default = norm("FrozenBatchNorm2d").buffer_default(name);
        assert_eq!(default, Some(BufferDefault::Constant(value)), "{name}");
    }
    assert_eq!(node("Embedding", [("weight", &[7, 8])]).given("weight"), normal(1.0));
    assert_eq!(node("PReLU", [("weight", &[1])]).given("weight"), value(0.25));
}

#[test]
fn attention() {
    let out_proj =
        node("NonDynamicallyQuantizableLinear", [("weight", &[64, 64]), ("bias", &[64])]);
    let attention =
        node("MultiheadAttention", [("in_proj_weight", &[192, 64]), ("in_proj_bias", &[192])])
            .child("out_proj", out_proj.base("Linear"));
    assert_eq!(attention.given("in_proj_weight"), xavier(Distribution::Uniform));
    assert_eq!(attention.given("q_proj_weight"), xavier(Distribution::Uniform));
    assert_eq!(attention.given("in_proj_bias"), value(0.0));
    assert_eq!(attention.given("bias_k"), xavier(Distribution::Normal));
    assert!((bound(attention.given("out_proj.weight"), &[64, 64]) - 0.125).abs() < 1e-16);
    assert_eq!(attention.given("out_proj.bias"), value(0.0));
    // Somebody's own class of this name.
    let other = node("MultiheadAttention", []).child("q", linear());
    assert_eq!(other.given("q.bias"), uniform(0.125));
}

#[test]
fn recurrent_layers() {
    let lstm = node("LSTM", [("weight_ih_l0", &[256, 20]), ("weight_hh_l0", &[256, 64])]);
    for name in ["weight_ih_l0", "bias_hh_l1_reverse"] {
        assert_eq!(lstm.given(name), uniform(0.125));
    }
    assert_eq!(lstm.given("weight_iho"), None);
    let projected = node("LSTM", [("weight_hh_l0", &[256, 16]), ("weight_hr_l0", &[16, 64])]);
    assert_eq!(projected.given("weight_hr_l0"), uniform(0.125));
    assert_eq!(projected.given("bias_ih_l0"), uniform(0.125));
    let cell = node("GRUCell", [("weight_hh", &[192, 64])]);
    assert_eq!(cell.given("bias_ih"), uniform(0.125));
}

#[test]
fn classes_are_known_by_their_direct_bases() {
    assert_eq!(
        conv("ConvBase").base("BaseModule").base("Conv2d").given("weight"),
        Some(conv::WEIGHT)
    );
    assert_eq!(conv("MyConv").base("_ConvNd").given("bias"), uniform(1.0 / 6.0));
    assert_eq!(norm("MyNorm").base("_BatchNorm").given("weight"), value(1.0));
    for base in ["Module", "BaseModule", "Sequential", "MyConv"] {
        assert_eq!(conv("MyMyConv").base(base).given("weight"), None);
    }
    assert_eq!(param_default(&[], "weight"), None);
}

#[test]
fn classes_are_known_by_further_bases_where_they_are_told() {
    let mut conv = conv("MyMyConv").base("MyConv");
    assert_eq!(conv.given("weight"), None);
    conv.ancestors = ["MyConv", "Conv2d", "_ConvNd", "Module", "object"].map(str::to_owned).into();
    assert_eq!(conv.given("weight"), Some(conv::WEIGHT));
    // Also where they write into what they hold.
    let mut module = node("MyModule", []).base("Mine").child("conv", conv);
    module.ancestors = ["Mine", "ConvModule", "Module", "object"].map(str::to_owned).into();
    assert_eq!(module.given("conv.weight"), kaiming_normal(FanMode::FanOut));
}

#[test]
fn a_layer_with_code_of_its_own_is_not_its_base() {
    let mut own = linear().base("Module");
    own.rewrites = Some(true);
    assert_eq!((own.given("weight"), own.given("bias")), (None, None));
    let mut norm = norm("BatchNorm2d").buffer("running_var", &[8]);
    norm.rewrites = Some(true);
    assert_eq!(norm.buffer_default("running_var"), None);
    // A known constructor above runs later, and its class says what it writes.
    let conv = Node { rewrites: Some(true), ..conv("Conv2d") };
    let module = node("ConvModule", []).child("conv", conv);
    assert_eq!(module.given("conv.weight"), kaiming_normal(FanMode::FanOut));
    own.rewrites = Some(false);
    assert_eq!(own.given("weight"), Some(conv::WEIGHT));
}

#[test]
fn the_padding_row_of_an_embedding_is_cleared() {
    let padded = |class| Node { padding_row: Some(3), ..node(class, [("weight", &[7, 8])]) };
    for layer in [padded("Embedding"), padded("EmbeddingBag"), padded("Mine").base("Embedding")] {
        let expected = ParamDefault { init: normal(1.0).unwrap(), zero_row: Some(3) };
        assert_eq!(layer.param_default("weight"), Some(expected));
    }
    assert_eq!(padded("Linear").param_default("weight"), Some(conv::WEIGHT.into()));
    // Xavier's is written over the whole matrix.
    let encoder = node("TransformerEncoder", []).child("words", padded("Embedding"));
    let decoder = node("TransformerDecoder", []);
    let model = node("Transformer", []).child("encoder", encoder).child("decoder", decoder);
    let xavier = xavier(Distribution::Uniform).map(ParamDefault::from);
    assert_eq!(model.param_default("encoder.words.weight"), xavier);
}

#[test]
fn a_constructor_that_is_not_known_may_rewrite_what_it_holds() {
    let may = |layer: &Node| may_rewrite(&layer.facts("x"));
    for class in known_classes().chain(["Sequential", "ModuleList", "BaseModule", "ConvModule"]) {
        assert!(!may(&node(class, [])), "{class}");
    }
    for base in ["Module", "Sequential", "Linear", "ConvModule"] {
        assert!(may(&node("ResNet", []).base(base)), "{base}");
    }
    assert!(!may(&Node { rewrites: Some(false), ..node("ResNet", []) }));
    assert!(may(&Node { rewrites: Some(true), ..node("Sequential", []) }));
    // Somebody's own class of this name.
    assert!(may(&node("Transformer", [])));
}

#[test]
fn transformer_gives_every_matrix_xaviers() {
    let layer = || node("TransformerEncoderLayer", []).child("linear1", linear());
    let encoder = || node("TransformerEncoder", []).child("0", layer());
    let decoder = node("TransformerDecoder", []).child("norm", norm("LayerNorm"));
    let model = node("Transformer", []).child("encoder", encoder()).child("decoder", decoder);
    assert_eq!(model.given("encoder.0.linear1.weight"), xavier(Distribution::Uniform));
    assert_eq!(model.given("encoder.0.linear1.bias"), uniform(0.125));
    assert_eq!(model.given("decoder.norm.weight"), value(1.0));
    // Somebody's own class of this name.
    let other = node("Transformer", []).child("encoder", encoder());
    assert_eq!(other.given("encoder.0.linear1.weight"), Some(conv::WEIGHT));
}

#[test]
fn conv_module_gives_its_convolution_kaimings() {
    let module = |class| node("ConvModule", []).child("conv", conv(class).base("Conv2d"));
    for class in ["Conv2d", "Conv2dAdaptivePadding", "ConvTranspose2d", "DeformConv2dPack"] {
        assert_eq!(module(class).given("conv.weight"), kaiming_normal(FanMode::FanOut));
        assert_eq!(module(class).given("conv.bias"), value(0.0));
    }
    let own = Node { init_weights: InitWeights::Custom, ..conv("Conv2d") };
    assert_eq!(node("ConvModule", []).child("conv", own).given("conv.weight"), Some(conv::WEIGHT));
    let leaky = module("Conv2d").child("activate", node("LeakyReLU", []));
    let slope = Kaiming { a: 0.01, nonlinearity: Nonlinearity::LeakyRelu, ..Kaiming::DEFAULT };
    assert_eq!(leaky.given("conv.weight"), Some(Init::Kaiming(slope)));
    assert_eq!(leaky.given("conv.bias"), value(0.0));
    let prelu = module("Conv2d").child("activate", node("PReLU", [("weight", &[1])]));
    assert_eq!(prelu.given("activate.weight"), value(0.25));
    let synced = module("Conv2d").child("bn", norm("SyncBatchNorm").base("Module"));
    assert_eq!(synced.given("bn.weight"), value(1.0));
    // The constructor of the outermost layer runs last.
    let non_local = node("NonLocal2d", []).child("g", module("Conv2d"));
    assert_eq!(non_local.given("g.conv.weight"), normal(0.01));
}

#[test]
fn deformable_convolutions() {
    let offset = || node("Conv2d", [("weight", &[27, 16, 3, 3]), ("bias", &[27])]);
    let relu = Kaiming {
        a: 0.0,
        mode: FanMode::FanIn,
        nonlinearity: Nonlinearity::Relu,
        distribution: Distribution::Uniform,
        ..Kaiming::DEFAULT
    };
    let pack =
        node("DeformConv2dPack", [("weight", &[64, 4, 3, 3])]).child("conv_offset", offset());
    assert_eq!(pack.given("weight"), Some(Init::Kaiming(relu)));
    assert_eq!(pack.given("conv_offset.weight"), value(0.0));
    assert_eq!(pack.given("conv_offset.bias"), value(0.0));
    // In four groups: 16 channels come in.
    let pack = conv("ModulatedDeformConv2dPack").child("conv_offset", offset());
    assert_eq!(pack.given("weight"), uniform(1.0 / 12.0));
    assert_eq!(pack.given("bias"), value(0.0));
    assert_eq!(conv("ModulatedDeformConv2d").given("weight"), None);
}

#[test]
fn other_openmmlab_classes() {
    assert_eq!(node("Scale", [("scale", &[])]).given("scale"), value(1.0));
    assert_eq!(node("DeformableDETR", [("level_embed", &[4, 256])]).given("level_embed"), None);
    let attention = node("MultiScaleDeformableAttention", [])
        .child("sampling_offsets", linear())
        .child("value_proj", linear());
    assert_eq!(attention.given("sampling_offsets.weight"), value(0.0));
    assert_eq!(attention.given("sampling_offsets.bias"), None);
    assert_eq!(attention.given("value_proj.weight"), xavier(Distribution::Uniform));
    let processor = node("DetDataPreprocessor", []).buffer("mean", &[3, 1, 1]);
    assert_eq!(processor.buffer_default("mean"), None);
}

#[test]
fn relative_positions_of_square_windows() {
    let index = |places, rows: usize| {
        node("WindowMSA", [("relative_position_bias_table", &[rows, 4])])
            .buffer("relative_position_index", &[places, places])
            .buffer_default("relative_position_index")
    };
    let square = index(9, 25).expect("a square window");
    let row = |from: u64| (0..9).map(|to| square.element(9 * from + to)).collect::<Vec<f64>>();
    // mmdet.models.backbones.swin.WindowMSA(32, 4, (3, 3)).relative_position_index
    assert_eq!(row(0), [12.0, 11.0, 10.0, 7.0, 6.0, 5.0, 2.0, 1.0, 0.0]);
    assert_eq!(row(5), [19.0, 18.0, 17.0, 14.0, 13.0, 12.0, 9.0, 8.0, 7.0]);
    assert_eq!(row(8), [24.0, 23.0, 22.0, 19.0, 18.0, 17.0, 14.0, 13.0, 12.0]);
    // 3 × 5, and 2 × 8 or 4 × 4 places.
    assert_eq!((index(15, 45), index(16, 45)), (None, None));
    assert_eq!(index(16, 49), Some(BufferDefault::RelativePosition { window: 4 }));
    assert_eq!((index(0, 0), index(usize::MAX, 1)), (None, None));
    assert_eq!(BufferDefault::RelativePosition { window: 0 }.element(3), 0.0);
    assert!(BufferDefault::RelativePosition { window: u64::MAX }.element(u64::MAX).is_finite());
}

#[test]
fn known_classes_are_named_once() {
    let mut names: Vec<&str> = known_classes().collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(names.contains(&"Conv2d"));
}
