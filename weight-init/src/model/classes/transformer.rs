//! Transformers: `torch/nn/modules/transformer.py`.
//!
//! Encoder and decoder hold as many copies of one layer as `num_layers` says. PyTorch's copies begin with the same values;
//! here each has its own, of the same distribution.

use super::attention::{self_attention, split_over_heads};
use super::{DEVICE, linear, norm};
use crate::diagnostic::Diagnostic;
use crate::model::from_config::{Arguments, LayerSpec, Registry};

pub(super) fn register(registry: &mut Registry) {
    registry.register("TransformerEncoderLayer", |arguments| layer_of(arguments, Kind::Encoder));
    registry.register("TransformerDecoderLayer", |arguments| layer_of(arguments, Kind::Decoder));
    registry.register("TransformerEncoder", |arguments| stack_of(arguments, Kind::Encoder));
    registry.register("TransformerDecoder", |arguments| stack_of(arguments, Kind::Decoder));
    registry.register("Transformer", transformer);
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Encoder,
    Decoder,
}

impl Kind {
    /// What the layer is called, the stack of them, the argument that gives a stack its layer.
    const fn names(self) -> [&'static str; 3] {
        match self {
            Self::Encoder => ["TransformerEncoderLayer", "TransformerEncoder", "encoder_layer"],
            Self::Decoder => ["TransformerDecoderLayer", "TransformerDecoder", "decoder_layer"],
        }
    }
}

/// The sizes that the layers of a transformer share.
struct Sizes {
    model: usize,
    feedforward: usize,
    bias: bool,
}

impl Sizes {
    /// `model` and `heads`: the sizes that PyTorch takes if none are given.
    fn read(
        arguments: &mut Arguments<'_, '_>,
        default: Option<[usize; 2]>,
    ) -> Result<Self, Diagnostic> {
        let [model, heads] = match default {
            Some([model, heads]) => {
                [arguments.size_or("d_model", model)?, arguments.size_or("nhead", heads)?]
            }
            None => [arguments.size("d_model")?, arguments.size("nhead")?],
        };
        split_over_heads(arguments, "nhead", model, heads)?;
        let feedforward = arguments.size_or("dim_feedforward", 2048)?;
        let bias = arguments.bool_or("bias", true)?;
        arguments.ignore(&["dropout", "layer_norm_eps", "batch_first", "norm_first"]);
        arguments.ignore(DEVICE);
        Ok(Self { model, feedforward, bias })
    }

    fn layer(&self, kind: Kind) -> LayerSpec {
        let Self { model, feedforward, bias } = *self;
        let attention = || self_attention(model, bias);
        let [class, ..] = kind.names();
        let layer = LayerSpec::new(class, &["Module"]).child("self_attn", attention());
        let (layer, count) = match kind {
            Kind::Encoder => (layer, 2),
            Kind::Decoder => (layer.child("multihead_attn", attention()), 3),
        };
        let dropout = || LayerSpec::new("Dropout", &["_DropoutNd"]);
        let mut layer = layer
            .child("linear1", linear::linear_of(model, feedforward, bias))
            .child("dropout", dropout())
            .child("linear2", linear::linear_of(feedforward, model, bias));
        for number in 1..=count {
            layer = layer.child(&format!("norm{number}"), norm::layer_norm_of(model, bias));
        }
        for number in 1..=count {
            layer = layer.child(&format!("dropout{number}"), dropout());
        }
        layer
    }
}

fn layer_of(arguments: &mut Arguments<'_, '_>, kind: Kind) -> Result<LayerSpec, Diagnostic> {
    let layer = Sizes::read(arguments, None)?.layer(kind);
    let layer = match activation(arguments)? {
        Some(activation) => layer.child("activation", activation),
        None => layer,
    };
    let dtype = arguments.dtype("dtype")?;
    Ok(layer.in_dtype(dtype))
}

/// The activation, if it is a layer and not the name of a function.
fn activation(arguments: &mut Arguments<'_, '_>) -> Result<Option<LayerSpec>, Diagnostic> {
    match arguments.get("activation") {
        Some(value) if value.as_dict().is_some() => arguments.layer("activation").map(Some),
        Some(value) if !matches!(value.as_str(), Some("relu" | "gelu")) => {
            Err(arguments.fault("activation", "expected 'relu', 'gelu' or a layer"))
        }
        _ => Ok(None),
    }
}

fn stack_of(arguments: &mut Arguments<'_, '_>, kind: Kind) -> Result<LayerSpec, Diagnostic> {
    let [_, class, argument] = kind.names();
    let layer = arguments.layer(argument)?;
    let count = arguments.size("num_layers")?;
    let norm = match arguments.get("norm") {
        Some(value) if !value.is_null() => Some(arguments.layer("norm")?),
        _ => None,
    };
    if kind == Kind::Encoder {
        arguments.ignore(&["enable_nested_tensor", "mask_check"]);
    }
    arguments.count_copies("num_layers", &layer, count)?;
    Ok(stack(class, &layer, count, norm))
}

fn stack(class: &str, layer: &LayerSpec, count: usize, norm: Option<LayerSpec>) -> LayerSpec {
    let layers = (0..count).fold(LayerSpec::new("ModuleList", &["Module"]), |layers, number| {
        layers.child(&number.to_string(), layer.clone())
    });
    let stack = LayerSpec::new(class, &["Module"]).child("layers", layers);
    match norm {
        Some(norm) => stack.child("norm", norm),
        None => stack,
    }
}

fn transformer(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let sizes = Sizes::read(arguments, Some([512, 8]))?;
    let activation = activation(arguments)?;
    let dtype = arguments.dtype("dtype")?;
    let mut spec = LayerSpec::new("Transformer", &["Module"]);
    for (kind, name) in [(Kind::Encoder, "encoder"), (Kind::Decoder, "decoder")] {
        let count_name = format!("num_{name}_layers");
        let count = arguments.size_or(&count_name, 6)?;
        let custom = format!("custom_{name}");
        let part = match arguments.get(&custom) {
            Some(value) if !value.is_null() => arguments.layer(&custom)?,
            _ => {
                let layer = sizes.layer(kind);
                let layer = match &activation {
                    Some(activation) => layer.child("activation", activation.clone()),
                    None => layer,
                };
                arguments.count_copies(&count_name, &layer, count)?;
                let norm = norm::layer_norm_of(sizes.model, sizes.bias);
                stack(kind.names()[1], &layer, count, Some(norm)).in_dtype(dtype)
            }
        };
        spec = spec.child(name, part);
    }
    Ok(spec)
}
