use weight_init::model::Registry;
use weight_init::signal::{Assumptions, Signal};

use crate::args::{PlanPretrained, SignalArgs};
use crate::failure::Failure;
use crate::input::Input;
use crate::notes::Notes;
use crate::output::{print, print_as_is, print_json};

pub(crate) fn run(args: &SignalArgs, registry: &Registry, notes: Notes) -> Result<(), Failure> {
    let input = Input::read(&args.model, registry)?;
    let options = input.options(true, None);
    let plan = input.plan(&options, PlanPretrained::Skip, &args.fetch, notes)?;
    let assumptions = Assumptions { tokens: f64::from(args.tokens), ..Assumptions::default() };
    let signal = Signal::new(&input.model, &plan, &assumptions).map_err(Failure::input)?;
    if args.svg {
        print_as_is(&(signal.to_svg() + "\n"))
    } else if args.json {
        print_json(&signal, true)
    } else {
        print(&signal)
    }
}
