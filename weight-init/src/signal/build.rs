//! Tree, flow and plan → the steps that the signal takes.

use foldhash::{HashMap, HashSet, HashSetExt as _};
use weight_init_core::Layout;

use super::flow;
use super::function::Function;
use super::moment::{self, Moment};
use super::tree::{Node, ParamOf};
use crate::model::{FlowStep, Model};
use crate::plan::{Plan, PlannedParam};

/// A step, with its numbers.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Weights {
        at: At,
        fan_in: f64,
        fan_out: f64,
        weight: f64,
        bias: f64,
    },
    /// Fresh values in place of the input.
    Source {
        at: At,
        second: f64,
    },
    Norm {
        at: At,
        gain: f64,
        bias: f64,
        over_samples: bool,
    },
    /// Factors of each channel.
    Scale {
        at: At,
        second: f64,
    },
    Apply {
        at: At,
        function: Function,
    },
    Sum {
        at: At,
        branch: Vec<Self>,
        shortcut: Vec<Self>,
        scale: f64,
    },
    Product {
        at: At,
        a: Vec<Self>,
        b: Vec<Self>,
    },
    TokenMean,
}

#[derive(Clone, Debug)]
pub(super) struct At {
    pub(super) path: String,
    pub(super) what: String,
}

#[derive(Debug)]
pub(super) struct Built {
    pub(super) steps: Vec<Step>,
    pub(super) notes: Vec<String>,
    pub(super) understood: u64,
    pub(super) elements: u64,
}

pub(super) fn build(root: &Node, model: &Model, plan: &Plan) -> Built {
    let params = plan.params().iter().map(|param| (&*param.name, param)).collect();
    let mut builder =
        Builder { model, params, notes: Vec::new(), said: HashSet::new(), understood: 0 };
    let mut steps = Vec::new();
    builder.layer(root, &mut steps);
    let Builder { notes, understood, .. } = builder;
    Built { steps, notes, understood, elements: root.elements() }
}

struct Builder<'b> {
    model: &'b Model,
    params: HashMap<&'b str, &'b PlannedParam>,
    notes: Vec<String>,
    /// Classes that a note is about.
    said: HashSet<String>,
    understood: u64,
}

fn at(node: &Node) -> At {
    At { path: node.path.clone(), what: node.class.clone() }
}

impl Builder<'_> {
    fn layer(&mut self, node: &Node, steps: &mut Vec<Step>) {
        if let Some(declared) = self.model.flow(&node.first) {
            return declared.iter().for_each(|step| self.step(node, step, steps));
        }
        if let Some(known) = flow::by_class(node) {
            return known.iter().for_each(|step| self.step(node, step, steps));
        }
        if self.leaf(node, steps) {
            self.understood += node.elements();
            return;
        }
        if node.children.is_empty() {
            if !node.params.is_empty() {
                self.note(node, "is not understood, and is passed over");
            }
            return;
        }
        let with_params = node.children.iter().filter(|child| child.elements() > 0).count();
        let in_order = ["Sequential", "ModuleList"].iter().any(|class| node.is(class));
        if with_params > 1 && !in_order {
            self.note(node, "is assumed to call its layers in the order of their registration");
        }
        for child in &node.children {
            self.layer(child, steps);
        }
    }

    fn note(&mut self, node: &Node, what: &str) {
        if self.said.insert(format!("{} {what}", node.class)) {
            let path = if node.path.is_empty() { "the model itself" } else { &node.path };
            self.notes.push(format!("{} ({path}) {what}", node.class));
        }
    }

    fn step(&mut self, node: &Node, step: &FlowStep, steps: &mut Vec<Step>) {
        let all = |builder: &mut Self, list: &[FlowStep]| {
            let mut inner = Vec::new();
            list.iter().for_each(|step| builder.step(node, step, &mut inner));
            inner
        };
        match step {
            FlowStep::Child(name) | FlowStep::Function(name) => {
                match (node.child(name), Function::from_name(name)) {
                    (Some(child), _) => self.layer(child, steps),
                    (None, Some(function)) => {
                        let at = At { path: node.path.clone(), what: function.name().to_owned() };
                        steps.push(Step::Apply { at, function });
                    }
                    (None, None) => {
                        self.note(node, &format!("has no '{name}', which its class has elsewhere"));
                    }
                }
            }
            FlowStep::Residual { branch, shortcut, scale } => {
                let at = At { path: node.path.clone(), what: "sum".to_owned() };
                let (branch, shortcut) = (all(self, branch), all(self, shortcut));
                steps.push(Step::Sum { at, branch, shortcut, scale: *scale });
            }
            FlowStep::Product(a, b) => {
                let at = At { path: node.path.clone(), what: "product".to_owned() };
                let (a, b) = (all(self, a), all(self, b));
                steps.push(Step::Product { at, a, b });
            }
            FlowStep::TokenMean => steps.push(Step::TokenMean),
        }
    }

    /// A layer that is a step by itself, or two around the mean of attention; `false`: it is none.
    fn leaf(&mut self, node: &Node, steps: &mut Vec<Step>) -> bool {
        if node.params.is_empty() && node.children.is_empty() {
            match Function::from_name(&node.class) {
                Some(Function::Identity) => {}
                Some(function) => steps.push(Step::Apply { at: at(node), function }),
                None if node.class.contains("Norm") => steps.push(norm(node, 1.0, 0.0)),
                None if is_harmless(&node.class) => {}
                None => self.note(node, "has no parameters and is taken for the identity"),
            }
            return true;
        }
        if let (Some(value), Some(out), true) = (
            node.child("qkv").or_else(|| node.child("c_attn")),
            node.child("proj").or_else(|| node.child("c_proj")),
            node.class.contains("Attention"),
        ) {
            self.weights(value, Some(2), steps);
            steps.push(Step::TokenMean);
            self.weights(out, None, steps);
            return true;
        }
        if node.is("MultiheadAttention")
            && let (Some(weight), Some(out)) =
                (node.param("in_proj_weight"), node.child("out_proj"))
        {
            self.matrix(node, weight, node.param("in_proj_bias"), Some(2), steps);
            steps.push(Step::TokenMean);
            return self.weights(out, None, steps);
        }
        if node.class.contains("Norm") {
            let moments = ["weight", "bias"]
                .map(|name| node.param(name).map(|param| self.moment(param, None)));
            if let [Some(None), _] | [_, Some(None)] = moments {
                self.note(node, "holds values that are not known; it is taken to scale by 1");
            }
            let [gain, bias] = moments.map(|moment| moment.flatten().map(|moment| moment.second));
            steps.push(norm(node, gain.unwrap_or(1.0), bias.unwrap_or(0.0)));
            return true;
        }
        if node.class.contains("Embedding")
            && node.children.is_empty()
            && let Some(moment) = node.param("weight").and_then(|weight| self.moment(weight, None))
        {
            steps.push(Step::Source { at: at(node), second: moment.second });
            return true;
        }
        if node.class == "LayerScale" {
            let gamma = node.params.first().and_then(|gamma| self.moment(gamma, None));
            if let Some(gamma) = gamma {
                steps.push(Step::Scale { at: at(node), second: gamma.second });
                return true;
            }
        }
        let is_linear = |class: &str| class.ends_with("Linear") || class.starts_with("Conv");
        (is_linear(&node.class)
            || node.bases.iter().any(|base| is_linear(base) || base == "_ConvNd"))
            && node.children.is_empty()
            && self.weights(node, None, steps)
    }

    /// A layer with `weight` and perhaps `bias`; `third`: of its outputs, the third with this number.
    fn weights(&mut self, node: &Node, third: Option<usize>, steps: &mut Vec<Step>) -> bool {
        match node.param("weight") {
            Some(weight) => self.matrix(node, weight, node.param("bias"), third, steps),
            None => false,
        }
    }

    fn matrix(
        &mut self,
        node: &Node,
        weight: &ParamOf,
        bias: Option<&ParamOf>,
        third: Option<usize>,
        steps: &mut Vec<Step>,
    ) -> bool {
        let Some((fan_in, fan_out)) = fans(weight, &node.class) else { return false };
        let (fan_out, rows) = match (third, weight.layout) {
            (Some(number), Layout::OutIn) if node.class != "Conv1D" => {
                let rows = weight.shape.first().copied().unwrap_or_default() / 3;
                (fan_out / 3.0, Some(rows * number..rows * (number + 1)))
            }
            (Some(_), _) => (fan_out / 3.0, None),
            (None, _) => (fan_out, None),
        };
        let Some(moment) = self.moment(weight, rows) else {
            self.note(node, "holds values that are not known; it is passed over");
            return false;
        };
        if moment.mean * moment.mean > 0.01 * moment.second
            && moment.second > 0.0
            && moment.mean.abs() * fan_in > 1.5
        {
            self.note(
                node,
                "has weights whose mean is not zero: the estimate does not apply there",
            );
        }
        let bias =
            bias.and_then(|bias| self.moment(bias, None)).map_or(0.0, |moment| moment.second);
        steps.push(Step::Weights { at: at(node), fan_in, fan_out, weight: moment.second, bias });
        true
    }

    fn moment(&self, param: &ParamOf, rows: Option<std::ops::Range<usize>>) -> Option<Moment> {
        moment::of(self.params.get(&*param.full)?, rows)
    }
}

/// Connections of an output, and of an input.
fn fans(weight: &ParamOf, class: &str) -> Option<(f64, f64)> {
    let dims: Vec<f64> = weight.shape.iter().map(|dim| *dim as f64).collect();
    let [first, second, rest @ ..] = dims.as_slice() else { return None };
    let field: f64 = rest.iter().product();
    let groups = match weight.layout {
        Layout::Conv { groups, .. } => f64::from(groups.max(1)),
        _ => 1.0,
    };
    Some(match weight.layout {
        // A stride of 2 is usual, and leaves each output that part of the field.
        Layout::Conv { transposed: true, .. } => {
            let reached =
                if field > 1.0 { field / f64::from(1_u32 << rest.len().min(8)) } else { 1.0 };
            (first / groups * reached.max(1.0), second * field)
        }
        Layout::InOut => {
            let [field @ .., inputs, outputs] = dims.as_slice() else { return None };
            let field: f64 = field.iter().product();
            (inputs * field, outputs * field)
        }
        _ if class == "Conv1D" => (*first, *second),
        _ => (second * field, first / groups * field),
    })
}

fn norm(node: &Node, gain: f64, bias: f64) -> Step {
    Step::Norm { at: at(node), gain, bias, over_samples: node.class.contains("Batch") }
}

/// Layers that change neither second moment much nor gradient energy.
fn is_harmless(class: &str) -> bool {
    ["Drop", "Flatten", "Pool", "Identity", "Pad", "Upsample", "Rotary"]
        .iter()
        .any(|part| class.contains(part))
}
