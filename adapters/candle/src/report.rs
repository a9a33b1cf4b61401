use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use weight_init::model::Model;
use weight_init::model::constructor::{Constructor, Content};
use weight_init::plan::{ConstructorDefault, Plan, PlannedBuffer, PlannedParam, Warning, Writer};
use weight_init::report::Explanation;
use weight_init_core::{nearest, stream_id};

use crate::request::{Request, Requests};
use crate::{Error, Rules};

/// Which rule writes each variable; as text the table of `weight-init plan`.
#[derive(Clone, Debug)]
pub struct Report {
    model: Model,
    plan: Plan,
    rules: Option<Rules>,
    /// Variables that no sample can be written to.
    others: Vec<String>,
    /// Parameters of a description that the model did not ask for.
    not_asked: Vec<String>,
}

impl Report {
    pub(crate) fn new(model: Model, plan: Plan, rules: Option<&Rules>) -> Self {
        Self { model, plan, rules: rules.cloned(), others: Vec::new(), not_asked: Vec::new() }
    }

    /// With what becomes of each request, all of which must be the plan's.
    pub(crate) fn of(mut self, requests: &Requests) -> Result<Self, Error> {
        let params = self.plan.params().iter().map(|param| (&*param.name, &*param.shape));
        let buffers = self.plan.buffers().iter().map(|buffer| (&*buffer.name, &*buffer.shape));
        let shapes: HashMap<_, _> = params.chain(buffers).collect();
        let mut asked = HashSet::new();
        for Request { name, shape, .. } in requests.floats() {
            let first = self.first_name(name);
            match shapes.get(first) {
                Some(known) if known == shape => asked.insert(first.to_owned()),
                Some(known) => {
                    return Err(Error::new(format!(
                        "'{name}' has the shape {known:?}, and {shape:?} was asked for"
                    )));
                }
                None => {
                    let near = nearest(name, shapes.keys().copied());
                    let near = near.map(|near| format!("; did you mean '{near}'?"));
                    let near = near.unwrap_or_default();
                    return Err(Error::new(format!(
                        "the description has no tensor '{name}'{near}"
                    )));
                }
            };
        }
        let params = self.plan.params().iter().map(|param| &param.name);
        self.not_asked = params.filter(|name| !asked.contains(*name)).cloned().collect();
        self.others = requests.others().map(str::to_owned).collect();
        Ok(self)
    }

    /// Parameters with their writers, rules with how they fared; serializes as `weight-init plan --format json` prints it.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What is probably not meant: a rule that matches nothing, a class that no layer has.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        self.plan.warnings()
    }

    /// Names of variables whose values nothing but candle's own code decides: elements that are no floating-point numbers.
    #[must_use]
    pub fn by_candle(&self) -> &[String] {
        &self.others
    }

    /// Parameters of a [description](crate::WeightInit::model) that the model did not ask for; they are not written.
    #[must_use]
    pub fn not_asked_for(&self) -> &[String] {
        &self.not_asked
    }

    /// Why a parameter gets its values: every rule that was considered, in order, and the winner.
    ///
    /// # Errors
    ///
    /// A name that no parameter has, with the nearest.
    pub fn explain(&self, name: &str) -> Result<String, Error> {
        let options = self.rules.as_ref().map(Rules::options).unwrap_or_default();
        Ok(Explanation::of_layer(&self.plan, &self.model.root(), &options, name)?.to_string())
    }

    /// The first name of a tensor: its own, unless it is tied.
    pub(crate) fn first_name<'n>(&'n self, name: &'n str) -> &'n str {
        let tie = self.plan.ties().iter().find(|(tied, _)| tied == name);
        tie.map_or(name, |(_, first)| first)
    }

    /// Every name that the plan has.
    pub(crate) fn names(&self) -> Arc<HashSet<String>> {
        let params = self.plan.params().iter().map(|param| &param.name);
        let buffers = self.plan.buffers().iter().map(|buffer| &buffer.name);
        let ties = self.plan.ties().iter().map(|(tied, _)| tied);
        Arc::new(params.chain(buffers).chain(ties).cloned().collect())
    }

    /// The tensors of which the description does not say what is in them, with their streams: they get the layer's hint.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = (&str, u64)> {
        let params = self.plan.params().iter().filter(|param| is_unknown(param));
        let buffers = self.plan.buffers().iter().filter(|buffer| is_unknown_buffer(buffer));
        let params = params.map(|param| (&*param.name, param.stream_id));
        params.chain(buffers.map(|buffer| (&*buffer.name, stream_id(&buffer.name))))
    }
}

fn is_unknown(param: &PlannedParam) -> bool {
    match &*param.writer {
        Writer::Untouched(ConstructorDefault::Unknown | ConstructorDefault::Kept) => true,
        Writer::Untouched(ConstructorDefault::Recorded(recorded)) => has_no_name(recorded),
        _ => false,
    }
}

fn is_unknown_buffer(buffer: &PlannedBuffer) -> bool {
    let recorded = buffer.constructor.as_deref();
    buffer.stored.is_none() && buffer.value.is_none() && recorded.is_none_or(has_no_name)
}

/// Whether a recording says that the code writes something that has no name.
fn has_no_name(recorded: &Constructor) -> bool {
    matches!(recorded.base.content, Content::Unknown(_))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plan.table(None).fmt(f)?;
        let mut hinted = self.unknown().map(|(name, _)| name);
        if let Some(first) = hinted.next() {
            write!(f, "candle's hint, where the description does not say: {first}")?;
            hinted.try_for_each(|name| write!(f, ", {name}"))?;
            writeln!(f)?;
        }
        if !self.others.is_empty() {
            writeln!(f, "by candle itself: {}", self.others.join(", "))?;
        }
        if !self.not_asked.is_empty() {
            let names = self.not_asked.join(", ");
            writeln!(f, "described, and not asked for by the model: {names}")?;
        }
        Ok(())
    }
}
