use crate::initializer::{ArgError, ArgProblem, Check, Constant, Init, bias_from_prob};

/// What a rule or an override writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Write<Text> {
    /// The `weight` of layers by an initializer, and their `bias` by a constant.
    Init(Init, Bias),
    /// What a checkpoint holds.
    Pretrained(Pretrained<Text>),
}

/// What one parameter is written by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Origin<Text> {
    /// An initializer.
    Init(Init),
    /// A checkpoint.
    Pretrained(Pretrained<Text>),
}

/// Values loaded from a checkpoint; they cover every parameter of a sub-tree that the checkpoint holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pretrained<Text> {
    /// Path or URL of the checkpoint.
    pub checkpoint: Text,
    /// Only names that begin with this are loaded, and it is cut off.
    pub prefix: Option<Text>,
    /// The device that the loading framework maps the tensors to; recorded, without effect here.
    pub map_location: Option<Text>,
    /// When the rule runs.
    pub turn: Turn,
}

/// When a Pretrained rule runs among the writes of its module.
///
/// mmengine defers the rules whose `type` is the very text `Pretrained`. A `type` with a scope or a class path names the
/// same initializer and takes its turn in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Turn {
    /// Behind the module's children: `Pretrained`.
    #[default]
    Last,
    /// In list order, before the children: `mmengine.Pretrained`, `mmengine.model.PretrainedInit`.
    InOrder,
}

/// What writes a layer's `bias`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bias {
    /// This constant.
    Value(f64),
    /// `-ln((1 - p) / p)`: a sigmoid over it gives `p` (Lin et al., *Focal Loss for Dense Object Detection*, 2017, §4.1).
    Prob(f64),
}

impl<Text> Write<Text> {
    /// An initializer with a bias of zero.
    #[must_use]
    pub const fn new(init: Init) -> Self {
        Self::Init(init, Bias::DEFAULT)
    }

    /// Whether the values come from a checkpoint.
    #[must_use]
    pub const fn is_pretrained(&self) -> bool {
        matches!(self, Self::Pretrained(_))
    }

    /// Whether it runs behind the children of the module that holds it.
    #[must_use]
    pub const fn is_deferred(&self) -> bool {
        matches!(self, Self::Pretrained(Pretrained { turn: Turn::Last, .. }))
    }

    /// The name of the type, without a scope.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Init(init, _) => init.name(),
            Self::Pretrained(_) => "Pretrained",
        }
    }

    /// The same with its texts borrowed.
    #[must_use]
    pub fn as_ref(&self) -> Write<&str>
    where
        Text: AsRef<str>,
    {
        match self {
            Self::Init(init, bias) => Write::Init(*init, *bias),
            Self::Pretrained(pretrained) => Write::Pretrained(pretrained.as_ref()),
        }
    }

    /// What writes a layer's `weight`.
    #[must_use]
    pub fn weight(self) -> Origin<Text> {
        match self {
            Self::Init(init, _) => Origin::Init(init),
            Self::Pretrained(pretrained) => Origin::Pretrained(pretrained),
        }
    }

    /// What writes a layer's `bias`: a constant, or the checkpoint.
    #[must_use]
    pub fn bias(self) -> Origin<Text> {
        match self {
            Self::Init(_, bias) => Origin::Init(Init::Constant(Constant { val: bias.value() })),
            Self::Pretrained(pretrained) => Origin::Pretrained(pretrained),
        }
    }
}

impl<Text> Origin<Text> {
    /// Whether the values come from a checkpoint.
    #[must_use]
    pub const fn is_pretrained(&self) -> bool {
        matches!(self, Self::Pretrained(_))
    }

    /// The initializer, if it is one.
    #[must_use]
    pub const fn init(&self) -> Option<&Init> {
        match self {
            Self::Init(init) => Some(init),
            Self::Pretrained(_) => None,
        }
    }
}

#[cfg(feature = "alloc")]
impl Origin<&str> {
    /// The same with texts of its own.
    #[must_use]
    pub fn to_owned(self) -> Origin<alloc::string::String> {
        use alloc::borrow::ToOwned;
        match self {
            Self::Init(init) => Origin::Init(init),
            Self::Pretrained(p) => Origin::Pretrained(Pretrained {
                checkpoint: p.checkpoint.to_owned(),
                prefix: p.prefix.map(ToOwned::to_owned),
                map_location: p.map_location.map(ToOwned::to_owned),
                turn: p.turn,
            }),
        }
    }
}

impl<Text: AsRef<str>> Pretrained<Text> {
    /// The same with its texts borrowed.
    #[must_use]
    pub fn as_ref(&self) -> Pretrained<&str> {
        Pretrained {
            checkpoint: self.checkpoint.as_ref(),
            prefix: self.prefix.as_ref().map(AsRef::as_ref),
            map_location: self.map_location.as_ref().map(AsRef::as_ref),
            turn: self.turn,
        }
    }
}

impl Bias {
    /// A bias of zero.
    pub const DEFAULT: Self = Self::Value(0.0);

    /// The constant that is written.
    ///
    /// ```
    /// use weight_init_core::init_cfg::Bias;
    /// assert_eq!(Bias::Value(0.5).value(), 0.5);
    /// assert!((Bias::Prob(0.01).value() + 4.59511985013459).abs() < 1e-14);
    /// ```
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::Value(value) => value,
            Self::Prob(p) => bias_from_prob(p),
        }
    }

    /// Checks the number.
    ///
    /// # Errors
    ///
    /// A constant that is not finite, a probability that does not lie strictly between 0 and 1 (mmengine would
    /// write infinity or NaN).
    pub fn check(self) -> Result<(), ArgError> {
        match self {
            Self::Value(x) => Check::Finite.argument("bias", x),
            Self::Prob(p) if p > 0.0 && p < 1.0 => Ok(()),
            Self::Prob(p) => {
                Err(ArgError { argument: "bias_prob", problem: ArgProblem::NotAProbability(p) })
            }
        }
    }
}

impl Default for Bias {
    fn default() -> Self {
        Self::DEFAULT
    }
}
