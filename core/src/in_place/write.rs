//! Walks that lend the parameters.

use core::ops::ControlFlow;

use super::frame::Decided;
use super::{Data, InitWeightsError, Initializers, LayerVisitorMut, Source, Written};
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
}

/// Writes what was decided for the parameters from number `first` on.
pub(super) struct Writer<'a, 's, S: Initializers> {
    pub(super) batch: &'a mut [Decided],
    /// With the seed, and the id of the parameter that is written.
    pub(super) source: Source<'s, S>,
    pub(super) first: usize,
    pub(super) next: usize,
    pub(super) done: &'a mut Written,
    pub(super) error: Option<InitWeightsError>,
}

impl<S: Initializers> LayerVisitorMut<S> for Writer<'_, '_, S> {
    fn param(&mut self, shape: &Shape<'_>, data: &mut dyn Data<S>) -> ControlFlow<()> {
        let slot = self.next.checked_sub(self.first).and_then(|slot| self.batch.get_mut(slot));
        self.next += 1;
        let Some(decided) = slot else { return ControlFlow::Continue(()) };
        self.source.stream = Stream::with_id(self.source.stream.seed(), decided.stream());
        let Some(init) = decided.init() else {
            self.done.kept += 1;
            return ControlFlow::Continue(());
        };
        self.done.written += 1;
        self.error = data.write(init, shape, &mut self.source).err();
        if self.error.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}
