//! The plan as a page for a browser: one file that needs no network.
//!
//! [`Data`] is all that the page shows, as one block of JSON; `report.js` draws it, and [`Page`] puts both into `report.html`.

mod check;
mod data;
mod distribution;
mod formula;
mod interner;
mod number;
mod page;
mod samples;
mod spectrum;

use std::io::{self, IsTerminal};

use weight_init::checkpoint::AtomicFile;
use weight_init::model::Registry;
use weight_init::signal::{Assumptions, Signal};

use self::check::Check;
use self::data::Data;
use self::page::Page;
use crate::args::{PlanPretrained, ReportArgs};
use crate::failure::Failure;
use crate::input::Input;
use crate::notes::Notes;
use crate::output::print_as_is;

pub(crate) fn run(args: &ReportArgs, registry: &Registry, notes: Notes) -> Result<(), Failure> {
    let to_stdout = args.out.as_os_str() == "-";
    if to_stdout && io::stdout().is_terminal() {
        return Err(Failure::input(
            "--out - is standard output, which is a terminal here; send it to a pipe or a file",
        ));
    }
    let input = Input::read(&args.model, registry)?;
    let options = input.options(args.pretrained == PlanPretrained::Skip, args.dtype);
    let plan = input.plan(&options, args.pretrained, &args.fetch, notes)?;
    let data = Data::of(args, &input, &plan, &options)?;
    let check = args.check.then(|| Signal::new(&input.model, &plan, &Assumptions::default()));
    let page = Page::new(&data, check.map(Check))?.to_string();
    if to_stdout {
        return print_as_is(&page);
    }
    let mut file = AtomicFile::create(&args.out)?;
    file.write(page.as_bytes())?;
    file.commit()?;
    notes.say(format_args!(
        "wrote {}: {} parameters, {} warnings, {:.1} MB",
        args.out.display(),
        plan.params().len(),
        plan.warnings().len(),
        page.len() as f64 / 1e6,
    ));
    Ok(())
}
