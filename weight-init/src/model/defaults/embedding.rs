//! Embeddings: `reset_parameters` in `torch/nn/modules/sparse.py`.
//!
//! weight: N(0, 1), and then the row `padding_idx` 0. A rule that writes the weight writes that row as well, as
//! `torch.nn.init` does.

use weight_init_core::init_cfg::Init;
use weight_init_core::initializer::Normal;

use super::LayerFacts;
use super::family::{Family, Kind, no_buffer};

pub(super) const FAMILY: Family = Family {
    kind: Kind::Embedding,
    classes: &["Embedding", "EmbeddingBag"],
    abstract_classes: &[],
    param,
    buffer: no_buffer,
};

fn param(_: &str, _: &LayerFacts<'_>, name: &str) -> Option<Init> {
    (name == "weight").then_some(Init::Normal(Normal { mean: 0.0, std: 1.0 }))
}
