use weight_init::model::Registry;
use weight_init::report::Explanation;

use crate::args::{ExplainArgs, PlanPretrained};
use crate::failure::Failure;
use crate::input::Input;
use crate::notes::Notes;
use crate::output::print;

pub(crate) fn run(args: &ExplainArgs, registry: &Registry, notes: Notes) -> Result<(), Failure> {
    let input = Input::read(&args.model, registry)?;
    let options = input.options(args.pretrained == PlanPretrained::Skip, None);
    let plan = input.plan(&options, args.pretrained, &args.fetch, notes)?;
    let explanation = Explanation::new(&plan, &input.model, &options, &args.param)
        .map_err(|error| input.fault(&error))?;
    print(format_args!("{explanation}\n"))
}
