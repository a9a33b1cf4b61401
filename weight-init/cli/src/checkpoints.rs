use std::path::Path;
use std::sync::Arc;

use weight_init::address::shown;
use weight_init::checkpoint::StateDict;
use weight_init::fetch::{self, Fetch, FetchError};

use crate::args::FetchArgs;
use crate::failure::Failure;
use crate::notes::Notes;

/// Brings the checkpoints that rules name.
#[derive(Debug)]
pub(crate) struct Checkpoints<'a> {
    args: &'a FetchArgs,
    /// Whether those that are not on this machine are downloaded, or passed over.
    download: bool,
    /// Made when the first checkpoint is asked for.
    fetch: Option<Fetch>,
    notes: Notes,
}

impl<'a> Checkpoints<'a> {
    pub(crate) const fn new(args: &'a FetchArgs, download: bool, notes: Notes) -> Self {
        Self { args, download, fetch: None, notes }
    }

    /// Opens a checkpoint; `None` if it is not here and need not be. `key` leads to the state dict in it; without one, the
    /// key of the command line.
    pub(crate) fn open(
        &mut self,
        checkpoint: &str,
        key: Option<&str>,
    ) -> Result<Option<Arc<StateDict>>, Failure> {
        let key = key.or(self.args.checkpoint_key.as_deref());
        let fetch = match self.fetch.take() {
            Some(fetch) => fetch,
            None => from_args(self.args)?,
        };
        let fetch = self.fetch.insert(fetch);
        let name = shown(checkpoint);
        let opened = if self.download {
            let bar = self.notes.progress("downloading", 0);
            let opened = fetch.open(checkpoint, key, &mut |step| match step {
                fetch::Progress::Received { done, total } => bar.set(done, total),
                fetch::Progress::Waiting { lock } => self.notes.say(format_args!(
                    "note: another process downloads '{name}' and holds {}; waiting for it",
                    lock.display()
                )),
            });
            bar.clear();
            Some(opened?)
        } else {
            fetch.open_local(checkpoint, key)?
        };
        if opened.is_none() {
            self.notes.say(format_args!(
                "note: the checkpoint '{name}' is not on this machine and is believed to hold every parameter; \
                 --pretrained load looks"
            ));
        }
        Ok(opened.map(Arc::new))
    }
}

fn from_args(args: &FetchArgs) -> Result<Fetch, Failure> {
    let fetch = Fetch::from_env()?;
    let fetch = if args.offline { fetch.offline(true) } else { fetch };
    match &args.checkpoint_names {
        Some(path) => Ok(fetch.with_names(path)?),
        None => Ok(fetch),
    }
}

/// Opens the checkpoint of a path, or of an address that was downloaded before; `None`: it was not.
pub(crate) fn open_here(path: &Path, key: Option<&str>) -> Result<Option<StateDict>, FetchError> {
    match path.to_str() {
        Some(address) if address.contains("://") => Fetch::from_env()?.open_local(address, key),
        _ => Ok(Some(StateDict::open_key(path, key)?)),
    }
}

/// Why an address cannot be opened without the network.
pub(crate) fn not_here(path: &Path) -> Failure {
    let name = path.to_string_lossy();
    let name = shown(&name);
    Failure::io(format!(
        "'{name}' is not on this machine; a Pretrained rule that names it downloads it"
    ))
}
