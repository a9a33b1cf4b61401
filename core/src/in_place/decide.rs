//! Which rule writes a parameter, and nothing else: what [`resolve`](crate::resolve) answers without telling why.
//!
//! The same closed form on the same links of the call stack, with no more in a link than a write needs. A
//! microcontroller has no room for the rest.

use core::ops::ControlFlow;

use super::{InitWeightsError, Initializers};
use crate::init_cfg::{Bias, Init, Kind, Rules, TypeName};
use crate::initializer::Constant;
use crate::layer::{Child, InitWeights, Layer, LayerVisitor, Param};
use crate::random::Fnv1a;
use crate::resolve::{
    Attribute, Call, Link, MAX_TIED_VISITS, Outcome, Part, ResolveError, attribute, extend,
    matches_backwards, own, stream_of, touches,
};

/// What is decided for one parameter.
#[derive(Clone, Copy)]
pub(super) struct Decided {
    pub(super) stream: u64,
    /// Of the last writer so far; a tie may bring a later one.
    order: Option<Order>,
    init: Option<Init<()>>,
}

impl Decided {
    /// What writes the parameter; `None` if no rule does.
    pub(super) fn init(&self) -> Option<&Init<()>> {
        self.init.as_ref()
    }
}

/// The moment of a write. Without Pretrained rules every module writes before its children.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    entered: u32,
    rule: u32,
    part: PartNumber,
}

/// A [`Part`] in one word: globs and overrides count from 0, each in a range of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PartNumber(u32);

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

    fn over(self) -> Option<usize> {
        match self.part() {
            Part::Override(index) => Some(index),
            Part::Layer | Part::Params(_) => None,
        }
    }
}

/// Decides the parameters from number `first` on, as many as there is room for, and counts those of all the model that
/// have memory of their own.
///
/// Whatever could go wrong, with any parameter, is found.
#[inline(never)]
pub(super) fn decide<S: Initializers>(
    root: &dyn Layer,
    call: Call<'_>,
    first: usize,
    decided: &mut [Option<Decided>],
) -> Result<usize, InitWeightsError> {
    for slot in &mut *decided {
        *slot = None;
    }
    let frame = Frame {
        parent: None,
        name: "",
        layer: root,
        depth: 0,
        entered: 0,
        runs: matches!(call, Call::Initialize(_)) || root.init_weights() != InitWeights::None,
        tied: false,
        stream: Fnv1a::new(),
    };
    let mut shared = Shared {
        call,
        entered: 1,
        tied: 0,
        first,
        next: 0,
        decided,
        has: S::has,
        bias: S::bias,
        stop: None,
    };
    let mut walk = Walk { frame: &frame, shared: &mut shared };
    let _ = walk.enter();
    shared.stop.map_or(Ok(shared.next), Err)
}

/// A layer on the way from the root; on the call stack.
struct Frame<'a> {
    parent: Option<&'a Self>,
    name: &'a str,
    layer: &'a dyn Layer,
    depth: u16,
    runs: bool,
    tied: bool,
    entered: u32,
    stream: Fnv1a,
}

impl<'a> Frame<'a> {
    /// A child of this layer, as it is entered.
    #[inline(never)]
    fn below(&'a self, child: &Child<'a>, shared: &mut Shared<'_>) -> Self {
        let entered = shared.entered;
        shared.entered += 1;
        Self {
            parent: Some(self),
            name: child.name,
            layer: child.layer,
            depth: self.depth.saturating_add(1),
            entered,
            runs: !shared.is_bare() && self.runs && child.layer.init_weights() != InitWeights::None,
            tied: self.tied || child.same_as.is_some(),
            stream: match child.same_as {
                Some(path) => Fnv1a::new().write(path.as_bytes()),
                None => extend(self.stream, child.name),
            },
        }
    }
}

impl<'a> Link<'a> for Frame<'a> {
    fn parent(&self) -> Option<&'a Self> {
        self.parent
    }
    fn name(&self) -> &'a str {
        self.name
    }
    fn layer(&self) -> &'a dyn Layer {
        self.layer
    }
    fn depth(&self) -> usize {
        usize::from(self.depth)
    }
}

/// What the frames of one walk share.
struct Shared<'s> {
    call: Call<'s>,
    /// Layers entered so far.
    entered: u32,
    /// Layers entered so far at other paths than their first.
    tied: u32,
    first: usize,
    /// The number of the next parameter that has memory of its own.
    next: usize,
    decided: &'s mut [Option<Decided>],
    has: fn(Kind) -> bool,
    bias: fn(Bias) -> Option<f64>,
    stop: Option<InitWeightsError>,
}

impl<'s> Shared<'s> {
    /// The rules that a layer holds in this call, if they are applied.
    fn rules<'a>(&self, frame: &Frame<'a>) -> Option<&'a dyn Rules>
    where
        's: 'a,
    {
        match self.call {
            _ if !frame.runs => None,
            Call::InitWeights => frame.layer.init_cfg(),
            Call::Initialize(rules) => (frame.depth == 0).then_some(rules),
        }
    }

    const fn is_bare(&self) -> bool {
        matches!(self.call, Call::Initialize(_))
    }

    /// What is wrong with a layer, before its parts are looked at.
    #[inline(never)]
    fn fault(&mut self, frame: &Frame<'_>) -> Option<InitWeightsError> {
        self.tied += u32::from(frame.tied);
        if self.tied > MAX_TIED_VISITS {
            return Some(InitWeightsError::Resolve(ResolveError::TooManyPaths));
        }
        let rules = self.rules(frame)?;
        let mut rule = 0;
        while rules.kind(rule, None).is_some() {
            let mut index = 0;
            while let Some(name) = rules.override_name(rule, index) {
                if attribute(frame.layer, name) != Attribute::Layer {
                    return Some(InitWeightsError::Resolve(ResolveError::MissingAttribute));
                }
                index += 1;
            }
            rule += 1;
        }
        None
    }
}

struct Walk<'w, 's> {
    frame: &'w Frame<'w>,
    shared: &'w mut Shared<'s>,
}

impl Walk<'_, '_> {
    fn enter(&mut self) -> ControlFlow<()> {
        self.shared.stop = self.shared.fault(self.frame);
        if self.shared.stop.is_some() {
            return ControlFlow::Break(());
        }
        self.frame.layer.visit(self)
    }

    /// Keeps what was found for one parameter, if it is one of the batch.
    #[inline(never)]
    fn keep(&mut self, param: &Param<'_>, found: Option<Found<'_>>) {
        let Self { frame, shared } = self;
        let stream = stream_of(frame.stream, param);
        let slot = if frame.tied || param.same_as.is_some() {
            shared.decided.iter_mut().flatten().find(|decided| decided.stream == stream)
        } else {
            let slot = shared.next.checked_sub(shared.first);
            shared.next += 1;
            slot.and_then(|slot| shared.decided.get_mut(slot))
                .map(|slot| slot.insert(Decided { stream, order: None, init: None }))
        };
        if let (Some(slot), Some(Found { rules, order })) = (slot, found)
            && slot.order < Some(order)
        {
            let (rule, over) = (order.rule as usize, order.part.over());
            slot.order = Some(order);
            // In the set, as everything that writes the parameter.
            slot.init = match param.name {
                "bias" => rules
                    .bias(rule, over)
                    .and_then(shared.bias)
                    .map(|val| Init::Constant(Constant { val })),
                _ => rules.init(rule, over),
            };
        }
    }
}

impl LayerVisitor for Walk<'_, '_> {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        let mut found = None;
        self.shared.stop = last_write(self.frame, param, self.shared, &mut found).err();
        if self.shared.stop.is_some() {
            return ControlFlow::Break(());
        }
        self.keep(param, found);
        ControlFlow::Continue(())
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        let frame = self.frame.below(child, self.shared);
        Walk { frame: &frame, shared: self.shared }.enter()
    }
}

/// A part of a rule that writes.
#[derive(Clone, Copy)]
struct Found<'a> {
    rules: &'a dyn Rules,
    order: Order,
}

/// Finds the last write to a parameter on the path to it; or what is wrong with any write to it.
#[inline(never)]
fn last_write<'a>(
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
