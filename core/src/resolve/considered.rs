use core::cmp::Reverse;

use super::frame::{Frame, Link, State};
use super::path::Path;
use crate::init_cfg::{Origin, Rules, Write};
use crate::layer::Layer;

/// A part of a rule that the resolver compares with a parameter, and the outcome.
#[derive(Clone, Copy, Debug)]
pub struct Considered<'a> {
    /// The module that holds the rule.
    pub module: Path<'a>,
    /// This visit of it.
    pub visit: VisitId,
    /// The rules of that module.
    pub(super) rules: Names<'a>,
    /// Number of the rule in the module's init_cfg.
    pub rule: usize,
    /// The part of the rule.
    pub part: Part,
    /// The initializer or checkpoint that this part writes, or would write, to the parameter.
    pub origin: Origin<&'a str>,
    /// Whether it writes, and if not, why.
    pub outcome: Outcome,
    /// The moment of the write: of two writes to one parameter the greater order wins.
    pub order: Order,
    /// The name of the parameter below the layer that this part covers, which for an override is the layer that it names. A
    /// checkpoint of that layer holds the parameter under this name.
    pub within: Path<'a>,
}

/// The rules of a module, kept for the names in them.
#[derive(Clone, Copy)]
pub(super) struct Names<'a>(&'a dyn Rules);

impl core::fmt::Debug for Names<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Names")
    }
}

impl<'a> Considered<'a> {
    /// The names in the part: the classes of `layer`, one glob, or the attribute of an override.
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

/// The outcome of comparing a part of a rule with a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It writes the parameter.
    Writes,
    /// The rule names no layer, and therefore matches nothing by itself.
    NoLayer,
    /// Neither the layer's class nor one of its direct bases is named.
    OtherClass,
    /// The layer matches, but initializers write only `weight` and `bias`.
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
    /// Writes after the children precede those of the layer that is entered next; those of the inner module come first.
    phase: Phase,
    rule: usize,
    part: Part,
}

impl Order {
    /// The part of the rule that writes at this moment. It says nothing of the moments of [`Custom`](super::Custom), at which no rule does.
    #[must_use]
    pub const fn part(self) -> Part {
        self.part
    }

    /// The order before the rules of a module, which is also that of its first rule.
    pub(super) const fn before_rules(frame: &Frame<'_>) -> Self {
        let (entered, phase) = (frame.entered, Phase::BeforeChildren);
        Self { entered, phase, rule: 0, part: Part::Layer }
    }

    /// The order after all writes of a module's rules and children.
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

/// A search for the parts of rules that write a parameter.
///
/// The resolver compares every part of every rule with every parameter. An observer that builds tables of names when it meets
/// a module finds the same parts in the time of a look-up.
pub trait Matcher {
    /// Calls `see` with the parts of the module's rules that write the target, in the order of rules and parts. `module` is the
    /// visit of the module, of which the observer was told before.
    ///
    /// - [`Part::Layer`]: the rule names the target's class or a direct base of it, or is a Pretrained rule.
    /// - [`Part::Params`]: the glob matches the target's path.
    /// - [`Part::Override`]: any override whose name may lead to the target; the resolver checks whether it does.
    ///
    /// A matcher may leave out a part if an earlier part of the same rules writes the target by the same initializer and a later
    /// part writes it as well: such a part changes neither the last writer nor the error that is found.
    fn matching(
        &self,
        module: VisitId,
        rules: &dyn Rules,
        target: &Target<'_>,
        see: &mut dyn FnMut(usize, Part),
    );
}

/// One visit of a module, of all in a walk: a module that several paths lead to is visited more than once.
///
/// An observer notes its table of a module by [`ModuleVisit::id`](super::ModuleVisit::id), and its [`Matcher`] finds it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct VisitId(u64);

impl VisitId {
    pub(super) const fn of(frame: &Frame<'_>) -> Self {
        Self(frame.entered)
    }
}

/// A parameter or buffer that rules may write, as one module that holds rules sees it.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    leaf: &'a Frame<'a>,
    /// Its name in its layer.
    pub attribute: &'a str,
    /// The depth of the module.
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

/// The comparison of all rules above with the parameter `attribute` of the layer `leaf`.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) leaf: &'a Frame<'a>,
    pub(super) attribute: &'a str,
    pub(super) bare: bool,
}

impl<'a> Look<'a> {
    /// Calls `see` with every part of a rule on the way to the parameter, in program order; with a matcher, with the parts that
    /// it finds.
    pub(super) fn each(self, matcher: Option<&dyn Matcher>, see: &mut dyn FnMut(&Considered<'a>)) {
        self.before_children(self.leaf, matcher, see);
        // A bare `initialize` defers nothing.
        if self.bare {
            return;
        }
        let mut next = Some(self.leaf);
        while let Some(frame) = next {
            next = frame.parent;
            // Where nothing is deferred, a matcher need not look.
            if matcher.is_some() && frame.left == 0 {
                continue;
            }
            let order = |rule, part| Order {
                entered: frame.left,
                phase: Phase::AfterChildren(Reverse(frame.entered)),
                rule,
                part,
            };
            self.rules(frame, &|write| write.is_deferred(), &order, matcher, see);
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
            matcher.matching(VisitId::of(frame), rules, &target, &mut |rule, part| {
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
            visit: VisitId::of(frame),
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

/// The outcome of the rule's own `layer` for the parameter.
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

/// An initializer writes a layer's `weight` and `bias`; a checkpoint writes every parameter.
pub(crate) fn touches(is_pretrained: bool, attribute: &str) -> Outcome {
    if is_pretrained || matches!(attribute, "weight" | "bias") {
        Outcome::Writes
    } else {
        Outcome::OtherAttribute
    }
}

/// Whether a part writes a parameter of this name by the rule's constant for biases. A glob names parameters, not layers;
/// a parameter that it names gets the initializer itself.
pub(crate) fn is_bias(part: Part, attribute: &str) -> bool {
    attribute == "bias" && !matches!(part, Part::Params(_))
}
