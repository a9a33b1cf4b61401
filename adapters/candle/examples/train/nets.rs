use candle_core::{D, Result, Tensor};
use candle_nn::{
    Conv2d, Conv2dConfig, LayerNorm, Linear, Module, VarBuilder, conv2d, layer_norm, linear,
    linear_no_bias,
    ops::{layer_norm_slow, softmax},
};

use crate::digits::{PIXELS, SIDE};

pub(crate) trait Net: Sized {
    fn new(vb: VarBuilder<'static>) -> Result<Self>;

    /// Pictures `[count, 1, SIDE, SIDE]` → a score for each digit.
    fn forward(&self, pixels: &Tensor) -> Result<Tensor>;
}

/// Twenty convolutions of 8 channels with rectifiers, without normalization and shortcuts.
pub(crate) struct Plain {
    layers: Vec<Conv2d>,
    head: Linear,
}

const CHANNELS: usize = 8;

impl Net for Plain {
    fn new(vb: VarBuilder<'static>) -> Result<Self> {
        let config = Conv2dConfig { padding: 1, ..Conv2dConfig::default() };
        let layer = |number| {
            let channels = if number == 0 { 1 } else { CHANNELS };
            conv2d(channels, CHANNELS, 3, config, vb.pp("layers").pp(number))
        };
        let layers = (0..20).map(layer).collect::<Result<_>>()?;
        Ok(Self { layers, head: linear(CHANNELS, 10, vb.pp("head"))? })
    }

    fn forward(&self, pixels: &Tensor) -> Result<Tensor> {
        let mut x = pixels.clone();
        for layer in &self.layers {
            x = layer.forward(&x)?.relu()?;
        }
        self.head.forward(&x.mean((2, 3))?)
    }
}

/// Sixteen residual blocks of two layers of 64, without normalization.
pub(crate) struct Residual {
    stem: Linear,
    blocks: Vec<(Linear, Linear)>,
    head: Linear,
}

impl Net for Residual {
    fn new(vb: VarBuilder<'static>) -> Result<Self> {
        let block = |number| {
            let vb = vb.pp("blocks").pp(number);
            Ok((linear(PIXELS, PIXELS, vb.pp("up"))?, linear(PIXELS, PIXELS, vb.pp("down"))?))
        };
        Ok(Self {
            stem: linear(PIXELS, PIXELS, vb.pp("stem"))?,
            blocks: (0..16).map(block).collect::<Result<_>>()?,
            head: linear(PIXELS, 10, vb.pp("head"))?,
        })
    }

    fn forward(&self, pixels: &Tensor) -> Result<Tensor> {
        let mut x = self.stem.forward(&pixels.flatten_from(1)?)?.relu()?;
        for (up, down) in &self.blocks {
            x = (&x + down.forward(&up.forward(&x)?.relu()?)?)?;
        }
        self.head.forward(&x)
    }
}

/// A transformer over the eight rows of a picture: twelve blocks of 32 channels, normalized after each sum as in its first
/// description (Vaswani et al. 2017, <https://arxiv.org/abs/1706.03762>).
pub(crate) struct Transformer {
    embed: Linear,
    position: Tensor,
    blocks: Vec<Block>,
    head: Linear,
}

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
    fn new(vb: VarBuilder<'static>) -> Result<Self> {
        let blocks = (0..12).map(|number| Block::new(vb.pp("blocks").pp(number)));
        Ok(Self {
            embed: linear(SIDE, WIDTH, vb.pp("embed"))?,
            position: vb.get((SIDE, WIDTH), "position")?,
            blocks: blocks.collect::<Result<_>>()?,
            head: linear(WIDTH, 10, vb.pp("head"))?,
        })
    }

    fn forward(&self, pixels: &Tensor) -> Result<Tensor> {
        let mut x = self.embed.forward(&pixels.squeeze(1)?)?.broadcast_add(&self.position)?;
        for block in &self.blocks {
            x = block.forward(&x)?;
        }
        self.head.forward(&x.mean(1)?)
    }
}

impl Block {
    fn new(vb: VarBuilder<'static>) -> Result<Self> {
        Ok(Self {
            norm1: layer_norm(WIDTH, 1e-5, vb.pp("norm1"))?,
            qkv: linear_no_bias(WIDTH, 3 * WIDTH, vb.pp("qkv"))?,
            out: linear(WIDTH, WIDTH, vb.pp("out"))?,
            norm2: layer_norm(WIDTH, 1e-5, vb.pp("norm2"))?,
            up: linear(WIDTH, 4 * WIDTH, vb.pp("up"))?,
            down: linear(4 * WIDTH, WIDTH, vb.pp("down"))?,
        })
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let x = normalized(&self.norm1, &(x + self.attend(x)?)?)?;
        let inner = self.up.forward(&x)?.gelu()?;
        normalized(&self.norm2, &(&x + self.down.forward(&inner)?)?)
    }

    fn attend(&self, x: &Tensor) -> Result<Tensor> {
        let (count, rows, _) = x.dims3()?;
        let split = (count, rows, 3 * HEADS, WIDTH / HEADS);
        let heads = self.qkv.forward(x)?.reshape(split)?.transpose(1, 2)?.contiguous()?;
        let [query, key, value] = [0, 1, 2].map(|part| heads.narrow(1, part * HEADS, HEADS));
        let (query, key) = (query?.contiguous()?, key?.t()?.contiguous()?);
        let scores = (query.matmul(&key)? / ((WIDTH / HEADS) as f64).sqrt())?;
        let mixed = softmax(&scores, D::Minus1)?.matmul(&value?.contiguous()?)?;
        self.out.forward(&mixed.transpose(1, 2)?.contiguous()?.reshape((count, rows, WIDTH))?)
    }
}

/// `LayerNorm::forward` of candle is a fused operation without gradients.
fn normalized(norm: &LayerNorm, x: &Tensor) -> Result<Tensor> {
    match norm.bias() {
        Some(bias) => layer_norm_slow(x, norm.weight(), bias, 1e-5),
        None => norm.forward(x),
    }
}
