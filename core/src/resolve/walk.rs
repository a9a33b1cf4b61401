use core::cell::Cell;
use core::ops::ControlFlow;

use super::considered::Matcher;
use super::frame::{Attribute, Frame, State, attribute, extend};
use super::path::Path;
use super::problem::{MAX_TIED_VISITS, Problem, ResolveError};
use super::visit::{BufferVisit, FanCheck, ModuleVisit, ParamVisit};
use crate::init_cfg::Rules;
use crate::layer::{Buffer, Child, InitWeights, Layer, LayerVisitor, Param};
use crate::nearest;
use crate::random::Fnv1a;

/// The entry of mmengine that is resolved.
#[derive(Clone, Copy)]
pub enum Call<'a> {
    /// `model.init_weights()` runs the init_cfg of every module.
    InitWeights,
    /// `initialize(model, init_cfg)` runs these rules on the root alone, and no module's own init_cfg.
    Initialize(&'a dyn Rules),
}

impl core::fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::InitWeights => "InitWeights",
            Self::Initialize(_) => "Initialize",
        })
    }
}

/// The receiver of modules, parameters and buffers, in model order.
pub trait Observer {
    /// Receives a module, or a plain layer that holds rules, before its parameters.
    ///
    /// The answer for a module that is reached is whether it runs now. A module that several paths lead to runs once, so that
    /// the answer is `false` for a [`first_path`](ModuleVisit::first_path) that has run. A model without ties needs no memory
    /// of these paths; the default answers `true`.
    fn module(&mut self, _visit: &ModuleVisit<'_>) -> bool {
        true
    }

    /// Receives a parameter, once for every path to it.
    ///
    /// Among the last writers on all paths, the one of the greatest [`Order`](super::Order) writes the parameter.
    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()>;

    /// Receives a buffer, once for every path to it.
    fn buffer(&mut self, _visit: &BufferVisit<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    /// A faster search for the parts of rules that write a parameter; `None`: each part is compared.
    ///
    /// With a matcher, [`param`](Self::param) comes before the check whether a weight has the fans that its initializers need.
    fn matcher(&self) -> Option<&dyn Matcher> {
        None
    }

    /// Receives the error that ends the walk.
    fn problem(&mut self, _problem: &Problem<'_>) {}
}

/// Walks the model and decides for each parameter which rule writes it.
///
/// # Errors
///
/// Rules and model do not fit together: an override names an attribute that is missing, or a rule writes a weight without the
/// fans that its initializer needs. [`Observer::problem`] gets the place. An observer that breaks off the walk is no error.
pub fn resolve(
    root: &dyn Layer,
    call: Call<'_>,
    observer: &mut dyn Observer,
) -> Result<(), ResolveError> {
    let rules = match call {
        Call::InitWeights => root.init_cfg(),
        Call::Initialize(rules) => Some(rules),
    };
    let reached = matches!(call, Call::Initialize(_)) || root.init_weights() != InitWeights::None;
    let frame = Frame {
        parent: None,
        name: "",
        layer: root,
        same_as: None,
        tied: false,
        state: if reached { State::Runs } else { State::NotReached },
        rules,
        depth: 0,
        entered: 0,
        left: 0,
        stream: Fnv1a::new(),
    };
    let mut shared = Shared {
        observer,
        bare: matches!(call, Call::Initialize(_)),
        entered: 0,
        tied: 0,
        error: None,
    };
    let _ = enter(frame, &mut shared);
    shared.error.map_or(Ok(()), Err)
}

/// The state that the frames of one walk share.
struct Shared<'s> {
    observer: &'s mut dyn Observer,
    bare: bool,
    /// The number of layers entered so far.
    entered: u64,
    /// The number of layers entered or counted so far at other paths than their first.
    tied: u32,
    error: Option<ResolveError>,
}

impl Shared<'_> {
    fn fail(&mut self, problem: &Problem<'_>) -> ControlFlow<()> {
        self.error = Some(problem.code());
        self.observer.problem(problem);
        ControlFlow::Break(())
    }

    /// Counts a layer that is met at another path than its first.
    fn meet_again(&mut self) -> ControlFlow<()> {
        self.tied += 1;
        if self.tied > MAX_TIED_VISITS {
            return self.fail(&Problem::TooManyPaths);
        }
        ControlFlow::Continue(())
    }
}

/// Decides whether the rules of the layer run, and visits its parts.
fn enter(mut frame: Frame<'_>, shared: &mut Shared<'_>) -> ControlFlow<()> {
    if frame.tied {
        shared.meet_again()?;
    }
    frame.entered = shared.entered;
    shared.entered += 1;
    let has_rules = frame.rules.is_some_and(|rules| !rules.is_empty());
    if frame.state == State::Runs || has_rules {
        let runs = shared.observer.module(&ModuleVisit { frame: &frame });
        if frame.state == State::Runs && !runs {
            frame.state = State::Ran;
        }
    }
    if frame.state == State::Runs {
        let has_an_end = frame.has_deferred() || frame.layer.init_weights() == InitWeights::Custom;
        if !shared.bare && has_an_end {
            let mut count = Count { shared, tied: frame.tied, layers: 0 };
            frame.layer.visit(&mut count)?;
            frame.left = count.layers + shared.entered;
        }
        check_overrides(&frame, shared)?;
    }
    frame.layer.visit(&mut Walk { frame: &frame, shared })
}

/// Checks that every override of a module that runs leads to a layer. A class with an `init_weights` of its own may give the
/// names another meaning, and is left out.
fn check_overrides(frame: &Frame<'_>, shared: &mut Shared<'_>) -> ControlFlow<()> {
    let Some(rules) = frame.rules else { return ControlFlow::Continue(()) };
    if !shared.bare && frame.layer.init_weights() == InitWeights::Custom {
        return ControlFlow::Continue(());
    }
    for (rule, _) in rules.writes().enumerate() {
        for (index, name) in rules.override_names(rule).enumerate() {
            let attribute = attribute(frame.layer, name);
            if attribute == Attribute::Layer {
                continue;
            }
            let module = Path::new(frame, "", true);
            let is_tensor = attribute == Attribute::Tensor;
            let aliases = frame.layer.aliases().map(|(alias, _)| alias);
            let mut report = |nearest: Option<&str>| {
                shared.fail(&Problem::MissingAttribute {
                    module,
                    rule,
                    index,
                    name,
                    nearest,
                    is_tensor,
                })
            };
            return match nearest(name, aliases) {
                Some(alias) => report(Some(alias)),
                None => with_nearest_child(frame.layer, name, &mut report),
            };
        }
    }
    ControlFlow::Continue(())
}

/// Calls `report` with the name of the child most like `name`.
fn with_nearest_child(
    layer: &dyn Layer,
    name: &str,
    report: &mut dyn FnMut(Option<&str>) -> ControlFlow<()>,
) -> ControlFlow<()> {
    struct Nearest<'n, 'r> {
        name: &'n str,
        report: &'r mut dyn FnMut(Option<&str>) -> ControlFlow<()>,
    }
    impl LayerVisitor for Nearest<'_, '_> {
        fn param(&mut self, _: &Param<'_>) -> ControlFlow<()> {
            ControlFlow::Continue(())
        }
        fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
            if nearest(self.name, [child.name]).is_some() {
                return (self.report)(Some(child.name));
            }
            ControlFlow::Continue(())
        }
    }
    match layer.visit(&mut Nearest { name, report }) {
        ControlFlow::Break(()) => ControlFlow::Break(()),
        ControlFlow::Continue(()) => report(None),
    }
}

struct Walk<'w, 's> {
    frame: &'w Frame<'w>,
    shared: &'w mut Shared<'s>,
}

impl LayerVisitor for Walk<'_, '_> {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        let fans = Cell::new(FanCheck::Open);
        let visit = ParamVisit { frame: self.frame, param, bare: self.shared.bare, fans: &fans };
        // An observer that looks by its matcher finds out about the fans by the way.
        let looks = self.shared.observer.matcher().is_some();
        if looks {
            self.shared.observer.param(&visit)?;
        }
        let mut refused = None;
        if fans.get() != FanCheck::Enough {
            visit.look().each(self.shared.observer.matcher(), &mut |considered| {
                if refused.is_none() {
                    refused = visit.lacking(considered).map(|why| (*considered, why));
                }
            });
        }
        if let Some((considered, (init, error))) = refused {
            return self.shared.fail(&Problem::Shape {
                param: visit.path(),
                dims: param.shape.dims(),
                module: considered.module,
                rule: considered.rule,
                init,
                error,
            });
        }
        if looks { ControlFlow::Continue(()) } else { self.shared.observer.param(&visit) }
    }

    fn buffer(&mut self, buffer: &Buffer<'_>) -> ControlFlow<()> {
        self.shared.observer.buffer(&BufferVisit {
            frame: self.frame,
            buffer,
            bare: self.shared.bare,
        })
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        let reached = !self.shared.bare
            && self.frame.state != State::NotReached
            && child.layer.init_weights() != InitWeights::None;
        let stream = match child.same_as {
            Some(path) => Fnv1a::new().write(path.as_bytes()),
            None => extend(self.frame.stream, child.name),
        };
        let frame = Frame {
            parent: Some(self.frame),
            name: child.name,
            layer: child.layer,
            same_as: child.same_as,
            tied: self.frame.tied || child.same_as.is_some(),
            state: if reached { State::Runs } else { State::NotReached },
            rules: if self.shared.bare { None } else { child.layer.init_cfg() },
            depth: self.frame.depth + 1,
            entered: 0,
            left: 0,
            stream,
        };
        enter(frame, self.shared)
    }
}

/// Counts the layers below a layer, in the way in which the walk enters them.
struct Count<'w, 's> {
    shared: &'w mut Shared<'s>,
    tied: bool,
    layers: u64,
}

impl LayerVisitor for Count<'_, '_> {
    fn param(&mut self, _: &Param<'_>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        let above = self.tied;
        self.tied |= child.same_as.is_some();
        if self.tied {
            self.shared.meet_again()?;
        }
        self.layers += 1;
        child.layer.visit(self)?;
        self.tied = above;
        ControlFlow::Continue(())
    }
}
