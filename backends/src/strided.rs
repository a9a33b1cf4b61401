use core::convert::Infallible;

use weight_init_core::{Fill, Float, Stream};

use crate::{Backend, Simd};

/// Runs of elements of one length that begin at one distance from each other, as columns of a matrix do.
///
/// ```
/// use weight_init_backends::Strided;
///
/// // Columns 2 and 3 of a matrix of 8 columns.
/// let columns = Strided { first: 2, length: 2, stride: 8 };
/// assert_eq!((0..4).map(|run| columns.of(run)).collect::<Vec<_>>(), [2, 10, 18, 26]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Strided {
    /// Number of the first element of the first run.
    pub first: u64,
    /// Elements of a run.
    pub length: usize,
    /// From the beginning of a run to that of the next.
    pub stride: u64,
}

impl Strided {
    /// Number of the first element of a run, counted from 0, modulo 2⁶⁴.
    #[must_use]
    pub const fn of(&self, run: usize) -> u64 {
        self.first.wrapping_add(self.stride.wrapping_mul(run as u64))
    }
}

/// A fill of runs.
#[derive(Debug)]
pub struct StridedJob<'a, T: Float> {
    /// The distribution.
    pub fill: Fill<T>,
    /// The parameter's random stream.
    pub stream: Stream,
    /// The runs, as many as `out` holds; the last one may end early.
    pub runs: Strided,
    /// Where to write, run behind run.
    pub out: &'a mut [T],
}

/// A backend that fills runs at a stride, faster than run by run.
///
/// ```
/// use weight_init_backends::{Backend, Simd, Strided, StridedBackend, StridedJob};
/// use weight_init_core::{Fill, Stream};
///
/// let (fill, stream) = (Fill::<f32>::normal(0.0, 1.0)?, Stream::new(42, "fc.weight"));
/// let (mut whole, mut columns) = ([[0.0; 8]; 3], [[0.0; 2]; 3]);
/// Simd::new().fill(&fill, stream, 0, whole.as_flattened_mut())?;
/// let runs = Strided { first: 2, length: 2, stride: 8 };
/// let job = StridedJob { fill, stream, runs, out: columns.as_flattened_mut() };
/// Simd::new().fill_strided(&mut [job])?;
/// assert_eq!(columns, whole.map(|row| [row[2], row[3]]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait StridedBackend<T: Float>: Backend<T, Memory = [T]> {
    /// Carries out many fills of runs as one, with the bits of [`Backend::fill`] for each run. Of runs without elements nothing is
    /// written.
    ///
    /// # Errors
    ///
    /// As [`Backend::fill`].
    fn fill_strided(&mut self, jobs: &mut [StridedJob<'_, T>]) -> Result<(), Self::Error> {
        for job in jobs {
            for (run, out) in job.out.chunks_mut(job.runs.length.max(1)).enumerate() {
                if job.runs.length > 0 {
                    self.fill(&job.fill, job.stream, job.runs.of(run), out)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(feature = "embedded")]
impl<T: Float> StridedBackend<T> for crate::Embedded {}

impl<T: Float> StridedBackend<T> for Simd {
    fn fill_strided(&mut self, jobs: &mut [StridedJob<'_, T>]) -> Result<(), Infallible> {
        for job in jobs {
            self.level().write_strided(&job.fill, job.stream, job.runs, job.out);
        }
        Ok(())
    }
}

#[cfg(feature = "rayon")]
impl<T: Float> StridedBackend<T> for crate::Rayon {
    fn fill_strided(&mut self, jobs: &mut [StridedJob<'_, T>]) -> Result<(), Infallible> {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};

        use crate::tile::TILE;

        let level = self.level();
        let write = |job: StridedJob<'_, T>| {
            level.write_strided(&job.fill, job.stream, job.runs, job.out);
        };
        let mut tiles = std::vec::Vec::new();
        for StridedJob { fill, stream, runs, out } in jobs {
            let at_once = (TILE / runs.length.max(1)).max(1);
            let outs = out.chunks_mut(at_once.saturating_mul(runs.length.max(1)));
            tiles.extend(outs.enumerate().map(|(tile, out)| {
                let runs = Strided { first: runs.of(tile * at_once), ..*runs };
                StridedJob { fill: *fill, stream: *stream, runs, out }
            }));
        }
        // Waking other threads costs more than so few elements.
        if tiles.iter().map(|tile| tile.out.len()).sum::<usize>() <= TILE {
            tiles.into_iter().for_each(write);
        } else {
            self.run(|| tiles.into_par_iter().for_each(write));
        }
        Ok(())
    }
}
