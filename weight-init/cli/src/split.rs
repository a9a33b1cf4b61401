//! `--split`: the rules by which tensors are cut, and what is said about them.

use std::path::Path;

use weight_init::config::{Config, Format, ReadOptions};
use weight_init::create::{CreateError, Folder};
use weight_init::split::Split;

use crate::failure::Failure;
use crate::notes::Notes;
use crate::say::say;

/// Reads what `--split` names: a preset or a file, and numbers behind a colon.
pub(crate) fn read(text: &str, options: &ReadOptions) -> Result<Split, Failure> {
    let (name, settings) = match text.rsplit_once(':') {
        Some((name, settings)) if settings.contains('=') => (name, Some(settings)),
        _ => (text, None),
    };
    let path = Path::new(name);
    let is_config = path.extension().is_some() && Format::of(path).is_ok();
    if !path.is_file() && !is_config {
        return text.parse().map_err(|error| Failure::input(format!("--split: {error}")));
    }
    let config = Config::read_with(path, options)?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let mut split = Split::of_config(&config, &file)?;
    match settings.map_or(Ok(()), |settings| split.set(settings)) {
        Ok(()) => Ok(split),
        Err(error) => Err(Failure::input(format!("--split: {error}"))),
    }
}

/// Names that are shown of a list.
const SHOWN: usize = 3;

/// Says what is whole, what takes its time and what is probably not meant, and fails at the last if `strict`.
pub(crate) fn report(
    split: &Split,
    folder: &Folder<'_>,
    strict: bool,
    notes: Notes,
) -> Result<(), Failure> {
    let Some(division) = folder.division() else { return Ok(()) };
    let label = if strict { "error" } else { "warning" };
    division.warnings().iter().for_each(|warning| say(format_args!("{label}: {warning}")));
    let whole = division.whole();
    if !whole.is_empty() {
        let (count, all) = (whole.len(), folder.tensors().len());
        notes.say(format_args!(
            "note: {count} of {all} tensors match no rule of {} and stand whole with every rank of their stage: {}",
            split.name,
            some(whole)
        ));
    }
    let lines = folder.cut_lines();
    if !lines.is_empty() {
        notes.say(format_args!(
            "note: {} tensors are made by lines, and each rank makes the lines whole that it has a piece of: {}",
            lines.len(),
            some(&lines)
        ));
    }
    if split.is_preset() && split.tp > 1 && !split.knows_heads() {
        notes.say(
            "note: without heads=H,kv_heads=K it is not known where attention heads begin, and one may be cut",
        );
    }
    match division.warnings().len() {
        0 => Ok(()),
        _ if !strict => Ok(()),
        1 => Err(Failure::input("--strict makes the warning an error")),
        count => Err(Failure::input(format!("{count} warnings, and --strict makes them errors"))),
    }
}

fn some(names: &[impl AsRef<str>]) -> String {
    let shown: Vec<_> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    shown.join(", ") + if names.len() > SHOWN { ", ..." } else { "" }
}

/// Says which option a fault of the rules is about.
pub(crate) fn fault(error: CreateError) -> Failure {
    match error {
        CreateError::Split(error) => Failure::input(format!("--split: {error}")),
        error => error.into(),
    }
}
