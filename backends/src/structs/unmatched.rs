use core::fmt;
use core::ops::ControlFlow;
use std::borrow::ToOwned;
use std::collections::{BTreeSet, HashMap};
use std::string::{String, ToString};
use std::vec::Vec;

use weight_init_core::resolve::{ModuleVisit, Path};
use weight_init_core::{Child, Layer, LayerVisitor, Param};

use super::error::did_you_mean;

/// A rule that writes no parameter; `Display` says why, with the nearest name that the model has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmatchedRule {
    /// Path of the module that holds it; empty for the root.
    pub module: String,
    /// Number of the rule in the module's init_cfg.
    pub rule: usize,
    /// Name of its initializer.
    pub type_name: &'static str,
    why: String,
}

impl fmt::Display for UnmatchedRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = if self.module.is_empty() { "the model itself" } else { &self.module };
        write!(f, "rule {} ({}) of {module} writes no parameter: ", self.rule, self.type_name)?;
        f.write_str(&self.why)
    }
}

/// The rules of a model and whether they write anything.
#[derive(Default)]
pub(super) struct Rules {
    rules: Vec<Rule>,
    /// Place of the first rule of every module, by its first path.
    modules: HashMap<String, usize>,
}

struct Rule {
    module: String,
    number: usize,
    type_name: &'static str,
    layers: Vec<String>,
    globs: Vec<String>,
    overrides: usize,
    reached: bool,
    matched: bool,
}

impl Rules {
    /// Notes the rules of a module, once.
    pub(super) fn add(&mut self, module: &str, visit: &ModuleVisit<'_>) {
        let first = self.rules.len();
        if let Some(known) = self.modules.get(module) {
            let known = self.rules.iter_mut().skip(*known);
            let own = known.take_while(|rule| rule.module == module);
            own.for_each(|rule| rule.reached |= visit.is_reached());
            return;
        }
        self.modules.insert(module.to_owned(), first);
        let Some(rules) = visit.rules() else { return };
        for (number, write) in rules.writes().enumerate() {
            self.rules.push(Rule {
                module: module.to_owned(),
                number,
                type_name: write.name(),
                layers: rules.layers(number).map(ToOwned::to_owned).collect(),
                globs: rules.globs(number).map(ToOwned::to_owned).collect(),
                overrides: rules.override_names(number).count(),
                reached: visit.is_reached(),
                matched: false,
            });
        }
    }

    /// Notes that a rule writes something.
    pub(super) fn matched(&mut self, module: &Path<'_>, rule: usize) {
        let first = self.modules.get(&module.to_string());
        let rule = first.and_then(|first| self.rules.get_mut(first + rule));
        if let Some(rule) = rule {
            rule.matched = true;
        }
    }
}

/// The rules that write nothing.
pub(super) fn of(Rules { rules, .. }: Rules, root: &dyn Layer) -> Vec<UnmatchedRule> {
    let unmatched: Vec<Rule> = rules.into_iter().filter(|rule| !rule.matched).collect();
    if unmatched.is_empty() {
        return Vec::new();
    }
    let mut names = Names::default();
    names.add_class(root);
    let _ = root.visit(&mut names);
    let tell = |rule: Rule| UnmatchedRule {
        why: why(&rule, &names),
        module: rule.module,
        rule: rule.number,
        type_name: rule.type_name,
    };
    unmatched.into_iter().map(tell).collect()
}

fn why(rule: &Rule, names: &Names) -> String {
    if !rule.reached {
        return "no init_weights reaches this module; it, or a layer above it, is a plain layer, which \
                `#[layer(module)]` changes"
            .to_owned();
    }
    let unknown = rule.layers.iter().find(|layer| !names.classes.contains(*layer));
    if let Some(layer) = unknown {
        let near = did_you_mean(layer, names.classes.iter().map(String::as_str));
        return std::format!("no layer is a '{layer}'{near}");
    }
    if let Some(glob) = rule.globs.first() {
        let near = did_you_mean(glob, names.params.iter().map(String::as_str));
        return std::format!("no parameter has a name like '{glob}'{near}");
    }
    if rule.layers.is_empty() && rule.overrides == 0 {
        return "it names no layer, no params and no override".to_owned();
    }
    "what it names has no 'weight' and no 'bias' below its module".to_owned()
}

/// The names that rules may use.
#[derive(Default)]
struct Names {
    /// Classes and their direct bases.
    classes: BTreeSet<String>,
    /// Full names of parameters.
    params: Vec<String>,
    path: String,
}

impl Names {
    fn add_class(&mut self, layer: &dyn Layer) {
        self.classes.insert(layer.class().to_owned());
        self.classes.extend(layer.bases().map(ToOwned::to_owned));
    }

    /// Puts a name behind the path, and gives the length without it.
    fn enter(&mut self, name: &str) -> usize {
        let len = self.path.len();
        if len > 0 {
            self.path.push('.');
        }
        self.path.push_str(name);
        len
    }
}

impl LayerVisitor for Names {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        let len = self.enter(param.name);
        self.params.push(self.path.clone());
        self.path.truncate(len);
        ControlFlow::Continue(())
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        // A layer that was shown before has shown its names.
        if child.same_as.is_some() {
            return ControlFlow::Continue(());
        }
        self.add_class(child.layer);
        let len = self.enter(child.name);
        child.layer.visit(self)?;
        self.path.truncate(len);
        ControlFlow::Continue(())
    }
}
