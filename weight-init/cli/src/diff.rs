use std::path::Path;

use weight_init::checkpoint::StateDict;
use weight_init::config::Config;
use weight_init::diff::{
    Diff, Item, compare_values, items_of_buffers, items_of_checkpoint, items_of_plan,
    items_of_saved_plan,
};
use weight_init::model::Registry;

use crate::args::{DiffArgs, Format, ModelArgs, PlanPretrained};
use crate::checkpoints::{not_here, open_here};
use crate::failure::Failure;
use crate::input::Input;
use crate::notes::Notes;
use crate::output::{print_json, width};
use crate::pager::print_paged;

pub(crate) fn run(args: &DiffArgs, registry: &Registry, notes: Notes) -> Result<(), Failure> {
    let mut a = Side::read(args, &args.a, [&args.config_a, &args.init_cfg_a], registry, notes)?;
    let path = args.b.as_ref().unwrap_or(&args.a);
    let mut b = Side::read(args, path, [&args.config_b, &args.init_cfg_b], registry, notes)?;
    if a.checkpoint.is_some() != b.checkpoint.is_some() {
        // A checkpoint holds buffers too.
        for side in [&mut a, &mut b] {
            side.items.append(&mut side.buffers);
        }
    }
    let mut diff = Diff::new(&a.items, &b.items);
    if let (Some(a), Some(b), false) = (&a.checkpoint, &b.checkpoint, args.no_values) {
        values(&mut diff, [a, b], notes)?;
    }
    if args.json || args.format == Format::Json {
        print_json(&diff, true)?;
    } else {
        print_paged(diff.table(width(), args.all), args.no_pager)?;
    }
    if diff.is_equal() { Ok(()) } else { Err(Failure::check()) }
}

/// What is compared.
struct Side {
    items: Vec<Item>,
    /// Of a model; a saved plan does not tell them.
    buffers: Vec<Item>,
    checkpoint: Option<StateDict>,
}

impl Side {
    fn read(
        args: &DiffArgs,
        path: &Path,
        [config, init_cfg]: [&Option<std::path::PathBuf>; 2],
        registry: &Registry,
        notes: Notes,
    ) -> Result<Self, Failure> {
        let laid = config.is_some() || init_cfg.is_some();
        if !laid && is_checkpoint(path) {
            let key = args.fetch.checkpoint_key.as_deref();
            let checkpoint = open_here(path, key)?.ok_or_else(|| not_here(path))?;
            return Ok(Self {
                items: items_of_checkpoint(&checkpoint),
                buffers: Vec::new(),
                checkpoint: Some(checkpoint),
            });
        }
        let read = args.read.clone();
        if !laid
            && is_json(path)
            && let Some(items) =
                items_of_saved_plan(&Config::read_with(path, &read.options())?.value)
        {
            return Ok(Self { items, buffers: Vec::new(), checkpoint: None });
        }
        let (config, init_cfg) = (config.clone(), init_cfg.clone());
        let model = ModelArgs { model: path.to_owned(), config, read, init_cfg };
        let input = Input::read(&model, registry)?;
        let options = input.options(args.pretrained == PlanPretrained::Skip, None);
        let plan = input.plan(&options, args.pretrained, &args.fetch, notes)?;
        Ok(Self { items: items_of_plan(&plan), buffers: items_of_buffers(&plan), checkpoint: None })
    }
}

fn has_suffix(path: &Path, suffixes: &[&str]) -> bool {
    let suffix = path.extension().and_then(|suffix| suffix.to_str());
    suffix.is_some_and(|suffix| suffixes.iter().any(|known| suffix.eq_ignore_ascii_case(known)))
}

fn is_json(path: &Path) -> bool {
    has_suffix(path, &["json"])
}

/// Whether a path is that of a checkpoint: all that is neither a config by its suffix nor standard input.
fn is_checkpoint(path: &Path) -> bool {
    let name = path.to_string_lossy();
    name.ends_with(".index.json")
        || name != "-" && !has_suffix(path, &["py", "json", "toml", "yaml", "yml"])
        || path.is_dir()
}

/// Compares the values of tensors that both checkpoints have in one shape.
pub(crate) fn values(
    diff: &mut Diff<'_>,
    [a, b]: [&StateDict; 2],
    notes: Notes,
) -> Result<(), Failure> {
    let mut compared = Vec::new();
    let mut pairs = Vec::new();
    for (place, row) in diff.rows().iter().enumerate() {
        if let (Some((at_a, of_a)), Some((at_b, of_b))) = (row.a, row.b)
            && of_a.shape == of_b.shape
        {
            compared.push(place);
            pairs.push((at_a, at_b));
        }
    }
    let bytes =
        pairs.iter().filter_map(|(at, _)| a.tensors().get(*at)).map(|tensor| tensor.bytes());
    let progress = notes.progress("comparing", bytes.fold(0, u64::saturating_add));
    let found = compare_values(a, b, &pairs, &|bytes| progress.add(bytes));
    progress.clear();
    for (place, values) in compared.into_iter().zip(found?) {
        if let Some(row) = diff.rows_mut().get_mut(place) {
            row.values = Some(values);
        }
    }
    Ok(())
}
