//! Embeddings: `torch/nn/modules/sparse.py`.
//!
//! weight `[num_embeddings, embedding_dim]`. The constructor (`reset_parameters`) draws it from N(0, 1) and then clears the row
//! `padding_idx`. A rule that writes the weight writes that row as well, as `torch.nn.init` does.

use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::Normal;

use super::family::{Family, Kind, no_buffer};
use super::{DEVICE, LayerFacts};
use crate::diagnostic::Diagnostic;
use crate::model::from_config::{Arguments, LayerSpec, Registry};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Embedding,
    classes: &["Embedding", "EmbeddingBag"],
    abstract_classes: &[],
    param,
    buffer: no_buffer,
};

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

fn param(_: &str, _: &LayerFacts<'_>, name: &str) -> Option<Init> {
    (name == "weight").then_some(Init::Normal(Normal { mean: 0.0, std: 1.0 }))
}
