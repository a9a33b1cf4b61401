use weight_init_core::{DType, Float, bf16, f16};

use crate::checkpoint::CheckpointError;
use crate::plan::Stored;

/// Bytes that are converted at a time.
const PIECE: usize = 64 << 10;

/// Reads elements of a stored tensor as the type `to`, little endian.
///
/// Numbers are converted as PyTorch's `copy_` does, but in one rounding: to a floating-point type the nearest value,
/// ties to even; to a whole number towards zero, and within the range; to a bool whether it is not zero. Opaque elements
/// are copied.
pub(super) fn read(
    stored: &Stored,
    to: DType,
    first: u64,
    out: &mut [u8],
) -> Result<(), CheckpointError> {
    let from =
        stored.checkpoint.tensors().get(stored.tensor).and_then(|tensor| tensor.dtype().dtype());
    let Some(from) = from.filter(|from| *from != to) else {
        return stored.checkpoint.read_at(stored.tensor, first, out);
    };
    let mut buffer = vec![0; PIECE];
    let each = PIECE / from.size().max(to.size());
    for (index, piece) in out.chunks_mut(each * to.size()).enumerate() {
        let elements = piece.len() / to.size();
        let bytes = buffer.get_mut(..elements * from.size()).unwrap_or_default();
        let at = first + (index * each) as u64;
        stored.checkpoint.read_at(stored.tensor, at, bytes)?;
        convert(from, bytes, to, piece);
    }
    Ok(())
}

fn convert(from: DType, found: &[u8], to: DType, out: &mut [u8]) {
    let pairs = found.chunks_exact(from.size()).zip(out.chunks_exact_mut(to.size()));
    for (found, out) in pairs {
        let number = number(from, found);
        match to {
            DType::F32 => out.copy_from_slice(&f32::from_f64_rounded(number.float()).to_le_bytes()),
            DType::F64 => out.copy_from_slice(&number.float().to_le_bytes()),
            DType::F16 => out.copy_from_slice(&f16::from_f64_rounded(number.float()).to_le_bytes()),
            DType::BF16 => {
                out.copy_from_slice(&bf16::from_f64_rounded(number.float()).to_le_bytes())
            }
            DType::Bool => out.fill(u8::from(number.float() != 0.0)),
            _ => {
                let bytes = number.whole(to).to_le_bytes();
                out.copy_from_slice(bytes.get(..to.size()).unwrap_or_default());
            }
        }
    }
}

/// An element, exact.
#[derive(Clone, Copy)]
enum Number {
    Whole(i64),
    Float(f64),
}

fn number(dtype: DType, bytes: &[u8]) -> Number {
    let mut padded = [0; 8];
    padded.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    let bits = u64::from_le_bytes(padded);
    let shift = 64 - 8 * bytes.len().clamp(1, 8) as u32;
    match dtype {
        DType::F32 => Number::Float(f32::from_bits(bits as u32).into()),
        DType::F64 => Number::Float(f64::from_bits(bits)),
        DType::F16 => Number::Float(f16::from_bits(bits as u16).to_f64()),
        DType::BF16 => Number::Float(bf16::from_bits(bits as u16).to_f64()),
        DType::U8 | DType::Bool => Number::Whole(bits as i64),
        _ => Number::Whole((bits << shift) as i64 >> shift),
    }
}

impl Number {
    fn float(self) -> f64 {
        match self {
            Self::Whole(x) => x as f64,
            Self::Float(x) => x,
        }
    }

    /// Within the range of an integer type.
    fn whole(self, to: DType) -> i64 {
        let x = match self {
            Self::Whole(x) => x,
            // Rust's conversion stays within the range, and NaN is zero.
            Self::Float(x) => x as i64,
        };
        match to {
            DType::U8 => x.clamp(0, 255),
            DType::I8 => x.clamp(i8::MIN.into(), i8::MAX.into()),
            DType::I16 => x.clamp(i16::MIN.into(), i16::MAX.into()),
            DType::I32 => x.clamp(i32::MIN.into(), i32::MAX.into()),
            _ => x,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(from: DType, found: &[u8], to: DType) -> Vec<u8> {
        let mut out = vec![0; found.len() / from.size() * to.size()];
        convert(from, found, to, &mut out);
        out
    }

    #[test]
    fn numbers_are_rounded_once_and_stay_within_the_range() {
        let double = (1.0 + 1.0 / 256.0 + 1.0 / 1_099_511_627_776.0_f64).to_le_bytes();
        // By way of f32 it would become 1.
        assert_eq!(
            converted(DType::F64, &double, DType::BF16),
            bf16::from_f32(1.007_812_5).to_le_bytes()
        );
        assert_eq!(converted(DType::F32, &(-2.9_f32).to_le_bytes(), DType::I8), [254]);
        assert_eq!(
            converted(DType::F32, &1e9_f32.to_le_bytes(), DType::I16),
            i16::MAX.to_le_bytes()
        );
        assert_eq!(converted(DType::F32, &f32::NAN.to_le_bytes(), DType::I64), [0; 8]);
        assert_eq!(
            converted(DType::I8, &[0xff, 3], DType::F32),
            [(-1.0_f32).to_le_bytes(), 3.0_f32.to_le_bytes()].concat()
        );
        assert_eq!(converted(DType::U8, &[0xff], DType::I16), [255, 0]);
        assert_eq!(converted(DType::F16, &[0, 0, 1, 0], DType::Bool), [0, 1]);
        assert_eq!(
            converted(DType::F32, &1e6_f32.to_le_bytes(), DType::F16),
            f16::INFINITY.to_le_bytes()
        );
    }
}
