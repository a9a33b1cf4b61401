use weight_init_core::{Fill, Float, Stream};

use super::wide::Wide;

/// The instructions that a fill is carried out with: a value of run time, so that one process can use them all.
///
/// This is the only place where instructions are chosen. A value exists only for instructions that the processor
/// has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Level(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Scalar,
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// One element at a time, on any processor: the reference.
    pub const SCALAR: Self = Self(Kind::Scalar);
    /// Several elements at a time with the instructions that every processor of this target has.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// Every level that this processor has, the slowest first.
    ///
    /// ```
    /// use weight_init_backends::Level;
    /// assert_eq!(Level::available().next(), Some(Level::SCALAR));
    /// ```
    pub fn available() -> impl Iterator<Item = Self> {
        [
            Some(Self::SCALAR),
            Some(Self::PORTABLE),
            #[cfg(target_arch = "x86_64")]
            std::arch::is_x86_feature_detected!("avx2").then_some(Self(Kind::Avx2)),
            #[cfg(target_arch = "x86_64")]
            avx512().then_some(Self(Kind::Avx512)),
        ]
        .into_iter()
        .flatten()
    }

    /// The fastest level that this processor has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().unwrap_or(Self::SCALAR)
    }

    /// A name for reports: `avx2`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self.0 {
            Kind::Scalar => "scalar",
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
        }
    }

    /// Writes the elements from number `first` on, the same bits at every level.
    pub fn write<T: Float>(self, fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]) {
        match self.0 {
            Kind::Scalar => fill.write(stream, first, out),
            Kind::Portable => fill.write_with(Wide::<8>, stream, first, out),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a level of this kind is only made where the processor has the instructions.
            Kind::Avx2 => unsafe { avx2(fill, stream, first, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kind::Avx512 => unsafe { avx512_write(fill, stream, first, out) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn avx512() -> bool {
    std::arch::is_x86_feature_detected!("avx512f")
        && std::arch::is_x86_feature_detected!("avx512bw")
        && std::arch::is_x86_feature_detected!("avx512dq")
        && std::arch::is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2<T: Float>(fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]) {
    fill.write_with(Wide::<16>, stream, first, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
fn avx512_write<T: Float>(fill: &Fill<T>, stream: Stream, first: u64, out: &mut [T]) {
    fill.write_with(Wide::<16>, stream, first, out);
}
