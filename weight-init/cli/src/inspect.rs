use std::path::Path;

use weight_init::checkpoint::{AtomicFile, CheckpointError, Problem, StateDict};
use weight_init::diff::{Diff, SideBySide, items_of_checkpoint};
use weight_init::fetch::FetchError;
use weight_init::inspect::{Plot, inspect_state_dict, state_dicts_to_json, state_dicts_to_table};

use crate::args::{Format, InspectArgs};
use crate::checkpoints::{not_here, open_here};
use crate::diff;
use crate::failure::Failure;
use crate::notes::Notes;
use crate::output::{print, print_json_text, width};

pub(crate) fn run(args: &InspectArgs, notes: Notes) -> Result<(), Failure> {
    if let Some(path) = &args.plot {
        check_plot(path)?;
    }
    match &args.other {
        Some(other) => two(args, other, notes),
        None => one(args, notes),
    }
}

fn one(args: &InspectArgs, notes: Notes) -> Result<(), Failure> {
    let checkpoint = match open_here(&args.file, args.checkpoint_key.as_deref()) {
        Ok(Some(checkpoint)) => checkpoint,
        Ok(None) => return Err(not_here(&args.file)),
        Err(FetchError::Checkpoint(CheckpointError::Content {
            path,
            problem: Problem::SeveralStateDicts { found },
        })) if args.plot.is_none() => {
            return match args.format {
                Format::Table => print(state_dicts_to_table(&path, &found)),
                Format::Json => print_json_text(&(state_dicts_to_json(&path, &found) + "\n")),
            };
        }
        Err(error) => return Err(error.into()),
    };
    let inspection = inspect_state_dict(&checkpoint)?;
    if let Some(path) = &args.plot {
        write_plot(path, &inspection.plot(), notes)?;
    }
    match args.format {
        Format::Table => print(inspection.to_table(width())),
        Format::Json => print_json_text(&(inspection.to_json() + "\n")),
    }
}

fn two(args: &InspectArgs, other: &Path, notes: Notes) -> Result<(), Failure> {
    let open = |path: &Path| -> Result<StateDict, Failure> {
        open_here(path, args.checkpoint_key.as_deref())?.ok_or_else(|| not_here(path))
    };
    let (a, b) = (open(&args.file)?, open(other)?);
    let (items_a, items_b) = (items_of_checkpoint(&a), items_of_checkpoint(&b));
    let mut diff = Diff::new(&items_a, &items_b);
    diff::values(&mut diff, [&a, &b], notes)?;
    let (a, b) = (inspect_state_dict(&a)?, inspect_state_dict(&b)?);
    let both = SideBySide::new(&a, &b, &diff);
    if let Some(path) = &args.plot {
        write_plot(path, &both.plot(), notes)?;
    }
    match args.format {
        Format::Table => print(both.to_table(width())),
        Format::Json => print_json_text(&(both.to_json() + "\n")),
    }
}

/// Refuses what is no name of a picture: a checkpoint is not written over by a slip.
fn check_plot(path: &Path) -> Result<(), Failure> {
    let suffix = path.extension().and_then(|suffix| suffix.to_str());
    if suffix.is_some_and(|suffix| suffix.eq_ignore_ascii_case("svg")) {
        return Ok(());
    }
    Err(Failure::input(format!(
        "--plot {}: the picture is SVG, and the name of its file ends with .svg",
        path.display()
    )))
}

fn write_plot(path: &Path, plot: &Plot, notes: Notes) -> Result<(), Failure> {
    let mut file = AtomicFile::create(path)?;
    file.write(plot.svg.as_bytes())?;
    file.commit()?;
    notes.say(format_args!("wrote {}: {} of {} tensors", path.display(), plot.drawn, plot.tensors));
    Ok(())
}
