use weight_init::plan::Explanation;

use crate::args::{ExplainArgs, PretrainedChoice};
use crate::failure::Failure;
use crate::input::Input;
use crate::output::print;

pub(crate) fn run(args: &ExplainArgs) -> Result<(), Failure> {
    let input = Input::read(&args.model)?;
    let options = input.options(PretrainedChoice::Load, None);
    let explanation = Explanation::new(&input.model, &options, &args.param)
        .map_err(|error| input.fault(&error))?;
    print(format_args!("{explanation}\n"))
}
