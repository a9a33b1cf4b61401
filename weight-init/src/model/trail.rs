use weight_init_core::Layer;

use super::classes::LayerFacts;
use super::{Model, Node};

/// The layers on the way from the root to the layer that was asked for last. A walk asks for one layer after the other, most of
/// which stand below the same ones: only what differs is looked up.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// The layer's dotted path.
    path: String,
    /// The root and each layer below it on the way.
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq, Eq)]
struct Step {
    /// Where the layer's path ends in that of the trail.
    end: usize,
    /// Its place in the model.
    place: Option<usize>,
    /// The child of it that a walk asks for next.
    next: usize,
}

impl Trail {
    /// The facts of the layer at `path` and of those above it, the nearest first, which `layers` gives by their names.
    pub(crate) fn lineage<'a>(
        &mut self,
        model: &'a Model,
        path: &str,
        layers: impl Iterator<Item = (&'a str, &'a dyn Layer)>,
    ) -> Vec<LayerFacts<'a>> {
        self.follow(model, path);
        let nodes = self.steps.iter().rev().map(|step| model.nodes.get(step.place?));
        nodes.zip(layers).map(|(node, (name, layer))| facts(node, name, layer)).collect()
    }

    fn follow(&mut self, model: &Model, path: &str) {
        let is_above =
            |end: usize| end == 0 || matches!(path.as_bytes().get(end), None | Some(b'.'));
        let shared = self.steps.iter().take_while(|Step { end, .. }| {
            is_above(*end) && self.path.get(..*end).is_some_and(|above| path.starts_with(above))
        });
        self.steps.truncate(shared.count());
        if self.steps.is_empty() {
            self.steps.push(Step { end: 0, place: model.place(""), next: 0 });
        }
        let known = self.steps.last().map_or(0, |step| step.end);
        let dots = path.bytes().enumerate().skip(known + 1).filter(|(_, byte)| *byte == b'.');
        let ends = dots.map(|(at, _)| at).chain((known < path.len()).then_some(path.len()));
        for end in ends {
            let place = self.below(model, path, end);
            self.steps.push(Step { end, place, next: 0 });
        }
        path.clone_into(&mut self.path);
    }

    /// The place of the layer whose path is that of the last step and one name more, up to `end`.
    fn below(&mut self, model: &Model, path: &str, end: usize) -> Option<usize> {
        let Step { end: above, place, next } = self.steps.last_mut()?;
        let name = path.get(*above..end)?;
        let name = name.strip_prefix('.').unwrap_or(name);
        // A walk asks for the children in their order, though not for those without parameters.
        let children = model.nodes.get((*place)?)?.children.iter().enumerate().skip(*next);
        for (number, child) in children.take(NEAR) {
            if *child.name == *name {
                *next = number + 1;
                return child.same_as.is_none().then_some(child.node);
            }
        }
        model.place(path.get(..end)?)
    }
}

/// The children that are compared with a name before it is looked up.
const NEAR: usize = 4;

/// A layer, called `name`, with what the constructor defaults go by; without a node where it was not met first.
fn facts<'a>(node: Option<&'a Node>, name: &'a str, layer: &'a dyn Layer) -> LayerFacts<'a> {
    let facts = LayerFacts::new(name, layer);
    match node {
        Some(node) => LayerFacts {
            ancestors: &node.ancestors,
            rewrites: node.rewrites,
            padding_row: node.padding_row,
            ..facts
        },
        // At the path where it was met first, it has its say.
        None => LayerFacts { rewrites: Some(false), ..facts },
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;
    use crate::diagnostic::Source;

    #[test]
    fn every_layer_is_found_whatever_was_asked_for_before() {
        let text = r#"{"class": "Net", "children": [
            {"name": "a", "class": "A", "children": [{"name": "b", "class": "B"}, {"name": "bc", "class": "C"}]},
            {"name": "ab", "class": "D", "children": [{"name": "b", "class": "E", "children": [{"name": "c", "class": "F"}]}]}]}"#;
        let model = Model::read(&Source::new("net.json", text)).unwrap();
        let paths = ["", "a", "a.b", "a.bc", "ab", "ab.b", "ab.b.c", "a.none", "none.b.c"];
        for first in paths {
            for then in paths {
                let mut trail = Trail::default();
                trail.follow(&model, first);
                trail.follow(&model, then);
                let above = then.match_indices('.').map(|(at, _)| &then[..at]);
                let mut expected: Vec<_> =
                    above.map(|path| (path.len(), model.place(path))).collect();
                expected.insert(0, (0, Some(0)));
                if !then.is_empty() {
                    expected.push((then.len(), model.place(then)));
                }
                let steps = trail.steps.iter().map(|step| (step.end, step.place));
                assert_eq!(steps.collect::<Vec<_>>(), expected, "{first} → {then}");
            }
        }
    }
}
