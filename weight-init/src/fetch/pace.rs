use std::time::{Duration, Instant};

use super::Patience;

/// Whether bytes keep coming at the least speed that is worth waiting for.
#[derive(Debug)]
pub(super) struct Pace {
    window: Duration,
    least: u64,
    since: Instant,
    bytes: u64,
}

impl Pace {
    pub(super) fn new(patience: &Patience) -> Self {
        let Patience { window, least, .. } = *patience;
        Self { window, least, since: Instant::now(), bytes: 0 }
    }

    /// Counts bytes; false when a window has ended with too few of them.
    pub(super) fn keeps(&mut self, bytes: u64) -> bool {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.since.elapsed() < self.window {
            return true;
        }
        let keeps = self.bytes >= self.least;
        (self.since, self.bytes) = (Instant::now(), 0);
        keeps
    }

    /// The message for a window that has ended with too few bytes.
    pub(super) fn says(&self) -> String {
        let Self { window, least, .. } = self;
        format!("the server sends less than {least} bytes in {window:?}")
    }
}
