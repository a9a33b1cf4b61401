//! Bytes of a file as numbers.

use safetensors::Dtype;

use crate::checkpoint::StoredType;

/// How the elements of a type become `f64`; exact but for integers beyond 2⁵³.
#[derive(Clone, Copy)]
pub(crate) struct Decoder {
    pub(crate) element_bytes: usize,
    /// From the first bytes to the numbers, as many as both have.
    pub(crate) decode: fn(&[u8], &mut [f64]),
}

impl Decoder {
    /// The decoder of a type, or `None` for types whose elements are no numbers in whole bytes.
    pub(crate) fn of(dtype: StoredType) -> Option<Self> {
        // A macro, because every line is a function of its own that the compiler makes into vector code.
        macro_rules! decoder {
            ($n:literal, $convert:expr) => {
                Some(Self {
                    element_bytes: $n,
                    decode: |bytes, values| {
                        for (bytes, value) in bytes.as_chunks::<$n>().0.iter().zip(values) {
                            *value = $convert(*bytes);
                        }
                    },
                })
            };
        }
        match dtype.format_type() {
            Dtype::BOOL => decoder!(1, |[b]: [u8; 1]| f64::from(u8::from(b != 0))),
            Dtype::U8 => decoder!(1, |b| f64::from(u8::from_le_bytes(b))),
            Dtype::I8 => decoder!(1, |b| f64::from(i8::from_le_bytes(b))),
            Dtype::U16 => decoder!(2, |b| f64::from(u16::from_le_bytes(b))),
            Dtype::I16 => decoder!(2, |b| f64::from(i16::from_le_bytes(b))),
            Dtype::U32 => decoder!(4, |b| f64::from(u32::from_le_bytes(b))),
            Dtype::I32 => decoder!(4, |b| f64::from(i32::from_le_bytes(b))),
            Dtype::U64 => decoder!(8, |b| u64::from_le_bytes(b) as f64),
            Dtype::I64 => decoder!(8, |b| i64::from_le_bytes(b) as f64),
            Dtype::F8_E5M2 => decoder!(1, |[b]: [u8; 1]| f16_to_f64(u16::from(b) << 8)),
            Dtype::F8_E4M3 => decoder!(1, |[b]: [u8; 1]| f8_e4m3_to_f64(b)),
            Dtype::F16 => decoder!(2, |b| f16_to_f64(u16::from_le_bytes(b))),
            Dtype::BF16 => decoder!(2, |b| bf16_to_f64(u16::from_le_bytes(b))),
            Dtype::F32 => decoder!(4, |b| f64::from(f32::from_le_bytes(b))),
            Dtype::F64 => decoder!(8, f64::from_le_bytes),
            _ => None,
        }
    }
}

/// A bfloat16 is the upper half of a binary32.
fn bf16_to_f64(bits: u16) -> f64 {
    f64::from(f32::from_bits(u32::from(bits) << 16))
}

/// Binary16 by way of binary32, without branches: moved to where binary32 has its exponent and fraction, the
/// bits mean 2⁻¹¹² times as much, subnormal numbers included. Infinities and NaN get the greatest exponent.
fn f16_to_f64(bits: u16) -> f64 {
    const TWO_TO_112: f32 = f32::from_bits((127 + 112) << 23);
    let magnitude = u32::from(bits & 0x7fff) << 13;
    let special = if bits & 0x7c00 == 0x7c00 { 0x7f80_0000 } else { 0 };
    let scaled = (f32::from_bits(magnitude) * TWO_TO_112).to_bits() | special;
    f64::from(f32::from_bits(scaled | u32::from(bits & 0x8000) << 16))
}

/// OCP 8-bit floating point E4M3: no infinities, NaN is S.1111.111 alone.
///
/// Micikevicius et al., *FP8 Formats for Deep Learning*, 2022, <https://arxiv.org/abs/2209.05433>.
fn f8_e4m3_to_f64(bits: u8) -> f64 {
    let (exponent, fraction) = (bits >> 3 & 15, f64::from(bits & 7));
    let magnitude = match (exponent, bits & 7) {
        (15, 7) => f64::NAN,
        (0, _) => fraction / 512.0,
        _ => (8.0 + fraction) / 1024.0 * f64::from(1u16 << exponent),
    };
    if bits >= 128 { -magnitude } else { magnitude }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
#[allow(clippy::disallowed_methods, reason = "never part of a weight")]
#[allow(clippy::unusual_byte_groupings, reason = "sign, exponent and mantissa")]
mod tests {
    use super::*;
    use weight_init_core::DType;

    #[test]
    fn every_type_of_a_parameter_is_decoded() {
        for dtype in DType::ALL {
            assert_eq!(
                Decoder::of(StoredType::of(dtype).unwrap()).unwrap().element_bytes,
                dtype.size()
            );
            assert_eq!(crate::inspect::CHUNK_BYTES % dtype.size(), 0);
        }
    }

    #[test]
    fn all_16_bit_floats_agree_with_half() {
        for bits in 0..=u16::MAX {
            for (found, expected) in [
                (f16_to_f64(bits), half::f16::from_bits(bits).to_f64()),
                (bf16_to_f64(bits), half::bf16::from_bits(bits).to_f64()),
            ] {
                assert!(
                    found.to_bits() == expected.to_bits() || found.is_nan() && expected.is_nan(),
                    "{bits:#x}"
                );
            }
        }
    }

    /// The values of the paper's table 1.
    #[test]
    fn f8_e4m3_values() {
        let values = [
            (0b0_1111_110, 448.0),
            (0b0_0001_000, 0.015_625),
            (0b0_0000_111, 0.875 / 64.0),
            (1, 1.0 / 512.0),
        ];
        for (bits, value) in values {
            assert_eq!((f8_e4m3_to_f64(bits), f8_e4m3_to_f64(bits | 128)), (value, -value));
        }
        assert_eq!(f8_e4m3_to_f64(0b0_0111_000), 1.0);
        assert!(f8_e4m3_to_f64(127).is_nan() && f8_e4m3_to_f64(255).is_nan());
    }

    /// E5M2 is the upper half of a binary16.
    #[test]
    fn f8_e5m2_values() {
        let values =
            [(0b0_11110_11, 57344.0), (0b0_00000_01, 2f64.powi(-16)), (0b1_01111_00, -1.0)];
        for (bits, value) in values {
            assert_eq!(f16_to_f64(bits << 8), value);
        }
        assert_eq!(f16_to_f64(0b0_11111_00 << 8), f64::INFINITY);
    }
}
