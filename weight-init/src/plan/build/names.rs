use foldhash::HashMap;

/// The places of tensors by their first names, of as many as there were when a tied one was met last: few models have
/// any, and a table of a million names takes as much memory as the plan.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, usize>);

impl Names {
    /// The place of this name; `names` are all that were met.
    pub(super) fn place<'n>(
        &mut self,
        name: &str,
        names: impl ExactSizeIterator<Item = &'n str>,
    ) -> Option<usize> {
        let known = self.0.len();
        self.0.extend(names.zip(0..).skip(known).map(|(name, place)| (name.to_owned(), place)));
        self.0.get(name).copied()
    }
}
