//! Pieces of tensors → jobs of a backend, by element type.

use weight_init_backends::{Job, LineBackend, LineJob, LineJobs, Simd};
use weight_init_core::line_fill::{AnyFill, LineFill};
use weight_init_core::{DType, Fill, Float, Stream, bf16, f16};

use super::encode::{swap_bytes, write_floats, write_integers};
use super::mapped::mapped;
use super::norm::norms;
use super::{BackendError, Filler, RunError, stored};
use crate::model::elements;
use crate::plan::{LowerError, Lowered, Tensor};

/// Elements from which on a run of a part is a job of its own; shorter ones are written at once, so that jobs take no more
/// than a fraction of the memory that they fill.
const LONG: usize = 256;

/// The jobs of a fill, by element type.
pub(super) struct AllJobs<'a> {
    singles: Vec<Job<'a, f32>>,
    doubles: Vec<Job<'a, f64>>,
    halves: Vec<Job<'a, f16>>,
    brains: Vec<Job<'a, bf16>>,
    lines: LineJobs<'a>,
    /// Whether integers and stored elements get the byte order of the machine, rather than that of files.
    native: bool,
}

impl<'a> AllJobs<'a> {
    /// Of memory in whose integers and stored elements stand as in files.
    pub(super) const fn of_files() -> Self {
        Self {
            singles: Vec::new(),
            doubles: Vec::new(),
            halves: Vec::new(),
            brains: Vec::new(),
            lines: LineJobs::EMPTY,
            native: false,
        }
    }

    /// Of memory in which everything has the byte order of the machine.
    pub(super) const fn of_memory() -> Self {
        let mut jobs = Self::of_files();
        jobs.native = true;
        jobs
    }

    /// Adds consecutive elements of a tensor; their memory is aligned for them.
    pub(super) fn add<E>(
        &mut self,
        tensor: &Tensor<'_>,
        first: u64,
        seed: u64,
        memory: &'a mut [u8],
    ) -> Result<(), RunError<E>> {
        let native = self.native;
        let piece = Elements { tensor, first, seed, memory, native };
        match tensor.dtype {
            DType::F32 => add(&mut self.singles, &mut self.lines.singles, piece),
            DType::F64 => add(&mut self.doubles, &mut self.lines.doubles, piece),
            DType::F16 => add(&mut self.halves, &mut self.lines.halves, piece),
            DType::BF16 => add(&mut self.brains, &mut self.lines.brains, piece),
            dtype => {
                for run in Runs::new(tensor, first, piece.memory, dtype.size()) {
                    let source = tensor.source(run.source);
                    match source {
                        Lowered::Stored(stored) => {
                            stored::read(stored, dtype, run.index, run.out)?;
                        }
                        _ => write_integers(dtype, source, run.index, run.out),
                    }
                    if native {
                        in_order_of_the_machine(run.out, dtype.size());
                    }
                }
                Ok(())
            }
        }
    }

    pub(super) fn run(&mut self, backend: &mut Filler) -> Result<(), BackendError> {
        backend.fill_all(&mut self.singles)?;
        backend.fill_all(&mut self.doubles)?;
        backend.fill_all(&mut self.halves)?;
        backend.fill_all(&mut self.brains)?;
        backend.fill_lines(&mut self.lines);
        Ok(())
    }

    pub(super) fn swap_bytes(&mut self) {
        swap_all(&mut self.singles, &mut self.lines.singles);
        swap_all(&mut self.doubles, &mut self.lines.doubles);
        swap_all(&mut self.halves, &mut self.lines.halves);
        swap_all(&mut self.brains, &mut self.lines.brains);
    }
}

fn swap_all<T: Float + bytemuck::Pod>(jobs: &mut [Job<'_, T>], lines: &mut [LineJob<'_, T>]) {
    let outs = jobs.iter_mut().map(|job| &mut *job.out);
    outs.chain(lines.iter_mut().map(|job| &mut *job.out)).for_each(swap_bytes);
}

/// Stored elements and integers arrive little endian.
fn in_order_of_the_machine(bytes: &mut [u8], size: usize) {
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
}

/// Adds elements of a floating-point tensor to the jobs of its type, or writes them at once if their values are given.
fn add<'a, T: Float + bytemuck::Pod, E>(
    jobs: &mut Vec<Job<'a, T>>,
    lines: &mut Vec<LineJob<'a, T>>,
    piece: Elements<'_, 'a>,
) -> Result<(), RunError<E>> {
    let Elements { tensor, first, seed, memory, native } = piece;
    let size = size_of::<T>();
    let mut fills = Fills { of: Vec::new(), tensor, seed };
    for run in Runs::new(tensor, first, memory, size) {
        let source = tensor.source(run.source);
        if let Lowered::Stored(stored) = source {
            stored::read(stored, tensor.dtype, run.index, run.out)?;
            if native {
                in_order_of_the_machine(run.out, size);
            }
            continue;
        }
        let out: &mut [T] = bytemuck::cast_slice_mut(run.out);
        match (fills.get(run.source)?, source) {
            (Some(Filled::Lines(fill, stream)), _) => {
                lines.push(LineJob { fill: *fill, stream: *stream, first: run.index, out });
            }
            (Some(Filled::Made(whole)), _) => {
                let made = usize::try_from(run.index).ok().and_then(|from| whole.get(from..));
                out.iter_mut().zip(made.unwrap_or_default()).for_each(|(out, x)| *out = *x);
            }
            (Some(&mut Filled::Elements(fill, stream)), _) => {
                let first = if fill.is_by_place() { run.index } else { run.first };
                // Jobs alone are brought into the byte order of files.
                let at_once = cfg!(target_endian = "little") && !tensor.parts.is_empty();
                if at_once && out.len() < LONG {
                    fill.write(stream, first, out);
                } else {
                    jobs.push(Job { fill, stream, first, out });
                }
            }
            (None, Lowered::Values(values)) => write_floats(values, run.index, out),
            (None, Lowered::Norm(norm)) => norms(norm, tensor.shape, seed, run.index, out)?,
            (None, Lowered::Mapped { steps, .. }) => {
                if let Some((fill, stream)) = tensor.draw_of(source, seed)? {
                    mapped(&fill, stream, steps, run.first, out);
                }
            }
            // Pretrained is never lowered.
            (None, Lowered::Init { .. } | Lowered::Stored(_)) => {}
        }
    }
    Ok(())
}

/// Consecutive elements of a tensor, and their memory.
struct Elements<'t, 'a> {
    tensor: &'t Tensor<'t>,
    first: u64,
    seed: u64,
    memory: &'a mut [u8],
    native: bool,
}

/// What a source with an initializer is filled with.
enum Filled<T: Float> {
    Elements(Fill<T>, Stream),
    Lines(LineFill<T>, Stream),
    /// All elements of a source that is made by lines, where only some of the tensor come from it.
    Made(Vec<T>),
}

/// The numbers of a tensor's sources, each computed when it is met first.
struct Fills<'t, T: Float> {
    of: Vec<Option<Option<Filled<T>>>>,
    tensor: &'t Tensor<'t>,
    seed: u64,
}

impl<T: Float> Fills<'_, T> {
    fn get(&mut self, source: usize) -> Result<Option<&mut Filled<T>>, LowerError> {
        if self.of.len() <= source {
            self.of.resize_with(source + 1, || None);
        }
        let Some(slot) = self.of.get_mut(source) else { return Ok(None) };
        if slot.is_none() {
            let filled = self.tensor.fill_of(source, self.seed)?;
            *slot = Some(filled.map(|(fill, stream)| match fill {
                AnyFill::Elements(fill) => Filled::Elements(fill, stream),
                AnyFill::Lines(fill) if self.tensor.parts.is_empty() => Filled::Lines(fill, stream),
                AnyFill::Lines(fill) => {
                    let elements = elements(self.tensor.shape_of(source));
                    let mut whole = vec![T::default(); usize::try_from(elements).unwrap_or(0)];
                    let Ok(()) = Simd::new().fill_lines(&fill, stream, 0, &mut whole);
                    Filled::Made(whole)
                }
            }));
        }
        Ok(slot.as_mut().and_then(Option::as_mut))
    }
}

/// The consecutive elements of a piece that have one source, in order.
struct Runs<'t, 'a> {
    tensor: &'t Tensor<'t>,
    first: u64,
    memory: &'a mut [u8],
    size: usize,
}

struct Run<'a> {
    /// Which source, as [`Tensor::source`] counts them.
    source: usize,
    /// Number of the first element in the tensor.
    first: u64,
    /// And among the source's given values.
    index: u64,
    out: &'a mut [u8],
}

impl<'t, 'a> Runs<'t, 'a> {
    const fn new(tensor: &'t Tensor<'t>, first: u64, memory: &'a mut [u8], size: usize) -> Self {
        Self { tensor, first, memory, size }
    }
}

impl<'a> Iterator for Runs<'_, 'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        let left = (self.memory.len() / self.size) as u64;
        if left == 0 {
            return None;
        }
        let (source, index, length) = self.tensor.source_at(self.first);
        let elements = length.clamp(1, left);
        let memory = std::mem::take(&mut self.memory);
        let bytes = usize::try_from(elements).ok()?.checked_mul(self.size)?;
        let (out, rest) = memory.split_at_mut_checked(bytes)?;
        let first = self.first;
        (self.first, self.memory) = (first + elements, rest);
        Some(Run { source, first, index, out })
    }
}
