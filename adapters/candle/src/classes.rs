//! Layers' classes from what they ask for.

use candle_nn::Init;

use crate::request::Request;

/// The direct bases of the class that PyTorch has for a layer of candle's.
pub(crate) fn bases(class: &str) -> &'static [&'static str] {
    match class {
        "Conv1d" | "Conv2d" | "Conv3d" => &["_ConvNd"],
        "ConvTranspose1d" | "ConvTranspose2d" => &["_ConvTransposeNd"],
        "BatchNorm" => &["_BatchNorm", "BatchNorm1d", "BatchNorm2d", "BatchNorm3d"],
        _ => &["Module"],
    }
}

/// Whether a tensor is no parameter.
pub(crate) fn is_buffer(name: &str) -> bool {
    matches!(name, "running_mean" | "running_var")
}

/// The class of the layer at a path, from the tensors that it holds, by their names in it.
pub(crate) fn guess(path: &str, tensors: &[(&str, &Request)]) -> &'static str {
    let find = |names: &[&str]| {
        let found = tensors.iter().find(|(name, _)| names.contains(name));
        found.map(|(_, request)| *request)
    };
    if find(&["running_mean"]).is_some() {
        return "BatchNorm";
    }
    if let Some([rows, columns]) = find(&["weight_hh_l0"]).map(|weight| weight.shape.as_slice()) {
        return match rows.checked_div(*columns) {
            Some(4) => "LSTM",
            Some(3) => "GRU",
            _ => "RNN",
        };
    }
    if find(&["in_proj_weight"]).is_some() {
        return "MultiheadAttention";
    }
    let Some(weight) = find(&["weight", "gamma"]) else { return "Module" };
    let is_uniform = matches!(weight.hint, Some(Init::Uniform { .. }));
    match weight.shape.len() {
        1 if find(&["bias", "beta"]).is_some() => "LayerNorm",
        1 => "RMSNorm",
        2 if is_embedding(path, weight.hint) => "Embedding",
        2 => "Linear",
        3 if is_uniform => "ConvTranspose1d",
        4 if is_uniform => "ConvTranspose2d",
        3 => "Conv1d",
        4 => "Conv2d",
        5 => "Conv3d",
        _ => "Module",
    }
}

/// candle draws embeddings from a normal distribution, and nothing else; code of one's own may give no hint.
fn is_embedding(path: &str, hint: Option<Init>) -> bool {
    let name = path.rsplit('.').next().unwrap_or(path);
    match hint {
        Some(Init::Randn { .. }) => true,
        Some(Init::Kaiming { .. } | Init::Uniform { .. }) => false,
        Some(Init::Const(_)) | None => name.contains("emb") || matches!(name, "wte" | "wpe"),
    }
}
