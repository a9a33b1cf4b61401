use weight_init::reference::Reference;
use weight_init_core::initializer::ALL;

use crate::args::InitializersArgs;
use crate::failure::Failure;
use crate::output::{print, width};

pub(crate) fn run(args: &InitializersArgs) -> Result<(), Failure> {
    let reference = Reference::new(ALL);
    match &args.name {
        None => print(reference.table(width())),
        Some(name) => print(reference.page(name).map_err(Failure::input)?),
    }
}
