use weight_init::model::Registry;
use weight_init::plan::{LowerError, Plan, Unknown, WarningKind};

use crate::args::{Format, PlanArgs, PlanPretrained};
use crate::failure::Failure;
use crate::input::{Input, report_loads, warn};
use crate::notes::Notes;
use crate::output::{print_json, width};
use crate::pager::print_paged;

/// Parameters that have a row each without `--all`.
const MOST_ROWS: usize = 60;

pub(crate) fn run(args: &PlanArgs, registry: &Registry, notes: Notes) -> Result<(), Failure> {
    let input = Input::read(&args.model, registry)?;
    let options = input.options(args.pretrained == PlanPretrained::Skip, args.dtype);
    let plan = input.plan(&options, args.pretrained, &args.fetch, notes)?;
    match args.format {
        Format::Table if args.all || plan.params().len() <= MOST_ROWS => {
            print_paged(plan.table(width()), args.no_pager)?;
        }
        Format::Table => print_paged(plan.glance(width()), args.no_pager)?,
        Format::Json => {
            print_json(&plan, true)?;
            report_loads(&plan, notes);
        }
    }
    let unsettled = |kind: WarningKind| args.unknown == Unknown::Refuse || !kind.is_unknown();
    warn(&plan, unsettled, args.strict)?;
    let checked = if args.strict { check(&plan, args) } else { Ok(()) };
    // The process ends: the system takes its memory back faster than a million names are freed one by one.
    std::mem::forget((plan, input));
    checked
}

/// Fails where a checkpoint of the plan could not be written.
fn check(plan: &Plan, args: &PlanArgs) -> Result<(), Failure> {
    match plan.tensors(args.unknown) {
        Ok(_) => Ok(()),
        Err(LowerError::Pretrained { .. }) if args.pretrained == PlanPretrained::Assume => Ok(()),
        Err(error @ LowerError::Pretrained { .. }) => Err(Failure::input(format!(
            "{error}; --pretrained load downloads it, and --pretrained assume believes that it holds everything"
        ))),
        Err(error) => Err(Failure::input(error)),
    }
}
