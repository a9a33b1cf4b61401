use std::collections::VecDeque;
use std::sync::Arc;

use crate::plan::{ConstructorDefault, Writer};

/// What constructors gave the parameters that were met last, the latest first, each held once: layers of one class follow each
/// other as a rule.
#[derive(Debug, Default)]
pub(super) struct Defaults(VecDeque<Arc<Writer>>);

impl Defaults {
    /// More than the parameters of a layer, as a rule.
    const MOST: usize = 8;

    /// The writer that gives this, which is held already if it was given lately.
    pub(super) fn share(&mut self, default: ConstructorDefault) -> Arc<Writer> {
        let writer = Writer::Untouched(default);
        if let Some(known) = self.0.iter().find(|known| ***known == writer) {
            return Arc::clone(known);
        }
        let writer = Arc::new(writer);
        self.0.truncate(Self::MOST - 1);
        self.0.push_front(Arc::clone(&writer));
        writer
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::sync::Arc;

    use crate::diagnostic::Source;
    use crate::model::Model;
    use crate::plan::{Options, Plan};

    #[test]
    fn layers_of_one_class_share_what_their_constructors_give() {
        let layer = |name| {
            format!(
                r#"{{"name": "{name}", "class": "Linear", "params": [
                    {{"name": "weight", "shape": [2, 3]}}, {{"name": "bias", "shape": [2]}}]}}"#
            )
        };
        let model = format!(r#"{{"class": "Net", "children": [{}, {}]}}"#, layer("a"), layer("b"));
        let model = Model::read(&Source::new("net.json", model)).unwrap();
        let plan = Plan::new(&model, &Options::default()).unwrap();
        let [weight, bias, other_weight, other_bias] = plan.params() else { panic!("four") };
        assert!(Arc::ptr_eq(&weight.writer, &other_weight.writer));
        assert!(Arc::ptr_eq(&bias.writer, &other_bias.writer));
        assert!(!Arc::ptr_eq(&weight.writer, &bias.writer));
    }
}
