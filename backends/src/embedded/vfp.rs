//! One lane on ARM processors with a floating-point unit, such as Cortex-M4F.

use core::arch::asm;

use super::lane::lane;
use weight_init_core::lanes::{Arithmetic, Int, Lane, Lanes, Scalar, Table};
use weight_init_core::{bf16, f16};

/// The scalar reference with the square root of the floating-point unit, which `core` offers by no name yet.
///
/// The root is correctly rounded, as `libm`'s is, so the bits are the same; it takes one instruction instead of a hundred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vfp;

lane!(Vfp, shares_rounds: true, sqrt: sqrt);

#[inline(always)]
fn sqrt(x: f32) -> f32 {
    let mut bits = x.to_bits();
    // SAFETY: every ARM target of the ABI eabihf has these instructions (VFPv2 and later). The register s0, which the
    // compiler lets none name where doubles are missing, is left as it was; the floating-point status gets flags that
    // nothing reads.
    unsafe {
        asm!(
            "vpush {{s0}}",
            "vmov s0, {bits}",
            "vsqrt.f32 s0, s0",
            "vmov {bits}, s0",
            "vpop {{s0}}",
            bits = inout(reg) bits,
            options(pure, nomem),
        );
    }
    f32::from_bits(bits)
}
