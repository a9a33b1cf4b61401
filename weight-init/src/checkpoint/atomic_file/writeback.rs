use std::fs::File;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Bytes between two pushes.
const STEP: usize = 16 << 20;

/// Pushes what was written to the disk while more is made, so that the synchronization at the end has little left to
/// wait for.
#[derive(Debug, Default)]
pub(super) struct Writeback {
    /// Bytes since the last push.
    written: usize,
    /// There from the first push on: small files need no thread.
    pusher: Option<Pusher>,
}

#[derive(Debug)]
struct Pusher {
    push: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
}

impl Writeback {
    /// Notes that so many bytes were written to the file.
    pub(super) fn wrote(&mut self, file: &File, bytes: usize) {
        self.written = self.written.saturating_add(bytes);
        if self.written < STEP {
            return;
        }
        self.written = 0;
        if self.pusher.is_none() {
            // Without it the end takes longer, nothing else.
            self.pusher = Pusher::start(file).ok();
        }
        if let Some(pusher) = &self.pusher {
            // If the writeback thread is busy, skip: its next round or the final fsync flushes these bytes.
            let _ = pusher.push.try_send(());
        }
    }

    /// Waits for the pushes; an error is told here, for the system tells each only once.
    pub(super) fn finish(self) -> io::Result<()> {
        let Some(Pusher { push, thread }) = self.pusher else { return Ok(()) };
        drop(push);
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread that synchronizes has ended")))
    }
}

impl Pusher {
    fn start(file: &File) -> io::Result<Self> {
        let file = file.try_clone()?;
        let (push, pushes) = sync_channel(1);
        let work = move || pushes.iter().try_for_each(|()| file.sync_data());
        let thread = thread::Builder::new().name("writeback".to_owned()).spawn(work)?;
        Ok(Self { push, thread })
    }
}
