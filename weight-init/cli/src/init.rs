use std::fs;
use std::io::{self, IsTerminal};
use std::thread;
use std::time::Instant;

use weight_init::create::{Folder, FolderLayout, FolderState, Recipe};
use weight_init::model::Registry;
use weight_init::plan::{Plan, Unknown, WarningKind};
use weight_init::run::Filler;

use crate::args::{InitArgs, Layout, PretrainedChoice};
use crate::failure::Failure;
use crate::input::{Input, report_loads, warn};
use crate::progress::Progress;
use crate::ranks::{Ranks, RanksChoice};
use crate::say::{say, say_fallback};

pub(crate) fn run(args: &InitArgs, registry: &Registry) -> Result<(), Failure> {
    let start = Instant::now();
    if args.out.as_os_str() == "-" && io::stdout().is_terminal() {
        return Err(Failure::input(
            "--out - is standard output, which is a terminal here; send it to a pipe or a file",
        ));
    }
    let target = Target::of(args)?;
    if let Target::Folder(_, ranks) = &target
        && ranks.share.world() > 1
    {
        say(ranks);
    }
    let input = Input::read(&args.model, registry)?;
    let skip_pretrained = args.pretrained == PretrainedChoice::Skip;
    let options = input.options(skip_pretrained, args.dtype);
    let plan = input.plan(&options, args.pretrained.into(), &args.fetch)?;
    report_loads(&plan);
    // Without --strict, what is not known is told once, by the error that it is.
    let told =
        |kind: WarningKind| args.strict && args.unknown == Unknown::Refuse || !kind.is_unknown();
    warn(&plan, told, args.strict)?;
    let recipe =
        Recipe { seed: args.seed, dtype: args.dtype, unknown: args.unknown, skip_pretrained };
    let mut backend = args.backend.start_or_fall_back(target.threads(), say_fallback)?;
    let wrote = match &target {
        Target::File => write_file(args, &recipe, &plan, &mut backend)?,
        Target::Folder(layout, ranks) => {
            let folder =
                Folder::new(&recipe, &plan, *layout, args.max_shard_size.unwrap_or_default())?;
            write_folder(args, &folder, ranks, &plan, &mut backend)?
        }
    };
    say(format_args!(
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
    Folder(FolderLayout, Ranks),
}

impl Target {
    fn of(args: &InitArgs) -> Result<Self, Failure> {
        let is_name_of_a_file = args.out.extension().is_some_and(|end| end == "safetensors")
            || args.out.as_os_str() == "-"
            || fs::metadata(&args.out).is_ok_and(|found| !found.is_dir());
        let by_name = if is_name_of_a_file { Layout::Single } else { Layout::Hf };
        let folder = match args.layout.unwrap_or(by_name) {
            Layout::Hf => Some(FolderLayout::Hf),
            Layout::Dcp => Some(FolderLayout::Dcp),
            Layout::Single => None,
        };
        if let Some(layout) = folder {
            return Ok(Self::Folder(layout, Ranks::find(args.ranks.unwrap_or_default())?));
        }
        let of_folders = [
            ("--max-shard-size", args.max_shard_size.is_some()),
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
        let Self::Folder(_, Ranks { on_this_machine: Some(processes), .. }) = self else {
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
) -> Result<String, Failure> {
    let tensors = plan.tensors(args.unknown).map_err(Failure::input)?;
    let progress = Progress::new("writing", tensors.iter().map(|tensor| tensor.bytes()).sum());
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
    ranks: &Ranks,
    plan: &Plan,
    backend: &mut Filler,
) -> Result<String, Failure> {
    let share = ranks.share;
    let shards = folder.layout().shards();
    let mine = folder.layout().share(share);
    let bytes = mine.iter().filter_map(|index| shards.get(*index)).map(|shard| shard.bytes).sum();
    // Bars of several processes would be drawn over each other.
    let progress = (share.rank() == 0).then(|| Progress::new("writing", bytes));
    let mut wrote = |bytes| progress.iter().for_each(|bar| bar.add(bytes));
    let report = folder.write(&args.out, share, backend, &mut wrote)?;
    progress.iter().for_each(Progress::clear);
    let out = args.out.display();
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
        FolderState::Missing(missing) => format!(
            "wrote {} of {all}, {megabytes:.1} MB, into {out}.partial; files still missing: {missing}; {out} appears with the last",
            report.written,
        ),
    };
    Ok(rank + &done)
}

fn contents(plan: &Plan) -> String {
    format!("{} parameters and {} buffers", plan.params().len(), plan.buffers().len())
}
