use weight_init_core::{Fill, Float, Stream};

/// The instructions that a fill is carried out with: a value of run time, so that one process can use them all.
///
/// This is the only place where instructions are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Level {
    /// One element at a time, on any processor: the reference.
    #[default]
    Scalar,
}

impl Level {
    /// Every level that this processor has, the slowest first.
    ///
    /// ```
    /// use weight_init_backends::Level;
    /// assert_eq!(Level::available().next(), Some(Level::Scalar));
    /// ```
    pub fn available() -> impl Iterator<Item = Self> {
        [Self::Scalar].into_iter()
    }

    /// The fastest level that this processor has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().unwrap_or_default()
    }

    /// Writes the elements from number `first` on, the same bits at every level.
    pub fn write<T: Float>(self, fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]) {
        match self {
            Self::Scalar => fill.write(stream, first, out),
        }
    }
}
