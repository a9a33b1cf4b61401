use std::collections::HashSet;
use std::fmt;
use std::ops::ControlFlow;

use weight_init_core::init_cfg::Rules;
use weight_init_core::resolve::{
    Call, Matcher, ModuleVisit, Observer, Outcome, ParamVisit, Part, Path, Target, resolve,
};
use weight_init_core::{Layer, nearest};

use super::recorded;
use crate::diagnostic::escape;
use crate::diagnostic::help::with_nearest;
use crate::model::{Model, Values};
use crate::plan::by::module_name;
use crate::plan::named::{default_in_words, in_full, in_words};
use crate::plan::write::Held;
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

/// One look at one part of a rule.
#[derive(Clone, Debug)]
struct Line {
    path: String,
    module: String,
    rule: usize,
    part: Part,
    /// What the part names: classes, a glob or an attribute.
    names: String,
    init: String,
    outcome: Outcome,
    won: bool,
    /// Why the checkpoint does not write it, of a Pretrained rule.
    lacks: Option<String>,
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
        let ties = plan
            .ties()
            .iter()
            .filter(|(_, of)| of == first)
            .map(|(tied, _)| tied.clone())
            .collect();
        let mut search = Search {
            plan,
            first,
            ran: HashSet::new(),
            class: String::new(),
            bases: Vec::new(),
            lines: Vec::new(),
            param,
        };
        let call = options.initialize.map_or(Call::InitWeights, |rules| Call::Initialize(rules));
        resolve(root, call, &mut search).map_err(|error| PlanError::new(error.to_string()))?;
        let Search { class, bases, lines, .. } = search;
        Ok(Self {
            param: param.clone(),
            class,
            bases,
            lines,
            ties,
            alias: match &*param.writer {
                Writer::Rule { by, .. } => {
                    plan.rule_at(&by.module, by.rule).and_then(|rule| rule.alias_of(by.part))
                }
                Writer::Untouched(_) => None,
            },
            note: plan.own_code_note(param),
        })
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

struct Search<'s> {
    plan: &'s Plan,
    first: &'s str,
    /// The modules that have run, by their first paths.
    ran: HashSet<String>,
    class: String,
    bases: Vec<String>,
    lines: Vec<Line>,
    param: &'s PlannedParam,
}

/// Finds no writes: the plan has looked whether they fit.
struct Nothing;

impl Matcher for Nothing {
    fn matching(&self, _: Path<'_>, _: &dyn Rules, _: &Target<'_>, _: &mut dyn FnMut(usize, Part)) {
    }
}

impl Observer for Search<'_> {
    fn matcher(&self) -> Option<&dyn Matcher> {
        Some(&Nothing)
    }

    fn module(&mut self, visit: &ModuleVisit<'_>) -> bool {
        !visit.is_reached() || self.ran.insert(visit.first_path().to_string())
    }

    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        // Another name that is shown before the parameter itself is only a name.
        let is_ahead = visit.is_tied() && self.class.is_empty();
        if visit.first_path() != *self.first || is_ahead {
            return ControlFlow::Continue(());
        }
        if self.lines.is_empty() {
            self.class = visit.layer().class().to_owned();
            self.bases = visit.layer().bases().map(str::to_owned).collect();
        }
        let path = visit.path().to_string();
        visit.considered(&mut |considered| {
            let module = considered.module.to_string();
            let won = considered.outcome == Outcome::Writes
                && matches!(&*self.param.writer, Writer::Rule { by, .. }
                    if by.module == module && by.rule == considered.rule && by.part == considered.part);
            let within = considered.within.to_string();
            let write = self.param.writes.iter().find(|write| {
                write.order == considered.order && write.part == considered.part && write.within == within
            });
            let lacks = write.and_then(|write| match &write.held {
                Held::Absent => Some(format!("the checkpoint does not hold '{within}'")),
                Held::Unfit(found) => Some(format!("the checkpoint holds '{within}' as {found}")),
                Held::Assumed | Held::Stored(_) => None,
            });
            let won = won && lacks.is_none();
            let rule = self.plan.rule_at(&module, considered.rule);
            let alias = rule.and_then(|rule| rule.alias_of(considered.part));
            self.lines.push(Line {
                path: path.clone(),
                module,
                rule: considered.rule,
                part: considered.part,
                names: considered.names().map(|name| format!("'{name}'")).collect::<Vec<_>>().join(", "),
                init: in_full(alias, &in_words(&considered.origin.to_owned())),
                outcome: considered.outcome,
                won,
                lacks,
            });
        });
        ControlFlow::Continue(())
    }
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
        for line in lines {
            let mark = match (line.won, line.outcome) {
                (true, _) => "=>",
                (false, Outcome::Writes) if line.lacks.is_none() => " +",
                _ => " -",
            };
            write!(f, "  {mark} {}, rule {}", module_name(&line.module), line.rule)?;
            match line.part {
                Part::Layer => {}
                Part::Params(index) => write!(f, ", params {index}")?,
                Part::Override(index) => write!(f, ", override {index}")?,
            }
            write!(f, ": {} — ", line.init)?;
            line.reason(class, f)?;
            if line.path != param.name {
                write!(f, " (as {})", escape(&line.path))?;
            }
            writeln!(f)?;
        }
        writeln!(f)?;
        self.verdict(f)
    }
}

impl Explanation {
    fn verdict(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.param.writer {
            Writer::Rule { origin, by } => {
                write!(f, "written by {by}: {}", in_full(self.alias, &in_words(origin)))?;
                if let Some(name) =
                    self.param.stored.as_ref().and_then(crate::checkpoint::Stored::name)
                {
                    write!(f, ", where it is '{}'", escape(name))?;
                }
            }
            Writer::Untouched(ConstructorDefault::Kept) => {
                f.write_str("kept: no rule writes it; it holds what the program put into it")?;
            }
            Writer::Untouched(ConstructorDefault::Recorded(recorded)) => {
                let is_written = writes(&self.lines);
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
                        escape(&self.class)
                    )?,
                }
            }
        }
        match &self.note {
            Some(note) => write!(f, "\nnote: {note}"),
            None => Ok(()),
        }
    }
}

/// Whether a rule writes at some time.
fn writes(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.outcome == Outcome::Writes && line.lacks.is_none())
}

impl Line {
    fn reason(&self, class: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = escape(&self.names);
        if let Some(lacks) = &self.lacks {
            return write!(f, "no: {}", escape(lacks));
        }
        match (self.outcome, self.part) {
            (Outcome::Writes, _) if self.won => f.write_str("wins"),
            (Outcome::Writes, _) => f.write_str("writes, but is overwritten"),
            (Outcome::NoLayer, _) => f.write_str("no: the rule names no layer"),
            (Outcome::OtherClass, _) => {
                write!(f, "no: layer {names} names neither {class} nor a direct base of it")
            }
            (Outcome::OtherAttribute, _) => {
                f.write_str("no: initializers touch only weight and bias")
            }
            (Outcome::OtherName, _) => write!(f, "no: {names} does not match the name"),
            (Outcome::OtherSubtree, _) => write!(f, "no: it covers {names} alone"),
            (Outcome::NotReached, _) => f.write_str("no: no init_weights reaches this module"),
        }
    }
}
