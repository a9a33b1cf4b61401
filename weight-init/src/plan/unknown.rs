use crate::model::Values;

/// The substitute for parameters of unknown constructors and buffers of unknown content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unknown {
    /// Nothing: it is an error.
    #[default]
    Refuse,
    /// Zeros.
    Zeros,
    /// Ones.
    Ones,
}

impl Unknown {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Refuse, Self::Zeros, Self::Ones];

    /// As `--unknown` spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refuse => "refuse",
            Self::Zeros => "zeros",
            Self::Ones => "ones",
        }
    }

    /// The substitute. A plan refuses before it comes to `Refuse`.
    pub(super) const fn values(self) -> &'static Values {
        match self {
            Self::Refuse | Self::Zeros => &Values::All(0.0),
            Self::Ones => &Values::All(1.0),
        }
    }

    /// The choice of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.name() == name)
    }
}
