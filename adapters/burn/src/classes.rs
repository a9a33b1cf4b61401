//! What burn's structs and fields are called in OpenMMLab's rules.

use weight_init_core::Layout;

/// The name of a container: `Struct:Linear`, `Enum:Head`, `Vec`.
pub(crate) fn class(container: &str) -> &str {
    let name = container.strip_prefix("Struct:").or_else(|| container.strip_prefix("Enum:"));
    name.unwrap_or(container)
}

/// The direct bases of the class that PyTorch has for a struct of burn's.
pub(crate) fn bases(class: &str) -> &'static [&'static str] {
    match class {
        "Conv1d" | "Conv2d" | "Conv3d" => &["_ConvNd"],
        "ConvTranspose1d" | "ConvTranspose2d" | "ConvTranspose3d" => &["_ConvTransposeNd"],
        "BatchNorm" => &["_BatchNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d"],
        "InstanceNorm" => &["_InstanceNorm"],
        "RmsNorm" => &["RMSNorm"],
        "MultiHeadAttention" => &["MultiheadAttention"],
        "PRelu" => &["PReLU"],
        _ => &["Module"],
    }
}

/// The name of a field in rules: that of PyTorch's parameter.
pub(crate) fn param<'n>(class: &str, field: &'n str) -> &'n str {
    let is_norm = class.ends_with("Norm");
    match (class, field) {
        (_, "gamma") if is_norm => "weight",
        (_, "beta") if is_norm => "bias",
        ("PRelu", "alpha") => "weight",
        _ => field,
    }
}

/// What the dimensions of a parameter mean.
pub(crate) fn layout(class: &str, dims: usize, in_out: &[String]) -> Layout {
    let is_in_out = class == "Linear" || in_out.iter().any(|own| own == class);
    if is_in_out && dims == 2 { Layout::InOut } else { Layout::OutIn }
}
