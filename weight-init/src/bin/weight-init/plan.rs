use crate::args::{Format, PlanArgs};
use crate::failure::Failure;
use crate::input::{Input, warn};
use crate::output::{print, print_json, width};

pub(crate) fn run(args: &PlanArgs) -> Result<(), Failure> {
    let input = Input::read(&args.model)?;
    let plan = input.plan(&input.options(args.pretrained, None))?;
    match args.format {
        Format::Table => print(plan.table(width()))?,
        Format::Json => print_json(&plan, true)?,
    }
    warn(&plan, args.strict)
}
