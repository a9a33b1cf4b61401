//! Checkpoints that a plan is written into: one file, or a process' share of a folder.

use std::path::Path;

use weight_init::create::{Folder, FolderLayout, FolderState, Recipe, ShardSize, Share};
use weight_init::plan::Plan;
use weight_init::run::Filler;
use weight_init_backends::Rayon;

use crate::error::Fault;
use crate::pool;

/// Files of the folder, those that this process wrote, their bytes, those of its share that were there, those still missing.
pub(crate) type Saved = (usize, usize, u64, usize, usize);

/// How a folder is cut into files, and which of them are this process' own.
#[derive(Clone, Copy)]
pub(crate) struct Cut {
    layout: FolderLayout,
    largest: ShardSize,
    share: Share,
}

impl Cut {
    /// By the names and sizes that Python gives; or what is wrong with them.
    pub(crate) fn new(
        layout: &str,
        largest: Option<&str>,
        rank: u64,
        world: u64,
    ) -> Result<Self, String> {
        let layout = match layout {
            "hf" => FolderLayout::Hf,
            "dcp" => FolderLayout::Dcp,
            _ => {
                return Err(format!(
                    "layout='{layout}' is no choice; allowed are 'hf', 'dcp', 'single'"
                ));
            }
        };
        let largest = largest.map(|size| size.parse::<ShardSize>()).transpose();
        let largest =
            largest.map_err(|error| format!("max_shard_size: {error}"))?.unwrap_or_default();
        let share = Share::new(rank, world)
            .ok_or_else(|| format!("ranks=({rank}, {world}) names no process: the first number counts from 0, up to the second"))?;
        Ok(Self { layout, largest, share })
    }
}

/// Writes one file and says how many bytes it has.
pub(crate) fn file(
    plan: &Plan,
    recipe: &Recipe,
    path: &Path,
    threads: Option<usize>,
) -> Result<u64, Fault> {
    let save = || recipe.create(plan, path, &mut Filler::Rayon(Rayon::new()), &mut |_| ());
    Ok(pool::pool(threads)?.install(save)?.file_bytes)
}

/// Writes a share of a folder.
pub(crate) fn folder(
    plan: &Plan,
    recipe: &Recipe,
    path: &Path,
    cut: Cut,
    threads: Option<usize>,
) -> Result<Saved, Fault> {
    let folder = Folder::new(recipe, plan, cut.layout, cut.largest)?;
    let save = || folder.write(path, cut.share, &mut Filler::Rayon(Rayon::new()), &mut |_| ());
    let report = pool::pool(threads)?.install(save)?;
    let missing = match report.state {
        FolderState::Found | FolderState::Finished => 0,
        FolderState::Missing(missing) => missing,
    };
    Ok((folder.layout().shards().len(), report.written, report.bytes, report.found, missing))
}
