use std::sync::Arc;

use foldhash::HashMap;

use crate::value::Span;

/// The names in a layer and where each stands. Most layers have few, for which a table takes longer than a look at each.
#[derive(Debug, Default)]
pub(super) struct Names {
    few: Vec<(Arc<str>, Span)>,
    /// All of them, once they are more than [`FEW`](Self::FEW).
    many: HashMap<Arc<str>, Span>,
}

impl Names {
    const FEW: usize = 8;

    /// Adds a name; if it is there already, the place of the first is the answer.
    pub(super) fn add(&mut self, name: &Arc<str>, span: Span) -> Option<Span> {
        if self.many.is_empty() {
            if let Some((_, first)) = self.few.iter().find(|(known, _)| known == name) {
                return Some(*first);
            }
            if self.few.len() < Self::FEW {
                self.few.push((Arc::clone(name), span));
                return None;
            }
            self.many.extend(self.few.drain(..));
        }
        let first = self.many.get(name).copied();
        if first.is_none() {
            self.many.insert(Arc::clone(name), span);
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_or_many_each_is_found() {
        let mut names = Names::default();
        let name = |n: usize| Arc::from(format!("conv{n}"));
        for n in 0..3 * Names::FEW {
            assert_eq!(names.add(&name(n), Span::new(n, n + 1)), None);
            for known in 0..=n {
                let first = Some(Span::new(known, known + 1));
                assert_eq!(names.add(&name(known), Span::default()), first, "{known} of {n}");
            }
        }
    }
}
