use core::cell::Cell;

use super::considered::{Considered, Look, Matcher, Order, Outcome, VisitId};
use super::frame::{Frame, State};
use super::path::Path;
use crate::init_cfg::{Origin, Rules};
use crate::initializer::InitError;
use crate::layer::{Buffer, InitWeights, Layer, Param};

/// A module, or a plain layer that holds rules, as the walk enters it.
#[derive(Clone, Copy)]
pub struct ModuleVisit<'a> {
    pub(super) frame: &'a Frame<'a>,
}

impl<'a> ModuleVisit<'a> {
    /// Where the walk met it this time.
    #[must_use]
    pub const fn path(&self) -> Path<'a> {
        Path::new(self.frame, "", false)
    }

    /// Where the walk met it first, which identifies the module.
    #[must_use]
    pub const fn first_path(&self) -> Path<'a> {
        Path::new(self.frame, "", true)
    }

    /// This visit of the module, of all in the walk.
    #[must_use]
    pub const fn id(&self) -> VisitId {
        VisitId::of(self.frame)
    }

    /// The layer itself.
    #[must_use]
    pub const fn layer(&self) -> &'a dyn Layer {
        self.frame.layer
    }

    /// The rules that the layer holds in this call.
    #[must_use]
    pub const fn rules(&self) -> Option<&'a dyn Rules> {
        self.frame.rules
    }

    /// Whether `init_weights` reaches it on this path.
    #[must_use]
    pub fn is_reached(&self) -> bool {
        self.frame.state == State::Runs
    }
}

/// A parameter as the walk meets it on one path.
#[derive(Clone, Copy)]
pub struct ParamVisit<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) param: &'a Param<'a>,
    pub(super) bare: bool,
    pub(super) fans: &'a Cell<FanCheck>,
}

/// Whether a weight has the fans that the initializers of its writes need.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum FanCheck {
    Open,
    Enough,
    Lacking,
}

impl<'a> ParamVisit<'a> {
    /// Where the walk met it this time.
    #[must_use]
    pub const fn path(&self) -> Path<'a> {
        Path::new(self.frame, self.param.name, false)
    }

    /// Where the walk meets a tied parameter first; of other parameters the same as [`path`](Self::path).
    ///
    /// A parameter that is tied by itself, and not through its layer, has the path [`Param::same_as`].
    #[must_use]
    pub const fn first_path(&self) -> Path<'a> {
        match self.param.same_as {
            Some(path) => Path::whole(self.frame, path),
            None => Path::new(self.frame, self.param.name, true),
        }
    }

    /// Whether the very same parameter was met before at another path.
    #[must_use]
    pub const fn is_tied(&self) -> bool {
        self.frame.tied || self.param.same_as.is_some()
    }

    /// The parameter as its layer shows it.
    #[must_use]
    pub const fn param(&self) -> &'a Param<'a> {
        self.param
    }

    /// The layer that shows it.
    #[must_use]
    pub const fn layer(&self) -> &'a dyn Layer {
        self.frame.layer
    }

    /// That layer and those above it up to the root, each with its name in the layer above.
    pub fn lineage(&self) -> impl Iterator<Item = (&'a str, &'a dyn Layer)> + use<'a> {
        lineage(self.frame)
    }

    /// The id of the random stream that its values come from: of its own `stream` name or its full dotted name.
    #[must_use]
    pub fn stream_id(&self) -> u64 {
        self.frame.stream_of(self.param)
    }

    /// Calls `see` with every part of every rule that was considered on this path, in program order.
    pub fn considered(&self, see: &mut dyn FnMut(&Considered<'a>)) {
        self.look().each(None, see);
    }

    /// As [`considered`](Self::considered), restricted to the parts that a matcher finds and that write.
    ///
    /// The look also tells whether the weight has the fans that these need. If it has not, the walk ends with the parameter.
    pub fn matched(&self, matcher: &dyn Matcher, see: &mut dyn FnMut(&Considered<'a>)) {
        let mut fans = FanCheck::Enough;
        self.look().each(Some(matcher), &mut |considered| {
            if self.lacking(considered).is_some() {
                fans = FanCheck::Lacking;
            }
            see(considered);
        });
        self.fans.set(fans);
    }

    /// The name of the initializer of a write for which the weight lacks fans, and why.
    pub(super) fn lacking(&self, write: &Considered<'_>) -> Option<(&'static str, InitError)> {
        match (write.outcome, write.origin) {
            (Outcome::Writes, Origin::Init(init)) => {
                init.check_fans(&self.param.shape).err().map(|error| (init.name(), error))
            }
            _ => None,
        }
    }

    pub(super) const fn look(&self) -> Look<'a> {
        Look { leaf: self.frame, attribute: self.param.name, bare: self.bare }
    }

    /// The last part of a rule that writes the parameter on this path. `None` of a parameter that keeps the value of the
    /// framework's constructor.
    #[must_use]
    pub fn last_writer(&self) -> Option<Considered<'a>> {
        let mut last = None;
        self.considered(&mut |considered| {
            if considered.outcome == Outcome::Writes {
                last = Some(*considered);
            }
        });
        last
    }

    /// The modules above that are reached and whose classes have an `init_weights` of their own, the innermost first. Their code
    /// may write the parameter in ways that no init_cfg shows.
    pub fn customs(&self) -> impl Iterator<Item = Custom<'a>> + use<'a> {
        let bare = self.bare;
        frames(self.frame)
            .filter(move |frame| {
                !bare
                    && frame.state != State::NotReached
                    && frame.layer.init_weights() == InitWeights::Custom
            })
            .map(|frame| Custom {
                path: Path::new(frame, "", false),
                first_path: Path::new(frame, "", true),
                layer: frame.layer,
                begins: Order::before_rules(frame),
                ends: Order::after_children(frame),
                ran: frame.state == State::Ran,
            })
    }
}

/// A module whose class has its own `init_weights`.
#[derive(Clone, Copy)]
pub struct Custom<'a> {
    /// Where the walk met it this time.
    pub path: Path<'a>,
    /// Where the walk met it first, which identifies the module.
    pub first_path: Path<'a>,
    /// The layer itself.
    pub layer: &'a dyn Layer,
    /// The moment when its `init_weights` begins. The first part of its first rule has the same order, and overwrites earlier
    /// writes.
    pub begins: Order,
    /// The moment when its rules, Pretrained ones included, and its children have written.
    pub ends: Order,
    /// Whether it ran when the walk met it at another path.
    pub ran: bool,
}

impl core::fmt::Debug for Custom<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_tuple("Custom").field(&self.path).finish()
    }
}

/// A buffer as the walk meets it on one path.
#[derive(Clone, Copy)]
pub struct BufferVisit<'a> {
    pub(super) frame: &'a Frame<'a>,
    pub(super) buffer: &'a Buffer<'a>,
    pub(super) bare: bool,
}

impl<'a> BufferVisit<'a> {
    /// Where the walk met it this time.
    #[must_use]
    pub const fn path(&self) -> Path<'a> {
        Path::new(self.frame, self.buffer.name, false)
    }

    /// Where the walk meets it first, which is its full dotted name.
    #[must_use]
    pub const fn first_path(&self) -> Path<'a> {
        Path::new(self.frame, self.buffer.name, true)
    }

    /// Whether the very same buffer was met before at another path.
    #[must_use]
    pub const fn is_tied(&self) -> bool {
        self.frame.tied
    }

    /// Calls `see` with every part of every Pretrained rule that was considered, in program order. Other rules write no
    /// buffers.
    pub fn considered(&self, see: &mut dyn FnMut(&Considered<'a>)) {
        self.look().each(None, &mut |considered| {
            if considered.origin.is_pretrained() {
                see(considered);
            }
        });
    }

    /// As [`considered`](Self::considered), restricted to the parts that a matcher finds and that write.
    pub fn matched(&self, matcher: &dyn Matcher, see: &mut dyn FnMut(&Considered<'a>)) {
        self.look().each(Some(matcher), &mut |considered| {
            if considered.origin.is_pretrained() {
                see(considered);
            }
        });
    }

    const fn look(&self) -> Look<'a> {
        Look { leaf: self.frame, attribute: self.buffer.name, bare: self.bare }
    }

    /// The buffer as its layer shows it.
    #[must_use]
    pub const fn buffer(&self) -> &'a Buffer<'a> {
        self.buffer
    }

    /// The layer that shows it.
    #[must_use]
    pub const fn layer(&self) -> &'a dyn Layer {
        self.frame.layer
    }

    /// That layer and those above it up to the root, each with its name in the layer above.
    pub fn lineage(&self) -> impl Iterator<Item = (&'a str, &'a dyn Layer)> + use<'a> {
        lineage(self.frame)
    }
}

fn lineage<'a>(frame: &'a Frame<'a>) -> impl Iterator<Item = (&'a str, &'a dyn Layer)> + use<'a> {
    frames(frame).map(|frame| (frame.name, frame.layer))
}

/// A frame and those above it up to the root.
fn frames<'a>(frame: &'a Frame<'a>) -> impl Iterator<Item = &'a Frame<'a>> + use<'a> {
    core::iter::successors(Some(frame), |frame| frame.parent)
}

macro_rules! debug_by_path {
    ($($visit:ident)*) => {$(
        impl core::fmt::Debug for $visit<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.debug_tuple(stringify!($visit)).field(&self.path()).finish()
            }
        }
    )*};
}
debug_by_path!(ModuleVisit ParamVisit BufferVisit);
