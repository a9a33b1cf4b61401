//! Linear maps: `torch/nn/modules/{linear,adaptive}.py`.
//!
//! | class | weight | bias | of the constructor (`reset_parameters`) |
//! |---|---|---|---|
//! | `Linear` | `[out, in]` | `[out]` | `kaiming_uniform_(a=√5)`; bias like it U(±1/√in) |
//! | `Bilinear` | `[out, in1, in2]` | `[out]` | both U(±1/√in1) |
//!
//! `AdaptiveLogSoftmaxWithLoss` consists of `Linear`. `MultiheadAttention` clears the bias of its `out_proj`, see
//! [`rewrite`](super::rewrite).

use weight_init_core::init_cfg::Init;

use super::family::{Family, Kind, no_buffer, uniform_by_fan};
use super::{DEVICE, LayerFacts, conv};
use crate::diagnostic::Diagnostic;
use crate::model::from_config::{Arguments, LayerSpec, Registry};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Linear,
    classes: &["Linear", "LazyLinear", "NonDynamicallyQuantizableLinear", "Bilinear"],
    abstract_classes: &[],
    param,
    buffer: no_buffer,
};

pub(super) fn register(registry: &mut Registry) {
    registry.register("Linear", linear);
    registry.register("Bilinear", bilinear);
    registry.register("AdaptiveLogSoftmaxWithLoss", adaptive_log_softmax);
}

fn linear(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let input = arguments.size("in_features")?;
    let output = arguments.size("out_features")?;
    finish(
        arguments,
        LayerSpec::new("Linear", &["Module"]).param("weight", &[output, input]),
        output,
    )
}

pub(super) fn linear_of(input: usize, output: usize, bias: bool) -> LayerSpec {
    let layer = LayerSpec::new("Linear", &["Module"]).param("weight", &[output, input]);
    if bias { layer.param("bias", &[output]) } else { layer }
}

/// The frequent classes and one entry for each cluster of rare ones in `head`; in `tail`, for each cluster, a projection to
/// fewer features and its classes.
fn adaptive_log_softmax(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let (input, classes) = (arguments.size("in_features")?, arguments.size("n_classes")?);
    let cutoffs = arguments.shape("cutoffs")?;
    let div = arguments.number_or("div_value", 4.0)?;
    let head_bias = arguments.bool_or("head_bias", false)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(DEVICE);
    let ends: Vec<_> = cutoffs.iter().copied().chain([classes]).collect();
    let ascending = ends.iter().zip(ends.iter().skip(1)).all(|(before, after)| before < after);
    let Some(frequent) = cutoffs.first().copied().filter(|first| *first > 0 && ascending) else {
        let message = format!("cutoffs ascend, each from 1 to {}", classes.saturating_sub(1));
        return Err(arguments.fault("cutoffs", message));
    };
    if div.is_nan() || div <= 0.0 {
        return Err(arguments.fault("div_value", "div_value is above 0"));
    }
    let plain = |class| LayerSpec::new(class, &["Module"]);
    let mut tail = plain("ModuleList");
    let mut divisor = 1.0;
    for (number, (begin, end)) in ends.iter().zip(ends.iter().skip(1)).enumerate() {
        divisor *= div;
        let hidden = floor_division(input as f64, divisor) as usize;
        let projection = plain("Sequential")
            .child("0", linear_of(input, hidden, false))
            .child("1", linear_of(hidden, end - begin, false));
        tail = tail.child(&number.to_string(), projection);
    }
    let head = linear_of(input, frequent.saturating_add(cutoffs.len()), head_bias);
    let layer = plain("AdaptiveLogSoftmaxWithLoss").child("head", head).child("tail", tail);
    Ok(layer.in_dtype(dtype))
}

/// Python's `//` of floats above zero: exact, where a quotient could be rounded up.
fn floor_division(x: f64, y: f64) -> f64 {
    ((x - x % y) / y).round()
}

fn bilinear(arguments: &mut Arguments<'_, '_>) -> Result<LayerSpec, Diagnostic> {
    let (first, second) = (arguments.size("in1_features")?, arguments.size("in2_features")?);
    let output = arguments.size("out_features")?;
    if first == 0 {
        return Err(arguments.fault("in1_features", "in1_features is at least 1"));
    }
    finish(
        arguments,
        LayerSpec::new("Bilinear", &["Module"]).param("weight", &[output, first, second]),
        output,
    )
}

fn finish(
    arguments: &mut Arguments<'_, '_>,
    layer: LayerSpec,
    output: usize,
) -> Result<LayerSpec, Diagnostic> {
    let bias = arguments.bool_or("bias", true)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(DEVICE);
    Ok(if bias { layer.param("bias", &[output]) } else { layer }.in_dtype(dtype))
}

fn param(class: &str, layer: &LayerFacts<'_>, name: &str) -> Option<Init> {
    match (class, name) {
        ("Bilinear", "weight" | "bias") => {
            layer.dim("weight", 1).map(|features| uniform_by_fan(features as u64))
        }
        _ => conv::param(class, layer, name),
    }
}
