use weight_init_core::{Fill, Float, Stream};

/// Writes the elements of a parameter into its own kind of memory.
///
/// Every backend gives the bits of [`Fill::write`]; what it cannot do it refuses.
pub trait Backend<T: Float> {
    /// Where elements are written: `[T]`, or a buffer on a device.
    type Memory: ?Sized;
    /// Why it could not.
    type Error: core::error::Error;

    /// Writes the elements from number `first` on of the parameter whose random stream is `stream`, as many as
    /// `out` holds.
    ///
    /// # Errors
    ///
    /// What the backend's device may refuse.
    fn fill(
        &mut self,
        fill: &Fill<T>,
        stream: Stream,
        first: u64,
        out: &mut Self::Memory,
    ) -> Result<(), Self::Error>;

    /// Carries out many fills as one, so that thousands of small parameters cost no more than one large one.
    ///
    /// # Errors
    ///
    /// As [`fill`](Self::fill).
    fn fill_all(&mut self, jobs: &mut [Job<'_, T, Self::Memory>]) -> Result<(), Self::Error> {
        jobs.iter_mut().try_for_each(|job| self.fill(&job.fill, job.stream, job.first, job.out))
    }
}

/// One fill of many: see [`Backend::fill`] for its parts.
#[derive(Debug)]
pub struct Job<'a, T: Float, Memory: ?Sized = [T]> {
    /// The distribution.
    pub fill: Fill<T>,
    /// The parameter's random stream.
    pub stream: Stream,
    /// Number of the first element.
    pub first: u64,
    /// Where to write.
    pub out: &'a mut Memory,
}
