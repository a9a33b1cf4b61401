use super::{Bias, Init, InitCfg, Rule, Storage};

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
/// Rules, names and overrides are counted from zero; past the end there is `None`.
pub trait Rules {
    /// What rule `rule` writes.
    fn write(&self, rule: usize) -> Option<Write<'_>>;
    /// Whether rule `rule` loads a checkpoint: what [`write`](Self::write) answers, without a copy of it.
    fn is_pretrained(&self, rule: usize) -> Option<bool> {
        self.write(rule).map(|write| write.init.is_pretrained())
    }
    /// Name number `index` of the rule's `layer`.
    fn layer(&self, rule: usize, index: usize) -> Option<&str>;
    /// Glob number `index` of the rule's `params`.
    fn params(&self, rule: usize, index: usize) -> Option<&str>;
    /// Name of override number `index`.
    fn override_name(&self, rule: usize, index: usize) -> Option<&str>;
    /// What override number `index` writes: its own type, or else the rule's.
    fn override_write(&self, rule: usize, index: usize) -> Option<Write<'_>>;
}

impl<S: Storage> Rules for InitCfg<S> {
    fn write(&self, rule: usize) -> Option<Write<'_>> {
        self.rule(rule).map(|r| Write { init: r.init.as_ref(), bias: r.bias })
    }

    fn is_pretrained(&self, rule: usize) -> Option<bool> {
        self.rule(rule).map(|r| r.init.is_pretrained())
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

    fn override_write(&self, rule: usize, index: usize) -> Option<Write<'_>> {
        let r = self.rule(rule)?;
        match &r.overrides.as_ref().get(index)?.write {
            Some((init, bias)) => Some(Write { init: init.as_ref(), bias: *bias }),
            None => Some(Write { init: r.init.as_ref(), bias: r.bias }),
        }
    }
}

impl<S: Storage> InitCfg<S> {
    fn rule(&self, index: usize) -> Option<&Rule<S>> {
        self.rules.as_ref().get(index)
    }
}

/// Iterators over the numbered parts, for the resolver and for reports.
impl dyn Rules + '_ {
    /// Whether there is no rule.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.write(0).is_none()
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
