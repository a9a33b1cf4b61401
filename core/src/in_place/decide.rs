//! Which rule writes a parameter, and nothing else: what [`resolve`](crate::resolve) answers without telling why.
//!
//! The same closed form on the same links of the call stack, with no more in a link than a write needs. A
//! microcontroller has no room for the rest.

use core::ops::ControlFlow;

use super::{InitWeightsError, Initializers};
use crate::init_cfg::{Init, Rules};
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
    /// The last writer so far; a tie may bring a later one.
    last: Option<(Order, Init<()>)>,
}

impl Decided {
    /// What writes the parameter; `None` if no rule does.
    pub(super) fn init(&self) -> Option<&Init<()>> {
        self.last.as_ref().map(|(_, init)| init)
    }
}

/// The moment of a write. Without Pretrained rules every module writes before its children.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    entered: u32,
    rule: usize,
    part: Part,
}

/// Decides the parameters from number `first` on, as many as there is room for, and counts those of all the model that
/// have memory of their own.
///
/// Whatever could go wrong, with any parameter, is found.
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
        assign: assign::<S>,
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
    assign: Assign,
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
        while rules.is_pretrained(rule, None).is_some() {
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

    /// Decides one parameter.
    fn decide(&mut self, param: &Param<'_>) -> Result<(), InitWeightsError> {
        let Self { frame, shared } = self;
        let found = last_write(frame, param, shared)?;
        let stream = stream_of(frame.stream, param);
        let is_tied = frame.tied || param.same_as.is_some();
        let slot = if is_tied {
            shared.decided.iter_mut().flatten().find(|decided| decided.stream == stream)
        } else {
            let slot = shared.next.checked_sub(shared.first);
            shared.next += 1;
            slot.and_then(|slot| shared.decided.get_mut(slot))
                .map(|slot| slot.insert(Decided { stream, last: None }))
        };
        if let (Some(slot), Some(Found { rules, order })) = (slot, found)
            && slot.last.as_ref().is_none_or(|(last, _)| *last < order)
        {
            let init = (shared.assign)(rules, order.rule, order.part, param)?;
            slot.last = Some((order, init));
        }
        Ok(())
    }
}

impl LayerVisitor for Walk<'_, '_> {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        match self.decide(param) {
            Ok(()) => ControlFlow::Continue(()),
            Err(stop) => {
                self.shared.stop = Some(stop);
                ControlFlow::Break(())
            }
        }
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        let above = self.frame;
        let frame = Frame {
            parent: Some(above),
            name: child.name,
            layer: child.layer,
            depth: above.depth.saturating_add(1),
            entered: self.shared.entered,
            runs: !self.shared.is_bare()
                && above.runs
                && child.layer.init_weights() != InitWeights::None,
            tied: above.tied || child.same_as.is_some(),
            stream: match child.same_as {
                Some(path) => Fnv1a::new().write(path.as_bytes()),
                None => extend(above.stream, child.name),
            },
        };
        self.shared.entered += 1;
        Walk { frame: &frame, shared: self.shared }.enter()
    }
}

/// A part of a rule that writes.
#[derive(Clone, Copy)]
struct Found<'a> {
    rules: &'a dyn Rules,
    order: Order,
}

/// The last write to a parameter on the path to it; or what is wrong with any write to it.
fn last_write<'a>(
    leaf: &Frame<'a>,
    param: &Param<'_>,
    shared: &Shared<'a>,
) -> Result<Option<Found<'a>>, InitWeightsError> {
    let mut last = None;
    let mut next = Some(leaf);
    // From the innermost module to the outermost: of two that write, the inner one is the last.
    while let Some(frame) = next {
        if let Some(rules) = shared.rules(frame) {
            let here = Here { frame, leaf, param, assign: shared.assign, bare: shared.is_bare() };
            let found = here.last_write(rules)?;
            if last.is_none() {
                last = found;
            }
        }
        next = frame.parent;
    }
    Ok(last)
}

/// One module with rules, above one parameter.
struct Here<'h, 'a> {
    frame: &'h Frame<'a>,
    leaf: &'h Frame<'a>,
    param: &'h Param<'h>,
    assign: Assign,
    bare: bool,
}

impl Here<'_, '_> {
    /// The last part of these rules that writes the parameter.
    fn last_write<'a>(&self, rules: &'a dyn Rules) -> Result<Option<Found<'a>>, InitWeightsError> {
        let (mut last, mut rule) = (None, 0);
        while let Some(is_pretrained) = rules.is_pretrained(rule, None) {
            // It runs when the children are done, so nothing comes after it.
            if is_pretrained && !self.bare {
                return Err(InitWeightsError::Pretrained);
            }
            let mut part = Some(Part::Layer);
            while let Some(this) = part {
                if self.writes(rules, rule, this, is_pretrained) {
                    self.check(rules, rule, this)?;
                    let order = Order { entered: self.frame.entered, rule, part: this };
                    last = Some(Found { rules, order });
                }
                part = following(rules, rule, this);
            }
            rule += 1;
        }
        Ok(last)
    }

    #[inline(never)]
    fn writes(&self, rules: &dyn Rules, rule: usize, part: Part, is_pretrained: bool) -> bool {
        let Self { frame, leaf, param, .. } = self;
        match part {
            Part::Layer => {
                own(rules, rule, is_pretrained, leaf.layer, param.name) == Outcome::Writes
            }
            Part::Params(index) => {
                rules.params(rule, index).is_some_and(|glob| is_named(glob, leaf, param.name))
            }
            Part::Override(index) => {
                rules.override_name(rule, index).is_some_and(|name| frame.covers(name, leaf))
                    && (touches(false, param.name) == Outcome::Writes
                        || rules.is_pretrained(rule, Some(index)) == Some(true))
            }
        }
    }

    /// A write that a later one undoes fails as well, unless it only needs a checkpoint.
    #[inline(never)]
    fn check(&self, rules: &dyn Rules, rule: usize, part: Part) -> Result<(), InitWeightsError> {
        match (self.assign)(rules, rule, part, self.param) {
            Ok(_) | Err(InitWeightsError::Pretrained) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[inline(never)]
fn is_named(glob: &str, leaf: &Frame<'_>, attribute: &str) -> bool {
    matches_backwards(Backwards::new(leaf, attribute), glob)
}

/// The part of the rule behind this one, in the order in which they write.
#[inline(never)]
fn following(rules: &dyn Rules, rule: usize, part: Part) -> Option<Part> {
    let (glob, number) = match part {
        Part::Layer => (Some(0), 0),
        Part::Params(index) => (Some(index + 1), 0),
        Part::Override(index) => (None, index + 1),
    };
    if let Some(glob) = glob
        && rules.params(rule, glob).is_some()
    {
        return Some(Part::Params(glob));
    }
    rules.override_name(rule, number).map(|_| Part::Override(number))
}

/// What a part of a rule writes the parameter by.
type Assign = fn(&dyn Rules, usize, Part, &Param<'_>) -> Result<Init<()>, InitWeightsError>;

#[inline(never)]
fn assign<S: Initializers>(
    rules: &dyn Rules,
    rule: usize,
    part: Part,
    param: &Param<'_>,
) -> Result<Init<()>, InitWeightsError> {
    let over = match part {
        Part::Layer | Part::Params(_) => None,
        Part::Override(index) => Some(index),
    };
    let is_pretrained = rules.is_pretrained(rule, over) == Some(true);
    if is_pretrained {
        return Err(InitWeightsError::Pretrained);
    }
    if param.name == "bias" {
        let value = rules.bias(rule, over).and_then(S::bias);
        let val = value.ok_or(InitWeightsError::NotLinked)?;
        return Ok(Init::Constant(Constant { val }));
    }
    match rules.init(rule, over) {
        Some(init) if S::has(&init) => match init.check_fans(&param.shape) {
            Ok(_) => Ok(init),
            Err(_) => Err(InitWeightsError::Resolve(ResolveError::Shape)),
        },
        _ => Err(InitWeightsError::NotLinked),
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
