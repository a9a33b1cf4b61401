use super::Turn;
use crate::initializer::InitializerType;

/// The types of initializers that an init_cfg may name, such as [`ALL`](crate::initializer::ALL).
pub type Types<'t> = &'t [&'static InitializerType];

/// What the `type` of a rule or override names.
#[derive(Clone, Copy, Debug)]
pub enum RuleType {
    /// A type of initializers.
    Initializer(&'static InitializerType),
    /// Pretrained, and when it runs.
    Pretrained(Turn),
}

impl RuleType {
    const PRETRAINED: &'static str = "Pretrained";

    /// The type of this name. The name may carry a scope, `mmengine.Kaiming`, or be the path of mmengine's class,
    /// `mmengine.model.KaimingInit`.
    ///
    /// ```
    /// use weight_init_core::init_cfg::RuleType;
    /// use weight_init_core::initializer::ALL;
    /// let found = RuleType::named("mmengine.model.KaimingInit", ALL).map(RuleType::name);
    /// assert_eq!(found, Some("Kaiming"));
    /// ```
    #[must_use]
    pub fn named(name: &str, types: Types<'_>) -> Option<Self> {
        let (path, last) = name.rsplit_once('.').unwrap_or(("", name));
        let is_class = matches!(path, "mmengine.model" | "mmengine.model.weight_init");
        let last = if is_class { last.strip_suffix("Init")? } else { last };
        if last == Self::PRETRAINED {
            let turn = if name == last { Turn::Last } else { Turn::InOrder };
            return Some(Self::Pretrained(turn));
        }
        types.iter().find(|of| of.name == last).map(|of| Self::Initializer(of))
    }

    /// The name without a scope.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Initializer(of) => of.name,
            Self::Pretrained(_) => Self::PRETRAINED,
        }
    }

    /// Whether it is Pretrained.
    #[must_use]
    pub const fn is_pretrained(self) -> bool {
        matches!(self, Self::Pretrained(_))
    }

    /// Whether the name is that of another library's function, which lists of types leave out.
    #[must_use]
    pub const fn is_alias(self) -> bool {
        matches!(self, Self::Initializer(InitializerType { is_alias: true, .. }))
    }

    /// The keys of its own, without those that every rule may have.
    pub fn arguments(self) -> impl Iterator<Item = &'static str> + Clone {
        let (arguments, others): (&[_], &[&str]) = match self {
            Self::Initializer(of) => (of.arguments, &["bias", "bias_prob"]),
            Self::Pretrained(_) => (&[], &["checkpoint", "prefix", "map_location"]),
        };
        arguments.iter().map(|argument| argument.name).chain(others.iter().copied())
    }

    /// Every type that a `type` can name.
    pub fn all(types: Types<'_>) -> impl Iterator<Item = Self> + Clone + use<'_> {
        let initializers = types.iter().map(|of| Self::Initializer(of));
        initializers.chain([Self::Pretrained(Turn::Last)])
    }
}
