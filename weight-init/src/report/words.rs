use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::HashMap;

use super::recorded;
use crate::diagnostic::escape;
use crate::model::Values;
use crate::plan::named::{default_in_words, in_words};
use crate::plan::{ConstructorDefault, PlannedParam, Writer};

/// What writes a parameter, in the words of a plan's [`Table`](super::Table).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// The initializer with its arguments: `normal(mean=0, std=0.01)`.
    pub initializer: String,
    /// The rule, or whose code it is: `backbone, rule 0`, `constructor`.
    pub by: String,
}

impl PlannedParam {
    /// What writes it, in words.
    #[must_use]
    pub fn words(&self) -> Words {
        let constructor = || "constructor".to_owned();
        let (initializer, by) = match &*self.writer {
            Writer::Rule { origin, by } => (in_words(origin), by.to_string()),
            Writer::Untouched(ConstructorDefault::Init(default)) => {
                (default_in_words(default), constructor())
            }
            Writer::Untouched(ConstructorDefault::Values(Values::All(x))) => {
                (format!("constant(val={x})"), "description".to_owned())
            }
            Writer::Untouched(ConstructorDefault::Values(_)) => {
                ("given values".to_owned(), "description".to_owned())
            }
            Writer::Untouched(ConstructorDefault::Recorded(recorded)) => {
                let by = recorded.by().unwrap_or_else(|| "description".to_owned());
                (recorded::in_words(recorded), escape(&by))
            }
            Writer::Untouched(ConstructorDefault::Kept) => {
                ("kept".to_owned(), "no rule".to_owned())
            }
            Writer::Untouched(ConstructorDefault::Unknown) => {
                (format!("unknown class {}", self.class), constructor())
            }
        };
        Words { initializer, by }
    }
}

/// What was said last of writers: most parameters have the writer of one not far above. Words may name the class as well.
#[derive(Debug, Default)]
pub(super) struct Said(RefCell<HashMap<(*const Writer, *const str), Rc<Words>>>);

impl Said {
    /// Writers that are known at once.
    const MOST: usize = 1024;

    /// The words of the parameter, which are made once for those of its writer and class.
    pub(super) fn of(&self, param: &PlannedParam) -> Rc<Words> {
        let mut known = self.0.borrow_mut();
        let key = (Arc::as_ptr(&param.writer), Arc::as_ptr(&param.class));
        if known.len() >= Self::MOST && !known.contains_key(&key) {
            known.clear();
        }
        Rc::clone(known.entry(key).or_insert_with(|| Rc::new(param.words())))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use crate::diagnostic::Source;
    use crate::model::Model;
    use crate::plan::{Options, Plan};

    #[test]
    fn each_class_that_is_unknown_is_named() {
        let layer = |name, class| {
            format!(
                r#"{{"name": "{name}", "class": "{class}", "params": [{{"name": "weight", "shape": [2, 3]}}]}}"#
            )
        };
        let layers = [layer("a", "Fourier"), layer("b", "Wavelet")].join(", ");
        let model = format!(r#"{{"class": "Net", "children": [{layers}]}}"#);
        let model = Model::read(&Source::new("net.json", model)).unwrap();
        let plan = Plan::new(&model, &Options::default()).unwrap();
        for text in [plan.table(None).to_string(), plan.glance(None).to_string()] {
            assert!(text.contains("unknown class Fourier"), "{text}");
            assert!(text.contains("unknown class Wavelet"), "{text}");
        }
    }
}
