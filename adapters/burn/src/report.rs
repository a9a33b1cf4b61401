use std::fmt;

use weight_init::model::Model;
use weight_init::plan::{Plan, Warning};
use weight_init::report::Explanation;

use crate::{Error, Rules};

/// Which rule writes each parameter; as text the table of `weight-init plan`.
#[derive(Clone, Debug)]
pub struct Report {
    model: Model,
    plan: Plan,
    rules: Option<Rules>,
}

impl Report {
    pub(crate) fn new(model: Model, plan: Plan, rules: Option<Rules>) -> Self {
        Self { model, plan, rules }
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

    /// Why a parameter gets its values: every rule that was considered, in order, and the winner.
    ///
    /// # Errors
    ///
    /// A name that no parameter has, with the nearest.
    pub fn explain(&self, name: &str) -> Result<String, Error> {
        let options = self.rules.as_ref().map(Rules::options).unwrap_or_default();
        Ok(Explanation::of_layer(&self.plan, &self.model.root(), &options, name)?.to_string())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.plan.table(None).fmt(f)
    }
}
