use super::{Bias, Init, InitCfg, Pretrained, Rule, Storage, Write};

/// An [`InitCfg`] of any storage, as the resolver sees it.
///
/// Rules, names and overrides are counted from zero; past the end there is `None`. Where an override may be asked for,
/// `None` means the rule itself; an override without a type of its own answers as its rule.
pub trait Rules {
    /// The initializer that writes `weight`; `None` also of Pretrained.
    fn init(&self, rule: usize, over: Option<usize>) -> Option<&Init>;
    /// The constant that writes `bias`; `None` also of Pretrained.
    fn bias(&self, rule: usize, over: Option<usize>) -> Option<Bias>;
    /// The checkpoint that is loaded; `None` also of initializers.
    fn pretrained(&self, rule: usize, over: Option<usize>) -> Option<Pretrained<&str>>;
    /// Name number `index` of the rule's `layer`.
    fn layer(&self, rule: usize, index: usize) -> Option<&str>;
    /// Glob number `index` of the rule's `params`.
    fn params(&self, rule: usize, index: usize) -> Option<&str>;
    /// Name of override number `index`.
    fn override_name(&self, rule: usize, index: usize) -> Option<&str>;
}

impl<S: Storage> Rules for InitCfg<S> {
    fn init(&self, rule: usize, over: Option<usize>) -> Option<&Init> {
        match self.write(rule, over)? {
            Write::Init(init, _) => Some(init),
            Write::Pretrained(_) => None,
        }
    }

    fn bias(&self, rule: usize, over: Option<usize>) -> Option<Bias> {
        match self.write(rule, over)? {
            Write::Init(_, bias) => Some(*bias),
            Write::Pretrained(_) => None,
        }
    }

    fn pretrained(&self, rule: usize, over: Option<usize>) -> Option<Pretrained<&str>> {
        match self.write(rule, over)? {
            Write::Init(..) => None,
            Write::Pretrained(pretrained) => Some(pretrained.as_ref()),
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

    fn write(&self, rule: usize, over: Option<usize>) -> Option<&Write<S::Text>> {
        let r = self.rule(rule)?;
        let own = match over {
            Some(index) => r.overrides.as_ref().get(index)?.write.as_ref(),
            None => None,
        };
        Some(own.unwrap_or(&r.write))
    }
}

/// What is made of these parts, for the resolver and for reports. Not methods of the trait, so that a program that needs
/// none of them links none.
impl dyn Rules + '_ {
    /// What rule `rule` writes.
    #[must_use]
    pub fn write(&self, rule: usize) -> Option<Write<&str>> {
        self.written(rule, None)
    }

    /// What override number `index` writes: its own type, or else the rule's.
    #[must_use]
    pub fn override_write(&self, rule: usize, index: usize) -> Option<Write<&str>> {
        self.written(rule, Some(index))
    }

    fn written(&self, rule: usize, over: Option<usize>) -> Option<Write<&str>> {
        match self.init(rule, over) {
            Some(init) => Some(Write::Init(*init, self.bias(rule, over)?)),
            None => self.pretrained(rule, over).map(Write::Pretrained),
        }
    }

    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.write(0).is_none()
    }

    /// What each rule writes.
    pub fn writes(&self) -> impl Iterator<Item = Write<&str>> {
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
