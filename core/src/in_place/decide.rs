//! Which rule writes a parameter, and nothing else: what [`resolve`](crate::resolve) answers without telling why.
//!
//! The same closed form on the same links of the call stack, with no more in a link than a write needs. A
//! microcontroller has no room for the rest.

use core::ops::ControlFlow;

use super::InitWeightsError;
use crate::init_cfg::{Init, Pretrained, Rules};
use crate::layer::{Child, InitWeights, Layer, LayerVisitor, Param};
use crate::random::Fnv1a;
use crate::resolve::{
    Attribute, Call, Link, MAX_TIED_VISITS, Outcome, Part, ResolveError, assignment, attribute,
    extend, matches_backwards, own, stream_of, touches,
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
pub(super) fn decide(
    root: &dyn Layer,
    call: Call<'_>,
    first: usize,
    decided: &mut [Option<Decided>],
    linked: fn(&Init<()>) -> bool,
) -> Result<usize, InitWeightsError> {
    decided.fill(None);
    let bare = matches!(call, Call::Initialize(_));
    let frame = Frame {
        parent: None,
        name: "",
        layer: root,
        depth: 0,
        entered: 0,
        runs: bare || root.init_weights() != InitWeights::None,
        tied: false,
        stream: Fnv1a::new(),
    };
    let mut shared =
        Shared { call, entered: 0, tied: 0, first, next: 0, decided, linked, stop: None };
    let _ = enter(&frame, &mut shared);
    match shared.stop {
        None => Ok(shared.next),
        Some(Stop::Resolve(error)) => Err(InitWeightsError::Resolve(error)),
        Some(Stop::Pretrained) => Err(InitWeightsError::Pretrained),
        Some(Stop::NotLinked) => Err(InitWeightsError::NotLinked),
    }
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

/// Why the walk breaks off.
enum Stop {
    Resolve(ResolveError),
    Pretrained,
    NotLinked,
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
    linked: fn(&Init<()>) -> bool,
    stop: Option<Stop>,
}

impl<'s> Shared<'s> {
    fn stop(&mut self, why: Stop) -> ControlFlow<()> {
        self.stop = Some(why);
        ControlFlow::Break(())
    }

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
}

fn enter(frame: &Frame<'_>, shared: &mut Shared<'_>) -> ControlFlow<()> {
    if frame.tied {
        shared.tied += 1;
        if shared.tied > MAX_TIED_VISITS {
            return shared.stop(Stop::Resolve(ResolveError::TooManyPaths));
        }
    }
    shared.entered += 1;
    if let Some(rules) = shared.rules(frame)
        && !overrides_lead_to_layers(frame.layer, rules)
    {
        return shared.stop(Stop::Resolve(ResolveError::MissingAttribute));
    }
    frame.layer.visit(&mut Walk { frame, shared })
}

fn overrides_lead_to_layers(layer: &dyn Layer, rules: &dyn Rules) -> bool {
    let mut rule = 0;
    while rules.write(rule).is_some() {
        let mut index = 0;
        while let Some(name) = rules.override_name(rule, index) {
            if attribute(layer, name) != Attribute::Layer {
                return false;
            }
            index += 1;
        }
        rule += 1;
    }
    true
}

struct Walk<'w, 's> {
    frame: &'w Frame<'w>,
    shared: &'w mut Shared<'s>,
}

impl LayerVisitor for Walk<'_, '_> {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        let Self { frame, shared } = self;
        let last = match last_write(frame, param, shared) {
            Ok(last) => last,
            Err(stop) => return shared.stop(stop),
        };
        let stream = stream_of(frame.stream, param);
        if frame.tied || param.same_as.is_some() {
            let mut decided = shared.decided.iter_mut().flatten();
            if let Some(decided) = decided.find(|decided| decided.stream == stream) {
                let order =
                    |last: &Option<(Order, Init<()>)>| last.as_ref().map(|(order, _)| *order);
                if order(&last) > order(&decided.last) {
                    decided.last = last;
                }
            }
            return ControlFlow::Continue(());
        }
        let slot = shared.next.checked_sub(shared.first);
        if let Some(slot) = slot.and_then(|slot| shared.decided.get_mut(slot)) {
            *slot = Some(Decided { stream, last });
        }
        shared.next += 1;
        ControlFlow::Continue(())
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
        enter(&frame, self.shared)
    }
}

/// A part of a rule that writes.
struct Found<'a> {
    rules: &'a dyn Rules,
    order: Order,
}

/// The last write to a parameter on the path to it; or what is wrong with any write to it.
fn last_write(
    leaf: &Frame<'_>,
    param: &Param<'_>,
    shared: &Shared<'_>,
) -> Result<Option<(Order, Init<()>)>, Stop> {
    let mut last: Option<Found<'_>> = None;
    let mut next = Some(leaf);
    // From the innermost module to the outermost: of two that write, the inner one is the last.
    while let Some(frame) = next {
        if let Some(rules) = shared.rules(frame) {
            let inner = last.is_some();
            let mut see = |rule, part| {
                let init = written(rules, rule, part, param.name);
                if init.is_some_and(|init| init.check_fans(&param.shape).is_err()) {
                    return Err(Stop::Resolve(ResolveError::Shape));
                }
                if !inner {
                    let order = Order { entered: frame.entered, rule, part };
                    last = Some(Found { rules, order });
                }
                Ok(())
            };
            let mut rule = 0;
            while let Some(write) = rules.write(rule) {
                // It runs when the children are done, so nothing comes after it.
                if write.init.is_pretrained() && !shared.is_bare() {
                    return Err(Stop::Pretrained);
                }
                if own(rules, rule, &write, leaf.layer, param.name) == Outcome::Writes {
                    see(rule, Part::Layer)?;
                }
                exceptions(frame, leaf, rules, rule, param.name, &mut see)?;
                rule += 1;
            }
        }
        next = frame.parent;
    }
    let Some(Found { rules, order }) = last else { return Ok(None) };
    let Some(init) = written(rules, order.rule, order.part, param.name) else { return Ok(None) };
    if init.is_pretrained() {
        return Err(Stop::Pretrained);
    }
    if (shared.linked)(&init) { Ok(Some((order, init))) } else { Err(Stop::NotLinked) }
}

/// Calls `see` with the globs and overrides of a rule that write the parameter.
fn exceptions<'a>(
    frame: &Frame<'a>,
    leaf: &Frame<'a>,
    rules: &dyn Rules,
    rule: usize,
    attribute: &str,
    see: &mut dyn FnMut(usize, Part) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut index = 0;
    while let Some(glob) = rules.params(rule, index) {
        if matches_backwards(Backwards::new(leaf, attribute), glob) {
            see(rule, Part::Params(index))?;
        }
        index += 1;
    }
    index = 0;
    while let Some(name) = rules.override_name(rule, index) {
        if frame.covers(name, leaf)
            && let Some(write) = rules.override_write(rule, index)
            && touches(&write, attribute) == Outcome::Writes
        {
            see(rule, Part::Override(index))?;
        }
        index += 1;
    }
    Ok(())
}

/// What a part of a rule writes to a parameter of this name.
fn written(rules: &dyn Rules, rule: usize, part: Part, attribute: &str) -> Option<Init<()>> {
    let write = match part {
        Part::Layer | Part::Params(_) => rules.write(rule),
        Part::Override(index) => rules.override_write(rule, index),
    };
    Some(match assignment(write?, attribute) {
        Init::Constant(i) => Init::Constant(i),
        Init::Xavier(i) => Init::Xavier(i),
        Init::Normal(i) => Init::Normal(i),
        Init::TruncNormal(i) => Init::TruncNormal(i),
        Init::Uniform(i) => Init::Uniform(i),
        Init::Kaiming(i) => Init::Kaiming(i),
        Init::Caffe2Xavier(i) => Init::Caffe2Xavier(i),
        Init::Pretrained(_) => {
            Init::Pretrained(Pretrained { checkpoint: (), prefix: None, map_location: None })
        }
    })
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
