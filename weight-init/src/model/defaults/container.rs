//! Layers that hold others: whose constructors leave alone what they hold, as far as this table does not tell.

use super::{FAMILIES, LayerFacts, family, rewrite};

/// PyTorch's and mmengine's classes that hold layers and write into none of them: their constructors in
/// `torch/nn/modules/{container,module,transformer,adaptive}.py`, `torch/nn/parallel` and `mmengine/model/base_module.py`.
const CONTAINERS: [&str; 12] = [
    "Module",
    "Sequential",
    "ModuleList",
    "ModuleDict",
    "TransformerEncoder",
    "TransformerEncoderLayer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "AdaptiveLogSoftmaxWithLoss",
    "DataParallel",
    "DistributedDataParallel",
    "BaseModule",
];

/// Whether the constructor of a layer may write into the layers that it holds in a way that
/// [`param_default`](super::param_default) does not know.
///
/// It goes by the class itself: a subclass, even of a container, may do what it likes.
///
/// ```
/// use weight_init::model::defaults::{LayerFacts, may_rewrite};
/// # use core::ops::ControlFlow;
/// # use weight_init_core::{Layer, LayerVisitor};
/// # struct Named(&'static str);
/// # impl Layer for Named {
/// #     fn class(&self) -> &str { self.0 }
/// #     fn visit(&self, _: &mut dyn LayerVisitor) -> ControlFlow<()> { ControlFlow::Continue(()) }
/// # }
/// let (resnet, list) = (Named("ResNet"), Named("ModuleList"));
/// let resnet = LayerFacts::new("backbone", &resnet);
/// assert!(may_rewrite(&resnet) && !may_rewrite(&LayerFacts::new("blocks", &list)));
/// // Somebody has looked.
/// assert!(!may_rewrite(&LayerFacts { rewrites: Some(false), ..resnet }));
/// ```
#[must_use]
pub fn may_rewrite(layer: &LayerFacts<'_>) -> bool {
    let class = layer.layer.class();
    layer.rewrites.unwrap_or_else(|| {
        !CONTAINERS.contains(&class)
            && family::find(&FAMILIES, class).is_none()
            && !rewrite::is_known(layer)
    })
}
