use weight_init_core::Layer;

use super::classes::LayerFacts;
use super::{Model, Node};

/// The layers on the way from the root to the layer that was asked for last. A walk asks for one layer after the other, most of
/// which stand below the same ones: only what differs is looked up.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    /// The layer's dotted path.
    path: String,
    /// For the root and each layer below it on the way, where its path ends in `path`, and its place in the model.
    steps: Vec<(usize, Option<usize>)>,
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
        let nodes = self.steps.iter().rev().map(|(_, place)| model.nodes.get((*place)?));
        nodes.zip(layers).map(|(node, (name, layer))| facts(node, name, layer)).collect()
    }

    fn follow(&mut self, model: &Model, path: &str) {
        let is_above =
            |end: usize| end == 0 || matches!(path.as_bytes().get(end), None | Some(b'.'));
        let shared = self.steps.iter().take_while(|(end, _)| {
            is_above(*end) && self.path.get(..*end).is_some_and(|above| path.starts_with(above))
        });
        self.steps.truncate(shared.count());
        if self.steps.is_empty() {
            self.steps.push((0, model.place("")));
        }
        let known = self.steps.last().map_or(0, |(end, _)| *end);
        let dots = path.bytes().enumerate().skip(known + 1).filter(|(_, byte)| *byte == b'.');
        let ends = dots.map(|(at, _)| at).chain((known < path.len()).then_some(path.len()));
        self.steps
            .extend(ends.map(|end| (end, path.get(..end).and_then(|path| model.place(path)))));
        path.clone_into(&mut self.path);
    }
}

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
                assert_eq!(trail.steps, expected, "{first} → {then}");
            }
        }
    }
}
