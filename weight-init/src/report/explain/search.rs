//! One walk over a model that collects what was considered for parameters.

use std::collections::HashSet;
use std::ops::ControlFlow;

use foldhash::HashMap;
use indexmap::IndexSet;
use weight_init_core::Layer;
use weight_init_core::init_cfg::Rules;
use weight_init_core::resolve::{
    Call, Matcher, ModuleVisit, Observer, Outcome, ParamVisit, Part, Target, VisitId, resolve,
};

use super::Line;
use crate::plan::named::{in_full, in_words};
use crate::plan::write::Held;
use crate::plan::{Options, Plan, PlanError, PlannedParam, PlannedRule, Writer};

/// Looks that are kept, at most: a model of a hundred thousand parameters below a thousand rules has more.
const MOST_LOOKS: usize = 4_000_000;

/// What was considered for each of some parameters.
#[derive(Debug)]
pub(super) struct Search<'s> {
    params: &'s [&'s PlannedParam],
    /// The rules by their modules and numbers.
    rules: HashMap<(&'s str, usize), &'s PlannedRule>,
    /// Places of the parameters, by their first names.
    places: HashMap<&'s str, usize>,
    found: Vec<Found>,
    /// Each line once: most parameters have the lines of their neighbours.
    lines: IndexSet<Line, foldhash::fast::RandomState>,
    /// The modules that have run, by their first paths.
    ran: HashSet<String>,
    looks: usize,
}

#[derive(Clone, Debug, Default)]
struct Found {
    class: String,
    bases: Vec<String>,
    /// Places in [`Search::lines`].
    lines: Vec<usize>,
    is_cut: bool,
}

impl<'s> Search<'s> {
    /// Looks for these parameters.
    pub(super) fn of(
        plan: &'s Plan,
        params: &'s [&'s PlannedParam],
        root: &dyn Layer,
        options: &Options<'_>,
    ) -> Result<Self, PlanError> {
        let mut search = Self {
            params,
            rules: plan
                .rules()
                .iter()
                .map(|rule| ((rule.module.as_str(), rule.rule), rule))
                .collect(),
            places: params.iter().zip(0..).map(|(param, at)| (param.name.as_str(), at)).collect(),
            found: vec![Found::default(); params.len()],
            lines: IndexSet::default(),
            ran: HashSet::new(),
            looks: 0,
        };
        let call = options.initialize.map_or(Call::InitWeights, |rules| Call::Initialize(rules));
        resolve(root, call, &mut search).map_err(|error| PlanError::new(error.to_string()))?;
        Ok(search)
    }

    /// Class, bases and lines of the parameter at this place.
    pub(super) fn of_param(&self, at: usize) -> (&str, &[String], impl Iterator<Item = &Line>) {
        let (class, bases, lines) = match self.found.get(at) {
            Some(Found { class, bases, lines, .. }) => (&**class, &**bases, &**lines),
            None => ("", &[][..], &[][..]),
        };
        (class, bases, lines.iter().filter_map(|line| self.lines.get_index(*line)))
    }

    /// The name that its text gives the initializer of a part of a rule.
    pub(super) fn alias(&self, module: &str, rule: usize, part: Part) -> Option<&'static str> {
        self.rules.get(&(module, rule))?.alias_of(part)
    }

    /// Whether looks at this parameter are left out, because there are too many of all.
    pub(super) fn is_cut(&self, at: usize) -> bool {
        self.found.get(at).is_some_and(|found| found.is_cut)
    }
}

/// Finds no writes: the plan has looked whether they fit.
struct Nothing;

impl Matcher for Nothing {
    fn matching(&self, _: VisitId, _: &dyn Rules, _: &Target<'_>, _: &mut dyn FnMut(usize, Part)) {}
}

impl Observer for Search<'_> {
    fn matcher(&self) -> Option<&dyn Matcher> {
        Some(&Nothing)
    }

    fn module(&mut self, visit: &ModuleVisit<'_>) -> bool {
        !visit.is_reached() || self.ran.insert(visit.first_path().to_string())
    }

    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        let Self { params, rules, places, found, lines, looks, .. } = self;
        let first = visit.first_path().to_string();
        let place = places.get(first.as_str()).copied();
        let Some((place, param)) = place.and_then(|at| Some((at, *params.get(at)?))) else {
            return ControlFlow::Continue(());
        };
        let Some(found) = found.get_mut(place) else { return ControlFlow::Continue(()) };
        // Another name that is shown before the parameter itself is only a name.
        if visit.is_tied() && found.class.is_empty() {
            return ControlFlow::Continue(());
        }
        if found.lines.is_empty() {
            found.class = visit.layer().class().to_owned();
            found.bases = visit.layer().bases().map(str::to_owned).collect();
        }
        if *looks >= MOST_LOOKS {
            found.is_cut = true;
            return ControlFlow::Continue(());
        }
        let path = visit.path().to_string();
        let path = (path != first).then_some(path);
        visit.considered(&mut |considered| {
            let module = considered.module.to_string();
            let won = considered.outcome == Outcome::Writes
                && matches!(&*param.writer, Writer::Rule { by, .. }
                    if by.module == module && by.rule == considered.rule && by.part == considered.part);
            let within = considered.within.to_string();
            let writes = param.writes.iter().filter(|write| write.order == considered.order);
            let mut loadings = writes.filter_map(|write| write.loading.as_ref());
            let loading = loadings.find(|loading| loading.within == within);
            let lacks = loading.and_then(|loading| match &loading.held {
                Held::Absent => Some(format!("the checkpoint does not hold '{within}'")),
                Held::Unfit(found) => Some(format!("the checkpoint holds '{within}' as {found}")),
                Held::Assumed | Held::Stored(_) => None,
            });
            let rule = rules.get(&(module.as_str(), considered.rule));
            let alias = rule.and_then(|rule| rule.alias_of(considered.part));
            let line = Line {
                path: path.clone(),
                module,
                rule: considered.rule,
                part: considered.part,
                names: considered.names().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "),
                init: in_full(alias, &in_words(&considered.origin.to_owned())),
                outcome: considered.outcome,
                won: won && lacks.is_none(),
                lacks,
            };
            found.lines.push(lines.insert_full(line).0);
            *looks += 1;
        });
        ControlFlow::Continue(())
    }
}
