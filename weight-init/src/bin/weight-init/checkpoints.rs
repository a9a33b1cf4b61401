use std::sync::Arc;

use weight_init::checkpoint::StateDict;
use weight_init::fetch::Fetch;

use crate::args::FetchArgs;
use crate::failure::Failure;
use crate::output::say;
use crate::progress::Progress;

/// Brings the checkpoints that rules name.
#[derive(Debug)]
pub(crate) struct Checkpoints<'a> {
    args: &'a FetchArgs,
    /// Whether those that are not on this machine are downloaded, or passed over.
    download: bool,
    /// Made when the first checkpoint is asked for.
    fetch: Option<Fetch>,
}

impl<'a> Checkpoints<'a> {
    pub(crate) const fn new(args: &'a FetchArgs, download: bool) -> Self {
        Self { args, download, fetch: None }
    }

    /// Opens a checkpoint; `None` if it is not here and need not be.
    pub(crate) fn open(&mut self, checkpoint: &str) -> Result<Option<Arc<StateDict>>, Failure> {
        let fetch = match self.fetch.take() {
            Some(fetch) => fetch,
            None => from_args(self.args)?,
        };
        let fetch = self.fetch.insert(fetch);
        let path = if self.download {
            let progress = Progress::new("downloading", 0);
            let path = fetch.fetch(checkpoint, &mut |step| progress.set(step.done, step.total));
            progress.clear();
            path?
        } else {
            match fetch.find(checkpoint)?.filter(|path| path.exists()) {
                Some(path) => path,
                None => {
                    say(format_args!(
                        "note: the checkpoint '{checkpoint}' is not on this machine and is believed to hold every \
                         parameter; --pretrained load looks"
                    ));
                    return Ok(None);
                }
            }
        };
        Ok(Some(Arc::new(StateDict::open(path)?)))
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
