//! Parameters of a plan and tensors of a checkpoint as what is compared.

use weight_init_core::Fill;
use weight_init_core::init_cfg::{Init, Origin};
use weight_init_core::initializer::Shape;

use super::{Item, ItemWriter};
use crate::checkpoint::StateDict;
use crate::plan::{ConstructorDefault, Plan, PlannedParam, Writer};
use crate::report::Words;

/// The parameters of a plan, in model order.
#[must_use]
pub fn items_of_plan(plan: &Plan) -> Vec<Item> {
    plan.params().iter().map(item_of_param).collect()
}

/// The buffers of a plan, in model order, for a comparison with a checkpoint, which has them too.
#[must_use]
pub fn items_of_buffers(plan: &Plan) -> Vec<Item> {
    let buffers = plan.buffers().iter();
    buffers
        .map(|buffer| Item {
            name: buffer.name.clone(),
            shape: buffer.shape.iter().map(|extent| *extent as u64).collect(),
            dtype: buffer.dtype.name().to_owned(),
            writer: None,
            std: None,
        })
        .collect()
}

fn item_of_param(param: &PlannedParam) -> Item {
    let Words { mut initializer, by } = param.words();
    if matches!(*param.writer, Writer::Untouched(ConstructorDefault::Unknown)) {
        // Whose class it is says the name of the layer.
        "unknown class".clone_into(&mut initializer);
    }
    Item {
        name: param.name.clone(),
        shape: param.shape.iter().map(|extent| *extent as u64).collect(),
        dtype: param.dtype.name().to_owned(),
        writer: Some(ItemWriter { initializer, by }),
        std: std(param),
    }
}

/// The standard deviation of what the initializer draws, of a truncated normal before it is cut.
fn std(param: &PlannedParam) -> Option<f64> {
    let init: &Init = match &*param.writer {
        Writer::Rule { origin: Origin::Init(init), .. } => init,
        Writer::Untouched(ConstructorDefault::Init(default)) => &default.init,
        _ => return None,
    };
    let shape = Shape::new(&param.shape).with_layout(param.layout);
    match init.fill::<f32>(&shape).ok()? {
        Fill::Normal(normal) => Some(normal.std()),
        Fill::TruncNormal(normal) => Some(normal.std()),
        Fill::Uniform(uniform) => Some((uniform.b() - uniform.a()) / 12_f64.sqrt()),
        _ => None,
    }
}

/// The tensors of a checkpoint, in its order.
#[must_use]
pub fn items_of_checkpoint(checkpoint: &StateDict) -> Vec<Item> {
    let tensors = checkpoint.tensors().iter();
    tensors
        .map(|tensor| Item {
            name: tensor.name().to_owned(),
            shape: tensor.shape().to_vec(),
            dtype: match tensor.dtype().dtype() {
                Some(dtype) => dtype.name().to_owned(),
                None => tensor.dtype().to_string(),
            },
            writer: None,
            std: None,
        })
        .collect()
}
