//! Carries a plan out: its tensors, a seed and a backend make bytes, window by window.
//!
//! A window is a few megabytes of consecutive tensors, filled as one job whatever their number, so memory does
//! not grow with the model and thousands of small parameters cost no more than one large one.

mod backend;
mod encode;

use std::fmt;
use std::ops::Range;

use weight_init_backends::Job;
use weight_init_core::{DType, Float, bf16, f16};

pub use self::backend::{BackendError, BackendKind, Cpu};
use self::encode::{little_endian, write_values};
use crate::plan::{LowerError, Lowered, Tensor};

/// Bytes that a window holds at most.
pub const WINDOW: usize = 16 << 20;

/// Consecutive elements of one tensor, as they stand in a file.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Place of the tensor in the list.
    pub tensor: usize,
    /// Number of the first element.
    pub first: u64,
    /// The elements, little endian.
    pub bytes: &'a [u8],
}

/// Why a run ended early.
#[derive(Debug)]
pub enum RunError<E> {
    /// A tensor cannot be filled.
    Lower(LowerError),
    /// The taker of the chunks ended it.
    Taker(E),
}

impl<E: fmt::Display> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lower(error) => error.fmt(f),
            Self::Taker(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for RunError<E> {}

impl<E> From<LowerError> for RunError<E> {
    fn from(error: LowerError) -> Self {
        Self::Lower(error)
    }
}

/// Fills the tensors in their order and hands every byte to `take` once, in order.
///
/// ```
/// use weight_init::diagnostic::Source;
/// use weight_init::model::Model;
/// use weight_init::plan::{Options, Plan, Unknown};
/// use weight_init::run::{BackendKind, generate};
///
/// let source = Source::new("model.json", r#"{"class": "Linear", "params": [{"name": "bias", "shape": [2], "value": 1}]}"#);
/// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
/// let mut backend = BackendKind::Auto.start(None)?;
/// let mut bytes = Vec::new();
/// generate(&plan.tensors(Unknown::Refuse)?, 42, &mut backend, |chunk| {
///     bytes.extend_from_slice(chunk.bytes);
///     Ok::<_, std::convert::Infallible>(())
/// })?;
/// assert_eq!(bytes, [0, 0, 128, 63, 0, 0, 128, 63]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A tensor whose numbers its element type cannot express, before anything is handed out for it; what `take`
/// returns.
pub fn generate<E>(
    tensors: &[Tensor<'_>],
    seed: u64,
    backend: &mut Cpu,
    mut take: impl FnMut(Chunk<'_>) -> Result<(), E>,
) -> Result<(), RunError<E>> {
    let mut scratch = Vec::new();
    let mut cursor = Cursor::default();
    loop {
        let parts = cursor.window(tensors);
        if parts.is_empty() {
            return Ok(());
        }
        let words = parts.last().map_or(0, |part| part.words.end);
        if scratch.len() < words {
            scratch.resize(words, 0_u64);
        }
        fill(&parts, tensors, seed, backend, &mut scratch)?;
        for part in &parts {
            let Some(tensor) = tensors.get(part.tensor) else { continue };
            let bytes = bytemuck::cast_slice::<u64, u8>(scratch.get(part.words.clone()).unwrap_or_default());
            let bytes = bytes.get(..part.elements * tensor.dtype.size()).unwrap_or_default();
            take(Chunk { tensor: part.tensor, first: part.first, bytes }).map_err(RunError::Taker)?;
        }
    }
}

/// A piece of a tensor and where in the scratch memory it is made.
struct Part {
    tensor: usize,
    first: u64,
    elements: usize,
    /// In units of 8 bytes, so that every part is aligned for its elements.
    words: Range<usize>,
}

/// How far the tensors have been cut.
#[derive(Default)]
struct Cursor {
    tensor: usize,
    element: u64,
}

impl Cursor {
    /// Cuts the next window; empty at the end.
    fn window(&mut self, tensors: &[Tensor<'_>]) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut used = 0;
        while let Some(tensor) = tensors.get(self.tensor) {
            let left = tensor.elements() - self.element;
            let size = tensor.dtype.size();
            let room = (WINDOW / 8 - used) * 8 / size;
            let elements = usize::try_from(left).unwrap_or(usize::MAX).min(room);
            if elements > 0 {
                let words = (elements * size).div_ceil(8);
                parts.push(Part { tensor: self.tensor, first: self.element, elements, words: used..used + words });
                used += words;
            }
            self.element += elements as u64;
            if self.element < tensor.elements() {
                break;
            }
            (self.tensor, self.element) = (self.tensor + 1, 0);
        }
        parts
    }
}

/// The jobs of one element type.
type Jobs<'a, T> = Vec<Job<'a, T>>;

fn fill(
    parts: &[Part],
    tensors: &[Tensor<'_>],
    seed: u64,
    backend: &mut Cpu,
    scratch: &mut [u64],
) -> Result<(), LowerError> {
    let (mut singles, mut doubles): (Jobs<'_, f32>, Jobs<'_, f64>) = (Vec::new(), Vec::new());
    let (mut halves, mut brains): (Jobs<'_, f16>, Jobs<'_, bf16>) = (Vec::new(), Vec::new());
    let mut rest = scratch;
    for part in parts {
        let (memory, behind) = rest.split_at_mut(part.words.len());
        rest = behind;
        let Some(tensor) = tensors.get(part.tensor) else { continue };
        match tensor.dtype {
            DType::F32 => add(&mut singles, tensor, part, seed, bytemuck::cast_slice_mut(memory))?,
            DType::F64 => add(&mut doubles, tensor, part, seed, bytemuck::cast_slice_mut(memory))?,
            DType::F16 => add(&mut halves, tensor, part, seed, bytemuck::cast_slice_mut(memory))?,
            DType::BF16 => add(&mut brains, tensor, part, seed, bytemuck::cast_slice_mut(memory))?,
            _ => write_values(tensor, part.first, bytemuck::cast_slice_mut(memory)),
        }
    }
    backend.fill_all(&mut singles);
    backend.fill_all(&mut doubles);
    backend.fill_all(&mut halves);
    backend.fill_all(&mut brains);
    little_endian(singles);
    little_endian(doubles);
    little_endian(halves);
    little_endian(brains);
    Ok(())
}

/// Adds the part to the jobs of its type, or writes it at once if its values are given.
fn add<'a, T: Float>(
    jobs: &mut Jobs<'a, T>,
    tensor: &Tensor<'_>,
    part: &Part,
    seed: u64,
    memory: &'a mut [T],
) -> Result<(), LowerError> {
    let out = memory.get_mut(..part.elements).unwrap_or_default();
    match tensor.fill::<T>(seed)? {
        Some((fill, stream)) => jobs.push(Job { fill, stream, first: part.first, out }),
        None => {
            if let Lowered::Values(values) = &tensor.source {
                encode::write_floats(values, part.first, out);
            }
        }
    }
    Ok(())
}
