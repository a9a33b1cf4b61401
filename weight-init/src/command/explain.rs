use crate::plan::Explanation;

use crate::command::args::{ExplainArgs, PlanPretrained};
use crate::command::failure::Failure;
use crate::command::input::Input;
use crate::command::output::print;

pub(crate) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let input = Input::read(&args.model)?;
    let options = input.options(args.pretrained == PlanPretrained::Skip, None);
    let plan = input.plan(&options, args.pretrained, &args.fetch)?;
    let explanation = Explanation::new(&plan, &input.model, &options, &args.param)
        .map_err(|error| input.fault(&error))?;
    print(format_args!("{explanation}\n"))
}
