mod pieces;

use std::fmt;

use weight_init_core::{DType, bf16, f16};

use super::{CreateError, Recipe};
use crate::checkpoint::{CheckpointError, SafetensorsFile};
use crate::diagnostic::escape;
use crate::plan::{Plan, Tensor};
use crate::run::{Filler, RunError, generate_windows};
use crate::window::Window;

/// The first thing in which a file is not what its plan makes.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// The file lacks a tensor.
    Missing {
        /// The tensor.
        name: String,
    },
    /// The file has a tensor that the plan does not have.
    Unexpected {
        /// The tensor.
        name: String,
    },
    /// A tensor has another shape or element type.
    Kind {
        /// The tensor.
        name: String,
        /// What the plan makes.
        expected: String,
        /// What the file has.
        found: String,
    },
    /// An element has other bits.
    Element {
        /// The tensor.
        name: String,
        /// Number of the element, row-major.
        element: u64,
        /// The same as indices.
        index: Vec<u64>,
        /// What the plan makes.
        expected: String,
        /// What the file has.
        found: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Missing { name }
        | Self::Unexpected { name }
        | Self::Kind { name, .. }
        | Self::Element { name, .. }) = self;
        let name = escape(name);
        match self {
            Self::Missing { .. } => write!(f, "{name}: the file does not have it"),
            Self::Unexpected { .. } => {
                write!(f, "{name}: the file has it, but the model does not")
            }
            Self::Kind { expected, found, .. } => {
                write!(f, "{name}: expected {expected}, found {found}")
            }
            Self::Element { element, index, expected, found, .. } => {
                write!(
                    f,
                    "{name}: element {element}, at {index:?}, expected {expected}, found {found}"
                )
            }
        }
    }
}

/// Makes everything once more and compares it with the files of a checkpoint, bit for bit; `None` if nothing differs.
///
/// A file may hold rows of a tensor, as the layout [`Dcp`](super::FolderLayout::Dcp) writes them, or the slice of a rank, as
/// [`Folder::split`](super::Folder::split) does; of the files of all ranks, each tensor is there in whole.
///
/// # Errors
///
/// A plan that cannot be carried out, a file that cannot be read, a device that fails.
pub fn verify(
    recipe: &Recipe,
    plan: &Plan,
    files: &[SafetensorsFile],
    backend: &mut Filler,
    progress: &mut dyn FnMut(u64),
) -> Result<Option<Difference>, CreateError> {
    let tensors = plan.tensors(recipe.unknown)?;
    let pieces = match pieces::pieces(&tensors, plan.ties(), files)? {
        Ok(pieces) => pieces,
        Err(difference) => return Ok(Some(difference)),
    };
    let made: Vec<_> =
        pieces.iter().filter_map(|piece| tensors.get(piece.tensor).cloned()).collect();
    let windows: Vec<_> = pieces.iter().map(|piece| piece.window.clone()).collect();
    let mut buffer = Vec::new();
    let compared = generate_windows(&made, &windows, recipe.seed, backend, |chunk| {
        let (Some(tensor), Some(piece)) = (made.get(chunk.tensor), pieces.get(chunk.tensor)) else {
            return Ok(());
        };
        buffer.resize(chunk.bytes.len(), 0);
        let offset = chunk.first * tensor.dtype.size() as u64;
        piece.file.read_at(piece.entry, offset, &mut buffer).map_err(Stop::Checkpoint)?;
        progress(chunk.bytes.len() as u64);
        Difference::in_window(tensor, &piece.window, chunk.first, chunk.bytes, &buffer)
            .map_or(Ok(()), |difference| Err(Stop::Differs(difference)))
    });
    match compared {
        Ok(()) => Ok(None),
        Err(RunError::Taker(Stop::Differs(difference))) => Ok(Some(difference)),
        Err(RunError::Taker(Stop::Checkpoint(error)) | RunError::Stored(error)) => {
            Err(error.into())
        }
        Err(RunError::Lower(error)) => Err(error.into()),
        Err(RunError::Backend(error)) => Err(CreateError::Backend(error)),
    }
}

/// Why the comparison ends early.
enum Stop {
    Differs(Difference),
    Checkpoint(CheckpointError),
}

impl Difference {
    /// The first element in which `found` differs from what a plan makes, both as bytes in the order of files, from element
    /// `first` of the tensor on.
    ///
    /// ```
    /// use weight_init::create::Difference;
    /// use weight_init::plan::{Lowered, Tensor};
    /// use weight_init::model::Values;
    /// use weight_init_core::DType;
    ///
    /// let source = Lowered::Values(&Values::All(0.0));
    /// let tensor = Tensor { name: "fc.bias", dtype: DType::U8, shape: &[2, 3], source, parts: Vec::new() };
    /// let difference = Difference::between(&tensor, 3, &[0, 0, 0], &[0, 7, 0]).ok_or("a difference")?;
    /// assert_eq!(difference.to_string(), "fc.bias: element 4, at [1, 1], expected 0, found 7");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn between(tensor: &Tensor<'_>, first: u64, expected: &[u8], found: &[u8]) -> Option<Self> {
        Self::at(tensor, expected, found, |element| Some(first + element))
    }

    /// The same of elements of a window, whose numbers count within it from `first` on.
    #[must_use]
    pub fn in_window(
        tensor: &Tensor<'_>,
        window: &Window,
        first: u64,
        expected: &[u8],
        found: &[u8],
    ) -> Option<Self> {
        Self::at(tensor, expected, found, |element| window.number(first + element))
    }

    fn at(
        tensor: &Tensor<'_>,
        expected: &[u8],
        found: &[u8],
        number: impl Fn(u64) -> Option<u64>,
    ) -> Option<Self> {
        let at = expected.iter().zip(found).position(|(a, b)| a != b)?;
        let size = tensor.dtype.size();
        let start = at / size * size;
        let show = |bytes: &[u8]| {
            bytes.get(start..start + size).map_or_else(String::new, |b| element(tensor.dtype, b))
        };
        let number = number((start / size) as u64)?;
        Some(Self::Element {
            name: tensor.name.to_owned(),
            element: number,
            index: indices(number, tensor.shape),
            expected: show(expected),
            found: show(found),
        })
    }
}

/// The row-major indices of element `number`.
pub(crate) fn indices(mut number: u64, shape: &[usize]) -> Vec<u64> {
    let mut index: Vec<u64> = shape
        .iter()
        .rev()
        .map(|dim| {
            let dim = (*dim as u64).max(1);
            let here = number % dim;
            number /= dim;
            here
        })
        .collect();
    index.reverse();
    index
}

/// An element as a number and its bits.
pub(crate) fn element(dtype: DType, bytes: &[u8]) -> String {
    let mut padded = [0; 8];
    for (to, from) in padded.iter_mut().zip(bytes) {
        *to = *from;
    }
    let bits = u64::from_le_bytes(padded);
    let shift = 64 - 8 * bytes.len().min(8) as u32;
    let number = match dtype {
        DType::F32 => f64::from(f32::from_bits(bits as u32)),
        DType::F64 => f64::from_bits(bits),
        DType::F16 => f16::from_bits(bits as u16).to_f64(),
        DType::BF16 => bf16::from_bits(bits as u16).to_f64(),
        DType::U8 | DType::Bool => return bits.to_string(),
        DType::Opaque(_) => return format!("0x{bits:0width$x}", width = 2 * bytes.len()),
        _ => return ((bits << shift) as i64 >> shift).to_string(),
    };
    format!("{number:?} (0x{bits:0width$x})", width = 2 * bytes.len())
}
