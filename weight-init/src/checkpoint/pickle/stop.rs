use std::io;

/// Why a pickle is not read to its end.
#[derive(Debug)]
pub(in crate::checkpoint) enum Stop {
    Fault(String),
    Io(io::Error),
}

impl Stop {
    pub(super) fn fault<T>(message: impl Into<String>) -> Result<T, Self> {
        Err(Self::Fault(message.into()))
    }
}
