use std::io::{BufRead, ErrorKind};

use super::stop::Stop;

/// The bytes of a pickle, counted.
#[derive(Debug)]
pub(super) struct Input<R> {
    reader: R,
    /// Bytes read so far.
    pub(super) at: u64,
    /// Bytes that there may be at most.
    end: u64,
}

impl<R: BufRead> Input<R> {
    pub(super) const fn new(reader: R, at: u64, end: u64) -> Self {
        Self { reader, at, end }
    }

    /// Whether `count` more bytes may come.
    pub(super) fn has(&self, count: u64) -> Result<(), Stop> {
        let left = self.end.saturating_sub(self.at);
        if count <= left {
            return Ok(());
        }
        Err(Stop::Fault(format!("{count} bytes should follow, but {left} do; it is cut off")))
    }

    pub(super) fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Stop> {
        self.has(bytes.len() as u64)?;
        self.reader.read_exact(bytes).map_err(failed)?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Stop> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Stop> {
        Ok(self.array::<1>()?[0])
    }

    /// Passes over bytes that nobody wants.
    pub(super) fn skip(&mut self, mut count: u64) -> Result<(), Stop> {
        self.has(count)?;
        while count > 0 {
            let found = self.reader.fill_buf().map_err(failed)?.len();
            if found == 0 {
                return Err(failed(ErrorKind::UnexpectedEof.into()));
            }
            let step = found.min(usize::try_from(count).unwrap_or(usize::MAX));
            self.reader.consume(step);
            self.at += step as u64;
            count -= step as u64;
        }
        Ok(())
    }

    /// A line without its end, of at most `most` bytes.
    pub(super) fn line(&mut self, most: usize) -> Result<Vec<u8>, Stop> {
        let mut line = Vec::new();
        loop {
            match self.byte()? {
                b'\n' => return Ok(line),
                _ if line.len() == most => {
                    return Err(Stop::Fault(format!("a line has more than {most} bytes")));
                }
                byte => line.push(byte),
            }
        }
    }
}

#[cold]
fn failed(error: std::io::Error) -> Stop {
    match error.kind() {
        ErrorKind::UnexpectedEof => Stop::Fault("it is cut off".to_owned()),
        ErrorKind::InvalidInput | ErrorKind::InvalidData => {
            Stop::Fault(format!("its compression is broken: {error}"))
        }
        _ => Stop::Io(error),
    }
}
