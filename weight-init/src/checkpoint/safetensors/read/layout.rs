//! Whether the tensors of a header cover the data of the file exactly.

use crate::checkpoint::Problem;
use crate::checkpoint::safetensors::StoredType;
use crate::checkpoint::safetensors::read::TensorEntry;
use crate::checkpoint::safetensors::read::header::Claim;

/// The tensors in the order of their data, and their indices by name.
///
/// `data_begin` is where the data begins in the file, `available` how many bytes of it there are.
pub(super) fn check(
    claims: Vec<(String, Claim)>,
    data_begin: u64,
    available: u64,
) -> Result<(Vec<TensorEntry>, Vec<usize>), Problem> {
    let mut tensors = Vec::with_capacity(claims.len());
    for (name, claim) in claims {
        tensors.push(checked_alone(name, claim)?);
    }
    let mut by_name: Vec<usize> = (0..tensors.len()).collect();
    by_name.sort_unstable_by_key(|&i| &tensors[i].name);
    if let Some(pair) =
        by_name.windows(2).find(|pair| tensors[pair[0]].name == tensors[pair[1]].name)
    {
        return Err(Problem::DuplicateTensor { tensor: tensors[pair[0]].name.clone() });
    }
    // Names first, in the order of the header, so that the answer is the same whatever the offsets say.
    tensors.sort_by_key(|tensor| (tensor.offset, tensor.len));
    let mut end = 0u64;
    for (i, tensor) in tensors.iter().enumerate() {
        let (tensor_name, begin) = (|| tensor.name.clone(), tensor.offset);
        if begin > end {
            return Err(Problem::Hole { tensor: tensor_name(), begin, expected: end });
        }
        if begin < end {
            let other = tensors[..i].last().map_or_else(String::new, |other| other.name.clone());
            return Err(Problem::Overlap { tensor: tensor_name(), begin, other, other_end: end });
        }
        end = begin.saturating_add(tensor.len);
        if end > available {
            return Err(Problem::Truncated { tensor: tensor_name(), end, available });
        }
    }
    if end < available {
        return Err(Problem::TrailingBytes { end, available });
    }
    for tensor in &mut tensors {
        tensor.offset = tensor.offset.saturating_add(data_begin);
    }
    by_name.sort_unstable_by_key(|&i| &tensors[i].name);
    Ok((tensors, by_name))
}

/// The tensor, if its shape, element type and offsets agree; its offset still counts from the data's start.
fn checked_alone(name: String, claim: Claim) -> Result<TensorEntry, Problem> {
    let Claim { dtype, shape, data_offsets: (begin, end) } = claim;
    let (dtype, shape) = (StoredType(dtype), shape.extents);
    let Some(found) = end.checked_sub(begin) else {
        return Err(Problem::OffsetsReversed { tensor: name, begin, end });
    };
    let bits = shape.iter().try_fold(dtype.bits(), |bits, &extent| bits.checked_mul(extent));
    let Some(bits) = bits.filter(|&bits| usize::try_from(bits / 8).is_ok()) else {
        return Err(Problem::ShapeOverflow { tensor: name, dtype: dtype.to_string(), shape });
    };
    if !bits.is_multiple_of(8) {
        return Err(Problem::PartialByte { tensor: name, dtype: dtype.to_string(), bits });
    }
    if bits / 8 != found {
        return Err(Problem::SizeMismatch {
            tensor: name,
            dtype: dtype.to_string(),
            shape,
            needed: bits / 8,
            found,
        });
    }
    Ok(TensorEntry { name, dtype, shape, offset: begin, len: found })
}
