use foldhash::HashMap;

/// Something for each module, by the path at which it is met first.
///
/// Most rules stand at the root, which is asked for with every parameter. It stands apart, because its path is empty: to
/// compare nothing with nothing costs more than a long path where the machine guards reads of no bytes at no address.
#[derive(Clone, Debug)]
pub(super) struct ByPath<T> {
    root: Option<T>,
    below: HashMap<String, T>,
}

impl<T> ByPath<T> {
    pub(super) fn get(&self, path: &str) -> Option<&T> {
        if path.is_empty() { self.root.as_ref() } else { self.below.get(path) }
    }

    pub(super) fn insert(&mut self, path: String, item: T) {
        if path.is_empty() {
            self.root = Some(item);
        } else {
            self.below.insert(path, item);
        }
    }
}

impl<T> Default for ByPath<T> {
    fn default() -> Self {
        Self { root: None, below: HashMap::default() }
    }
}
