use std::collections::VecDeque;
use std::sync::Arc;

/// What was met last, the latest first, each held once: layers of one class follow each other as a rule, and are given and
/// written the same.
#[derive(Debug)]
pub(super) struct Lately<T: ?Sized>(VecDeque<Arc<T>>);

impl<T: ?Sized> Lately<T> {
    /// More than the parameters of a layer, as a rule.
    const MOST: usize = 8;

    /// The one that is the same as `item`, or else a new one.
    pub(super) fn share<I>(
        &mut self,
        item: I,
        is_same: impl Fn(&I, &T) -> bool,
        make: impl FnOnce(I) -> Arc<T>,
    ) -> Arc<T> {
        if let Some(known) = self.0.iter().find(|known| is_same(&item, known)) {
            return Arc::clone(known);
        }
        let new = make(item);
        self.0.truncate(Self::MOST - 1);
        self.0.push_front(Arc::clone(&new));
        new
    }
}

impl<T: ?Sized> Default for Lately<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::sync::Arc;

    use crate::diagnostic::Source;
    use crate::model::Model;
    use crate::plan::{Options, Plan, PlannedParam};

    #[test]
    fn layers_of_one_class_share_what_they_are_given_and_written() {
        let layer = |name| {
            format!(
                r#"{{"name": "{name}", "class": "Linear", "params": [
                    {{"name": "weight", "shape": [2, 3]}}, {{"name": "bias", "shape": [2]}}]}}"#
            )
        };
        let plan = |rule: &str| {
            let children = [layer("a"), layer("b")].join(", ");
            let model = format!(
                r#"{{"class": "Net", "init_weights": "module", "init_cfg": [{rule}], "children": [{children}]}}"#
            );
            let model = Model::read(&Source::new("net.json", model)).unwrap();
            Plan::new(&model, &Options::default()).unwrap()
        };
        let untouched = plan("");
        let [weight, bias, other_weight, other_bias] = untouched.params() else { panic!("four") };
        assert!(Arc::ptr_eq(&weight.writer, &other_weight.writer));
        assert!(Arc::ptr_eq(&bias.writer, &other_bias.writer));
        assert!(!Arc::ptr_eq(&weight.writer, &bias.writer));

        let written = plan(r#"{"type": "Normal", "layer": "Linear", "bias": 1}"#);
        let [weight, bias, other_weight, other_bias] = written.params() else { panic!("four") };
        assert_eq!([weight.writes.len(), bias.writes.len()], [1, 1]);
        assert!(Arc::ptr_eq(&weight.writes, &other_weight.writes));
        assert!(Arc::ptr_eq(&bias.writes, &other_bias.writes));
        assert!(!Arc::ptr_eq(&weight.writes, &bias.writes));

        // What a checkpoint holds of each is looked up for each.
        let loaded = plan(r#"{"type": "Pretrained", "checkpoint": "a.pth"}"#);
        let [weight, .., other_bias] = loaded.params() else { panic!("four") };
        let within =
            |param: &PlannedParam| param.writes[0].loading.as_ref().unwrap().within.clone();
        assert_eq!([within(weight), within(other_bias)], ["a.weight", "b.bias"]);
    }
}
