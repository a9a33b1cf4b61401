use weight_init::inspect::inspect;

use crate::args::{Format, InspectArgs};
use crate::failure::Failure;
use crate::output::{print, print_json_text, width};

pub(crate) fn run(args: &InspectArgs) -> Result<(), Failure> {
    let inspection = inspect(&args.file)?;
    match args.format {
        Format::Table => print(inspection.to_table(width())),
        Format::Json => print_json_text(&(inspection.to_json() + "\n")),
    }
}
