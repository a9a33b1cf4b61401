//! The values of two checkpoints beside each other.

use rayon::prelude::*;

use crate::checkpoint::{CheckpointError, StateDict};
use crate::inspect::decode::Decoder;

/// Bytes of a tensor that are in memory at a time, for each side and thread. A multiple of every element's size.
const CHUNK_BYTES: u64 = 1 << 20;

/// How the values of two tensors of one shape compare.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values {
    /// The same bits, or the same numbers in two element types.
    Equal,
    /// Some differ.
    Different {
        /// How many; 0 where the elements are no numbers that are compared.
        elements: u64,
        /// The largest difference; infinite where one is NaN and the other a number. `None`: no numbers that are compared.
        largest: Option<f64>,
    },
    /// Elements that cannot be compared: of two types, one of which is no number that is read.
    Unknown,
}

/// Compares pairs of tensors of one shape, by their numbers in each checkpoint.
///
/// Tensors are shared among rayon's threads; each holds 1 MiB of each side. `progress` is told the bytes of the first
/// checkpoint that were compared.
///
/// # Errors
///
/// As [`StateDict::read_at`].
pub fn compare_values(
    a: &StateDict,
    b: &StateDict,
    pairs: &[(usize, usize)],
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Vec<Values>, CheckpointError> {
    for (of_a, of_b) in pairs {
        a.announce(*of_a);
        b.announce(*of_b);
    }
    pairs.par_iter().map(|pair| compare(a, b, *pair, progress)).collect()
}

fn compare(
    a: &StateDict,
    b: &StateDict,
    (number_a, number_b): (usize, usize),
    progress: &(dyn Fn(u64) + Sync),
) -> Result<Values, CheckpointError> {
    let (Some(of_a), Some(of_b)) = (a.tensors().get(number_a), b.tensors().get(number_b)) else {
        return Ok(Values::Unknown);
    };
    let same_type = of_a.dtype() == of_b.dtype();
    let decoders = Decoder::of(of_a.dtype()).zip(Decoder::of(of_b.dtype()));
    let [bits_a, bits_b] = [of_a, of_b].map(|tensor| tensor.dtype().bits());
    if of_a.shape() != of_b.shape()
        || (!same_type && decoders.is_none())
        || !bits_a.is_multiple_of(8)
        || !bits_b.is_multiple_of(8)
    {
        return Ok(Values::Unknown);
    }
    let [size_a, size_b] = [bits_a, bits_b].map(|bits| (bits / 8).max(1));
    let (elements, most) = (of_a.elements(), CHUNK_BYTES / size_a.max(size_b));
    let (mut bytes_a, mut bytes_b) = (Vec::new(), Vec::new());
    let mut differences = Differences::default();
    let (mut first, mut differ) = (0, false);
    while first < elements {
        let count = most.min(elements - first);
        // At most a chunk: the number fits.
        bytes_a.resize((count * size_a) as usize, 0);
        bytes_b.resize((count * size_b) as usize, 0);
        a.read_at(number_a, first, &mut bytes_a)?;
        b.read_at(number_b, first, &mut bytes_b)?;
        if !same_type || bytes_a != bytes_b {
            differ |= same_type;
            if let Some((decoder_a, decoder_b)) = decoders {
                differences.add((decoder_a, &bytes_a), (decoder_b, &bytes_b), same_type);
            }
        }
        progress(bytes_a.len() as u64);
        first += count;
    }
    Ok(match decoders {
        Some(_) if differences.elements > 0 => {
            let Differences { elements, largest } = differences;
            Values::Different { elements, largest: Some(largest) }
        }
        None if differ => Values::Different { elements: 0, largest: None },
        _ => Values::Equal,
    })
}

#[derive(Default)]
struct Differences {
    elements: u64,
    largest: f64,
}

impl Differences {
    /// Counts elements of other bits; of two types, other numbers.
    fn add(&mut self, a: (Decoder, &[u8]), b: (Decoder, &[u8]), same_type: bool) {
        const BLOCK: usize = 1024;
        let (mut of_a, mut of_b) = ([0_f64; BLOCK], [0_f64; BLOCK]);
        let ((decoder_a, bytes_a), (decoder_b, bytes_b)) = (a, b);
        let [size_a, size_b] = [decoder_a, decoder_b].map(|decoder| decoder.element_bytes);
        let blocks = bytes_a.chunks(BLOCK * size_a).zip(bytes_b.chunks(BLOCK * size_b));
        for (bytes_a, bytes_b) in blocks {
            if same_type && bytes_a == bytes_b {
                continue;
            }
            (decoder_a.decode)(bytes_a, &mut of_a);
            (decoder_b.decode)(bytes_b, &mut of_b);
            let numbers = of_a.iter().zip(&of_b);
            let bytes = bytes_a.chunks_exact(size_a).zip(bytes_b.chunks_exact(size_b));
            for ((x, y), (bytes_a, bytes_b)) in numbers.zip(bytes) {
                let equal = match same_type {
                    true => bytes_a == bytes_b,
                    false => x == y || x.is_nan() && y.is_nan(),
                };
                if equal {
                    continue;
                }
                self.elements += 1;
                let difference = match (x.is_nan(), y.is_nan()) {
                    (true, true) => 0.0,
                    (false, false) if x == y => 0.0,
                    (false, false) => (x - y).abs(),
                    _ => f64::INFINITY,
                };
                self.largest = self.largest.max(difference);
            }
        }
    }
}
