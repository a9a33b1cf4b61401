//! Pieces of tensors → jobs of a backend, by element type.

use weight_init_backends::{Job, LineBackend, LineJob, LineJobs, Simd, StridedJob};
use weight_init_core::line_fill::{AnyFill, LineFill};
use weight_init_core::{DType, Fill, Float, Stream, bf16, f16};

use super::encode::{swap_bytes, write_floats, write_integers};
use super::groups::{Group, Groups};
use super::mapped::mapped;
use super::norm::norms;
use super::{BackendError, Filler, RunError, stored};
use crate::model::elements;
use crate::plan::{LowerError, Lowered, Tensor};
use crate::window::{Run, Window};

/// Elements from which on a run of a part is a job of its own; shorter ones are written at once, so that jobs take no more
/// than a fraction of the memory that they fill.
const LONG: usize = 256;

/// Bytes of whole lines that are made at a time for the runs of a window that lie in them.
const LINES: u64 = 8 << 20;

/// The jobs of a fill, by element type.
pub(super) struct AllJobs<'a> {
    singles: Jobs<'a, f32>,
    doubles: Jobs<'a, f64>,
    halves: Jobs<'a, f16>,
    brains: Jobs<'a, bf16>,
    lines: LineJobs<'a>,
    /// Whether integers and stored elements get the byte order of the machine, rather than that of files.
    native: bool,
}

/// The jobs of one element type, but for those of lines.
struct Jobs<'a, T: Float> {
    consecutive: Vec<Job<'a, T>>,
    strided: Vec<StridedJob<'a, T>>,
}

impl<T: Float + bytemuck::Pod> Jobs<'_, T> {
    const EMPTY: Self = Self { consecutive: Vec::new(), strided: Vec::new() };

    fn run(&mut self, backend: &mut Filler) -> Result<(), BackendError> {
        backend.fill_all(&mut self.consecutive)?;
        backend.fill_strided(&mut self.strided);
        Ok(())
    }

    fn swap_bytes(&mut self, lines: &mut [LineJob<'_, T>]) {
        let consecutive = self.consecutive.iter_mut().map(|job| &mut *job.out);
        let strided = self.strided.iter_mut().map(|job| &mut *job.out);
        let lines = lines.iter_mut().map(|job| &mut *job.out);
        consecutive.chain(strided).chain(lines).for_each(swap_bytes);
    }
}

impl<'a> AllJobs<'a> {
    /// Of memory in whose integers and stored elements stand as in files.
    pub(super) const fn of_files() -> Self {
        Self {
            singles: Jobs::EMPTY,
            doubles: Jobs::EMPTY,
            halves: Jobs::EMPTY,
            brains: Jobs::EMPTY,
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
        let elements = (memory.len() / tensor.dtype.size()) as u64;
        self.add_runs(tensor, std::iter::once(Run { first, local: 0, elements }), seed, memory)
    }

    /// Adds consecutive elements of a window of a tensor, from its element `first` on; their memory is aligned for them.
    pub(super) fn add_window<E>(
        &mut self,
        tensor: &Tensor<'_>,
        window: &Window,
        first: u64,
        seed: u64,
        memory: &'a mut [u8],
    ) -> Result<(), RunError<E>> {
        let elements = (memory.len() / tensor.dtype.size()) as u64;
        let runs = window.runs_in(first..first.saturating_add(elements));
        self.add_runs(tensor, runs, seed, memory)
    }

    /// Adds runs of elements, which stand in memory one behind the other.
    fn add_runs<E>(
        &mut self,
        tensor: &Tensor<'_>,
        runs: impl Iterator<Item = Run>,
        seed: u64,
        memory: &'a mut [u8],
    ) -> Result<(), RunError<E>> {
        let native = self.native;
        let elements = Elements { tensor, seed, memory, native };
        let groups = Groups::of(runs);
        match tensor.dtype {
            DType::F32 => add(&mut self.singles, &mut self.lines.singles, elements, groups),
            DType::F64 => add(&mut self.doubles, &mut self.lines.doubles, elements, groups),
            DType::F16 => add(&mut self.halves, &mut self.lines.halves, elements, groups),
            DType::BF16 => add(&mut self.brains, &mut self.lines.brains, elements, groups),
            dtype => {
                let mut elements = elements;
                for group in groups {
                    for run in (0..group.count).map(|run| group.of(run)) {
                        let out = elements.next(group.length, dtype.size());
                        for part in Parts::new(tensor, run, out, dtype.size()) {
                            let source = tensor.source(part.source);
                            match source {
                                Lowered::Stored(stored) => {
                                    stored::read(stored, dtype, part.index, part.out)?;
                                }
                                _ => write_integers(dtype, source, part.index, part.out),
                            }
                            if native {
                                in_order_of_the_machine(part.out, dtype.size());
                            }
                        }
                    }
                }
                Ok(())
            }
        }
    }

    pub(super) fn run(&mut self, backend: &mut Filler) -> Result<(), BackendError> {
        self.singles.run(backend)?;
        self.doubles.run(backend)?;
        self.halves.run(backend)?;
        self.brains.run(backend)?;
        backend.fill_lines(&mut self.lines);
        Ok(())
    }

    pub(super) fn swap_bytes(&mut self) {
        self.singles.swap_bytes(&mut self.lines.singles);
        self.doubles.swap_bytes(&mut self.lines.doubles);
        self.halves.swap_bytes(&mut self.lines.halves);
        self.brains.swap_bytes(&mut self.lines.brains);
    }
}

/// Stored elements and integers arrive little endian.
fn in_order_of_the_machine(bytes: &mut [u8], size: usize) {
    if cfg!(target_endian = "big") {
        bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
    }
}

/// Adds elements of a floating-point tensor to the jobs of its type, or writes them at once if their values are given.
fn add<'a, T: Float + bytemuck::Pod, E>(
    jobs: &mut Jobs<'a, T>,
    lines: &mut Vec<LineJob<'a, T>>,
    mut elements: Elements<'_, 'a>,
    mut groups: Groups<impl Iterator<Item = Run>>,
) -> Result<(), RunError<E>> {
    let (tensor, size) = (elements.tensor, size_of::<T>());
    let first = groups.next();
    let mut groups = groups.peekable();
    let several = first.is_some_and(|group| group.count > 1) || groups.peek().is_some();
    let mut fills = Fills { of: Vec::new(), tensor, seed: elements.seed, several };
    for group in first.into_iter().chain(groups) {
        if tensor.parts.is_empty() && several {
            match fills.get(0)? {
                Some(&mut Filled::Elements(fill, stream)) if group.count > 1 => {
                    let out = bytemuck::cast_slice_mut(elements.next(group.elements(), size));
                    jobs.strided.push(StridedJob { fill, stream, runs: group.strided(), out });
                    continue;
                }
                Some(Filled::Lines(fill, stream)) => {
                    let out = bytemuck::cast_slice_mut(elements.next(group.elements(), size));
                    lines_at(fill, *stream, group, out);
                    continue;
                }
                _ => {}
            }
        }
        for run in (0..group.count).map(|run| group.of(run)) {
            let out = elements.next(group.length, size);
            add_run(jobs, lines, &mut fills, &elements, run, out)?;
        }
    }
    Ok(())
}

/// Adds consecutive elements.
fn add_run<'a, T: Float + bytemuck::Pod, E>(
    jobs: &mut Jobs<'a, T>,
    lines: &mut Vec<LineJob<'a, T>>,
    fills: &mut Fills<'_, T>,
    &Elements { tensor, seed, native, .. }: &Elements<'_, 'a>,
    first: u64,
    out: &'a mut [u8],
) -> Result<(), RunError<E>> {
    let size = size_of::<T>();
    for part in Parts::new(tensor, first, out, size) {
        let source = tensor.source(part.source);
        if let Lowered::Stored(stored) = source {
            stored::read(stored, tensor.dtype, part.index, part.out)?;
            if native {
                in_order_of_the_machine(part.out, size);
            }
            continue;
        }
        let out: &mut [T] = bytemuck::cast_slice_mut(part.out);
        match (fills.get(part.source)?, source) {
            (Some(Filled::Lines(fill, stream)), _) => {
                lines.push(LineJob { fill: *fill, stream: *stream, first: part.index, out });
            }
            (Some(Filled::Made(whole)), _) => {
                let made = usize::try_from(part.index).ok().and_then(|from| whole.get(from..));
                out.iter_mut().zip(made.unwrap_or_default()).for_each(|(out, x)| *out = *x);
            }
            (Some(&mut Filled::Elements(fill, stream)), _) => {
                let first = if fill.is_by_place() { part.index } else { part.first };
                // Jobs alone are brought into the byte order of files.
                let at_once = cfg!(target_endian = "little") && !tensor.parts.is_empty();
                if at_once && out.len() < LONG {
                    fill.write(stream, first, out);
                } else {
                    jobs.consecutive.push(Job { fill, stream, first, out });
                }
            }
            (None, Lowered::Values(values)) => write_floats(values, part.index, out),
            (None, Lowered::Norm(norm)) => norms(norm, tensor.shape, seed, part.index, out)?,
            (None, Lowered::Mapped { steps, .. }) => {
                if let Some((fill, stream)) = tensor.draw_of(source, seed)? {
                    mapped(&fill, stream, steps, part.first, out);
                }
            }
            // Pretrained is never lowered.
            (None, Lowered::Init { .. } | Lowered::Stored(_)) => {}
        }
    }
    Ok(())
}

/// Makes the lines that runs lie in, some at a time, and copies the runs from them.
fn lines_at<T: Float>(fill: &LineFill<T>, stream: Stream, group: Group, out: &mut [T]) {
    let length = usize::try_from(group.length).unwrap_or(usize::MAX).max(1);
    let room = LINES / size_of::<T>() as u64;
    let at_once = (room.saturating_sub(group.length) / group.stride.max(1)).saturating_add(1);
    let count = usize::try_from(at_once).unwrap_or(usize::MAX).saturating_mul(length);
    let mut made = Vec::new();
    for (begin, out) in (0..).step_by(count / length).zip(out.chunks_mut(count)) {
        let runs = out.len() / length;
        let stride = usize::try_from(group.stride).unwrap_or(usize::MAX);
        made.resize(
            stride.saturating_mul(runs.saturating_sub(1)).saturating_add(length),
            T::default(),
        );
        let Ok(()) = Simd::new().fill_lines(fill, stream, group.of(begin as u64), &mut made);
        for (run, out) in out.chunks_mut(length).enumerate() {
            let found = made.get(run * stride..).and_then(|made| made.get(..out.len()));
            out.copy_from_slice(found.unwrap_or_default());
        }
    }
}

/// What is to be filled.
struct Elements<'t, 'a> {
    tensor: &'t Tensor<'t>,
    seed: u64,
    /// Memory of the elements that are still to be added.
    memory: &'a mut [u8],
    native: bool,
}

impl<'a> Elements<'_, 'a> {
    /// The memory of the next so many elements.
    fn next(&mut self, elements: u64, size: usize) -> &'a mut [u8] {
        let memory = std::mem::take(&mut self.memory);
        let bytes = usize::try_from(elements).unwrap_or(usize::MAX).saturating_mul(size);
        let (next, rest) = memory.split_at_mut(bytes.min(memory.len()));
        self.memory = rest;
        next
    }
}

/// What a source with an initializer is filled with.
enum Filled<T: Float> {
    Elements(Fill<T>, Stream),
    Lines(LineFill<T>, Stream),
    /// All elements of a source that is made by lines, where only some of the tensor come from it, or where runs of lines that do not
    /// stand one behind the other are wanted.
    Made(Vec<T>),
}

/// The numbers of a tensor's sources, each computed when it is met first.
struct Fills<'t, T: Float> {
    of: Vec<Option<Option<Filled<T>>>>,
    tensor: &'t Tensor<'t>,
    seed: u64,
    /// Whether there are several runs, between which elements are left out.
    several: bool,
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
                AnyFill::Lines(fill)
                    if self.tensor.parts.is_empty()
                        && (!self.several || fill.lines().are_contiguous()) =>
                {
                    Filled::Lines(fill, stream)
                }
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

/// The consecutive elements of a run that have one source, in order.
struct Parts<'t, 'a> {
    tensor: &'t Tensor<'t>,
    first: u64,
    memory: &'a mut [u8],
    size: usize,
}

struct Part<'a> {
    /// Which source, as [`Tensor::source`] counts them.
    source: usize,
    /// Number of the first element in the tensor.
    first: u64,
    /// And among the source's given values.
    index: u64,
    out: &'a mut [u8],
}

impl<'t, 'a> Parts<'t, 'a> {
    const fn new(tensor: &'t Tensor<'t>, first: u64, memory: &'a mut [u8], size: usize) -> Self {
        Self { tensor, first, memory, size }
    }
}

impl<'a> Iterator for Parts<'_, 'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
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
        Some(Part { source, first, index, out })
    }
}
