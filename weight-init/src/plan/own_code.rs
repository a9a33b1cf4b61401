//! Classes whose own code may write parameters in ways that neither an init_cfg nor the constructor defaults show.
//!
//! A constructor runs after those of the layers that it holds, and before every rule: it may change what no rule writes.
//! An `init_weights` of a class's own may change what it likes, after the rules.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::HashMap;
use weight_init_core::resolve::{Order, ParamVisit};

use super::by::module_name;
use super::{ConstructorDefault, Plan, PlannedParam, Writer};
use crate::model::Model;
use crate::model::classes::{LayerFacts, may_rewrite};

/// Every class of a model whose own code may write parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnCode {
    constructors: Vec<Constructor>,
    modules: Vec<Module>,
}

/// A layer whose constructor may write into what it holds.
#[derive(Clone, Debug)]
struct Constructor {
    class: String,
    /// The nearest such above it.
    above: Option<usize>,
}

/// A module with an `init_weights` of its own that is called.
#[derive(Clone, Debug)]
struct Module {
    path: String,
    class: String,
}

/// What classes with an `init_weights` of their own do with a parameter.
#[derive(Clone, Debug, Default)]
pub(super) struct Own {
    /// The outermost module above with such a class that is called, on each path to it: places in [`OwnCode`].
    pub(super) init_weights: Vec<usize>,
    /// What they write, as far as the description says; later ones count more.
    pub(super) writes: Vec<(Order, Arc<Writer>)>,
}

impl Own {
    /// `None` if there is nothing.
    pub(super) fn of(
        init_weights: Option<usize>,
        writes: Vec<(Order, Arc<Writer>)>,
    ) -> Option<Box<Self>> {
        let own = Self { init_weights: init_weights.into_iter().collect(), writes };
        (!own.init_weights.is_empty() || !own.writes.is_empty()).then(|| Box::new(own))
    }

    /// Adds what is met on another path.
    pub(super) fn extend(&mut self, other: Self) {
        self.init_weights.extend(other.init_weights);
        self.writes.extend(other.writes);
    }
}

/// Whose code may write a parameter last: a place in [`OwnCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overwriter {
    Constructor(usize),
    InitWeights(usize),
}

/// Finds them, parameter by parameter.
#[derive(Debug, Default)]
pub(super) struct Collector {
    pub(super) found: OwnCode,
    /// The place in `constructors` of the nearest at or above a layer, by its path.
    by_layer: HashMap<String, Option<usize>>,
    /// The place in `modules`, by path.
    by_module: HashMap<String, usize>,
}

impl Collector {
    /// The nearest layer whose constructor may write into the first of `above`, which is met first at `path`, or into what
    /// it holds.
    pub(super) fn constructor(&mut self, path: &str, above: &[LayerFacts<'_>]) -> Option<usize> {
        let (layer, further) = above.split_first()?;
        if let Some(found) = self.by_layer.get(path) {
            return *found;
        }
        let outer = path.rsplit_once('.').map_or("", |(outer, _)| outer);
        let mut found = self.constructor(outer, further);
        if may_rewrite(layer) {
            let class = layer.layer.class().to_owned();
            let constructors = &mut self.found.constructors;
            constructors.push(Constructor { class, above: found });
            found = Some(constructors.len() - 1);
        }
        self.by_layer.insert(path.to_owned(), found);
        found
    }

    /// The outermost module above a parameter whose own `init_weights` is called on this path.
    pub(super) fn init_weights(&mut self, model: &Model, visit: &ParamVisit<'_>) -> Option<usize> {
        let outermost = visit
            .customs()
            .filter(|custom| !model.writes_nothing_itself(&custom.first_path.to_string()))
            .last()?;
        let modules = &mut self.found.modules;
        Some(*self.by_module.entry(outermost.path.to_string()).or_insert_with_key(|path| {
            modules.push(Module { path: path.clone(), class: outermost.layer.class().to_owned() });
            modules.len() - 1
        }))
    }
}

impl OwnCode {
    /// Whose code may write the parameter after what is decided for it; `late`: the module that holds the rule that writes it,
    /// if that is one that runs when everything below is done.
    pub(super) fn overwriter(
        &self,
        param: &PlannedParam,
        late: Option<&str>,
    ) -> Option<Overwriter> {
        let constructor = match &*param.writer {
            // Who describes a value answers for it, and what is not known is told as such.
            Writer::Untouched(
                ConstructorDefault::Values(_)
                | ConstructorDefault::Unknown
                | ConstructorDefault::Kept,
            ) => return None,
            Writer::Untouched(ConstructorDefault::Init(_)) => param.constructor,
            // A recording holds what the constructors above wrote as well.
            Writer::Rule { .. } | Writer::Untouched(ConstructorDefault::Recorded(_)) => None,
        };
        let has_the_last_word = |module: &usize| {
            let path = self.modules.get(*module).map(|module| &module.path);
            path.is_some_and(|path| !late.is_some_and(|late| stands_above(late, path)))
        };
        let module = param.own.iter().flat_map(|own| &own.init_weights);
        let module = module.copied().find(has_the_last_word);
        module.map(Overwriter::InitWeights).or_else(|| constructor.map(Overwriter::Constructor))
    }
}

/// Whether one module stands above the other.
fn stands_above(module: &str, other: &str) -> bool {
    match module {
        "" => !other.is_empty(),
        _ => other.strip_prefix(module).is_some_and(|rest| rest.starts_with('.')),
    }
}

/// How many parameters own code may write, and of which classes.
#[derive(Debug, Default)]
pub(super) struct Extent<'p> {
    pub(super) params: usize,
    /// Each once, in the order of the model.
    pub(super) classes: Vec<&'p str>,
}

impl Plan {
    /// The class whose own code may write the parameter last.
    pub(crate) fn overwriting_class(&self, param: &PlannedParam) -> Option<&str> {
        match param.overwriter? {
            Overwriter::Constructor(place) => {
                self.own_code.constructors.get(place).map(|layer| layer.class.as_str())
            }
            Overwriter::InitWeights(place) => {
                self.own_code.modules.get(place).map(|module| module.class.as_str())
            }
        }
    }

    /// The same as a sentence.
    pub(crate) fn own_code_note(&self, param: &PlannedParam) -> Option<String> {
        let class = self.overwriting_class(param)?;
        Some(match param.overwriter? {
            Overwriter::Constructor(_) => format!(
                "the constructor of the class {class}, which holds it, may write it in ways that nothing here shows"
            ),
            Overwriter::InitWeights(place) => format!(
                "{} has its own init_weights, that of the class {class}, which may write it in ways that no init_cfg shows",
                module_name(&self.own_code.modules.get(place)?.path)
            ),
        })
    }

    /// What constructors may write, and what `init_weights` may.
    pub(super) fn extents(&self) -> [Extent<'_>; 2] {
        let mut extents = [Extent::default(), Extent::default()];
        let [by_constructors, by_init_weights] = &mut extents;
        let (mut constructors, mut modules) = (HashSet::new(), HashSet::new());
        for overwriter in self.params.iter().filter_map(|param| param.overwriter) {
            match overwriter {
                Overwriter::InitWeights(place) => {
                    by_init_weights.params += 1;
                    modules.insert(place);
                }
                Overwriter::Constructor(place) => {
                    by_constructors.params += 1;
                    let mut next = Some(place);
                    while let Some(place) = next.filter(|place| constructors.insert(*place)) {
                        next = self.own_code.constructors.get(place).and_then(|layer| layer.above);
                    }
                }
            }
        }
        by_constructors.classes =
            once_each(&self.own_code.constructors, &constructors, |c| &c.class);
        by_init_weights.classes = once_each(&self.own_code.modules, &modules, |m| &m.class);
        extents
    }
}

/// The classes of some of the items, each once, in their order.
fn once_each<'p, T>(
    items: &'p [T],
    places: &HashSet<usize>,
    class: impl Fn(&'p T) -> &'p String,
) -> Vec<&'p str> {
    let mut seen = HashSet::new();
    let chosen = items.iter().enumerate().filter(|(place, _)| places.contains(place));
    chosen.map(|(_, item)| class(item).as_str()).filter(|class| seen.insert(*class)).collect()
}
