use std::collections::HashSet;
use std::fmt::Display;
use std::path::Path;

use weight_init::checkpoint::SafetensorsFile;
use weight_init::create::{Recipe, Recorded, verify};
use weight_init::model::Registry;
use weight_init::run::BackendKind;

use crate::args::{PretrainedChoice, VerifyArgs};
use crate::failure::Failure;
use crate::input::Input;
use crate::notes::Notes;
use crate::output::print;

pub(crate) fn run(args: &VerifyArgs, registry: &Registry, notes: Notes) -> Result<(), Failure> {
    let input = Input::read(&args.model, registry)?;
    let files = SafetensorsFile::open_all(&args.file)?;
    let recorded: Vec<_> =
        files.iter().map(|file| Recorded::of_metadata(file.metadata())).collect();
    if let Some(at) = recorded.iter().zip(recorded.iter().skip(1)).position(|(a, b)| a != b) {
        let names = [at, at + 1].map(|at| files.get(at).map_or(&*args.file, |file| file.path()));
        let [one, other] = names.map(Path::display);
        return Err(Failure::input(format!("{one} and {other} name different recipes")));
    }
    let recorded = recorded.into_iter().next().unwrap_or_default();
    // The file is believed about nothing but the seed: what else it says is compared.
    let Some(seed) = args.seed.or_else(|| recorded.seed()) else {
        let file = args.file.display();
        return Err(Failure::input(format!("{file} names no seed; --seed gives one")));
    };
    let skip_pretrained = args.pretrained == PretrainedChoice::Skip;
    let recipe = Recipe { seed, dtype: args.dtype, unknown: args.unknown, skip_pretrained };
    let differences = recorded.differences(&recipe);
    if !differences.is_empty() {
        return differs(args, &recipe, &differences);
    }
    let options = input.options(skip_pretrained, args.dtype);
    let plan = input.plan(&options, args.pretrained.into(), &args.fetch, notes)?;
    let mut backend = BackendKind::Auto.start_or_fall_back(None, |error| notes.fallback(error))?;
    let tensors = || files.iter().flat_map(|file| file.tensors());
    let bytes = tensors().map(|tensor| tensor.len).sum();
    let progress = notes.progress("comparing", bytes);
    let difference =
        verify(&recipe, &plan, &files, &mut backend, &mut |bytes| progress.add(bytes))?;
    progress.clear();
    if let Some(difference) = difference {
        return differs(args, &recipe, &[difference]);
    }
    if let Some(difference) = recorded.plan_difference(&plan) {
        return differs(args, &recipe, &[difference]);
    }
    print(format_args!(
        "{}: all {} tensors are what {} gives, bit for bit, under {recipe}{}\n",
        args.file.display(),
        tensors().map(|tensor| &tensor.name).collect::<HashSet<_>>().len(),
        args.model.model.display(),
        if recorded.has_plan() {
            ", and it names the same recipe and plan"
        } else {
            ", and it names no plan"
        }
    ))
}

/// Says every difference, and fails.
fn differs(
    args: &VerifyArgs,
    recipe: &Recipe,
    differences: &[impl Display],
) -> Result<(), Failure> {
    let (file, model) = (args.file.display(), args.model.model.display());
    let lines = differences.iter().map(|difference| format!("{file}: differs: {difference}\n"));
    print(format_args!(
        "{}expected is what {model} gives under {recipe}\n",
        lines.collect::<String>()
    ))?;
    Err(Failure::check())
}
