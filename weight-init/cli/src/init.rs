use std::fs;
use std::io::{self, IsTerminal};
use std::thread;
use std::time::{Duration, Instant};

use weight_init::address::{Address, is_in_store};
use weight_init::create::{Folder, FolderLayout, FolderReport, FolderState, Recipe};
use weight_init::model::Registry;
use weight_init::plan::{Plan, Unknown, WarningKind};
use weight_init::run::Filler;

use crate::args::{InitArgs, Layout, PretrainedChoice};
use crate::failure::Failure;
use crate::input::{Input, report_loads, warn};
use crate::notes::Notes;
use crate::progress::Progress;
use crate::ranks::{Ranks, RanksChoice};
use crate::split;

pub(crate) fn run(args: &InitArgs, registry: &Registry, notes: Notes) -> Result<(), Failure> {
    let start = Instant::now();
    if args.out.as_os_str() == "-" && io::stdout().is_terminal() {
        return Err(Failure::input(
            "--out - is standard output, which is a terminal here; send it to a pipe or a file",
        ));
    }
    let target = Target::of(args)?;
    if let Target::Folder { ranks, .. } = &target
        && ranks.share.world() > 1
    {
        notes.say(ranks);
    }
    let split = args.split.as_deref();
    let split = split.map(|text| split::read(text, &args.model.read.options())).transpose()?;
    let input = Input::read(&args.model, registry)?;
    let skip_pretrained = args.pretrained == PretrainedChoice::Skip;
    let options = input.options(skip_pretrained, args.dtype);
    let plan = input.plan(&options, args.pretrained.into(), &args.fetch, notes)?;
    report_loads(&plan, notes);
    // Without --strict, what is not known is told once, by the error that it is.
    let told =
        |kind: WarningKind| args.strict && args.unknown == Unknown::Refuse || !kind.is_unknown();
    warn(&plan, told, args.strict)?;
    let recipe =
        Recipe { seed: args.seed, dtype: args.dtype, unknown: args.unknown, skip_pretrained };
    let mut backend =
        args.backend.start_or_fall_back(target.threads(), |error| notes.fallback(error))?;
    let wrote = match &target {
        Target::File => write_file(args, &recipe, &plan, &mut backend, notes)?,
        Target::Folder { place, layout, ranks } => {
            let largest = args.max_shard_size.unwrap_or_default();
            let folder = match &split {
                None => Folder::new(&recipe, &plan, *layout, largest)?,
                Some(rules) => {
                    let folder = Folder::split(&recipe, &plan, rules, largest);
                    let folder = folder.map_err(split::fault)?;
                    split::report(rules, &folder, args.strict, notes)?;
                    folder
                }
            };
            write_folder(args, &folder, place, ranks, &plan, &mut backend, notes)?
        }
    };
    notes.say(format_args!(
        "{wrote}, in {:.2} s (seed {}, backend {} on {} threads)",
        start.elapsed().as_secs_f64(),
        args.seed,
        backend.name(),
        backend.threads(),
    ));
    Ok(())
}

/// What is written.
enum Target {
    /// One file, which every process writes for itself.
    File,
    Folder {
        place: Place,
        layout: FolderLayout,
        ranks: Ranks,
    },
}

/// Where a folder is written.
enum Place {
    /// On a disk.
    Path,
    /// In an object store.
    Store(Address),
}

impl Target {
    fn of(args: &InitArgs) -> Result<Self, Failure> {
        let address = args.out.to_str().filter(|out| is_in_store(out));
        let is_name_of_a_file = args.out.extension().is_some_and(|end| end == "safetensors")
            || args.out.as_os_str() == "-"
            || fs::metadata(&args.out).is_ok_and(|found| !found.is_dir());
        let by_name = if is_name_of_a_file { Layout::Single } else { Layout::Hf };
        if args.split.is_some() && args.layout == Some(Layout::Dcp) {
            return Err(Failure::input(
                "--layout dcp is for torch.distributed.checkpoint, which cuts tensors when it loads them; --split writes files that are cut, \
                 each folder as --layout hf",
            ));
        }
        let folder = match args.layout.unwrap_or(by_name) {
            Layout::Hf => Some(FolderLayout::Hf),
            Layout::Dcp => Some(FolderLayout::Dcp),
            Layout::Single => None,
        };
        if let Some(layout) = folder {
            let place = address.map_or(Place::Path, |address| Place::Store(address.into()));
            let ranks = Ranks::find(args.ranks.unwrap_or_default())?;
            return Ok(Self::Folder { place, layout, ranks });
        }
        if let Some(address) = address {
            let address = Address::from(address);
            return Err(Failure::input(format!(
                "{address} is to be one file, and what is written to an object store is a folder, if only of one file; --layout hf, or a \
                 name that does not end with .safetensors, says so"
            )));
        }
        let of_folders = [
            ("--max-shard-size", args.max_shard_size.is_some()),
            ("--split", args.split.is_some()),
            ("--wait", args.wait.is_some()),
            ("--ranks", !matches!(args.ranks, None | Some(RanksChoice::None))),
        ];
        match of_folders.iter().find(|(_, given)| *given) {
            None => Ok(Self::File),
            Some((option, _)) => Err(Failure::input(format!(
                "{option} is about the files of a folder, and {} is to be one file, which one process writes; --out DIR, or --layout hf, \
                 writes a folder",
                args.out.display()
            ))),
        }
    }

    /// Processes of one machine share its processors; `None`: all are this one's.
    fn threads(&self) -> Option<usize> {
        let Self::Folder { ranks: Ranks { on_this_machine: Some(processes), .. }, .. } = self
        else {
            return None;
        };
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Some((processors / usize::try_from(*processes).unwrap_or(usize::MAX).max(1)).max(1))
    }
}

fn write_file(
    args: &InitArgs,
    recipe: &Recipe,
    plan: &Plan,
    backend: &mut Filler,
    notes: Notes,
) -> Result<String, Failure> {
    let tensors = plan.tensors(args.unknown).map_err(Failure::input)?;
    let progress = notes.progress("writing", tensors.iter().map(|tensor| tensor.bytes()).sum());
    drop(tensors);
    let summary = recipe.create(plan, &args.out, backend, &mut |bytes| progress.add(bytes))?;
    progress.clear();
    let to_stdout = args.out.as_os_str() == "-";
    Ok(format!(
        "wrote {}: {}, {:.1} MB",
        if to_stdout { "to standard output".into() } else { args.out.display().to_string() },
        contents(plan),
        summary.file_bytes as f64 / 1e6,
    ))
}

fn write_folder(
    args: &InitArgs,
    folder: &Folder<'_>,
    place: &Place,
    ranks: &Ranks,
    plan: &Plan,
    backend: &mut Filler,
    notes: Notes,
) -> Result<String, Failure> {
    let share = ranks.share;
    let shards = folder.layout().shards();
    let mine = folder.layout().share(share);
    let bytes = mine.iter().filter_map(|index| shards.get(*index)).map(|shard| shard.bytes).sum();
    // Bars of several processes would be drawn over each other.
    let progress = (share.rank() == 0).then(|| notes.progress("writing", bytes));
    let mut wrote = |bytes| progress.iter().for_each(|bar| bar.add(bytes));
    let mut report = match place {
        Place::Path => folder.write(&args.out, share, backend, &mut wrote)?,
        Place::Store(address) => {
            let report = folder.write_to_store(address, share, backend, &mut wrote)?;
            say_aborted(report.aborted, notes);
            report.folder
        }
    };
    progress.iter().for_each(Progress::clear);
    wait_for_others(args, folder, place, &mut report)?;
    let out = match place {
        Place::Path => args.out.display().to_string(),
        Place::Store(address) => address.to_string(),
    };
    let all = match shards.len() {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    };
    let megabytes = report.bytes as f64 / 1e6;
    let rank = if share.world() > 1 { format!("{ranks}: ") } else { String::new() };
    let done = match report.state {
        FolderState::Found => {
            format!(
                "{out} is there already, whole, and of the same recipe: {}, {all}",
                contents(plan)
            )
        }
        FolderState::Finished if report.written == shards.len() => {
            format!("wrote {out}: {}, {all}, {megabytes:.1} MB", contents(plan))
        }
        FolderState::Finished => format!(
            "finished {out}: {}, {all}, of which this run wrote {}, {megabytes:.1} MB",
            contents(plan),
            report.written,
        ),
        FolderState::Missing(missing) => {
            let (into, end) = match place {
                Place::Path => (format!("{out}.partial"), format!("{out} appears with the last")),
                Place::Store(_) => (out, "the index comes last".to_owned()),
            };
            format!(
                "wrote {} of {all}, {megabytes:.1} MB, into {into}; files still missing: {missing}; {end}",
                report.written,
            )
        }
    };
    Ok(rank + &done)
}

/// Waits for the files of other processes, if `--wait` says so.
fn wait_for_others(
    args: &InitArgs,
    folder: &Folder<'_>,
    place: &Place,
    report: &mut FolderReport,
) -> Result<(), Failure> {
    let (Some(seconds), FolderState::Missing(_)) = (args.wait, report.state) else {
        return Ok(());
    };
    let longest = Duration::from_secs(seconds.into());
    report.state = match place {
        Place::Path => folder.wait(&args.out, longest)?,
        Place::Store(address) => folder.wait_in_store(address, longest)?,
    };
    let FolderState::Missing(missing) = report.state else { return Ok(()) };
    Err(Failure::io(format!(
        "after {seconds} s, {missing} of {} files are still missing, which other processes write; this one has done its share. \
         The same command, with any number of processes, writes what is missing",
        folder.layout().shards().len()
    )))
}

/// Says what became of uploads that killed processes had left.
fn say_aborted(aborted: Option<usize>, notes: Notes) {
    match aborted {
        Some(0) => {}
        Some(count) => {
            notes.say(format_args!("note: aborted {count} unfinished uploads of earlier runs"))
        }
        None => notes.say(
            "note: the store does not list unfinished uploads of killed processes; a rule of the bucket for its lifecycle removes them",
        ),
    }
}

fn contents(plan: &Plan) -> String {
    format!("{} parameters and {} buffers", plan.params().len(), plan.buffers().len())
}
