//! Which blocks of random words a group of lanes takes.

/// Blocks that a list holds: a multiple of every number of lanes.
pub(super) const LIST: usize = 512;

/// Says it for the lanes of a processor.
pub(super) trait Blocks: Copy {
    /// The low words of the numbers of `N` blocks from this place of a list on; `None`: the place is the number of the first, and the
    /// others follow it.
    fn listed<const N: usize>(self, place: u32) -> Option<[u32; N]>;
}

/// Blocks that follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InOrder;

impl Blocks for InOrder {
    #[inline(always)]
    fn listed<const N: usize>(self, _place: u32) -> Option<[u32; N]> {
        None
    }
}

/// Blocks of any numbers, so that one group makes elements of many runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed<'l>(pub(super) &'l [u32; LIST]);

impl Blocks for Listed<'_> {
    #[inline(always)]
    fn listed<const N: usize>(self, place: u32) -> Option<[u32; N]> {
        self.0.get(place as usize..)?.first_chunk().copied()
    }
}
