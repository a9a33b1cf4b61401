use crate::initializer::{
    Caffe2Xavier, Constant, Distribution, Fans, InitError, Initializer, Kaiming, Nonlinearity,
    Normal, Shape, TruncNormal, Uniform, Xavier, bias_from_prob, fans,
};
use crate::{Fill, Float};

/// An initializer with its arguments: what a rule's `type` names.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs, reason = "each variant is documented by the type it holds")]
pub enum Init<Text> {
    Constant(Constant),
    Xavier(Xavier),
    Normal(Normal),
    TruncNormal(TruncNormal),
    Uniform(Uniform),
    Kaiming(Kaiming),
    Caffe2Xavier(Caffe2Xavier),
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
}

impl Default for Bias {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What an initializer is, without its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The name of the type.
    pub type_name: TypeName,
    /// What Xavier and Kaiming give their variance to; normal for others.
    pub distribution: Distribution,
    /// What Kaiming expects behind the layer; linear for others.
    pub nonlinearity: Nonlinearity,
    /// Whether it runs behind the module's children, as Pretrained does.
    pub is_deferred: bool,
}

impl Kind {
    /// Whether a scale follows from the fans.
    pub(crate) const fn needs_fans(self) -> bool {
        matches!(self.type_name, TypeName::Xavier | TypeName::Kaiming | TypeName::Caffe2Xavier)
    }

    /// Whether it leaves a weight of this shape, which has no elements, alone.
    pub(crate) fn skips(self, shape: &Shape<'_>) -> bool {
        self.type_name != TypeName::Xavier && self.needs_fans() && shape.is_empty()
    }
}

/// The names that a rule's `type` can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the initializers")]
pub enum TypeName {
    Constant,
    Xavier,
    Normal,
    TruncNormal,
    Uniform,
    Kaiming,
    Caffe2Xavier,
    Pretrained,
}

impl TypeName {
    /// Every name, in MMCV's order.
    pub const ALL: [Self; 8] = [
        Self::Constant,
        Self::Xavier,
        Self::Normal,
        Self::TruncNormal,
        Self::Uniform,
        Self::Kaiming,
        Self::Caffe2Xavier,
        Self::Pretrained,
    ];

    /// As an init_cfg spells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Constant => "Constant",
            Self::Xavier => "Xavier",
            Self::Normal => "Normal",
            Self::TruncNormal => "TruncNormal",
            Self::Uniform => "Uniform",
            Self::Kaiming => "Kaiming",
            Self::Caffe2Xavier => "Caffe2Xavier",
            Self::Pretrained => "Pretrained",
        }
    }

    /// The type of this name. It may carry a scope, `mmengine.Kaiming`, or be the path of mmengine's class,
    /// `mmengine.model.KaimingInit`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let (path, last) = name.rsplit_once('.').unwrap_or(("", name));
        let is_class = matches!(path, "mmengine.model" | "mmengine.model.weight_init");
        let last = if is_class { last.strip_suffix("Init")? } else { last };
        Self::ALL.into_iter().find(|t| t.name() == last)
    }

    /// The arguments of this type, without those that every rule has.
    #[must_use]
    pub const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Constant => &["val", "bias", "bias_prob"],
            Self::Xavier => &["gain", "distribution", "bias", "bias_prob"],
            Self::Normal => &["mean", "std", "bias", "bias_prob"],
            Self::TruncNormal => &["mean", "std", "a", "b", "bias", "bias_prob"],
            Self::Uniform => &["a", "b", "bias", "bias_prob"],
            Self::Kaiming => &["a", "mode", "nonlinearity", "distribution", "bias", "bias_prob"],
            Self::Caffe2Xavier => &["bias", "bias_prob"],
            Self::Pretrained => &["checkpoint", "prefix", "map_location"],
        }
    }
}

impl<Text> Init<Text> {
    /// The name of the type.
    #[must_use]
    pub const fn type_name(&self) -> TypeName {
        match self {
            Self::Constant(_) => TypeName::Constant,
            Self::Xavier(_) => TypeName::Xavier,
            Self::Normal(_) => TypeName::Normal,
            Self::TruncNormal(_) => TypeName::TruncNormal,
            Self::Uniform(_) => TypeName::Uniform,
            Self::Kaiming(_) => TypeName::Kaiming,
            Self::Caffe2Xavier(_) => TypeName::Caffe2Xavier,
            Self::Pretrained(_) => TypeName::Pretrained,
        }
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

    /// The numbers that this initializer gives a parameter of `shape`; `None` for Pretrained, which has none.
    ///
    /// # Errors
    ///
    /// A shape without fans where they are needed, or arguments that the element type cannot express.
    pub fn fill<T: Float>(&self, shape: &Shape<'_>) -> Result<Option<Fill<T>>, InitError> {
        match self {
            Self::Constant(i) => i.fill(shape),
            Self::Xavier(i) => i.fill(shape),
            Self::Normal(i) => i.fill(shape),
            Self::TruncNormal(i) => i.fill(shape),
            Self::Uniform(i) => i.fill(shape),
            Self::Kaiming(i) => i.fill(shape),
            Self::Caffe2Xavier(i) => i.fill(shape),
            Self::Pretrained(_) => return Ok(None),
        }
        .map(Some)
    }

    /// Whether a weight of `shape` has the fans that this initializer needs.
    ///
    /// mmengine fails on every write of such a weight, also on one that a later rule would overwrite; so do we.
    ///
    /// # Errors
    ///
    /// Fewer than two dimensions for Xavier and Kaiming (Kaiming skips weights without elements).
    pub fn check_fans(&self, shape: &Shape<'_>) -> Result<Option<Fans>, InitError> {
        let kind = self.kind();
        if !kind.needs_fans() || kind.skips(shape) {
            return Ok(None);
        }
        Ok(Some(fans(shape)?))
    }

    /// What it is, without its numbers.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        let (distribution, nonlinearity) = match self {
            Self::Xavier(i) => (i.distribution, Nonlinearity::Linear),
            Self::Kaiming(i) => (i.distribution, i.nonlinearity),
            _ => (Distribution::Normal, Nonlinearity::Linear),
        };
        let is_deferred = self.is_deferred();
        Kind { type_name: self.type_name(), distribution, nonlinearity, is_deferred }
    }

    /// The same without its texts.
    #[must_use]
    pub fn without_texts(&self) -> Init<()> {
        match self {
            Self::Constant(i) => Init::Constant(*i),
            Self::Xavier(i) => Init::Xavier(*i),
            Self::Normal(i) => Init::Normal(*i),
            Self::TruncNormal(i) => Init::TruncNormal(*i),
            Self::Uniform(i) => Init::Uniform(*i),
            Self::Kaiming(i) => Init::Kaiming(*i),
            Self::Caffe2Xavier(i) => Init::Caffe2Xavier(*i),
            Self::Pretrained(p) => Init::Pretrained(Pretrained {
                checkpoint: (),
                prefix: p.prefix.as_ref().map(|_| ()),
                map_location: p.map_location.as_ref().map(|_| ()),
                turn: p.turn,
            }),
        }
    }

    /// The same with its texts borrowed.
    #[must_use]
    pub fn as_ref(&self) -> Init<&str>
    where
        Text: AsRef<str>,
    {
        match self {
            Self::Constant(i) => Init::Constant(*i),
            Self::Xavier(i) => Init::Xavier(*i),
            Self::Normal(i) => Init::Normal(*i),
            Self::TruncNormal(i) => Init::TruncNormal(*i),
            Self::Uniform(i) => Init::Uniform(*i),
            Self::Kaiming(i) => Init::Kaiming(*i),
            Self::Caffe2Xavier(i) => Init::Caffe2Xavier(*i),
            Self::Pretrained(p) => Init::Pretrained(Pretrained {
                checkpoint: p.checkpoint.as_ref(),
                prefix: p.prefix.as_ref().map(AsRef::as_ref),
                map_location: p.map_location.as_ref().map(AsRef::as_ref),
                turn: p.turn,
            }),
        }
    }
}
