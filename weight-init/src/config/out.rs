//! Text of a config that is being written, of bounded length.

/// Text that is being written. Indentation makes much of little: values deep inside each other take a line of hundreds of
/// bytes each.
#[derive(Debug)]
pub(super) struct Out {
    text: String,
    max: usize,
}

/// Bytes that any config may have as text.
const FREE: usize = 16 << 20;

/// How many bytes each byte of the config may become.
const TIMES: usize = 8;

impl Out {
    /// An empty text of a config for which `read` bytes were read.
    pub(super) fn new(read: usize) -> Self {
        Self { text: String::new(), max: FREE + TIMES.saturating_mul(read) }
    }

    pub(super) fn push(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    /// Adds a text. Text beyond the limit is dropped; [`room`](Self::room) reports it.
    pub(super) fn push_str(&mut self, text: &str) {
        if self.text.len() <= self.max {
            self.text.push_str(text);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// That there is room for a value more.
    pub(super) fn room(&self) -> Result<(), String> {
        if self.text.len() > self.max {
            return Err(format!("as text it has more than {} MiB", self.max >> 20));
        }
        Ok(())
    }
    /// The whole text, unless some of it was dropped.
    pub(super) fn finish(self) -> Result<String, String> {
        self.room()?;
        Ok(self.text)
    }
}
