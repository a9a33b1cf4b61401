use crate::address::shown;
use crate::checkpoint::{CheckpointError, Problem, StateDict};
use crate::fetch::{Fetch, FetchError};
use crate::inspect::{inspect_state_dict, state_dicts_to_json, state_dicts_to_table};

use crate::command::args::{Format, InspectArgs};
use crate::command::failure::Failure;
use crate::command::output::{print, print_json_text, width};

pub(crate) fn run(args: &InspectArgs) -> Result<(), Failure> {
    let inspection = match open(args) {
        Ok(Some(checkpoint)) => inspect_state_dict(&checkpoint)?,
        Ok(None) => {
            let name = args.file.to_string_lossy();
            return Err(Failure::io(format!(
                "'{}' is not on this machine; a Pretrained rule that names it downloads it",
                shown(&name)
            )));
        }
        Err(FetchError::Checkpoint(CheckpointError::Content {
            path,
            problem: Problem::SeveralStateDicts { found },
        })) => {
            return match args.format {
                Format::Table => print(state_dicts_to_table(&path, &found)),
                Format::Json => print_json_text(&(state_dicts_to_json(&path, &found) + "\n")),
            };
        }
        Err(error) => return Err(error.into()),
    };
    match args.format {
        Format::Table => print(inspection.to_table(width())),
        Format::Json => print_json_text(&(inspection.to_json() + "\n")),
    }
}

/// Opens the checkpoint; `None` if it is an address that was not downloaded.
fn open(args: &InspectArgs) -> Result<Option<StateDict>, FetchError> {
    let key = args.checkpoint_key.as_deref();
    match args.file.to_str() {
        Some(address) if address.contains("://") => Fetch::from_env()?.open_local(address, key),
        _ => Ok(Some(StateDict::open_key(&args.file, key)?)),
    }
}
