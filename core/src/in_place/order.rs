//! The moment of a write among all writes of a call.

use crate::resolve::Part;

/// The moment of a write. Without Pretrained rules every module writes before its children.
///
/// Layers are counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    pub(super) entered: u32,
    pub(super) rule: u32,
    pub(super) part: PartNumber,
}

impl Order {
    /// Before every write.
    pub(super) const NEVER: Self = Self { entered: 0, rule: 0, part: PartNumber::LAYER };
}

/// A [`Part`] in one word: globs and overrides count from 0, each in a range of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PartNumber(pub(super) u32);

impl PartNumber {
    pub(super) const LAYER: Self = Self(0);
    pub(super) const FIRST_GLOB: u32 = 1;
    pub(super) const FIRST_OVERRIDE: u32 = 1 << 31;

    pub(super) fn part(self) -> Part {
        let number = |first| self.0.wrapping_sub(first) as usize;
        match self.0 {
            0 => Part::Layer,
            Self::FIRST_OVERRIDE.. => Part::Override(number(Self::FIRST_OVERRIDE)),
            _ => Part::Params(number(Self::FIRST_GLOB)),
        }
    }

    pub(super) fn over(self) -> Option<usize> {
        match self.part() {
            Part::Override(index) => Some(index),
            Part::Layer | Part::Params(_) => None,
        }
    }
}
