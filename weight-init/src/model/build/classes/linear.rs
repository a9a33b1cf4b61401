//! Matrices: `torch/nn/modules/linear.py`.
//!
//! Linear: weight `[out, in]`; Bilinear: weight `[out, in1, in2]`; bias `[out]`.

use super::super::{Arguments, LayerSpec, Registry};
use super::DEVICE;
use crate::diagnostic::Diagnostic;

pub(super) fn register(registry: &mut Registry) {
    registry.register("Linear", linear);
    registry.register("Bilinear", bilinear);
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
