//! Which part of which rule writes a parameter last.

use super::InitWeightsError;
use super::frame::{Decided, Frame};
use super::order::{Order, PartNumber};
use crate::init_cfg::{Init, Rules, Turn};
use crate::layer::Param;
use crate::resolve::{Link, Outcome, Part, ResolveError, is_bias, matches_backwards, own, touches};

/// Looks for the last write to a parameter on the path to it, for `slot`; or for what is wrong with any write to it.
#[inline(never)]
pub(super) fn look(
    leaf: &Frame<'_>,
    param: &Param<'_>,
    slot: Option<&Decided>,
) -> Option<InitWeightsError> {
    let order = Order::NEVER;
    let mut look =
        Look { rules: None, order, frame: leaf, leaf, param, slot, inner: false, last: Last::None };
    // From the innermost module to the outermost: of two that write, the inner one is the last.
    loop {
        look.begin();
        while let Some(may_run) = look.may_run() {
            if !may_run {
                return Some(InitWeightsError::Pretrained);
            }
            if look.writes() {
                let fault = look.fault();
                if fault.is_some() {
                    return fault;
                }
                look.keep();
            }
            look.advance();
        }
        let Some(parent) = look.frame.parent() else { break };
        look.frame = parent;
    }
    // A Pretrained rule that a later one overwrites needs no checkpoint.
    if look.last == Last::Pretrained { Some(InitWeightsError::Pretrained) } else { None }
}

/// A cursor over all parts of all rules that could write one parameter.
///
/// One struct that is passed by reference, and steps that are never inlined, keep the peak of the stack low: each step's frame
/// is freed before the next step begins.
struct Look<'l> {
    frame: &'l Frame<'l>,
    /// Those of `frame`, if they are applied.
    rules: Option<&'l dyn Rules>,
    order: Order,
    leaf: &'l Frame<'l>,
    param: &'l Param<'l>,
    slot: Option<&'l Decided>,
    /// Whether a module below `frame` writes the parameter.
    inner: bool,
    last: Last,
}

/// What the last write is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    None,
    Init,
    Pretrained,
}

impl Look<'_> {
    /// Goes to the first rule of `frame`.
    #[inline(never)]
    fn begin(&mut self) {
        self.rules = self.frame.rules();
        self.order = Order { entered: self.frame.entered, ..Order::NEVER };
        self.inner = self.last != Last::None;
    }

    const fn rule(&self) -> usize {
        self.order.rule as usize
    }

    /// The initializer of the part; `None` of Pretrained.
    fn init(&self) -> Option<&Init> {
        self.rules?.init(self.rule(), self.order.part.over())
    }

    #[inline(never)]
    fn is_pretrained(&self) -> bool {
        self.init().is_none()
    }

    /// Whether the rule can be carried out; `None` past the last.
    #[inline(never)]
    fn may_run(&self) -> Option<bool> {
        let rules = self.rules?;
        if rules.init(self.rule(), None).is_some() {
            return Some(true);
        }
        // A deferred rule runs when the children are done, so nothing comes after it.
        let pretrained = rules.pretrained(self.rule(), None)?;
        Some(pretrained.turn == Turn::InOrder || self.leaf.shared.is_bare())
    }

    /// What is wrong with the write, also with one that a later one undoes.
    #[inline(always)]
    fn fault(&self) -> Option<InitWeightsError> {
        if self.is_pretrained() {
            None
        } else if self.is_bias() {
            self.bias_fault()
        } else {
            self.init_fault()
        }
    }

    /// Whether the part writes the constant for biases.
    #[inline(never)]
    fn is_bias(&self) -> bool {
        is_bias(self.order.part.part(), self.param.name)
    }

    #[inline(never)]
    fn init_fault(&self) -> Option<InitWeightsError> {
        let Some(init) = self.init().filter(|init| (self.leaf.shared.has)(init)) else {
            return Some(InitWeightsError::NotLinked);
        };
        // Fans beyond 64 bits are found when it is written: no memory holds such a parameter.
        if init.lacks_dimensions(&self.param.shape) {
            return Some(InitWeightsError::Resolve(ResolveError::Shape));
        }
        None
    }

    #[inline(never)]
    fn bias_fault(&self) -> Option<InitWeightsError> {
        let bias = self.rules.and_then(|rules| rules.bias(self.rule(), self.order.part.over()));
        match bias.and_then(self.leaf.shared.bias) {
            Some(_) => None,
            None => Some(InitWeightsError::NotLinked),
        }
    }

    /// Lets the part write the parameter, unless one of an inner module does.
    #[inline(never)]
    fn keep(&mut self) {
        if self.inner {
            return;
        }
        self.last = if self.is_pretrained() { Last::Pretrained } else { Last::Init };
        if let Some(slot) = self.slot
            && slot.order.get() < self.order
        {
            slot.order.set(self.order);
            slot.is_bias.set(self.is_bias());
        }
    }

    /// Whether the part writes the parameter.
    #[inline(always)]
    fn writes(&self) -> bool {
        match self.order.part.part() {
            Part::Layer => self.layer_writes(),
            Part::Params(index) => self.is_named(index),
            Part::Override(index) => {
                touches(self.is_pretrained(), self.param.name) == Outcome::Writes
                    && self.is_below(index)
            }
        }
    }

    #[inline(never)]
    fn layer_writes(&self) -> bool {
        let Self { leaf, param, .. } = self;
        let is_pretrained = self.is_pretrained();
        self.rules.is_some_and(|rules| {
            own(rules, self.rule(), is_pretrained, leaf.layer(), param.name) == Outcome::Writes
        })
    }

    #[inline(never)]
    fn is_named(&self, glob: usize) -> bool {
        let Self { leaf, param, .. } = self;
        let glob = self.rules.and_then(|rules| rules.params(self.rule(), glob));
        glob.is_some_and(|glob| matches_backwards(Backwards::new(leaf, param.name), glob))
    }

    #[inline(never)]
    fn is_below(&self, over: usize) -> bool {
        let Self { frame, leaf, .. } = self;
        let name = self.rules.and_then(|rules| rules.override_name(self.rule(), over));
        name.is_some_and(|name| frame.covers(name, leaf))
    }

    /// Goes to the part behind this one, in the order in which they write: of the same rule, or the next one's first.
    #[inline(never)]
    fn advance(&mut self) {
        let Self { rules: Some(rules), order, .. } = self else { return };
        let rule = order.rule as usize;
        let (glob, over) = match order.part.part() {
            Part::Layer => (0, 0),
            Part::Params(index) => (index + 1, 0),
            Part::Override(index) => (usize::MAX, index + 1),
        };
        let number = |first: u32, index: usize| PartNumber(first.wrapping_add(index as u32));
        if rules.params(rule, glob).is_some() {
            order.part = number(PartNumber::FIRST_GLOB, glob);
        } else if rules.override_name(rule, over).is_some() {
            order.part = number(PartNumber::FIRST_OVERRIDE, over);
        } else {
            order.rule += 1;
            order.part = PartNumber::LAYER;
        }
    }
}

/// The bytes of a parameter's path, the last first.
#[derive(Clone)]
struct Backwards<'a> {
    piece: &'a [u8],
    next: Option<&'a Frame<'a>>,
}

impl<'a> Backwards<'a> {
    const fn new(leaf: &'a Frame<'a>, attribute: &'a str) -> Self {
        Self { piece: attribute.as_bytes(), next: Some(leaf) }
    }
}

impl Iterator for Backwards<'_> {
    type Item = u8;

    fn next(&mut self) -> Option<u8> {
        if let [front @ .., byte] = self.piece {
            self.piece = front;
            return Some(*byte);
        }
        while let Some(frame) = self.next {
            self.next = frame.parent();
            if !frame.name().is_empty() {
                self.piece = frame.name().as_bytes();
                return Some(b'.');
            }
        }
        None
    }
}
