use core::cmp::Reverse;

use super::frame::{Frame, Link, State};
use super::path::Path;
use crate::init_cfg::{Origin, Rules, Write};
use crate::layer::Layer;

/// One look at one part of a rule for one parameter, and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Considered<'a> {
    /// The module that holds the rule.
    pub module: Path<'a>,
    /// The rules of that module.
    pub(super) rules: Names<'a>,
    /// Number of the rule in the module's init_cfg.
    pub rule: usize,
    /// The part of the rule.
    pub part: Part,
    /// What this part writes, or would write, to the parameter.
    pub origin: Origin<&'a str>,
    /// Whether it writes, and if not, why.
    pub outcome: Outcome,
    /// When it writes: of two writes to one parameter the greater order wins.
    pub order: Order,
    /// What the parameter is called below the layer that this part covers (of an override, the layer it names): a
    /// checkpoint of that layer holds it under this name.
    pub within: Path<'a>,
}

/// Rules, only for their names.
#[derive(Clone, Copy)]
pub(super) struct Names<'a>(&'a dyn Rules);

impl core::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Names")
    }
}

impl<'a> Considered<'a> {
    /// What the part names: the classes of `layer`, one glob, or the attribute of an override.
    pub fn names(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let (rules, rule, part) = (self.rules.0, self.rule, self.part);
        (0..).map_while(move |index| match part {
            Part::Layer => rules.layer(rule, index),
            Part::Params(glob) => rules.params(rule, glob).filter(|_| index == 0),
            Part::Override(number) => rules.override_name(rule, number).filter(|_| index == 0),
        })
    }
}

/// The parts of a rule that can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// The rule itself, by its `layer`.
    Layer,
    /// The glob of this number in its `params`.
    Params(usize),
    /// Its override of this number.
    Override(usize),
}

/// What came of considering a part of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It writes the parameter.
    Writes,
    /// The rule names no layer, so by itself it matches nothing.
    NoLayer,
    /// Neither the layer's class nor one of its direct bases is named.
    OtherClass,
    /// The layer matches, but initializers touch only `weight` and `bias`.
    OtherAttribute,
    /// The glob does not match the parameter's full name.
    OtherName,
    /// The override names another attribute.
    OtherSubtree,
    /// No `init_weights` reaches the module that holds the rule.
    NotReached,
}

/// The moment of a write in mmengine's program order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Order {
    /// Layers entered before the write.
    entered: u64,
    /// Writes after the children come before those of the layer entered next; the inner module's first.
    phase: Phase,
    rule: usize,
    part: Part,
}

impl Order {
    /// Before the rules of a module: its first rule has this order, too.
    pub(super) const fn before_rules(frame: &Frame<'_>) -> Self {
        let (entered, phase) = (frame.entered, Phase::BeforeChildren);
        Self { entered, phase, rule: 0, part: Part::Layer }
    }

    /// After all that a module's rules and children write.
    pub(super) const fn after_children(frame: &Frame<'_>) -> Self {
        let phase = Phase::AfterChildren(Reverse(frame.entered));
        Self { entered: frame.left, phase, rule: usize::MAX, part: Part::Override(usize::MAX) }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    AfterChildren(Reverse<u64>),
    BeforeChildren,
}

/// Which parts of rules write a parameter, found without a look at each.
///
/// The resolver looks at every part of every rule for every parameter; an observer that builds tables of names when it
/// meets a module finds the same in the time of a look-up.
pub trait Matcher {
    /// Calls `see` with the parts of the module's rules that write the target, in the order of rules and parts. The module is
    /// told by its first path.
    ///
    /// - [`Part::Layer`]: the rule names the target's class or a direct base of it, or is a Pretrained rule.
    /// - [`Part::Params`]: the glob matches the target's path.
    /// - [`Part::Override`]: any whose name may lead to the target; the resolver looks whether it does.
    ///
    /// A part may be left out if an earlier one of the same rules writes the target by the same initializer, and a later one
    /// writes it, too: the part then changes neither the last writer nor which fault is found.
    fn matching(
        &self,
        module: Path<'_>,
        rules: &dyn Rules,
        target: &Target<'_>,
        see: &mut dyn FnMut(usize, Part),
    );
}

/// A parameter or buffer that rules may write, as one module that holds rules sees it.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    leaf: &'a Frame<'a>,
    /// What its layer calls it.
    pub attribute: &'a str,
    /// Depth of the module.
    depth: usize,
}

impl<'a> Target<'a> {
    /// The layer that shows it.
    #[must_use]
    pub const fn layer(&self) -> &'a dyn Layer {
        self.leaf.layer
    }

    /// Where the walk met it this time.
    #[must_use]
    pub const fn path(&self) -> Path<'a> {
        Path::new(self.leaf, self.attribute, false)
    }

    /// The name of the module's child that it stands in; `None` if it is the module's own.
    #[must_use]
    pub fn child(&self) -> Option<&'a str> {
        Frame::at(self.leaf, self.depth + 1).map(|frame| frame.name)
    }
}

impl core::fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Target").field(&self.path()).finish()
    }
}

/// What looks at rules for `leaf`'s parameter `attribute`.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) leaf: &'a Frame<'a>,
    pub(super) attribute: &'a str,
    pub(super) bare: bool,
}

impl<'a> Look<'a> {
    /// Calls `see` with everything that is considered on the way to the parameter, in program order; with a matcher, with
    /// what it finds.
    pub(super) fn each(self, matcher: Option<&dyn Matcher>, see: &mut dyn FnMut(&Considered<'a>)) {
        self.before_children(self.leaf, matcher, see);
        // A bare `initialize` defers nothing.
        if self.bare {
            return;
        }
        let mut next = Some(self.leaf);
        while let Some(frame) = next {
            let order = |rule, part| Order {
                entered: frame.left,
                phase: Phase::AfterChildren(Reverse(frame.entered)),
                rule,
                part,
            };
            self.rules(frame, &|write| write.is_deferred(), &order, matcher, see);
            next = frame.parent;
        }
    }

    fn before_children(
        self,
        frame: &'a Frame<'a>,
        matcher: Option<&dyn Matcher>,
        see: &mut dyn FnMut(&Considered<'a>),
    ) {
        if let Some(parent) = frame.parent {
            self.before_children(parent, matcher, see);
        }
        let order =
            |rule, part| Order { entered: frame.entered, phase: Phase::BeforeChildren, rule, part };
        self.rules(frame, &|write| self.bare || !write.is_deferred(), &order, matcher, see);
    }

    fn rules(
        self,
        frame: &'a Frame<'a>,
        now: &dyn Fn(&Write<&str>) -> bool,
        order: &dyn Fn(usize, Part) -> Order,
        matcher: Option<&dyn Matcher>,
        see: &mut dyn FnMut(&Considered<'a>),
    ) {
        let Some(rules) = frame.rules else { return };
        if frame.state == State::Ran {
            return;
        }
        let Self { leaf, attribute, .. } = self;
        if let Some(matcher) = matcher {
            if frame.state == State::NotReached {
                return;
            }
            let target = Target { leaf, attribute, depth: frame.depth };
            matcher.matching(Path::new(frame, "", true), rules, &target, &mut |rule, part| {
                let Some(write) = rules.write(rule).filter(|write| now(write)) else {
                    return;
                };
                let write = match part {
                    Part::Layer | Part::Params(_) => Some(write),
                    Part::Override(index) => rules.override_write(rule, index),
                };
                let Some(write) = write else { return };
                let outcome = match part {
                    Part::Layer => touches(write.is_pretrained(), attribute),
                    Part::Params(_) => Outcome::Writes,
                    Part::Override(index) => self.overridden(frame, rules, rule, index, write),
                };
                if outcome == Outcome::Writes {
                    see(&self.considered(frame, rules, rule, part, write, outcome, order));
                }
            });
            return;
        }
        for (rule, write) in rules.writes().enumerate().filter(|(_, write)| now(write)) {
            let mut emit = |part, write: Write<&'a str>, outcome| {
                see(&self.considered(frame, rules, rule, part, write, outcome, order));
            };
            emit(
                Part::Layer,
                write,
                own(rules, rule, write.is_pretrained(), leaf.layer, attribute),
            );
            for (index, glob) in rules.globs(rule).enumerate() {
                let path = Path::new(leaf, attribute, false);
                let outcome = if path.matches(glob) { Outcome::Writes } else { Outcome::OtherName };
                emit(Part::Params(index), write, outcome);
            }
            for (index, _) in rules.override_names(rule).enumerate() {
                let Some(write) = rules.override_write(rule, index) else { continue };
                let outcome = self.overridden(frame, rules, rule, index, write);
                emit(Part::Override(index), write, outcome);
            }
        }
    }

    fn overridden(
        self,
        frame: &'a Frame<'a>,
        rules: &'a dyn Rules,
        rule: usize,
        index: usize,
        write: Write<&'a str>,
    ) -> Outcome {
        match rules.override_name(rule, index).is_some_and(|name| frame.covers(name, self.leaf)) {
            true => touches(write.is_pretrained(), self.attribute),
            false => Outcome::OtherSubtree,
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one look")]
    fn considered(
        self,
        frame: &'a Frame<'a>,
        rules: &'a dyn Rules,
        rule: usize,
        part: Part,
        write: Write<&'a str>,
        outcome: Outcome,
        order: &dyn Fn(usize, Part) -> Order,
    ) -> Considered<'a> {
        let covered = match part {
            Part::Override(index) => {
                rules.override_name(rule, index).map(|name| frame.depth_of(name))
            }
            Part::Layer | Part::Params(_) => None,
        };
        Considered {
            module: Path::new(frame, "", true),
            rules: Names(rules),
            rule,
            part,
            origin: if is_bias(part, self.attribute) { write.bias() } else { write.weight() },
            outcome: if frame.state == State::NotReached { Outcome::NotReached } else { outcome },
            order: order(rule, part),
            within: Path::within(self.leaf, self.attribute, covered.unwrap_or(frame.depth)),
        }
    }
}

/// What the rule's own `layer` does to the parameter.
pub(crate) fn own(
    rules: &dyn Rules,
    rule: usize,
    is_pretrained: bool,
    layer: &dyn Layer,
    attribute: &str,
) -> Outcome {
    if is_pretrained {
        return Outcome::Writes;
    }
    if rules.layers(rule).any(|class| layer.is(class)) {
        return touches(false, attribute);
    }
    if rules.layer(rule, 0).is_none() { Outcome::NoLayer } else { Outcome::OtherClass }
}

/// An initializer touches a layer's `weight` and `bias`; a checkpoint everything.
pub(crate) fn touches(is_pretrained: bool, attribute: &str) -> Outcome {
    if is_pretrained || matches!(attribute, "weight" | "bias") {
        Outcome::Writes
    } else {
        Outcome::OtherAttribute
    }
}

/// Whether a part writes a parameter of this name by the rule's constant for biases. A glob names parameters, not layers:
/// what it names gets the initializer itself.
pub(crate) fn is_bias(part: Part, attribute: &str) -> bool {
    attribute == "bias" && !matches!(part, Part::Params(_))
}
