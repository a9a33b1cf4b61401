use super::{Bias, Init, InitCfg, Kind, Pretrained, Rule, Storage};

/// What is written to a layer: its `weight` by an initializer, its `bias` by a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Write<'a> {
    /// What writes `weight`.
    pub init: Init<&'a str>,
    /// What writes `bias`.
    pub bias: Bias,
}

/// An [`InitCfg`] of any storage, as the resolver sees it.
///
/// Rules, names and overrides are counted from zero; past the end there is `None`. Where an override may be asked for,
/// `None` means the rule itself; an override without a type of its own answers as its rule.
pub trait Rules {
    /// What writes `weight`, without the texts of Pretrained.
    fn init(&self, rule: usize, over: Option<usize>) -> Option<Init<()>>;
    /// What writes `bias`.
    fn bias(&self, rule: usize, over: Option<usize>) -> Option<Bias>;
    /// What writes `weight`, without its numbers.
    fn kind(&self, rule: usize, over: Option<usize>) -> Option<Kind>;
    /// A text of Pretrained.
    fn text(&self, rule: usize, over: Option<usize>, text: Text) -> Option<&str>;
    /// Name number `index` of the rule's `layer`.
    fn layer(&self, rule: usize, index: usize) -> Option<&str>;
    /// Glob number `index` of the rule's `params`.
    fn params(&self, rule: usize, index: usize) -> Option<&str>;
    /// Name of override number `index`.
    fn override_name(&self, rule: usize, index: usize) -> Option<&str>;
}

/// The texts of [`Pretrained`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text {
    /// Path or URL of the checkpoint.
    Checkpoint,
    /// What the names that are loaded begin with.
    Prefix,
    /// The device that the loading framework maps the tensors to.
    MapLocation,
}

impl<S: Storage> Rules for InitCfg<S> {
    fn init(&self, rule: usize, over: Option<usize>) -> Option<Init<()>> {
        self.written(rule, over).map(|(init, _)| init.without_texts())
    }

    fn bias(&self, rule: usize, over: Option<usize>) -> Option<Bias> {
        self.written(rule, over).map(|(_, bias)| bias)
    }

    fn kind(&self, rule: usize, over: Option<usize>) -> Option<Kind> {
        self.written(rule, over).map(|(init, _)| init.kind())
    }

    fn text(&self, rule: usize, over: Option<usize>, text: Text) -> Option<&str> {
        let (Init::Pretrained(p), _) = self.written(rule, over)? else { return None };
        match text {
            Text::Checkpoint => Some(p.checkpoint.as_ref()),
            Text::Prefix => p.prefix.as_ref().map(AsRef::as_ref),
            Text::MapLocation => p.map_location.as_ref().map(AsRef::as_ref),
        }
    }

    fn layer(&self, rule: usize, index: usize) -> Option<&str> {
        self.rule(rule)?.layers.as_ref().get(index).map(AsRef::as_ref)
    }

    fn params(&self, rule: usize, index: usize) -> Option<&str> {
        self.rule(rule)?.params.as_ref().get(index).map(AsRef::as_ref)
    }

    fn override_name(&self, rule: usize, index: usize) -> Option<&str> {
        self.rule(rule)?.overrides.as_ref().get(index).map(|o| o.name.as_ref())
    }
}

impl<S: Storage> InitCfg<S> {
    fn rule(&self, index: usize) -> Option<&Rule<S>> {
        self.rules.as_ref().get(index)
    }

    fn written(&self, rule: usize, over: Option<usize>) -> Option<(&Init<S::Text>, Bias)> {
        let r = self.rule(rule)?;
        let own = match over {
            Some(index) => r.overrides.as_ref().get(index)?.write.as_ref(),
            None => None,
        };
        Some(own.map_or((&r.init, r.bias), |(init, bias)| (init, *bias)))
    }
}

/// What is made of these parts, for the resolver and for reports. Not methods of the trait, so that a program that needs
/// none of them links none.
impl dyn Rules + '_ {
    /// What rule `rule` writes.
    #[must_use]
    pub fn write(&self, rule: usize) -> Option<Write<'_>> {
        self.written(rule, None)
    }

    /// What override number `index` writes: its own type, or else the rule's.
    #[must_use]
    pub fn override_write(&self, rule: usize, index: usize) -> Option<Write<'_>> {
        self.written(rule, Some(index))
    }

    fn written(&self, rule: usize, over: Option<usize>) -> Option<Write<'_>> {
        let init = match self.init(rule, over)? {
            Init::Constant(i) => Init::Constant(i),
            Init::Xavier(i) => Init::Xavier(i),
            Init::Normal(i) => Init::Normal(i),
            Init::TruncNormal(i) => Init::TruncNormal(i),
            Init::Uniform(i) => Init::Uniform(i),
            Init::Kaiming(i) => Init::Kaiming(i),
            Init::Caffe2Xavier(i) => Init::Caffe2Xavier(i),
            Init::Pretrained(p) => Init::Pretrained(Pretrained {
                checkpoint: self.text(rule, over, Text::Checkpoint)?,
                prefix: self.text(rule, over, Text::Prefix),
                map_location: self.text(rule, over, Text::MapLocation),
                turn: p.turn,
            }),
        };
        Some(Write { init, bias: self.bias(rule, over)? })
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kind(0, None).is_none()
    }

    /// What each rule writes.
    pub fn writes(&self) -> impl Iterator<Item = Write<'_>> {
        (0..).map_while(|rule| self.write(rule))
    }

    /// The names of the rule's `layer`.
    pub fn layers(&self, rule: usize) -> impl Iterator<Item = &str> {
        (0..).map_while(move |index| self.layer(rule, index))
    }

    /// The globs of the rule's `params`.
    pub fn globs(&self, rule: usize) -> impl Iterator<Item = &str> {
        (0..).map_while(move |index| self.params(rule, index))
    }

    /// The names of the rule's overrides.
    pub fn override_names(&self, rule: usize) -> impl Iterator<Item = &str> {
        (0..).map_while(move |index| self.override_name(rule, index))
    }
}
