//! Which blocks of random words a group of lanes takes.

/// Blocks that a list holds: a multiple of every number of lanes.
pub(super) const LIST: usize = 512;

/// Blocks of a group of lanes: a value of run time, because code for either kind would be compiled for each level and type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Blocks<'l> {
    /// They follow each other.
    InOrder,
    /// Of any numbers, so that one group makes elements of many runs.
    Listed(&'l [u32; LIST]),
}

impl Blocks<'_> {
    /// The low words of the numbers of `N` blocks from this place of a list on; `None`: the place is the number of the first, and the
    /// others follow it.
    #[inline(always)]
    pub(super) fn listed<const N: usize>(self, place: u32) -> Option<[u32; N]> {
        match self {
            Self::InOrder => None,
            Self::Listed(list) => list.get(place as usize..)?.first_chunk().copied(),
        }
    }
}
