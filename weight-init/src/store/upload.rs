//! One object, uploaded in parts while it is made.

use std::collections::VecDeque;
use std::io;

use object_store::{MultipartUpload, ObjectStoreExt, PutPayload};
use tokio::task::JoinHandle;

use super::Store;

/// Bytes of a part, unless the object would have too many of them.
const PART: u64 = 8 << 20;

/// The most parts that stores take.
const MOST_PARTS: u64 = 10_000;

/// Parts that are on their way at the same time, beside the one that is filled.
const ON_THEIR_WAY: usize = 4;

/// An object that appears under its name when [`finish`](Self::finish) has sent all of it.
///
/// It takes the memory of five parts. When it is dropped unfinished, the store forgets what was sent; of a process that is
/// killed, it keeps it until the [next run](Store::abort_unfinished).
#[derive(Debug)]
pub(crate) struct Upload<'s> {
    store: &'s Store,
    upload: Box<dyn MultipartUpload>,
    part: Vec<u8>,
    part_bytes: usize,
    sent: VecDeque<JoinHandle<Result<(), object_store::Error>>>,
    finished: bool,
}

impl Store {
    /// Begins an object of so many bytes.
    pub(crate) fn upload(&self, name: &str, bytes: u64) -> io::Result<Upload<'_>> {
        let path = self.at(name);
        let upload = self.wait(self.objects.put_multipart(&path))?;
        let part_bytes = usize::try_from(part_bytes(bytes)).unwrap_or(usize::MAX);
        Ok(Upload {
            store: self,
            upload,
            part: Vec::new(),
            part_bytes,
            sent: VecDeque::new(),
            finished: false,
        })
    }
}

/// Bytes of each part but the last of an object.
fn part_bytes(object: u64) -> u64 {
    PART.max(object.div_ceil(MOST_PARTS).next_multiple_of(1 << 20))
}

impl Upload<'_> {
    /// Takes the next bytes.
    pub(crate) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let room = self.part_bytes.saturating_sub(self.part.len());
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.part.extend_from_slice(now);
            bytes = later;
            if self.part.len() >= self.part_bytes {
                self.send()?;
            }
        }
        Ok(())
    }

    /// Sends the rest and makes the object appear.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if !self.part.is_empty() {
            self.send()?;
        }
        while !self.sent.is_empty() {
            self.wait_for_one()?;
        }
        self.store.wait(self.upload.complete())?;
        self.finished = true;
        Ok(())
    }

    fn send(&mut self) -> io::Result<()> {
        if self.sent.len() >= ON_THEIR_WAY {
            self.wait_for_one()?;
        }
        let part = std::mem::replace(&mut self.part, Vec::with_capacity(self.part_bytes));
        let sending = self.upload.put_part(PutPayload::from(part));
        self.sent.push_back(self.store.runtime.spawn(sending));
        Ok(())
    }

    /// Waits for the oldest part that is on its way.
    fn wait_for_one(&mut self) -> io::Result<()> {
        let Some(part) = self.sent.pop_front() else { return Ok(()) };
        let sent = self.store.runtime.block_on(part).map_err(io::Error::other)?;
        sent.map_err(|error| self.store.explained(&error))
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        if !self.finished {
            for part in self.sent.drain(..) {
                part.abort();
            }
            let _ = self.store.runtime.block_on(self.upload.abort());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_of_any_size_has_as_many_parts_as_stores_take() {
        assert_eq!(part_bytes(0), PART);
        assert_eq!(part_bytes(5_000_000_000), PART);
        for bytes in [80 << 30, 1 << 40, 5 << 40] {
            let part = part_bytes(bytes);
            assert!(bytes.div_ceil(part) <= MOST_PARTS && part.is_multiple_of(1 << 20), "{bytes}");
        }
    }
}
