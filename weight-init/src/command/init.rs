use std::io::{self, IsTerminal};
use std::time::Instant;

use crate::create::Recipe;
use crate::plan::{Unknown, WarningKind};

use crate::command::args::{InitArgs, PretrainedChoice};
use crate::command::failure::Failure;
use crate::command::input::{Input, report_loads, warn};
use crate::command::output::{say, say_fallback};
use crate::command::progress::Progress;

pub(crate) fn run(args: &InitArgs) -> Result<(), Failure> {
    let start = Instant::now();
    let to_stdout = args.out.as_os_str() == "-";
    if to_stdout && io::stdout().is_terminal() {
        return Err(Failure::input(
            "--out - is standard output, which is a terminal here; send it to a pipe or a file",
        ));
    }
    let input = Input::read(&args.model)?;
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
    let mut backend = args.backend.start_or_fall_back(None, say_fallback)?;
    let bytes = plan
        .tensors(args.unknown)
        .map_err(Failure::input)?
        .iter()
        .map(|tensor| tensor.bytes())
        .sum();
    let progress = Progress::new("writing", bytes);
    let summary =
        recipe.create(&plan, &args.out, &mut backend, &mut |bytes| progress.add(bytes))?;
    progress.clear();
    say(format_args!(
        "wrote {}: {} parameters and {} buffers, {:.1} MB, in {:.2} s (seed {}, backend {} on {} threads)",
        if to_stdout { "to standard output".into() } else { args.out.display().to_string() },
        plan.params().len(),
        plan.buffers().len(),
        summary.file_bytes as f64 / 1e6,
        start.elapsed().as_secs_f64(),
        args.seed,
        backend.name(),
        backend.threads(),
    ));
    Ok(())
}
