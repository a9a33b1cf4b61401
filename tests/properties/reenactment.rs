//! mmengine's program order, acted out: `BaseModule.init_weights` and `initialize` write again and again.
//!
//! The reenactment is naive on purpose: modules run once, every `apply` walks every path below, and the last write stays.

use std::collections::{BTreeMap, BTreeSet};

use weight_init_tests::plan::{ByJson, RuleJson, Written};

use crate::net::{Net, join};
use crate::rules::{Rule, Write};

/// The state when everything has run.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// The last write of each tensor.
    pub(crate) written: Vec<Option<(Written, ByJson)>>,
    /// Whether an `init_weights` of a class's own could have written each tensor after that.
    pub(crate) own_code: Vec<bool>,
    /// How every rule fared, in the order in which its module is met.
    pub(crate) rules: Vec<RuleJson>,
    /// Kinds of warnings and their modules.
    pub(crate) warnings: Vec<(String, String)>,
    /// The tensors in the order in which they are met.
    pub(crate) order: Vec<usize>,
}

/// Why mmengine would fail.
#[derive(Debug)]
pub(crate) struct Failed;

struct Stage<'n> {
    net: &'n Net,
    /// Whether Pretrained does nothing.
    skip_pretrained: bool,
    written: Vec<Option<(Written, ByJson)>>,
    own_code: Vec<bool>,
    /// Tensors that a rule of a module wrote at some time.
    matched: BTreeMap<(String, usize), BTreeSet<usize>>,
    /// `_is_init`, by layer.
    is_init: BTreeSet<usize>,
}

/// A rule or one of its overrides while it writes.
struct Writer<'r> {
    by: ByJson,
    write: &'r Write,
}

impl Writer<'_> {
    fn covers(&self, name: &str) -> bool {
        self.write.is_pretrained() || matches!(name, "weight" | "bias")
    }
}

pub(crate) fn act(net: &Net, skip_pretrained: bool) -> Result<Outcome, Failed> {
    let mut stage = Stage {
        net,
        skip_pretrained,
        written: vec![None; net.tensors.len()],
        own_code: vec![false; net.tensors.len()],
        matched: BTreeMap::new(),
        is_init: BTreeSet::new(),
    };
    match &net.initialize {
        Some((rules, _)) => {
            for (number, rule) in rules.iter().enumerate() {
                stage.initialize(0, "", rule, number)?;
            }
            stage.is_init.insert(0);
        }
        None if net.layers[0].init_weights.is_some() => stage.init_weights(0, "")?,
        None => {}
    }
    Ok(stage.outcome())
}

impl Stage<'_> {
    /// `BaseModule.init_weights`
    fn init_weights(&mut self, layer: usize, path: &str) -> Result<(), Failed> {
        if self.is_init.contains(&layer) {
            return Ok(());
        }
        let net = self.net;
        let rules = &net.layers[layer].rules;
        for (number, rule) in rules.iter().enumerate().filter(|(_, r)| !r.write.is_deferred()) {
            self.initialize(layer, path, rule, number)?;
        }
        for &(name, child) in &net.layers[layer].children {
            if net.layers[child].init_weights.is_some() {
                self.init_weights(child, &join(path, name))?;
            }
        }
        for (number, rule) in rules.iter().enumerate().filter(|(_, r)| r.write.is_deferred()) {
            self.initialize(layer, path, rule, number)?;
        }
        self.is_init.insert(layer);
        if net.layers[layer].init_weights == Some("custom") {
            // It calls the ordinary one and then does what it likes.
            self.apply(layer, path, &mut |stage, layer, _| {
                net.layers[layer]
                    .params
                    .iter()
                    .for_each(|(_, tensor)| stage.own_code[*tensor] = true);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// `initialize` with one rule
    fn initialize(
        &mut self,
        layer: usize,
        path: &str,
        rule: &Rule,
        number: usize,
    ) -> Result<(), Failed> {
        let net = self.net;
        let module = net.layers[layer].path.clone();
        let by = ByJson { module, rule: number, override_index: None, params: None };

        let writer = Writer { by: by.clone(), write: &rule.write };
        self.apply(layer, path, &mut |stage, layer, _| {
            let Some(found) = net.layers.get(layer) else { return Ok(()) };
            let named = |class: &&str| *class == found.class || found.bases.contains(class);
            if rule.write.is_pretrained() || rule.layers.iter().any(named) {
                stage.write_layer(layer, &writer)?;
            }
            Ok(())
        })?;

        for (index, glob) in rule.globs.iter().enumerate() {
            let by = ByJson { params: Some(index), ..by.clone() };
            let writer = Writer { by, write: &rule.write };
            self.apply(layer, path, &mut |stage, layer, path| {
                for &(name, tensor) in &net.layers[layer].params {
                    if names(glob, &join(path, name)) {
                        stage.write(tensor, false, &writer)?;
                    }
                }
                Ok(())
            })?;
        }

        for (index, item) in rule.overrides.iter().enumerate() {
            let by = ByJson { override_index: Some(index), ..by.clone() };
            let write = item.write.as_ref().unwrap_or(&rule.write);
            let writer = Writer { by, write };
            let own_code =
                net.initialize.is_none() && net.layers[layer].init_weights == Some("custom");
            let (target, path) = match self.getattr(layer, path, &item.name) {
                // A class with an init_weights of its own may use the name as it likes.
                Err(Failed) if own_code => continue,
                found => found?,
            };
            self.apply(target, &path, &mut |stage, layer, _| stage.write_layer(layer, &writer))?;
        }
        Ok(())
    }

    /// `getattr(module, name)`, where a property hides a child of the same name
    fn getattr(&self, layer: usize, path: &str, name: &str) -> Result<(usize, String), Failed> {
        let alias = self.net.layers[layer].aliases.iter().find(|(alias, _)| *alias == name);
        let names = alias.map_or_else(|| vec![name.to_owned()], |(_, path)| path.clone());
        let (mut layer, mut path) = (layer, path.to_owned());
        for name in names {
            let children = &self.net.layers[layer].children;
            layer = children.iter().find(|(child, _)| *child == name).ok_or(Failed)?.1;
            path = join(&path, &name);
        }
        Ok((layer, path))
    }

    /// `module.apply(fn)`: the children first, then the module itself
    fn apply(
        &mut self,
        layer: usize,
        path: &str,
        visit: &mut dyn FnMut(&mut Self, usize, &str) -> Result<(), Failed>,
    ) -> Result<(), Failed> {
        for &(name, child) in &self.net.layers[layer].children {
            self.apply(child, &join(path, name), visit)?;
        }
        visit(self, layer, path)
    }

    fn write_layer(&mut self, layer: usize, writer: &Writer<'_>) -> Result<(), Failed> {
        for &(name, tensor) in &self.net.layers[layer].params {
            if writer.covers(name) {
                self.write(tensor, name == "bias", writer)?;
            }
        }
        Ok(())
    }

    /// `to_bias`: through a layer, whose bias gets the rule's constant.
    fn write(&mut self, tensor: usize, to_bias: bool, writer: &Writer<'_>) -> Result<(), Failed> {
        let Writer { by, write } = writer;
        if write.is_pretrained() && self.skip_pretrained {
            return Ok(());
        }
        let is_bias = to_bias && !write.is_pretrained();
        if write.needs_fans() && !is_bias && self.net.tensors[tensor].shape.len() < 2 {
            return Err(Failed);
        }
        let written = if is_bias { &write.bias } else { &write.weight };
        self.written[tensor] = Some((written.clone(), by.clone()));
        self.own_code[tensor] = false;
        self.matched.entry((by.module.clone(), by.rule)).or_default().insert(tensor);
        Ok(())
    }

    fn outcome(self) -> Outcome {
        let mut outcome = Outcome {
            written: self.written.clone(),
            own_code: self.own_code.clone(),
            ..Outcome::default()
        };
        self.meet(0, &mut BTreeSet::new(), &mut outcome);
        outcome
    }

    /// Walks every path and notes what is met for the first time.
    fn meet(&self, layer: usize, met: &mut BTreeSet<usize>, outcome: &mut Outcome) {
        let found = &self.net.layers[layer];
        let rules = match &self.net.initialize {
            None => &found.rules,
            Some((rules, _)) if layer == 0 => rules,
            Some(_) => &Vec::new(),
        };
        if met.insert(layer) {
            self.report(layer, rules, outcome);
        }
        for (_, tensor) in &found.params {
            if !outcome.order.contains(tensor) {
                outcome.order.push(*tensor);
            }
        }
        for (_, child) in &found.children {
            self.meet(*child, met, outcome);
        }
    }

    fn report(&self, layer: usize, rules: &[Rule], outcome: &mut Outcome) {
        let module = &self.net.layers[layer].path;
        let won = |wins: &dyn Fn(&ByJson) -> bool| {
            let by = self.written.iter().flatten().map(|(_, by)| by);
            by.filter(|by| by.module == *module && wins(by)).count()
        };
        let mut warn = |kind: &str| outcome.warnings.push((kind.to_owned(), module.clone()));
        let reached = self.is_init.contains(&layer);
        if !reached && !rules.is_empty() {
            warn("unreached_init_cfg");
        }
        for (number, rule) in rules.iter().enumerate() {
            let matched = self.matched.get(&(module.clone(), number)).map_or(0, BTreeSet::len);
            outcome.rules.push(RuleJson {
                module: module.clone(),
                rule: number,
                matched,
                won: won(&|by| by.rule == number),
            });
            if reached && matched == 0 {
                warn("unmatched_rule");
            }
            for index in (0..rule.overrides.len()).filter(|_| reached) {
                if won(&|by| by.rule == number && by.override_index == Some(index)) == 0 {
                    warn("override_never_won");
                }
            }
        }
    }
}

/// Whether a rule's glob names a parameter: a leading `*.` may stand for nothing.
pub(crate) fn names(glob: &str, name: &str) -> bool {
    let root = glob.strip_prefix("*.");
    matches(glob.as_bytes(), name.as_bytes())
        || root.is_some_and(|glob| matches(glob.as_bytes(), name.as_bytes()))
}

/// Whether a glob matches a whole name.
pub(crate) fn matches(glob: &[u8], name: &[u8]) -> bool {
    match (glob, name) {
        ([], []) => true,
        ([b'*', rest @ ..], _) => {
            matches(rest, name) || !name.is_empty() && matches(glob, &name[1..])
        }
        ([b'?', glob @ ..], [_, name @ ..]) => matches(glob, name),
        ([g, glob @ ..], [n, name @ ..]) => g == n && matches(glob, name),
        _ => false,
    }
}
