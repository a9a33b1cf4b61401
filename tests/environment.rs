//! Proves that values do not depend on the floating-point environment of the program that asks for them.
#![cfg(target_arch = "x86_64")]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::arch::asm;

use weight_init_backends::{Backend, Embedded, Level, Rayon, Simd};
use weight_init_core::{DType, Fill, Stream, bf16, f16};
use weight_init_tests::bits::{Bits, same};

/// MXCSR with all exceptions masked, and each other way to compute: downward, upward, toward zero, flush to zero,
/// denormals are zeros, all of the last three.
const ENVIRONMENTS: [u32; 6] = [0x3f80, 0x5f80, 0x7f80, 0x9f80, 0x1fc0, 0xffc0];

const DEFAULT: u32 = 0x1f80;

/// More than a tile, so that threads share it.
const LEN: usize = 100_000;

#[test]
fn every_backend_gives_the_same_bits_in_every_environment() {
    of_type::<f32>();
    of_type::<f64>();
    of_type::<f16>();
    of_type::<bf16>();
}

fn of_type<T: Bits>() {
    let stream = Stream::new(42, "fc.weight");
    let fills: [Fill<T>; 5] = [
        Fill::constant(subnormal::<T>()).unwrap(),
        Fill::uniform(-0.03, 0.03).unwrap(),
        Fill::normal(0.1, 0.02).unwrap(),
        Fill::normal(0.0, subnormal::<T>()).unwrap(),
        Fill::trunc_normal(0.0, 0.02, -0.04, 0.04).unwrap(),
    ];
    for fill in fills {
        let mut expected = vec![T::default(); LEN];
        fill.write(stream, 0, &mut expected);
        for environment in ENVIRONMENTS {
            let proof = |name: &str, backend: &mut dyn FnMut(&mut [T])| {
                let mut out = vec![T::default(); LEN];
                set(environment);
                backend(&mut out);
                set(DEFAULT);
                assert!(same(&out, &expected), "{name}, {environment:#x}, {fill:?}");
            };
            proof("embedded", &mut |out| Embedded.fill(&fill, stream, 0, out).unwrap());
            for level in Level::available() {
                let mut simd = Simd::with_level(level);
                proof(level.name(), &mut |out| simd.fill(&fill, stream, 0, out).unwrap());
            }
            // Threads inherit the environment of the one that starts them: here the default, there another.
            let mut rayon = Rayon::with_threads(2).unwrap();
            proof("rayon", &mut |out| rayon.fill(&fill, stream, 0, out).unwrap());
            proof("rayon, started here", &mut |out| {
                Rayon::with_threads(2).unwrap().fill(&fill, stream, 0, out).unwrap();
            });
        }
    }
}

/// A number whose samples are subnormal in this type.
fn subnormal<T: Bits>() -> f64 {
    match T::DTYPE {
        DType::F64 => 1e-310,
        DType::F16 => 1e-6,
        _ => 1e-40,
    }
}

fn set(environment: u32) {
    // SAFETY: the instruction loads 4 bytes, from an address that holds them; the bits are those that every processor of
    // this target knows.
    unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const environment) };
}
