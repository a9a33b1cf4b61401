mod look;
mod search;

use std::fmt;

use foldhash::HashMap;
use weight_init_core::{Layer, nearest};

use self::look::Line;
pub use self::look::{Look, LookResult};
use self::search::Search;
use super::recorded;
use crate::diagnostic::escape;
use crate::diagnostic::help::with_nearest;
use crate::model::{Model, Values};
use crate::plan::named::{default_in_words, in_full, in_words};
use crate::plan::{ConstructorDefault, Options, Plan, PlanError, PlannedParam, Writer};

/// Why a parameter gets its values: everything that was considered, in order, and who won.
#[derive(Clone, Debug)]
pub struct Explanation {
    param: PlannedParam,
    class: String,
    bases: Vec<String>,
    lines: Vec<Line>,
    ties: Vec<String>,
    /// The name that its text gives the initializer that writes it.
    alias: Option<&'static str>,
    /// Whose own code may write it.
    note: Option<String>,
}

impl Explanation {
    /// Looks up what was considered for the parameter of this full name; `plan` is that of the model and options.
    ///
    /// # Errors
    ///
    /// A name that no parameter has, with the nearest; what [`Plan::new`] refuses.
    pub fn new(
        plan: &Plan,
        model: &Model,
        options: &Options<'_>,
        name: &str,
    ) -> Result<Self, PlanError> {
        Self::of_layer(plan, &model.root(), options, name)
    }

    /// As [`new`](Self::new), of a layer that is no description; `plan` is that of [`Plan::of_layer`].
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn of_layer(
        plan: &Plan,
        root: &dyn Layer,
        options: &Options<'_>,
        name: &str,
    ) -> Result<Self, PlanError> {
        let first =
            plan.ties().iter().find(|(tied, _)| tied == name).map_or(name, |(_, first)| first);
        let Some(param) = plan.params().iter().find(|param| param.name == first) else {
            let names = plan.params().iter().map(|param| param.name.as_str());
            let near = nearest(name, names).or_else(|| same_ending(plan, name));
            let message = format!("the model has no parameter '{name}'");
            return Err(PlanError::new(with_nearest(message, near)));
        };
        let params = [param];
        let search = Search::of(plan, &params, root, options)?;
        let ties = plan.ties().iter().filter(|(_, of)| of == first);
        Ok(Self::found(plan, param, ties.map(|(tied, _)| tied.clone()).collect(), &search, 0))
    }

    /// Hands out the explanation of every parameter of the plan, in its order, from one walk over the model; `None` from where
    /// on there are more looks than memory should hold, some millions.
    ///
    /// ```
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::Model;
    /// use weight_init::plan::{Options, Plan};
    /// use weight_init::report::{Explanation, LookResult};
    ///
    /// let source = Source::new("model.json", r#"{
    ///     "class": "Net", "init_weights": "module", "init_cfg": {"type": "Constant", "val": 2, "layer": "Linear"},
    ///     "children": [{"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [3, 4]}]}]
    /// }"#);
    /// let (model, options) = (Model::read(&source)?, Options::default());
    /// let plan = Plan::new(&model, &options)?;
    /// let mut results = Vec::new();
    /// Explanation::each(&plan, &model, &options, |explanation| {
    ///     results.extend(explanation.iter().flat_map(Explanation::looks).map(|look| look.result()));
    /// })?;
    /// assert_eq!(results, [LookResult::Wins]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What [`Plan::new`] refuses.
    pub fn each(
        plan: &Plan,
        model: &Model,
        options: &Options<'_>,
        mut take: impl FnMut(Option<Self>),
    ) -> Result<(), PlanError> {
        let params: Vec<_> = plan.params().iter().collect();
        let root = model.root();
        let search = Search::of(plan, &params, &root, options)?;
        let mut ties: HashMap<&str, Vec<String>> = HashMap::default();
        for (tied, first) in plan.ties() {
            ties.entry(first).or_default().push(tied.clone());
        }
        for (place, param) in params.iter().enumerate() {
            let ties = ties.remove(param.name.as_str()).unwrap_or_default();
            let is_whole = !search.is_cut(place);
            take(is_whole.then(|| Self::found(plan, param, ties, &search, place)));
        }
        Ok(())
    }

    /// What the search found about the parameter that stands at this place in it.
    fn found(
        plan: &Plan,
        param: &PlannedParam,
        ties: Vec<String>,
        search: &Search<'_>,
        place: usize,
    ) -> Self {
        let (class, bases, lines) = search.of_param(place);
        Self {
            param: param.clone(),
            class: class.to_owned(),
            bases: bases.to_vec(),
            lines: lines.cloned().collect(),
            ties,
            alias: match &*param.writer {
                Writer::Rule { by, .. } => search.alias(&by.module, by.rule, by.part),
                Writer::Untouched(_) => None,
            },
            note: plan.own_code_note(param),
        }
    }

    /// Everything that was considered, in program order.
    pub fn looks(&self) -> impl Iterator<Item = Look<'_>> {
        self.lines.iter().map(|line| Look { line, class: &self.class })
    }

    /// Other names of the parameter, of one that is tied.
    #[must_use]
    pub fn ties(&self) -> &[String] {
        &self.ties
    }

    /// Whose own code may write the parameter after everything else, in a sentence.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The last lines of the explanation: what writes the parameter in the end.
    #[must_use]
    pub fn verdict(&self) -> String {
        Verdict(self).to_string()
    }
}

/// A parameter that ends as `name` does.
fn same_ending<'p>(plan: &'p Plan, name: &str) -> Option<&'p str> {
    let ending = name.rsplit('.').take(2).collect::<Vec<_>>();
    let ends = |param: &&PlannedParam| {
        param.name.rsplit('.').take(ending.len()).eq(ending.iter().copied())
    };
    plan.params().iter().find(ends).map(|param| param.name.as_str())
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { param, class, bases, lines, ties, .. } = self;
        let dims: Vec<_> = param.shape.iter().map(usize::to_string).collect();
        let class = &escape(class);
        let bases = if bases.is_empty() {
            String::new()
        } else {
            format!(" ({})", escape(&bases.join(", ")))
        };
        writeln!(
            f,
            "{}  [{}] {} in {class}{bases}",
            escape(&param.name),
            dims.join(", "),
            param.dtype.name()
        )?;
        for tied in ties {
            writeln!(f, "  also known as {}", escape(tied))?;
        }
        writeln!(f, "\nconsidered, in program order:")?;
        if lines.is_empty() {
            writeln!(f, "  nothing: no module on the way to it holds an init_cfg")?;
        }
        for look in self.looks() {
            let mark = match look.result() {
                LookResult::Wins => "=>",
                LookResult::Overwritten => " +",
                LookResult::No => " -",
            };
            writeln!(f, "  {mark} {look}")?;
        }
        writeln!(f)?;
        Verdict(self).fmt(f)
    }
}

/// What writes the parameter in the end.
struct Verdict<'e>(&'e Explanation);

impl fmt::Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(explanation) = self;
        match &*explanation.param.writer {
            Writer::Rule { origin, by } => {
                write!(f, "written by {by}: {}", in_full(explanation.alias, &in_words(origin)))?;
                if let Some(name) =
                    explanation.param.stored.as_ref().and_then(crate::checkpoint::Stored::name)
                {
                    write!(f, ", where it is '{}'", escape(name))?;
                }
            }
            Writer::Untouched(ConstructorDefault::Kept) => {
                f.write_str("kept: no rule writes it; it holds what the program put into it")?;
            }
            Writer::Untouched(ConstructorDefault::Recorded(recorded)) => {
                let is_written = explanation.lines.iter().any(Line::writes);
                f.write_str(if is_written {
                    "untouched in the end: after the rules, the model's own code gives it "
                } else {
                    "untouched: no rule writes it; the model's own code gives it "
                })?;
                recorded::explain(recorded, f)?;
            }
            Writer::Untouched(default) => {
                f.write_str("untouched: no rule writes it; the framework's constructor gives it ")?;
                match default {
                    ConstructorDefault::Init(default) => f.write_str(&default_in_words(default))?,
                    ConstructorDefault::Values(Values::All(x)) => {
                        write!(f, "the value {x} of the description")?
                    }
                    ConstructorDefault::Values(_) => {
                        f.write_str("the values of the description")?
                    }
                    ConstructorDefault::Unknown
                    | ConstructorDefault::Kept
                    | ConstructorDefault::Recorded(_) => write!(
                        f,
                        "values that are not known for the class {}",
                        escape(&explanation.class)
                    )?,
                }
            }
        }
        match &explanation.note {
            Some(note) => write!(f, "\nnote: {note}"),
            None => Ok(()),
        }
    }
}
