use weight_init::inspect::inspect;

use crate::args::{Format, InspectArgs};
use crate::failure::Failure;
use crate::output::{print, print_as_is, width};

pub(crate) fn run(args: &InspectArgs) -> Result<(), Failure> {
    let inspection = inspect(&args.file)?;
    match args.format {
        Format::Table => print(inspection.to_table(width())),
        Format::Json => print_as_is(&(inspection.to_json() + "\n")),
    }
}
