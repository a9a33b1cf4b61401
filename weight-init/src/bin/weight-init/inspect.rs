use crate::args::InspectArgs;
use crate::failure::Failure;

pub(crate) fn run(_args: &InspectArgs) -> Result<(), Failure> {
    Err(Failure::input("inspect is not there yet"))
}
