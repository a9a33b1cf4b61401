//! Which part of which rule writes a parameter last.

use super::InitWeightsError;
use super::decide::{Frame, Shared};
use crate::init_cfg::{Kind, Rules, TypeName};
use crate::layer::Param;
use crate::resolve::{Link, Outcome, Part, ResolveError, matches_backwards, own, touches};

/// The moment of a write. Without Pretrained rules every module writes before its children.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    pub(super) entered: u32,
    pub(super) rule: u32,
    pub(super) part: PartNumber,
}

/// A [`Part`] in one word: globs and overrides count from 0, each in a range of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PartNumber(u32);

impl PartNumber {
    const LAYER: Self = Self(0);
    const FIRST_GLOB: u32 = 1;
    const FIRST_OVERRIDE: u32 = 1 << 31;

    fn part(self) -> Part {
        let number = |first| self.0.wrapping_sub(first) as usize;
        match self.0 {
            0 => Part::Layer,
            Self::FIRST_OVERRIDE.. => Part::Override(number(Self::FIRST_OVERRIDE)),
            _ => Part::Params(number(Self::FIRST_GLOB)),
        }
    }

    pub(super) fn over(self) -> Option<usize> {
        match self.part() {
            Part::Override(index) => Some(index),
            Part::Layer | Part::Params(_) => None,
        }
    }
}

/// A part of a rule that writes.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) rules: &'a dyn Rules,
    pub(super) order: Order,
}

/// Finds the last write to a parameter on the path to it; or what is wrong with any write to it.
#[inline(never)]
pub(super) fn last_write<'a>(
    leaf: &Frame<'a>,
    param: &Param<'_>,
    shared: &Shared<'a>,
    last: &mut Option<Found<'a>>,
) -> Result<(), InitWeightsError> {
    let mut next = Some(leaf);
    // From the innermost module to the outermost: of two that write, the inner one is the last.
    while let Some(frame) = next {
        if let Some(rules) = shared.rules(frame) {
            let order = Order { entered: frame.entered, rule: 0, part: PartNumber::LAYER };
            let mut look = Look { found: Found { rules, order }, frame, leaf, param, shared };
            look.last_write(last)?;
        }
        next = frame.parent;
    }
    // One that a later one undoes needs no checkpoint.
    match last {
        Some(found) if found.is_pretrained() => Err(InitWeightsError::Pretrained),
        _ => Ok(()),
    }
}

impl Found<'_> {
    const fn rule(&self) -> usize {
        self.order.rule as usize
    }

    fn is_pretrained(&self) -> bool {
        self.rules.kind(self.rule(), self.order.part.over()).is_some_and(is_pretrained)
    }
}

fn is_pretrained(kind: Kind) -> bool {
    kind.type_name == TypeName::Pretrained
}

/// A look at one part after the other of a module's rules, for one parameter: lent as one, for each of these would have
/// its copy on the stack.
struct Look<'l, 'a> {
    found: Found<'a>,
    frame: &'l Frame<'a>,
    leaf: &'l Frame<'a>,
    param: &'l Param<'l>,
    shared: &'l Shared<'a>,
}

impl<'a> Look<'_, 'a> {
    /// The last write of the module, unless an inner one has been found.
    #[inline(always)]
    fn last_write(&mut self, last: &mut Option<Found<'a>>) -> Result<(), InitWeightsError> {
        let inner = last.is_some();
        while let Some(kind) = self.found.rules.kind(self.found.rule(), None) {
            // It runs when the children are done, so nothing comes after it.
            if is_pretrained(kind) && !self.shared.is_bare() {
                return Err(InitWeightsError::Pretrained);
            }
            if self.writes() {
                if let Some(error) = self.fault() {
                    return Err(error);
                }
                if !inner {
                    *last = Some(self.found);
                }
            }
            self.advance();
        }
        Ok(())
    }

    /// What is wrong with the write, also with one that a later one undoes.
    #[inline(never)]
    fn fault(&self) -> Option<InitWeightsError> {
        let Self { found: Found { rules, order }, param, shared, .. } = self;
        let (rule, over) = (order.rule as usize, order.part.over());
        let Some(kind) = rules.kind(rule, over) else { return Some(InitWeightsError::NotLinked) };
        if is_pretrained(kind) {
            return None;
        }
        if param.name == "bias" {
            let value = rules.bias(rule, over).and_then(shared.bias);
            return if value.is_some() { None } else { Some(InitWeightsError::NotLinked) };
        }
        if !(shared.has)(kind) {
            return Some(InitWeightsError::NotLinked);
        }
        // Fans beyond 64 bits are found when it is written: no memory holds such a parameter.
        if kind.needs_fans() && param.shape.dims().len() < 2 && !kind.skips(&param.shape) {
            return Some(InitWeightsError::Resolve(ResolveError::Shape));
        }
        None
    }

    /// Whether the part writes the parameter.
    #[inline(never)]
    fn writes(&self) -> bool {
        match self.found.order.part.part() {
            Part::Layer => self.layer_writes(),
            Part::Params(index) => self.is_named(index),
            Part::Override(index) => {
                touches(self.found.is_pretrained(), self.param.name) == Outcome::Writes
                    && self.is_below(index)
            }
        }
    }

    #[inline(never)]
    fn layer_writes(&self) -> bool {
        let Self { found, leaf, param, .. } = self;
        let is_pretrained = found.is_pretrained();
        own(found.rules, found.rule(), is_pretrained, leaf.layer, param.name) == Outcome::Writes
    }

    #[inline(never)]
    fn is_named(&self, glob: usize) -> bool {
        let Self { found, leaf, param, .. } = self;
        let glob = found.rules.params(found.rule(), glob);
        glob.is_some_and(|glob| matches_backwards(Backwards::new(leaf, param.name), glob))
    }

    #[inline(never)]
    fn is_below(&self, over: usize) -> bool {
        let Self { found, frame, leaf, .. } = self;
        let name = found.rules.override_name(found.rule(), over);
        name.is_some_and(|name| frame.covers(name, leaf))
    }

    /// Goes to the part behind this one, in the order in which they write: of the same rule, or the next one's first.
    #[inline(never)]
    fn advance(&mut self) {
        let Found { rules, order } = &mut self.found;
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
            self.next = frame.parent;
            if !frame.name.is_empty() {
                self.piece = frame.name.as_bytes();
                return Some(b'.');
            }
        }
        None
    }
}
