//! The init_cfg entries of a config's `model` tree, laid onto the modules of the same paths.

use std::sync::Arc;

use weight_init_core::{InitWeights, nearest};

use super::{Model, PlacedInitCfg, Registry};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Sources};
use crate::value::{Kind, Segment, Value, path};

impl Model {
    /// Gives each module the init_cfg that stands at its path in the config's `model` tree, in place of its own, or after it if
    /// the rules have `extend`; null leaves it without, and does nothing where no layer stands. Keys of dicts and numbers of lists
    /// are the names of layers.
    ///
    /// ```
    /// use weight_init::config::{Config, Format};
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::{Model, Registry};
    /// use weight_init::plan::{Options, Plan};
    ///
    /// let mut model = Model::read(&Source::new("net.json", r#"{"class": "Net", "init_weights": "module",
    ///     "children": [{"name": "head", "class": "Head", "bases": ["BaseModule"], "init_weights": "module",
    ///         "children": [{"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [2, 2]}]}]}]}"#))?;
    /// let config = "model = dict(head=dict(init_cfg=dict(type='Constant', val=1, layer='Linear')))";
    /// model.lay(&Config::parse(Source::new("config.py", config), Format::Python)?, &Registry::standard())?;
    /// assert_eq!(Plan::new(&model, &Options::default())?.rules()[0].won, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A config without `model`, a path that leads to no layer, an init_cfg that is wrong whatever the model.
    pub fn lay(&mut self, config: &Config, registry: &Registry) -> Result<(), Diagnostic> {
        let Some(tree) = config.value.get("model") else {
            let message =
                "the config has no 'model', whose init_cfg entries could be laid onto the model";
            return Err(Diagnostic::new(&config.sources, config.value.span, message));
        };
        let types = registry.initializers();
        let mut entries = Vec::new();
        find(tree, &mut Vec::new(), &mut entries);
        let texts = Arc::new(config.sources.clone());
        for (names, init_cfg) in entries {
            let place = path("$.model", &names) + ".init_cfg";
            let node = self.index_at(&names, init_cfg, &texts, &place);
            let nothing = match &init_cfg.kind {
                Kind::Null => true,
                Kind::List(rules) => rules.is_empty(),
                Kind::Dict(rule) => rule.is_empty(),
                _ => false,
            };
            if nothing {
                // Of an argument that is no layer it says nothing.
                if let Ok(node) = node {
                    self.nodes[node].init_cfg = None;
                }
                continue;
            }
            let node = &mut self.nodes[node?];
            let read = match node.init_weights {
                InitWeights::Custom => {
                    PlacedInitCfg::read_some(init_cfg, &*texts, &place, types, node.runs_init_cfg)
                }
                _ => PlacedInitCfg::read_of_module(init_cfg, &*texts, &place, types)?,
            };
            let own = node.init_cfg.take().map(|own| *own);
            node.init_cfg = Some(Box::new(read.in_texts(&texts).over(own)));
        }
        Ok(())
    }

    /// The layer at a path of the config.
    fn index_at(
        &self,
        names: &[Segment],
        init_cfg: &Value,
        texts: &Sources,
        place: &str,
    ) -> Result<usize, Diagnostic> {
        let mut at = 0;
        let mut passed = Vec::new();
        for name in names {
            let name = match name {
                Segment::Key(key) => key.clone(),
                Segment::Index(index) => index.to_string(),
            };
            let children = &self.nodes[at].children;
            match children.iter().find(|child| *child.name == *name) {
                Some(child) => at = child.node,
                None => {
                    let above = if passed.is_empty() {
                        "the model".to_owned()
                    } else {
                        format!("'{}'", passed.join("."))
                    };
                    let message =
                        format!("{above} has no layer '{name}', which this init_cfg is for");
                    let error = Diagnostic::new(texts, init_cfg.span, message).at(place);
                    let near = nearest(&name, children.iter().map(|child| &*child.name));
                    return Err(match near {
                        Some(near) => error.help(format!("did you mean '{near}'?")),
                        None => error,
                    });
                }
            }
            passed.push(name);
        }
        Ok(at)
    }
}

/// Collects every init_cfg below a dict, with the path of the dict that has it.
fn find<'v>(value: &'v Value, at: &mut Vec<Segment>, found: &mut Vec<(Vec<Segment>, &'v Value)>) {
    match &value.kind {
        Kind::Dict(entries) => {
            for entry in entries {
                if *entry.key == *"init_cfg" {
                    found.push((at.clone(), &entry.value));
                } else {
                    at.push(Segment::from(&*entry.key));
                    find(&entry.value, at, found);
                    at.pop();
                }
            }
        }
        Kind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                at.push(Segment::from(index));
                find(item, at, found);
                at.pop();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;
    use crate::config::Format;
    use crate::diagnostic::Source;

    #[test]
    fn nothing_beside_an_argument_that_is_no_layer_says_nothing() {
        let text = r#"{"class": "Net", "init_weights": "module", "children": [{"name": "fc", "class": "Linear"}]}"#;
        let mut model = Model::read(&Source::new("net.json", text)).unwrap();
        let mut lay = |config: &str| {
            let config = Config::parse(Source::new("config.py", config), Format::Python).unwrap();
            model.lay(&config, &Registry::standard()).map_err(|error| error.to_string())
        };
        for nothing in ["None", "[]", "{}"] {
            lay(&format!("model = dict(attn_cfg=dict(type='Attention', init_cfg={nothing}))"))
                .unwrap();
        }
        let error = lay("model = dict(attn_cfg=dict(init_cfg=dict(type='Normal')))").unwrap_err();
        assert!(error.contains("the model has no layer 'attn_cfg'"), "{error}");
    }
}
