//! Which rule writes a parameter, and nothing else: what [`resolve`](crate::resolve) answers without telling why.
//!
//! The resolver's algorithm again, without explanations. A frame of the call stack holds only the data that the write
//! needs, because a microcontroller has no room for the rest; `tests/properties` proves that both decide alike.

use core::cell::Cell;
use core::ops::ControlFlow;

use super::frame::{Decided, Frame, Shared};
use super::look::look;
use super::{InitWeightsError, Initializers};
use crate::layer::{Child, Layer, LayerVisitor, Param};
use crate::resolve::{Call, Link};

/// Decides the parameters from number `first` on, as many as there is room for, and counts those of all the model that
/// have memory of their own.
///
/// Whatever could go wrong, with any parameter, is found.
#[inline(never)]
pub(super) fn decide<S: Initializers>(
    root: &dyn Layer,
    call: Call<'_>,
    first: usize,
    decided: &[Decided],
) -> Result<usize, InitWeightsError> {
    let shared = Shared {
        root,
        call,
        entered: Cell::new(1),
        tied: Cell::new(0),
        first,
        next: Cell::new(0),
        decided,
        has: S::has,
        bias: S::bias,
        stop: Cell::new(None),
    };
    let _ = enter(&shared, None);
    match shared.stop.get() {
        Some(error) => Err(error),
        None => Ok(shared.next.get()),
    }
}

/// Enters a layer: checks its rules, visits its parts, and puts down what its rules write.
#[inline(always)]
fn enter(shared: &Shared<'_>, above: Option<(&Frame<'_>, &Child<'_>)>) -> ControlFlow<()> {
    let entered = shared.entered.get();
    shared.entered.set(entered + 1);
    let mut frame = Frame { above, entered, shared };
    shared.check(frame.fault())?;
    frame.layer().visit(&mut frame)?;
    frame.settle();
    ControlFlow::Continue(())
}

impl LayerVisitor for Frame<'_> {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        self.shared.check(look(self, param, self.slot(param)))
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        enter(self.shared, Some((self, child)))
    }
}
