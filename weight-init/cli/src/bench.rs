use weight_init::bench::{Row, measure};

use crate::args::{BenchArgs, Format};
use crate::failure::Failure;
use crate::output::{print, print_json};

pub(crate) fn run(args: &BenchArgs) -> Result<(), Failure> {
    let elements = usize::try_from(args.elements).map_err(Failure::input)?;
    if args.format == Format::Table {
        let [case, backend] = ["case", "backend"];
        print(format_args!(
            "{case:<18} {backend:<9} threads   elements  Gelem/s  of memset  of constant\n"
        ))?;
    }
    let mut printed = Ok(());
    measure(elements, args.backend, &mut |row| {
        if printed.is_ok() {
            printed = show(&row, args.format);
        }
    })?;
    printed
}

fn show(row: &Row, format: Format) -> Result<(), Failure> {
    let Row { case, backend, threads, elements, gelem_per_s, ratio_to_memset, ratio_to_constant } =
        row;
    match format {
        Format::Json => print_json(row, false),
        Format::Table => print(format_args!(
            "{case:<18} {backend:<9} {threads:>7} {elements:>10}  {gelem_per_s:>7.3}  {ratio_to_memset:>9.3}  {ratio_to_constant:>11.3}\n"
        )),
    }
}
