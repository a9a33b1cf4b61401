//! Constant fills, at any level.

use weight_init_core::Float;

/// Writes the same value everywhere. Of `f32`, `f64`, `f16` and `bf16`, +0 has no bit set.
pub(super) fn fill<T: Float>(value: T, out: &mut [T], uncached: bool) {
    #[cfg(target_arch = "x86_64")]
    if uncached {
        return fill_uncached(value, out);
    }
    let _ = uncached;
    if value.to_f64_exact().to_bits() == 0 {
        // SAFETY: `out` may be written, and no bits set are the number 0.
        unsafe { out.as_mut_ptr().write_bytes(0, out.len()) };
    } else {
        out.fill(value);
    }
}

#[cfg(target_arch = "x86_64")]
fn fill_uncached<T: Float>(value: T, out: &mut [T]) {
    use core::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};

    // Sixteen bytes whatever the type.
    let values = [value; 8];
    // SAFETY: a register is 16 bytes; the array is that long, or longer.
    let register = unsafe { _mm_loadu_si128(values.as_ptr().cast()) };
    // SAFETY: any bits are a number.
    let (front, middle, back) = unsafe { out.align_to_mut::<__m128i>() };
    front.fill(value);
    back.fill(value);
    for place in middle {
        // SAFETY: a reference is aligned and may be written to.
        unsafe { _mm_stream_si128(place, register) };
    }
    // SAFETY: every processor of this target has the instruction.
    unsafe { _mm_sfence() };
}
