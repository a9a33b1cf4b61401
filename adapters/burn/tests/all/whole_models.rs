//! A residual network of torchvision's names and a transformer, each as a whole.

use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{AdaptiveAvgPool2d, AdaptiveAvgPool2dConfig};
use burn::nn::transformer::{
    TransformerEncoder, TransformerEncoderConfig, TransformerEncoderInput,
};
use burn::nn::{
    BatchNorm, BatchNormConfig, Embedding, EmbeddingConfig, LayerNorm, LayerNormConfig, Linear,
    LinearConfig, PaddingConfig2d,
};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor};
use serde_json::{Value, json};
use weight_init::plan::Writer;
use weight_init_burn::{Report, WeightInit, description, init_cfg};

use crate::check::{file, values};

#[derive(Module, Debug)]
pub(crate) struct BasicBlock {
    conv1: Conv2d,
    bn1: BatchNorm,
    conv2: Conv2d,
    bn2: BatchNorm,
    downsample: Option<(Conv2d, BatchNorm)>,
}

/// ResNet-18 with a quarter of the channels.
#[derive(Module, Debug)]
pub(crate) struct ResNet {
    conv1: Conv2d,
    bn1: BatchNorm,
    layer1: Vec<BasicBlock>,
    layer2: Vec<BasicBlock>,
    layer3: Vec<BasicBlock>,
    layer4: Vec<BasicBlock>,
    pool: AdaptiveAvgPool2d,
    fc: Linear,
}

fn conv(channels: [usize; 2], kernel: usize, stride: usize, device: &Device) -> Conv2d {
    let padding = PaddingConfig2d::Explicit(kernel / 2, kernel / 2, kernel / 2, kernel / 2);
    let config = Conv2dConfig::new(channels, [kernel; 2]).with_stride([stride; 2]);
    config.with_padding(padding).with_bias(false).init(device)
}

impl BasicBlock {
    fn new(input: usize, output: usize, stride: usize, device: &Device) -> Self {
        let norm = || BatchNormConfig::new(output).init(device);
        Self {
            conv1: conv([input, output], 3, stride, device),
            bn1: norm(),
            conv2: conv([output; 2], 3, 1, device),
            bn2: norm(),
            downsample: (input != output)
                .then(|| (conv([input, output], 1, stride, device), norm())),
        }
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let inner = relu(self.bn1.forward(self.conv1.forward(x.clone())));
        let inner = self.bn2.forward(self.conv2.forward(inner));
        let shortcut = match &self.downsample {
            Some((conv, norm)) => norm.forward(conv.forward(x)),
            None => x,
        };
        relu(inner + shortcut)
    }
}

impl ResNet {
    pub(crate) fn new(device: &Device) -> Self {
        let stage = |input, output, stride| {
            vec![
                BasicBlock::new(input, output, stride, device),
                BasicBlock::new(output, output, 1, device),
            ]
        };
        Self {
            conv1: conv([3, 16], 7, 2, device),
            bn1: BatchNormConfig::new(16).init(device),
            layer1: stage(16, 16, 1),
            layer2: stage(16, 32, 2),
            layer3: stage(32, 64, 2),
            layer4: stage(64, 128, 2),
            pool: AdaptiveAvgPool2dConfig::new([1, 1]).init(),
            fc: LinearConfig::new(128, 10).init(device),
        }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let mut x = relu(self.bn1.forward(self.conv1.forward(x)));
        for stage in [&self.layer1, &self.layer2, &self.layer3, &self.layer4] {
            x = stage.iter().fold(x, |x, block| block.forward(x));
        }
        self.fc.forward(self.pool.forward(x).flatten(1, 3))
    }
}

/// The same network as PyTorch describes it.
pub(crate) fn resnet_of_pytorch() -> Value {
    let conv = |name: &str, output: usize, input: usize, kernel: usize| {
        json!({"name": name, "class": "Conv2d", "bases": ["_ConvNd"],
               "params": [{"name": "weight", "shape": [output, input, kernel, kernel]}]})
    };
    let norm = |name: &str, channels: usize| {
        let tensor = |name: &str| json!({"name": name, "shape": [channels]});
        json!({"name": name, "class": "BatchNorm2d", "bases": ["_BatchNorm"],
               "params": [tensor("weight"), tensor("bias")],
               "buffers": [tensor("running_mean"), tensor("running_var"),
                           {"name": "num_batches_tracked", "shape": [], "dtype": "int64"}]})
    };
    let block = |name: &str, input: usize, output: usize| {
        let mut children = vec![
            conv("conv1", output, input, 3),
            norm("bn1", output),
            conv("conv2", output, output, 3),
            norm("bn2", output),
        ];
        if input != output {
            let layers = [conv("0", output, input, 1), norm("1", output)];
            children.push(json!({"name": "downsample", "class": "Sequential", "children": layers}));
        }
        json!({"name": name, "class": "BasicBlock", "children": children})
    };
    let stage = |name: &str, input, output| {
        let blocks = [block("0", input, output), block("1", output, output)];
        json!({"name": name, "class": "Sequential", "children": blocks})
    };
    json!({"class": "ResNet", "children": [
        conv("conv1", 16, 3, 7), norm("bn1", 16),
        stage("layer1", 16, 16), stage("layer2", 16, 32), stage("layer3", 32, 64), stage("layer4", 64, 128),
        {"name": "fc", "class": "Linear",
         "params": [{"name": "weight", "shape": [10, 128]}, {"name": "bias", "shape": [10]}]},
    ]})
}

fn by_rules(report: &Report) -> usize {
    let params = report.plan().params().iter();
    params.filter(|it| matches!(*it.writer, Writer::Rule { .. })).count()
}

#[test]
fn a_resnet_has_the_bits_of_the_command_for_pytorchs_description() {
    let device = Device::flex();
    let rules = init_cfg(
        r#"[{"type": "Kaiming", "mode": "fan_out", "layer": "Conv2d"},
            {"type": "Constant", "val": 1, "layer": "_BatchNorm"},
            {"type": "Normal", "std": 0.01, "layer": "Linear"}]"#,
    )
    .unwrap();
    let init = WeightInit::new(&rules, 42).strict();
    let (net, report) = init.apply(ResNet::new(&device)).unwrap();
    assert_eq!(by_rules(&report), 62);
    let output = net.forward(Tensor::ones([1, 3, 32, 32], &device));
    assert_eq!(output.dims(), [1, 10]);
    let file = file(&resnet_of_pytorch(), &rules, 42);
    let mut same = 0;
    for (path, value) in values(&net) {
        let name = path.replace("gamma", "weight").replace("beta", "bias");
        if name == "fc.weight" {
            continue;
        }
        let (shape, bytes) = &file[&name];
        assert_eq!(value.shape().to_vec(), *shape, "{name}");
        assert!(value.as_bytes() == &**bytes, "{name}");
        same += 1;
    }
    assert_eq!(same, 61 + 2 * 20, "every parameter but the transposed one, and every buffer");
}

/// GPT-2's parts with burn's encoder, head tied to the embedding.
#[derive(Module, Debug)]
struct Gpt {
    wte: Embedding,
    wpe: Embedding,
    h: TransformerEncoder,
    ln_f: LayerNorm,
    lm_head: Param<Tensor<2>>,
}

impl Gpt {
    fn new(device: &Device) -> Self {
        let wte = EmbeddingConfig::new(50, 16).init(device);
        let lm_head = wte.weight.clone();
        let config = TransformerEncoderConfig::new(16, 64, 4, 3).with_norm_first(true);
        Self {
            wte,
            wpe: EmbeddingConfig::new(12, 16).init(device),
            h: config.init(device),
            ln_f: LayerNormConfig::new(16).init(device),
            lm_head,
        }
    }

    fn forward(&self, tokens: Tensor<2, Int>) -> Tensor<3> {
        let [count, length] = tokens.dims();
        let places = Tensor::arange(0..length as i64, &tokens.device()).reshape([1, length]);
        let x = self.wte.forward(tokens) + self.wpe.forward(places).repeat_dim(0, count);
        let x = self.ln_f.forward(self.h.forward(TransformerEncoderInput::new(x)));
        x.matmul(self.lm_head.val().transpose().unsqueeze())
    }
}

#[test]
fn a_transformer_has_gpt2s_initialization_and_the_bits_of_the_command() {
    let device = Device::flex();
    let rules = init_cfg(
        r#"[{"type": "Normal", "std": 0.02, "layer": ["Linear", "Embedding"]},
            {"type": "Constant", "val": 1, "layer": "LayerNorm"},
            {"type": "DepthScaled", "std": 0.02, "layers": 3,
             "params": ["*.mha.output.weight", "*.pwff.linear_outer.weight"]}]"#,
    )
    .unwrap();
    let about = description(&Gpt::new(&device)).unwrap();
    let (net, report) = WeightInit::new(&rules, 42).strict().apply(Gpt::new(&device)).unwrap();
    assert_eq!(by_rules(&report), report.plan().params().len());
    let scaled = report.explain("h.layers.2.mha.output.weight").unwrap();
    assert!(scaled.contains("=> the model itself, rule 2"), "{scaled}");

    let file = file(&about, &rules, 42);
    let written = values(&net);
    for (path, value) in &written {
        let name = path.replace("gamma", "weight").replace("beta", "bias");
        if let Some((shape, bytes)) = file.get(&name) {
            assert_eq!(
                (value.shape().to_vec(), value.as_bytes()),
                (shape.clone(), &**bytes),
                "{name}"
            );
        }
    }
    assert_eq!(written["wte.weight"], written["lm_head"]);
    let tokens = Tensor::from_data([[1, 2, 3], [4, 5, 6]], &device);
    let scores = net.forward(tokens);
    assert_eq!(scores.dims(), [2, 3, 50]);
    assert!(scores.abs().max().into_scalar::<f32>() < 2.0);
}
