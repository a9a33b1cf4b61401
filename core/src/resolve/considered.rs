use core::cmp::Reverse;

use super::frame::{Frame, Link, State};
use super::path::Path;
use crate::init_cfg::{Init, Rules, Write};
use crate::initializer::Constant;
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
    pub init: Init<&'a str>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The rule itself, by its `layer`.
    Layer,
    /// The glob of this number in its `params`.
    Params(usize),
    /// Its override of this number.
    Override(usize),
}

/// What came of considering a part of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    AfterChildren(Reverse<u64>),
    BeforeChildren,
}

/// Calls `see` with everything that is considered for `leaf`'s parameter `attribute` on the way to it, in program
/// order.
pub(super) fn each<'a>(
    leaf: &'a Frame<'a>,
    attribute: &'a str,
    bare: bool,
    see: &mut dyn FnMut(&Considered<'a>),
) {
    before_children(leaf, leaf, attribute, bare, see);
    // A bare `initialize` defers nothing.
    if bare {
        return;
    }
    let mut next = Some(leaf);
    while let Some(frame) = next {
        let order = |rule, part| Order {
            entered: frame.left,
            phase: Phase::AfterChildren(Reverse(frame.entered)),
            rule,
            part,
        };
        frame_rules(frame, leaf, attribute, &|init| init.is_deferred(), &order, see);
        next = frame.parent;
    }
}

fn before_children<'a>(
    frame: &'a Frame<'a>,
    leaf: &'a Frame<'a>,
    attribute: &'a str,
    bare: bool,
    see: &mut dyn FnMut(&Considered<'a>),
) {
    if let Some(parent) = frame.parent {
        before_children(parent, leaf, attribute, bare, see);
    }
    let order =
        |rule, part| Order { entered: frame.entered, phase: Phase::BeforeChildren, rule, part };
    frame_rules(frame, leaf, attribute, &|init| bare || !init.is_deferred(), &order, see);
}

fn frame_rules<'a>(
    frame: &'a Frame<'a>,
    leaf: &'a Frame<'a>,
    attribute: &'a str,
    now: &dyn Fn(&Init<&str>) -> bool,
    order: &dyn Fn(usize, Part) -> Order,
    see: &mut dyn FnMut(&Considered<'a>),
) {
    let Some(rules) = frame.rules else { return };
    if frame.state == State::Ran {
        return;
    }
    for (rule, write) in rules.writes().enumerate().filter(|(_, write)| now(&write.init)) {
        let mut emit = |part, write: Write<'a>, outcome| {
            let outcome =
                if frame.state == State::NotReached { Outcome::NotReached } else { outcome };
            let init = assignment(write, part, attribute);
            let module = Path::new(frame, "", true);
            let covered = match part {
                Part::Override(index) => {
                    rules.override_name(rule, index).map(|name| frame.depth_of(name))
                }
                Part::Layer | Part::Params(_) => None,
            };
            see(&Considered {
                module,
                rules: Names(rules),
                rule,
                part,
                init,
                outcome,
                order: order(rule, part),
                within: Path::within(leaf, attribute, covered.unwrap_or(frame.depth)),
            });
        };
        emit(
            Part::Layer,
            write,
            own(rules, rule, write.init.is_pretrained(), leaf.layer, attribute),
        );
        for (index, glob) in rules.globs(rule).enumerate() {
            let path = Path::new(leaf, attribute, false);
            let outcome = if path.matches(glob) { Outcome::Writes } else { Outcome::OtherName };
            emit(Part::Params(index), write, outcome);
        }
        for (index, name) in rules.override_names(rule).enumerate() {
            let Some(write) = rules.override_write(rule, index) else { continue };
            let outcome = match frame.covers(name, leaf) {
                true => touches(write.init.is_pretrained(), attribute),
                false => Outcome::OtherSubtree,
            };
            emit(Part::Override(index), write, outcome);
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

fn assignment<'a>(write: Write<'a>, part: Part, attribute: &str) -> Init<&'a str> {
    if is_bias(part, attribute) && !write.init.is_pretrained() {
        Init::Constant(Constant { val: write.bias.value() })
    } else {
        write.init
    }
}
