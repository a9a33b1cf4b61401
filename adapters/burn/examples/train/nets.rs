use burn::module::{Module, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{Gelu, LayerNorm, LayerNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::{relu, softmax};
use burn::tensor::{Device, Tensor};

use crate::digits::SIDE;

pub(crate) trait Net: Module + Clone {
    fn new(device: &Device) -> Self;

    /// Pictures `[count, 1, SIDE, SIDE]` → a score for each digit.
    fn forward(&self, pixels: Tensor<4>) -> Tensor<2>;
}

/// Twenty convolutions of 8 channels with rectifiers, without normalization and shortcuts.
#[derive(Module, Debug)]
pub(crate) struct Plain {
    layers: Vec<Conv2d>,
    head: Linear,
}

const CHANNELS: usize = 8;

impl Net for Plain {
    fn new(device: &Device) -> Self {
        let layer = |number| {
            let channels = if number == 0 { 1 } else { CHANNELS };
            let config = Conv2dConfig::new([channels, CHANNELS], [3, 3]);
            config.with_padding(PaddingConfig2d::Explicit(1, 1, 1, 1)).init(device)
        };
        Self {
            layers: (0..20).map(layer).collect(),
            head: LinearConfig::new(CHANNELS, 10).init(device),
        }
    }

    fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        let x = self.layers.iter().fold(pixels, |x, layer| relu(layer.forward(x)));
        self.head.forward(x.mean_dim(2).mean_dim(3).flatten(1, 3))
    }
}

/// A transformer over the eight rows of a picture: twelve blocks of 32 channels, normalized after each sum as in its first
/// description (Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>).
#[derive(Module, Debug)]
pub(crate) struct Transformer {
    embed: Linear,
    position: Param<Tensor<2>>,
    blocks: Vec<Block>,
    head: Linear,
}

#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    qkv: Linear,
    out: Linear,
    norm2: LayerNorm,
    up: Linear,
    down: Linear,
}

const WIDTH: usize = 32;
const HEADS: usize = 4;

impl Net for Transformer {
    fn new(device: &Device) -> Self {
        Self {
            embed: LinearConfig::new(SIDE, WIDTH).init(device),
            position: Param::from_tensor(Tensor::zeros([SIDE, WIDTH], device)),
            blocks: (0..12).map(|_| Block::new(device)).collect(),
            head: LinearConfig::new(WIDTH, 10).init(device),
        }
    }

    fn forward(&self, pixels: Tensor<4>) -> Tensor<2> {
        let x = self.embed.forward(pixels.squeeze_dim::<3>(1)) + self.position.val().unsqueeze();
        let x = self.blocks.iter().fold(x, |x, block| block.forward(x));
        self.head.forward(x.mean_dim(1).flatten(1, 2))
    }
}

impl Block {
    fn new(device: &Device) -> Self {
        let linear = |input, output| LinearConfig::new(input, output);
        let norm = || LayerNormConfig::new(WIDTH).init(device);
        Self {
            norm1: norm(),
            qkv: linear(WIDTH, 3 * WIDTH).with_bias(false).init(device),
            out: linear(WIDTH, WIDTH).init(device),
            norm2: norm(),
            up: linear(WIDTH, 4 * WIDTH).init(device),
            down: linear(4 * WIDTH, WIDTH).init(device),
        }
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = self.norm1.forward(x.clone() + self.attend(x));
        let inner = Gelu::new().forward(self.up.forward(x.clone()));
        self.norm2.forward(x + self.down.forward(inner))
    }

    fn attend(&self, x: Tensor<3>) -> Tensor<3> {
        let [count, rows, _] = x.dims();
        let size = WIDTH / HEADS;
        let heads = self.qkv.forward(x).reshape([count, rows, 3 * HEADS, size]).swap_dims(1, 2);
        let [query, key, value] =
            [0, 1, 2].map(|part| heads.clone().narrow(1, part * HEADS, HEADS));
        let scores = query.matmul(key.swap_dims(2, 3)) / (size as f64).sqrt();
        let mixed = softmax(scores, 3).matmul(value);
        self.out.forward(mixed.swap_dims(1, 2).reshape([count, rows, WIDTH]))
    }
}
