//! Layers without parameters.

use crate::model::from_config::{LayerSpec, Registry};

pub(super) fn register(registry: &mut Registry) {
    for (class, base, arguments) in CLASSES {
        registry.register(*class, move |given| {
            given.ignore(arguments);
            Ok(LayerSpec::new(class, &[base]))
        });
    }
    // Takes any arguments, as PyTorch's does.
    registry.register("Identity", |given| {
        let names: Vec<_> = given.rest().into_iter().map(str::to_owned).collect();
        given.ignore(&names.iter().map(String::as_str).collect::<Vec<_>>());
        Ok(LayerSpec::new("Identity", &["Module"]))
    });
    // mmcv's names.
    for (name, class) in [("Swish", "SiLU"), ("HSwish", "Hardswish"), ("HSigmoid", "Hardsigmoid")] {
        registry.register(name, move |given| {
            given.ignore(&["inplace"]);
            Ok(LayerSpec::new(class, &["Module"]))
        });
    }
}

/// The class, its direct base, its arguments.
#[rustfmt::skip]
const CLASSES: &[(&str, &str, &[&str])] = &[
    ("ReLU", "Module", &["inplace"]),
    ("ReLU6", "Hardtanh", &["inplace"]),
    ("LeakyReLU", "Module", &["negative_slope", "inplace"]),
    ("ELU", "Module", &["alpha", "inplace"]),
    ("CELU", "Module", &["alpha", "inplace"]),
    ("SELU", "Module", &["inplace"]),
    ("GELU", "Module", &["approximate"]),
    ("GLU", "Module", &["dim"]),
    ("SiLU", "Module", &["inplace"]),
    ("Mish", "Module", &["inplace"]),
    ("Sigmoid", "Module", &[]),
    ("Tanh", "Module", &[]),
    ("Softmax", "Module", &["dim"]),
    ("Softmax2d", "Module", &[]),
    ("LogSoftmax", "Module", &["dim"]),
    ("Softmin", "Module", &["dim"]),
    ("Softplus", "Module", &["beta", "threshold"]),
    ("Softshrink", "Module", &["lambd"]),
    ("Softsign", "Module", &[]),
    ("Hardshrink", "Module", &["lambd"]),
    ("Hardsigmoid", "Module", &["inplace"]),
    ("Hardswish", "Module", &["inplace"]),
    ("Hardtanh", "Module", &["min_val", "max_val", "inplace", "min_value", "max_value"]),
    ("LogSigmoid", "Module", &[]),
    ("RReLU", "Module", &["lower", "upper", "inplace"]),
    ("Tanhshrink", "Module", &[]),
    ("Threshold", "Module", &["threshold", "value", "inplace"]),
    ("Dropout", "_DropoutNd", &["p", "inplace"]),
    ("Dropout1d", "_DropoutNd", &["p", "inplace"]),
    ("Dropout2d", "_DropoutNd", &["p", "inplace"]),
    ("Dropout3d", "_DropoutNd", &["p", "inplace"]),
    ("AlphaDropout", "_DropoutNd", &["p", "inplace"]),
    ("FeatureAlphaDropout", "_DropoutNd", &["p", "inplace"]),
    ("MaxPool1d", "_MaxPoolNd", &["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"]),
    ("MaxPool2d", "_MaxPoolNd", &["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"]),
    ("MaxPool3d", "_MaxPoolNd", &["kernel_size", "stride", "padding", "dilation", "return_indices", "ceil_mode"]),
    ("MaxUnpool1d", "_MaxUnpoolNd", &["kernel_size", "stride", "padding"]),
    ("MaxUnpool2d", "_MaxUnpoolNd", &["kernel_size", "stride", "padding"]),
    ("MaxUnpool3d", "_MaxUnpoolNd", &["kernel_size", "stride", "padding"]),
    ("AvgPool1d", "_AvgPoolNd", &["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad"]),
    ("AvgPool2d", "_AvgPoolNd", &["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"]),
    ("AvgPool3d", "_AvgPoolNd", &["kernel_size", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"]),
    ("FractionalMaxPool2d", "Module", &["kernel_size", "output_size", "output_ratio", "return_indices", "_random_samples"]),
    ("FractionalMaxPool3d", "Module", &["kernel_size", "output_size", "output_ratio", "return_indices", "_random_samples"]),
    ("LPPool1d", "_LPPoolNd", &["norm_type", "kernel_size", "stride", "ceil_mode"]),
    ("LPPool2d", "_LPPoolNd", &["norm_type", "kernel_size", "stride", "ceil_mode"]),
    ("LPPool3d", "_LPPoolNd", &["norm_type", "kernel_size", "stride", "ceil_mode"]),
    ("AdaptiveMaxPool1d", "_AdaptiveMaxPoolNd", &["output_size", "return_indices"]),
    ("AdaptiveMaxPool2d", "_AdaptiveMaxPoolNd", &["output_size", "return_indices"]),
    ("AdaptiveMaxPool3d", "_AdaptiveMaxPoolNd", &["output_size", "return_indices"]),
    ("AdaptiveAvgPool1d", "_AdaptiveAvgPoolNd", &["output_size"]),
    ("AdaptiveAvgPool2d", "_AdaptiveAvgPoolNd", &["output_size"]),
    ("AdaptiveAvgPool3d", "_AdaptiveAvgPoolNd", &["output_size"]),
    ("ZeroPad1d", "ConstantPad1d", &["padding"]),
    ("ZeroPad2d", "ConstantPad2d", &["padding"]),
    ("ZeroPad3d", "ConstantPad3d", &["padding"]),
    ("ConstantPad1d", "_ConstantPadNd", &["padding", "value"]),
    ("ConstantPad2d", "_ConstantPadNd", &["padding", "value"]),
    ("ConstantPad3d", "_ConstantPadNd", &["padding", "value"]),
    ("ReflectionPad1d", "_ReflectionPadNd", &["padding"]),
    ("ReflectionPad2d", "_ReflectionPadNd", &["padding"]),
    ("ReflectionPad3d", "_ReflectionPadNd", &["padding"]),
    ("ReplicationPad1d", "_ReplicationPadNd", &["padding"]),
    ("ReplicationPad2d", "_ReplicationPadNd", &["padding"]),
    ("ReplicationPad3d", "_ReplicationPadNd", &["padding"]),
    ("CircularPad1d", "_CircularPadNd", &["padding"]),
    ("CircularPad2d", "_CircularPadNd", &["padding"]),
    ("CircularPad3d", "_CircularPadNd", &["padding"]),
    ("Flatten", "Module", &["start_dim", "end_dim"]),
    ("Unflatten", "Module", &["dim", "unflattened_size"]),
    ("Fold", "Module", &["output_size", "kernel_size", "dilation", "padding", "stride"]),
    ("Unfold", "Module", &["kernel_size", "dilation", "padding", "stride"]),
    ("Upsample", "Module", &["size", "scale_factor", "mode", "align_corners", "recompute_scale_factor"]),
    ("UpsamplingNearest2d", "Upsample", &["size", "scale_factor"]),
    ("UpsamplingBilinear2d", "Upsample", &["size", "scale_factor"]),
    ("PixelShuffle", "Module", &["upscale_factor"]),
    ("PixelUnshuffle", "Module", &["downscale_factor"]),
    ("ChannelShuffle", "Module", &["groups"]),
    ("LocalResponseNorm", "Module", &["size", "alpha", "beta", "k"]),
    ("CosineSimilarity", "Module", &["dim", "eps"]),
    ("PairwiseDistance", "Module", &["p", "eps", "keepdim"]),
];
