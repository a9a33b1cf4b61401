use std::fmt::Display;

use weight_init::run::BackendError;

use crate::progress::Progress;
use crate::say::say;

/// What stands on standard error beside warnings and errors: progress, notes and summaries. With `--quiet`, nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Notes {
    quiet: bool,
}

impl Notes {
    pub(crate) const fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    pub(crate) fn say(self, text: impl Display) {
        if !self.quiet {
            say(text);
        }
    }

    /// Says why no device fills, where one could have.
    pub(crate) fn fallback(self, error: &BackendError) {
        self.say(format_args!("note: the processor fills, with the same bits: {error}"));
    }

    /// A bar for so many bytes.
    pub(crate) fn progress(self, what: &'static str, bytes: u64) -> Progress {
        if self.quiet { Progress::hidden() } else { Progress::new(what, bytes) }
    }
}
