use weight_init::model::Registry;
use weight_init::reference::Reference;

use crate::args::InitializersArgs;
use crate::failure::Failure;
use crate::output::{print, width};

pub(crate) fn run(args: &InitializersArgs, registry: &Registry) -> Result<(), Failure> {
    let reference = Reference::new(registry.initializers());
    match &args.name {
        None => print(reference.table(width())),
        Some(name) => print(reference.page(name).map_err(Failure::input)?),
    }
}
