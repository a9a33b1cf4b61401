//! Carries a plan out: its tensors, a seed and a backend make bytes, batch by batch.
//!
//! A batch is a few megabytes of consecutive tensors, filled as one job whatever their number, so memory does
//! not grow with the model and thousands of small parameters cost no more than one large one. A tensor that is made by lines
//! with a stride, such as an orthogonal matrix with more rows than columns, is a batch of its own, whatever its size. While one batch is
//! written to a file, the next is filled.

mod backend;
#[cfg_attr(
    not(all(feature = "cuda", target_os = "linux", target_pointer_width = "64")),
    path = "run/no_cuda.rs"
)]
mod cuda;
mod encode;
mod groups;
mod jobs;
mod mapped;
mod norm;
mod pieces;
mod stored;

use std::convert::Infallible;
use std::fmt;
use std::ops::Range;
use std::sync::mpsc;
use std::thread;

use weight_init_backends::in_default_environment;

pub use self::backend::{BackendError, BackendKind, Filler};
pub use self::cuda::Device;
pub(crate) use self::cuda::{Meter, MeterMemory};
use self::jobs::AllJobs;
pub use self::pieces::{Piece, WindowPiece, fill_pieces, fill_windows};
use crate::checkpoint::CheckpointError;
use crate::plan::{LowerError, Tensor};
use crate::window::Window;

/// Bytes that a batch holds at most; there are two.
pub const BATCH: usize = 4 << 20;

/// Consecutive elements of one tensor, or of a window of it, as they stand in a file.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Place of the tensor in the list.
    pub tensor: usize,
    /// Number of the first element; in a window, counted within it.
    pub first: u64,
    /// The elements, little endian.
    pub bytes: &'a [u8],
}

/// Why a run ended early.
#[derive(Debug)]
pub enum RunError<E> {
    /// A tensor cannot be filled.
    Lower(LowerError),
    /// A checkpoint that a tensor is loaded from cannot be read.
    Stored(CheckpointError),
    /// The backend's device failed.
    Backend(BackendError),
    /// The taker of the chunks ended it.
    Taker(E),
}

impl<E: fmt::Display> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lower(error) => error.fmt(f),
            Self::Stored(error) => error.fmt(f),
            Self::Backend(error) => error.fmt(f),
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

impl<E> From<BackendError> for RunError<E> {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

impl<E> From<CheckpointError> for RunError<E> {
    fn from(error: CheckpointError) -> Self {
        Self::Stored(error)
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
/// A tensor whose numbers its element type cannot express, before anything is handed out for it; a checkpoint that
/// cannot be read; a device that fails; what `take` returns.
pub fn generate<E: Send>(
    tensors: &[Tensor<'_>],
    seed: u64,
    backend: &mut Filler,
    take: impl FnMut(Chunk<'_>) -> Result<(), E>,
) -> Result<(), RunError<E>> {
    let windows: Vec<_> = tensors.iter().map(|tensor| Window::whole(tensor.shape)).collect();
    generate_windows(tensors, &windows, seed, backend, take)
}

/// The same of a window of each tensor.
///
/// ```
/// use weight_init::diagnostic::Source;
/// use weight_init::model::Model;
/// use weight_init::plan::{Options, Plan, Unknown};
/// use weight_init::run::{BackendKind, generate_windows};
/// use weight_init::window::Window;
///
/// let source = Source::new("model.json", r#"{"class": "Linear", "params": [{"name": "weight", "shape": [2, 3], "value": [0, 1, 2, 3, 4, 5]}]}"#);
/// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
/// let mut bytes = Vec::new();
/// let second_column = Window::along(&[2, 3], 1, &[1..2])?;
/// generate_windows(&plan.tensors(Unknown::Refuse)?, &[second_column], 42, &mut BackendKind::Auto.start(None)?, |chunk| {
///     bytes.extend_from_slice(chunk.bytes);
///     Ok::<_, std::convert::Infallible>(())
/// })?;
/// assert_eq!(bytes, [1.0_f32.to_le_bytes(), 4.0_f32.to_le_bytes()].concat());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`generate`].
pub fn generate_windows<E: Send>(
    tensors: &[Tensor<'_>],
    windows: &[Window],
    seed: u64,
    backend: &mut Filler,
    mut take: impl FnMut(Chunk<'_>) -> Result<(), E>,
) -> Result<(), RunError<E>> {
    let mut hand_on = |batch: &Batch| {
        batch.bytes(tensors).try_for_each(|(part, bytes)| {
            let chunk = Chunk { tensor: part.tensor, first: part.first, bytes };
            take(chunk).map_err(RunError::Taker)
        })
    };
    let is_done = thread::scope(|scope| -> Result<bool, RunError<E>> {
        // The channels are locals of this closure, and their other ends move into the thread. Each side so drops its ends
        // when it stops, for whatever reason, and the other side, which may be waiting for a batch, is woken by that.
        let (give_back, memory) = mpsc::channel();
        let (hand_over, batches) = mpsc::sync_channel(1);
        // One batch is filled while the other is taken.
        for _ in 0..2 {
            let _ = give_back.send(Vec::new());
        }
        let backend = &mut *backend;
        let fill = move || {
            let mut cursor = Cursor::default();
            for scratch in memory {
                let parts = cursor.batch(tensors, windows);
                if parts.is_empty() {
                    return;
                }
                let batch = Batch { parts, scratch };
                let filled = || batch.filled(tensors, windows, seed, backend);
                if hand_over.send(in_default_environment(filled)).is_err() {
                    return;
                }
            }
        };
        if thread::Builder::new().name("fill".to_owned()).spawn_scoped(scope, fill).is_err() {
            return Ok(false);
        }
        for batch in batches {
            let batch = batch?;
            hand_on(&batch)?;
            let _ = give_back.send(batch.scratch);
        }
        Ok(true)
    })?;
    if is_done {
        return Ok(());
    }
    // There is no thread to be had: this one fills and hands on by turns.
    let (mut cursor, mut scratch) = (Cursor::default(), Vec::new());
    loop {
        let parts = cursor.batch(tensors, windows);
        if parts.is_empty() {
            return Ok(());
        }
        let batch = Batch { parts, scratch };
        let batch = in_default_environment(|| batch.filled(tensors, windows, seed, backend))?;
        hand_on(&batch)?;
        scratch = batch.scratch;
    }
}

/// Consecutive parts and the memory that they are made in.
struct Batch {
    parts: Vec<Part>,
    scratch: Vec<u64>,
}

impl Batch {
    /// Fills the parts, in the byte order of files.
    fn filled<E>(
        mut self,
        tensors: &[Tensor<'_>],
        windows: &[Window],
        seed: u64,
        backend: &mut Filler,
    ) -> Result<Self, RunError<E>> {
        let words = self.parts.last().map_or(0, |part| part.words.end);
        if self.scratch.len() < words {
            // The system gives zeros, and no page before it is used.
            self.scratch = vec![0; words];
        }
        let mut jobs = AllJobs::of_files();
        let mut rest = self.scratch.as_mut_slice();
        for part in &self.parts {
            let (memory, behind) = rest.split_at_mut(part.words.len());
            rest = behind;
            let tensor = tensors.get(part.tensor);
            if let (Some(tensor), Some(window)) = (tensor, windows.get(part.tensor)) {
                let bytes = bytemuck::cast_slice_mut(memory);
                let bytes = bytes.get_mut(..part.elements * tensor.dtype.size());
                jobs.add_window(tensor, window, part.first, seed, bytes.unwrap_or_default())?;
            }
        }
        jobs.run(backend)?;
        if cfg!(target_endian = "big") {
            jobs.swap_bytes();
        }
        Ok(self)
    }

    /// Each part with its bytes.
    fn bytes<'w>(
        &'w self,
        tensors: &'w [Tensor<'_>],
    ) -> impl Iterator<Item = (&'w Part, &'w [u8])> {
        self.parts.iter().filter_map(|part| {
            let size = tensors.get(part.tensor)?.dtype.size();
            let bytes = bytemuck::cast_slice::<u64, u8>(self.scratch.get(part.words.clone())?);
            Some((part, bytes.get(..part.elements * size)?))
        })
    }
}

/// Fills whole tensors in memory of the caller's, as one job: `memory` holds one buffer for each tensor, of at
/// least its bytes rounded up to whole words.
///
/// Numbers have the byte order of the machine, integers and loaded tensors that of files (little endian); a tensor whose buffer is
/// too short is left alone.
///
/// ```
/// use weight_init::diagnostic::Source;
/// use weight_init::model::Model;
/// use weight_init::plan::{Options, Plan, Unknown};
/// use weight_init::run::{BackendKind, fill_whole};
///
/// let source = Source::new("model.json", r#"{"class": "LayerNorm", "params": [{"name": "weight", "shape": [2]}]}"#);
/// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
/// let mut memory = [vec![0_u64; 1]];
/// fill_whole(&plan.tensors(Unknown::Refuse)?, 42, &mut BackendKind::Auto.start(None)?, &mut memory)?;
/// assert_eq!(memory[0][0].to_ne_bytes()[..4], 1.0_f32.to_ne_bytes());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A tensor whose numbers its element type cannot express; a checkpoint that cannot be read; a device that fails.
pub fn fill_whole(
    tensors: &[Tensor<'_>],
    seed: u64,
    backend: &mut Filler,
    memory: &mut [Vec<u64>],
) -> Result<(), RunError<Infallible>> {
    in_default_environment(|| {
        let mut jobs = AllJobs::of_files();
        for (tensor, memory) in tensors.iter().zip(memory) {
            let bytes = usize::try_from(tensor.bytes()).unwrap_or(usize::MAX);
            if let Some(bytes) = bytemuck::cast_slice_mut(memory).get_mut(..bytes) {
                jobs.add(tensor, 0, seed, bytes)?;
            }
        }
        Ok(jobs.run(backend)?)
    })
}

/// A piece of a window and where in the scratch memory it is made.
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
    /// Elements of its window that are done.
    done: u64,
}

impl Cursor {
    /// Cuts the next batch; empty at the end.
    fn batch(&mut self, tensors: &[Tensor<'_>], windows: &[Window]) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut used = 0;
        while let (Some(tensor), Some(window)) =
            (tensors.get(self.tensor), windows.get(self.tensor))
        {
            let all = window.elements();
            let left = all - self.done;
            let size = tensor.dtype.size();
            let room = (BATCH / 8).saturating_sub(used) * 8 / size;
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            let mut elements = left.min(room);
            // To make a part of such a tensor takes as long as all of it: it gets a batch of its own, as large as it is.
            if elements < left && tensor.is_made_whole() {
                if used > 0 {
                    break;
                }
                elements = left;
            }
            if elements > 0 {
                let words = (elements * size).div_ceil(8);
                parts.push(Part {
                    tensor: self.tensor,
                    first: self.done,
                    elements,
                    words: used..used + words,
                });
                used += words;
            }
            self.done += elements as u64;
            if self.done < all {
                break;
            }
            (self.tensor, self.done) = (self.tensor + 1, 0);
        }
        parts
    }
}
