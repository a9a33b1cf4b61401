use weight_init::checkpoint::SafetensorsFile;
use weight_init::create::{Recipe, verify};
use weight_init::run::BackendKind;

use crate::args::{PlanPretrained, VerifyArgs};
use crate::failure::Failure;
use crate::input::Input;
use crate::output::{print, say_fallback};
use crate::progress::Progress;

pub(crate) fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let input = Input::read(&args.model)?;
    let file = SafetensorsFile::open(&args.file)?;
    let recorded = Recipe::of_metadata(file.metadata());
    let mut recipe = recorded.unwrap_or_default();
    recipe.seed = match (args.seed, recorded) {
        (Some(seed), _) => seed,
        (None, Some(recipe)) => recipe.seed,
        (None, None) => {
            return Err(Failure::input(format!(
                "{} names no seed; --seed gives one",
                args.file.display()
            )));
        }
    };
    let pretrained =
        if recipe.skip_pretrained { PlanPretrained::Skip } else { PlanPretrained::Load };
    let options = input.options(recipe.skip_pretrained, recipe.dtype);
    let plan = input.plan(&options, pretrained, &args.fetch)?;
    let mut backend = BackendKind::Auto.start_or_fall_back(None, say_fallback)?;
    let bytes = file.tensors().iter().map(|tensor| tensor.len).sum();
    let progress = Progress::new("comparing", bytes);
    let difference = verify(&recipe, &plan, &file, &mut backend, &mut |bytes| progress.add(bytes))?;
    progress.clear();
    match difference {
        None => print(format_args!(
            "{}: all {} tensors are what {} gives with seed {}, bit for bit\n",
            args.file.display(),
            file.tensors().len(),
            args.model.model.display(),
            recipe.seed
        )),
        Some(difference) => {
            print(format_args!("{}: differs: {difference}\n", args.file.display()))?;
            Err(Failure::check())
        }
    }
}
