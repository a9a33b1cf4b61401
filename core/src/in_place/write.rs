//! Walks that lend the parameters.

use core::ops::ControlFlow;

use super::decide::Decided;
use super::{Data, InitWeightsError, Initializers, LayerMut, LayerVisitorMut, Written};
use crate::Stream;
use crate::initializer::Shape;

/// Whether the memory of each parameter is as large as its shape says.
pub(super) struct Sizes {
    pub(super) fit: bool,
}

impl<S: Initializers> LayerVisitorMut<S> for Sizes {
    fn param(&mut self, shape: &Shape<'_>, data: &mut dyn Data<S>) -> ControlFlow<()> {
        self.fit &= shape.num_elements() == Some(data.count() as u64);
        ControlFlow::Continue(())
    }

    fn child(&mut self, layer: &mut dyn LayerMut<S>) -> ControlFlow<()> {
        layer.visit_mut(self)
    }
}

/// Writes what was decided for the parameters from number `first` on.
pub(super) struct Writer<'a> {
    pub(super) batch: &'a [Option<Decided>],
    pub(super) seed: u64,
    pub(super) first: usize,
    pub(super) next: usize,
    pub(super) result: Result<Written, InitWeightsError>,
}

impl<S: Initializers> LayerVisitorMut<S> for Writer<'_> {
    fn param(&mut self, shape: &Shape<'_>, data: &mut dyn Data<S>) -> ControlFlow<()> {
        let slot = self.next.checked_sub(self.first).and_then(|slot| self.batch.get(slot));
        self.next += 1;
        let (Some(Some(decided)), Ok(done)) = (slot, &mut self.result) else {
            return ControlFlow::Continue(());
        };
        let Some(init) = decided.init() else {
            done.kept += 1;
            return ControlFlow::Continue(());
        };
        done.written += 1;
        match data.write(init, shape, Stream::with_id(self.seed, decided.stream)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.result = Err(error);
                ControlFlow::Break(())
            }
        }
    }

    fn child(&mut self, layer: &mut dyn LayerMut<S>) -> ControlFlow<()> {
        layer.visit_mut(self)
    }
}
