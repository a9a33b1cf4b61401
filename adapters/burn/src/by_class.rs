//! Rules of classes → init_cfg of the layers that have them.

use std::collections::HashSet;

use weight_init::model::{ChildSpec, LayerSpec};
use weight_init::rules::Rules;
use weight_init_core::{InitWeights, nearest};

use crate::Error;

/// The layers with `root` as the rules of the first, and those of each class on its layers. Every layer has `init_weights`, so that
/// rules are reached at any depth.
pub(crate) fn with_rules(
    spec: LayerSpec,
    root: &Rules,
    classes: &[(String, &Rules)],
) -> Result<LayerSpec, Error> {
    let mut known = HashSet::new();
    let spec = below(spec, classes, &mut known);
    match classes.iter().find(|(class, _)| !known.contains(class)) {
        Some((class, _)) if *class == spec.class => Err(Error::new(format!(
            "'{class}' is the module itself, whose rules are those for the root"
        ))),
        Some((class, _)) => {
            let near = nearest(class, known.iter().map(String::as_str));
            let near = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            Err(Error::new(format!("no layer has the class '{class}'{near}")))
        }
        None => Ok(spec.init_cfg(root.placed())),
    }
}

/// The layer, with `known` as the classes of those below it.
fn below(
    mut spec: LayerSpec,
    classes: &[(String, &Rules)],
    known: &mut HashSet<String>,
) -> LayerSpec {
    spec.init_weights = InitWeights::Module;
    for (_, child) in &mut spec.children {
        let ChildSpec::New(child) = child else { continue };
        let mut layer = below(std::mem::take(&mut **child), classes, known);
        if let Some((_, rules)) = classes.iter().rev().find(|(class, _)| *class == layer.class) {
            layer = layer.init_cfg(rules.placed());
        }
        known.insert(layer.class.clone());
        **child = layer;
    }
    spec
}
