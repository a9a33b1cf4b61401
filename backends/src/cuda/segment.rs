//! The arguments of a launch. The kernels include this file, so that host and device share one layout.

/// Bytes that a thread writes at once, the widest store there is.
pub(crate) const UNIT_BYTES: usize = 16;

/// Consecutive elements of one parameter, and where they go.
///
/// They are written in units of [`UNIT_BYTES`]. Units begin at multiples of their length in the parameter, whatever
/// the first element is: so a unit is made of whole blocks of random words, as a rule.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<D> {
    /// Bytes from the base of the launch to element `first`.
    pub(crate) offset: u64,
    /// Elements to write: at least one.
    pub(crate) len: u64,
    /// Elements of the first unit that come before the first element.
    pub(crate) skipped: u32,
    /// Low word of the number of the first unit's first block. The segment ends before the low word begins anew.
    pub(crate) block: u32,
    /// High word of the numbers of all blocks.
    pub(crate) high: u32,
    /// Number of the first of the segment's tiles.
    pub(crate) tile: u32,
    /// The seed of the random words.
    pub(crate) seed: u64,
    /// The stream's id.
    pub(crate) id: u64,
    /// The distribution of the elements.
    pub(crate) numbers: D,
}

/// Numbers of a constant fill.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Constant<T>(pub(crate) T);
