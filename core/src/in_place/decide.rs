//! Which rule writes a parameter, and nothing else: what [`resolve`](crate::resolve) answers without telling why.
//!
//! The same closed form on the same links of the call stack, with no more in a link than a write needs. A
//! microcontroller has no room for the rest.

use core::ops::ControlFlow;

use super::look::{Found, Order, last_write};
use super::{InitWeightsError, Initializers};
use crate::init_cfg::{Bias, Init, Kind, Rules};
use crate::initializer::Constant;
use crate::layer::{Child, InitWeights, Layer, LayerVisitor, Param};
use crate::random::Fnv1a;
use crate::resolve::{
    Attribute, Call, Link, MAX_TIED_VISITS, ResolveError, attribute, extend, stream_of,
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
pub(super) struct Frame<'a> {
    pub(super) parent: Option<&'a Self>,
    pub(super) name: &'a str,
    pub(super) layer: &'a dyn Layer,
    depth: u16,
    runs: bool,
    tied: bool,
    pub(super) entered: u32,
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
pub(super) struct Shared<'s> {
    call: Call<'s>,
    /// Layers entered so far.
    entered: u32,
    /// Layers entered so far at other paths than their first.
    tied: u32,
    first: usize,
    /// The number of the next parameter that has memory of its own.
    next: usize,
    decided: &'s mut [Option<Decided>],
    pub(super) has: fn(Kind) -> bool,
    pub(super) bias: fn(Bias) -> Option<f64>,
    stop: Option<InitWeightsError>,
}

impl<'s> Shared<'s> {
    /// The rules that a layer holds in this call, if they are applied.
    pub(super) fn rules<'a>(&self, frame: &Frame<'a>) -> Option<&'a dyn Rules>
    where
        's: 'a,
    {
        match self.call {
            _ if !frame.runs => None,
            Call::InitWeights => frame.layer.init_cfg(),
            Call::Initialize(rules) => (frame.depth == 0).then_some(rules),
        }
    }

    pub(super) const fn is_bare(&self) -> bool {
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
