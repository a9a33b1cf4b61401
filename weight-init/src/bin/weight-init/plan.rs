use crate::args::{Format, PlanArgs, PlanPretrained};
use crate::failure::Failure;
use crate::input::{Input, report_loads, warn};
use crate::output::{print, print_json, width};

pub(crate) fn run(args: &PlanArgs) -> Result<(), Failure> {
    let input = Input::read(&args.model)?;
    let options = input.options(args.pretrained == PlanPretrained::Skip, None);
    let plan = input.plan(&options, args.pretrained, &args.fetch)?;
    match args.format {
        Format::Table => print(plan.table(width()))?,
        Format::Json => {
            print_json(&plan, true)?;
            report_loads(&plan);
        }
    }
    warn(&plan, args.strict)
}
