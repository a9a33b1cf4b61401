use core::fmt;

/// Some dimensions of a weight, at most four: `0` is the first one, `-1` the last.
///
/// ```
/// use weight_init_core::initializer::Axes;
/// let axes = Axes::of(&[0, -1]).expect("no more than four");
/// assert_eq!(axes.to_string(), "[0, -1]");
/// assert_eq!(Axes::of(&[-2]).expect("one").to_string(), "-2");
/// assert_eq!(Axes::of(&[0, 1, 2, 3, 4]), None);
/// assert!(Axes::NONE.iter().next().is_none());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Axes([i8; Self::MOST]);

/// Stands behind the last axis. No shape has so many dimensions.
const NO_AXIS: i8 = i8::MIN;

impl Axes {
    /// The most dimensions that it names.
    pub const MOST: usize = 4;
    /// No dimension.
    pub const NONE: Self = Self([NO_AXIS; Self::MOST]);

    /// These dimensions; `None` of more than four, or of a number beyond ±127.
    #[must_use]
    pub fn of(axes: &[i64]) -> Option<Self> {
        let mut found = Self::NONE;
        for (index, axis) in axes.iter().enumerate() {
            *found.0.get_mut(index)? = i8::try_from(*axis).ok().filter(|axis| *axis != NO_AXIS)?;
        }
        Some(found)
    }

    /// The dimensions, in order.
    pub fn iter(self) -> impl Iterator<Item = i8> {
        self.0.into_iter().take_while(|axis| *axis != NO_AXIS)
    }

    /// Whether it names none.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0[0] == NO_AXIS
    }

    /// As one number, for forms without names.
    #[must_use]
    pub const fn to_bits(self) -> u32 {
        let [a, b, c, d] = self.0;
        u32::from_le_bytes([a as u8, b as u8, c as u8, d as u8])
    }

    /// What [`to_bits`](Self::to_bits) made a number of.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        let [a, b, c, d] = bits.to_le_bytes();
        Self([a as i8, b as i8, c as i8, d as i8])
    }
}

/// As a config spells them: one as a number, none or several as a list.
impl fmt::Display for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut axes = self.iter();
        if let (Some(one), None) = (axes.next(), axes.next()) {
            return one.fmt(f);
        }
        f.write_str("[")?;
        for (index, axis) in self.iter().enumerate() {
            f.write_str(if index > 0 { ", " } else { "" })?;
            axis.fmt(f)?;
        }
        f.write_str("]")
    }
}

impl fmt::Debug for Axes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Axes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match (self.iter().next(), self.iter().nth(1)) {
            (Some(one), None) => serializer.serialize_i8(one),
            _ => serializer.collect_seq(self.iter()),
        }
    }
}
