//! The way of the signal through layers of known classes.

use super::tree::Node;
use crate::model::FlowStep;

/// The steps through a layer by its class; `None`: nobody says.
pub(super) fn by_class(node: &Node) -> Option<Vec<FlowStep>> {
    let has = |name: &str| node.child(name).is_some();
    let steps = match &*node.class {
        "BasicBlock" | "Bottleneck" if has("conv1") => residual_block(node),
        "TransformerEncoderLayer" if has("self_attn") && has("linear1") => {
            let attention = names(&["self_attn"]);
            let act = if has("activation") { "activation" } else { "relu" };
            let feed_forward = names(&["linear1", act, "linear2"]);
            vec![sum(attention), one("norm1"), sum(feed_forward), one("norm2")]
        }
        "Block" | "GPT2Block" if has("ln_1") => gpt2(),
        "Block" | "ParallelThingsBlock" if has("norm1") && has("attn") && has("mlp") => {
            let scaled = |items: &[&str]| sum(present(node, items));
            vec![scaled(&["norm1", "attn", "ls1"]), scaled(&["norm2", "mlp", "ls2"])]
        }
        "LlamaDecoderLayer" | "MistralDecoderLayer" | "Qwen2DecoderLayer" => vec![
            sum(names(&["input_layernorm", "self_attn"])),
            sum(names(&["post_attention_layernorm", "mlp"])),
        ],
        "LlamaMLP" | "MistralMLP" | "Qwen2MLP" => vec![
            FlowStep::Product(names(&["gate_proj", "silu"]), names(&["up_proj"])),
            one("down_proj"),
        ],
        "LlamaAttention" | "MistralAttention" | "Qwen2Attention" => {
            vec![one("v_proj"), FlowStep::TokenMean, one("o_proj")]
        }
        "GPT2MLP" => names(&["c_fc", "gelu", "c_proj"]),
        "GPT2Model" => {
            let positions = FlowStep::Residual {
                branch: names(&["wpe"]),
                shortcut: names(&["wte"]),
                scale: 1.0,
            };
            vec![positions, one("h"), one("ln_f")]
        }
        _ => return None,
    };
    Some(steps)
}

fn gpt2() -> Vec<FlowStep> {
    vec![sum(names(&["ln_1", "attn"])), sum(names(&["ln_2", "mlp"]))]
}

/// torchvision's, mmdet's and timm's: convolutions with norms, the last activation behind the sum.
fn residual_block(node: &Node) -> Vec<FlowStep> {
    let last = if node.child("conv3").is_some() { 3 } else { 2 };
    let act = |index: usize| {
        let own = format!("act{index}");
        if node.child(&own).is_some() {
            FlowStep::Child(own)
        } else {
            function_or_child(node, "relu")
        }
    };
    let mut branch = Vec::new();
    for index in 1..=last {
        for prefix in ["conv", "bn", "gn", "norm"] {
            branch.extend(present(node, &[&format!("{prefix}{index}")]));
        }
        if index < last {
            branch.push(act(index));
        }
    }
    let shortcut = present(node, &["downsample"]);
    vec![FlowStep::Residual { branch, shortcut, scale: 1.0 }, act(last)]
}

fn function_or_child(node: &Node, name: &str) -> FlowStep {
    match node.child(name) {
        Some(_) => FlowStep::Child(name.to_owned()),
        None => FlowStep::Function(name.to_owned()),
    }
}

fn present(node: &Node, items: &[&str]) -> Vec<FlowStep> {
    items.iter().filter(|name| node.child(name).is_some()).map(|name| one(name)).collect()
}

/// A child, or a function where no child is called so.
fn one(name: &str) -> FlowStep {
    FlowStep::Child(name.to_owned())
}

fn names(items: &[&str]) -> Vec<FlowStep> {
    items.iter().map(|name| one(name)).collect()
}

fn sum(branch: Vec<FlowStep>) -> FlowStep {
    FlowStep::Residual { branch, shortcut: Vec::new(), scale: 1.0 }
}
