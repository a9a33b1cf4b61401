use burn::module::{Module, Param, ParamId};
use burn::nn::activation::{Activation, ActivationConfig};
use burn::nn::attention::{
    CrossAttention, CrossAttentionConfig, MultiHeadAttention, MultiHeadAttentionConfig,
};
use burn::nn::conv::{
    Conv1d, Conv1dConfig, Conv2d, Conv2dConfig, Conv3d, Conv3dConfig, ConvTranspose1d,
    ConvTranspose1dConfig, ConvTranspose2d, ConvTranspose2dConfig, ConvTranspose3d,
    ConvTranspose3dConfig, DeformConv2d, DeformConv2dConfig,
};
use burn::nn::gru::{BiGru, BiGruConfig, Gru, GruConfig};
use burn::nn::norm::{Normalization, NormalizationConfig};
use burn::nn::transformer::{
    TransformerDecoder, TransformerDecoderConfig, TransformerEncoder, TransformerEncoderConfig,
};
use burn::nn::{
    BatchNorm, BatchNormConfig, BiLstm, BiLstmConfig, BiRnn, BiRnnConfig, Embedding,
    EmbeddingConfig, GroupNorm, GroupNormConfig, InstanceNorm, InstanceNormConfig, LayerNorm,
    LayerNormConfig, Linear, LinearConfig, LinearLayout, Lstm, LstmConfig, PRelu, PReluConfig,
    RmsNorm, RmsNormConfig, Rnn, RnnConfig, SwiGlu, SwiGluConfig,
};
use burn::tensor::{DType, Device, Tensor};

#[derive(Module, Debug)]
pub(crate) struct Block {
    conv: Conv2d,
    norm: BatchNorm,
    fc: Linear,
    some: Option<Linear>,
    none: Option<Linear>,
}

#[derive(Module, Debug)]
pub(crate) enum Head {
    A(Linear),
    B(Conv2d),
}

/// Lists, tuples, enums, options, ties, own parameters, several element types.
#[derive(Module, Debug)]
pub(crate) struct Net {
    pub(crate) stem: Conv2d,
    pub(crate) blocks: Vec<Block>,
    pub(crate) pair: (Linear, Linear),
    pub(crate) up: ConvTranspose2d,
    pub(crate) attention: MultiHeadAttention,
    pub(crate) lstm: Lstm,
    pub(crate) norm: LayerNorm,
    pub(crate) embed: Embedding,
    pub(crate) unembed: Param<Tensor<2>>,
    pub(crate) pos: Param<Tensor<3>>,
    pub(crate) head: Head,
    pub(crate) half: Param<Tensor<2>>,
    pub(crate) double: Param<Tensor<1>>,
    pub(crate) gate: Param<Tensor<1>>,
}

/// `trap`: a lazy parameter panics if its own initializer runs.
pub(crate) fn net(device: &Device, layout: LinearLayout, trap: bool) -> Net {
    let linear = |input, output| LinearConfig::new(input, output).with_layout(layout);
    let block = |n: usize| Block {
        conv: Conv2dConfig::new([n, n], [3, 3]).with_groups(2).init(device),
        norm: BatchNormConfig::new(n).init(device),
        fc: linear(n, 12).init(device),
        some: Some(linear(2, 2).with_bias(false).init(device)),
        none: None,
    };
    let embed = EmbeddingConfig::new(11, 6).init(device);
    let unembed = embed.weight.clone();
    let shape = [1_usize, 4, 6];
    let pos = match trap {
        true => Param::uninitialized(
            ParamId::new(),
            |_, _| panic!("the initializer of a parameter that a rule writes ran"),
            device.clone(),
            true,
            shape.into(),
        ),
        false => Param::from_tensor(Tensor::zeros(shape, device)),
    };
    Net {
        stem: Conv2dConfig::new([3, 8], [3, 3]).init(device),
        blocks: vec![block(8), block(4)],
        pair: (linear(5, 7).init(device), linear(7, 5).with_bias(false).init(device)),
        up: ConvTranspose2dConfig::new([4, 6], [2, 2]).init(device),
        attention: MultiHeadAttentionConfig::new(8, 2).init(device),
        lstm: LstmConfig::new(3, 4, true).init(device),
        norm: LayerNormConfig::new(6).init(device),
        embed,
        unembed,
        pos,
        head: Head::A(LinearConfig::new(6, 3).init(device)),
        half: Param::from_tensor(Tensor::zeros([4, 5], (device, DType::BF16))),
        double: Param::from_tensor(Tensor::zeros([9], (device, DType::F64))),
        gate: Param::from_tensor(Tensor::ones([3], device)),
    }
}

/// Every module of burn-nn that has parameters.
#[derive(Module, Debug)]
pub(crate) struct Modules {
    linear: Linear,
    col: Linear,
    conv1d: Conv1d,
    conv2d: Conv2d,
    conv3d: Conv3d,
    up1d: ConvTranspose1d,
    up2d: ConvTranspose2d,
    up3d: ConvTranspose3d,
    deform: DeformConv2d,
    batch: BatchNorm,
    layer: LayerNorm,
    group: GroupNorm,
    instance: InstanceNorm,
    rms: RmsNorm,
    embedding: Embedding,
    attention: MultiHeadAttention,
    encoder: TransformerEncoder,
    decoder: TransformerDecoder,
    lstm: Lstm,
    bilstm: BiLstm,
    gru: Gru,
    bigru: BiGru,
    prelu: PRelu,
    cross: CrossAttention,
    rnn: Rnn,
    birnn: BiRnn,
    swiglu: SwiGlu,
    swiglu_col: SwiGlu,
    normalization: Normalization,
    activation: Activation,
}

pub(crate) fn modules(device: &Device) -> Modules {
    Modules {
        linear: LinearConfig::new(6, 4).init(device),
        col: LinearConfig::new(6, 4).with_layout(LinearLayout::Col).init(device),
        conv1d: Conv1dConfig::new(4, 6, 3).init(device),
        conv2d: Conv2dConfig::new([4, 6], [3, 2]).init(device),
        conv3d: Conv3dConfig::new([4, 6], [3, 2, 1]).init(device),
        up1d: ConvTranspose1dConfig::new([4, 6], 3).init(device),
        up2d: ConvTranspose2dConfig::new([4, 6], [3, 2]).init(device),
        up3d: ConvTranspose3dConfig::new([4, 6], [3, 2, 1]).init(device),
        deform: DeformConv2dConfig::new([4, 6], [3, 3]).init(device),
        batch: BatchNormConfig::new(5).init(device),
        layer: LayerNormConfig::new(5).init(device),
        group: GroupNormConfig::new(2, 6).init(device),
        instance: InstanceNormConfig::new(5).init(device),
        rms: RmsNormConfig::new(5).init(device),
        embedding: EmbeddingConfig::new(7, 5).init(device),
        attention: MultiHeadAttentionConfig::new(8, 2).init(device),
        encoder: TransformerEncoderConfig::new(8, 16, 2, 2).init(device),
        decoder: TransformerDecoderConfig::new(8, 16, 2, 2).init(device),
        lstm: LstmConfig::new(3, 4, true).init(device),
        bilstm: BiLstmConfig::new(3, 4, true).init(device),
        gru: GruConfig::new(3, 4, true).init(device),
        bigru: BiGruConfig::new(3, 4, true).init(device),
        prelu: PReluConfig::new().init(device),
        cross: CrossAttentionConfig::new(8, 6, 4, 2, 2).init(device),
        rnn: RnnConfig::new(3, 4, true).init(device),
        birnn: BiRnnConfig::new(3, 4, true).init(device),
        swiglu: SwiGluConfig::new(6, 4).with_bias(true).init(device),
        swiglu_col: SwiGluConfig::new(6, 4).with_layout(LinearLayout::Col).init(device),
        normalization: NormalizationConfig::Group(GroupNormConfig::new(2, 6)).init(device),
        activation: ActivationConfig::SwiGlu(SwiGluConfig::new(6, 4)).init(device),
    }
}
