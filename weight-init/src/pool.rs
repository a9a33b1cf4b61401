//! Strings and shapes that are held once, however often they stand in a model.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::RandomState;

/// What was shared so far.
///
/// The hash is not the one of the standard library, which takes longer than everything else that is done with a name of
/// ten bytes. It is seeded anew in every process, so that no file can be written whose names collide.
#[derive(Clone, Debug)]
pub(crate) struct Pool<T: ?Sized>(HashSet<Arc<T>, RandomState>);

impl<T: ?Sized + Eq + Hash> Pool<T> {
    /// The one that is shared already.
    pub(crate) fn known(&self, item: &T) -> Option<Arc<T>> {
        self.0.get(item).cloned()
    }

    /// The one that is shared, from now on if it is the first.
    pub(crate) fn share(&mut self, item: &T) -> Arc<T>
    where
        Arc<T>: for<'t> From<&'t T>,
    {
        self.known(item).unwrap_or_else(|| {
            let shared = Arc::from(item);
            self.0.insert(Arc::clone(&shared));
            shared
        })
    }
}

impl<T: ?Sized> Default for Pool<T> {
    fn default() -> Self {
        Self(HashSet::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ones_are_one() {
        let mut names = Pool::<str>::default();
        assert_eq!(names.known("weight"), None);
        let [first, other, again] = ["weight", "bias", "weight"].map(|name| names.share(name));
        assert_eq!((&*first, &*other), ("weight", "bias"));
        assert!(Arc::ptr_eq(&first, &again) && !Arc::ptr_eq(&first, &other));
        let mut shapes = Pool::<[usize]>::default();
        assert!(Arc::ptr_eq(&shapes.share(&[3, 4]), &shapes.share(&[3, 4])));
    }
}
