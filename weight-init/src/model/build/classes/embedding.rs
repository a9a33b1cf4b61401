//! Embeddings: `torch/nn/modules/sparse.py`. weight `[num_embeddings, embedding_dim]`, its row `padding_idx` zero.

use super::super::{Arguments, LayerSpec, Registry};
use super::DEVICE;
use crate::diagnostic::Diagnostic;

pub(super) fn register(registry: &mut Registry) {
    registry.register("Embedding", |arguments| embedding(arguments, "Embedding", &[]));
    registry.register("EmbeddingBag", |arguments| {
        embedding(arguments, "EmbeddingBag", &["mode", "include_last_offset"])
    });
}

fn embedding(
    arguments: &mut Arguments<'_, '_>,
    class: &str,
    more: &[&str],
) -> Result<LayerSpec, Diagnostic> {
    let (count, dim) = (arguments.size("num_embeddings")?, arguments.size("embedding_dim")?);
    let padding_row = arguments.row("padding_idx", count)?;
    let dtype = arguments.dtype("dtype")?;
    arguments.ignore(&["max_norm", "norm_type", "scale_grad_by_freq", "sparse"]);
    arguments.ignore(DEVICE);
    arguments.ignore(more);
    let layer = LayerSpec::new(class, &["Module"]).param("weight", &[count, dim]).in_dtype(dtype);
    Ok(LayerSpec { padding_row, ..layer })
}
