//! The layers on the path to a parameter, linked on the call stack, and the decisions that they lead to.

use core::cell::Cell;
use core::ops::ControlFlow;

use super::InitWeightsError;
use super::order::Order;
use crate::init_cfg::{Bias, Init, Rules};
use crate::initializer::Constant;
use crate::layer::{Child, InitWeights, Layer, Param};
use crate::random::Fnv1a;
use crate::resolve::{
    Attribute, Call, Link, MAX_TIED_VISITS, ResolveError, attribute, extend, stream_of,
};

/// What is decided for one parameter.
pub(super) struct Decided {
    stream: Cell<u64>,
    /// Of the last writer so far; a tie may bring a later one.
    pub(super) order: Cell<Order>,
    /// Whether it writes the constant for biases.
    pub(super) is_bias: Cell<bool>,
    init: Cell<Option<Init>>,
}

impl Decided {
    /// Nothing yet.
    pub(super) const fn none() -> Self {
        Self {
            stream: Cell::new(0),
            order: Cell::new(Order::NEVER),
            is_bias: Cell::new(false),
            init: Cell::new(None),
        }
    }

    fn begin(&self, stream: u64) {
        self.stream.set(stream);
        self.order.set(Order::NEVER);
        self.init.set(None);
    }

    pub(super) const fn stream(&self) -> u64 {
        self.stream.get()
    }

    /// What writes the parameter; `None` if no rule does.
    pub(super) fn init(&mut self) -> Option<&Init> {
        self.init.get_mut().as_ref()
    }
}

/// A layer on the way from the root; on the call stack, so with nothing in it that follows from the links above.
pub(super) struct Frame<'a> {
    /// The layer above, and what it shows of this one; not for the root.
    pub(super) above: Option<(&'a Self, &'a Child<'a>)>,
    pub(super) entered: u32,
    pub(super) shared: &'a Shared<'a>,
}

impl<'a> Frame<'a> {
    /// Whether this layer or one above it was shown before at another path.
    #[inline(never)]
    fn is_tied(&self) -> bool {
        self.above.is_some_and(|(parent, child)| child.same_as.is_some() || parent.is_tied())
    }

    /// The rules that the layer holds in this call, if they are applied.
    #[inline(never)]
    pub(super) fn rules(&self) -> Option<&'a dyn Rules> {
        if let Call::Initialize(rules) = self.shared.call {
            return if self.above.is_none() { Some(rules) } else { None };
        }
        let mut next = Some(self);
        while let Some(frame) = next {
            if frame.layer().init_weights() == InitWeights::None {
                return None;
            }
            next = frame.parent();
        }
        self.layer().init_cfg()
    }

    /// The stream id of a parameter of this layer.
    #[inline(always)]
    fn stream_of(&self, param: &Param<'_>) -> u64 {
        // Of the path at which the layer was shown first.
        let mut path = Fnv1a::new();
        let mut depth = 1;
        // From below the root downwards.
        while let Some((_, child)) = Frame::at(self, depth).and_then(|frame| frame.above) {
            path = match child.same_as {
                Some(first) => Fnv1a::new().write(first.as_bytes()),
                None => extend(path, child.name),
            };
            depth += 1;
        }
        stream_of(path, param)
    }

    /// What is wrong with the layer, before its parts are looked at.
    #[inline(never)]
    pub(super) fn fault(&self) -> Option<InitWeightsError> {
        let tied = &self.shared.tied;
        tied.set(tied.get() + u32::from(self.is_tied()));
        if tied.get() > MAX_TIED_VISITS {
            return Some(InitWeightsError::Resolve(ResolveError::TooManyPaths));
        }
        let rules = self.rules()?;
        if !self.shared.is_bare() && self.layer().init_weights() == InitWeights::Custom {
            return None;
        }
        let mut rule = 0;
        while is_rule(rules, rule) {
            let mut index = 0;
            while let Some(name) = rules.override_name(rule, index) {
                if attribute(self.layer(), name) != Attribute::Layer {
                    return Some(InitWeightsError::Resolve(ResolveError::MissingAttribute));
                }
                index += 1;
            }
            rule += 1;
        }
        None
    }

    /// Puts down what writes the parameters that are written by the rules of this layer. Only now, when the stack is free
    /// of what is below it.
    #[inline(never)]
    pub(super) fn settle(&self) {
        let Some(rules) = self.rules() else { return };
        for decided in self.shared.decided {
            let order = decided.order.get();
            if order.entered != self.entered {
                continue;
            }
            let (rule, over) = (order.rule as usize, order.part.over());
            // In the set, as everything that writes the parameter.
            decided.init.set(if decided.is_bias.get() {
                rules
                    .bias(rule, over)
                    .and_then(self.shared.bias)
                    .map(|val| Init::Constant(Constant { val }))
            } else {
                rules.init(rule, over).copied()
            });
        }
    }

    /// Where the decision about a parameter goes, if it is one of the batch.
    #[inline(never)]
    pub(super) fn slot(&self, param: &Param<'_>) -> Option<&'a Decided> {
        let Shared { first, next, decided, .. } = self.shared;
        let number = next.get().checked_sub(*first);
        let is_own = !self.is_tied() && param.same_as.is_none();
        next.set(next.get() + usize::from(is_own));
        let number = number?;
        let stream = self.stream_of(param);
        if !is_own {
            return decided.iter().take(number).find(|decided| decided.stream() == stream);
        }
        let slot = decided.get(number)?;
        slot.begin(stream);
        Some(slot)
    }
}

impl<'a> Link<'a> for Frame<'a> {
    fn parent(&self) -> Option<&'a Self> {
        self.above.map(|(parent, _)| parent)
    }
    fn name(&self) -> &'a str {
        self.above.map_or("", |(_, child)| child.name)
    }
    fn layer(&self) -> &'a dyn Layer {
        self.above.map_or(self.shared.root, |(_, child)| child.layer)
    }
    #[inline(never)]
    fn depth(&self) -> usize {
        let (mut depth, mut next) = (0, self.parent());
        while let Some(frame) = next {
            depth += 1;
            next = frame.parent();
        }
        depth
    }
}

/// What the frames of one walk share.
pub(super) struct Shared<'s> {
    pub(super) root: &'s dyn Layer,
    pub(super) call: Call<'s>,
    /// The number of the next layer.
    pub(super) entered: Cell<u32>,
    /// Layers entered so far at other paths than their first.
    pub(super) tied: Cell<u32>,
    pub(super) first: usize,
    /// The number of the next parameter that has memory of its own.
    pub(super) next: Cell<usize>,
    pub(super) decided: &'s [Decided],
    pub(super) has: fn(&Init) -> bool,
    pub(super) bias: fn(Bias) -> Option<f64>,
    pub(super) stop: Cell<Option<InitWeightsError>>,
}

impl Shared<'_> {
    pub(super) const fn is_bare(&self) -> bool {
        matches!(self.call, Call::Initialize(_))
    }

    /// Breaks off if something is wrong.
    pub(super) fn check(&self, fault: Option<InitWeightsError>) -> ControlFlow<()> {
        self.stop.set(fault);
        if fault.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Whether there is a rule of this number.
fn is_rule(rules: &dyn Rules, rule: usize) -> bool {
    rules.init(rule, None).is_some() || rules.pretrained(rule, None).is_some()
}
