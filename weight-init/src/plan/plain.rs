//! How many parameters the rules write that name classes of layers and nothing else.
//!
//! Such rules overwrite each other, so that a plan keeps the last write alone. All layers that have the same classes, of those
//! that rules name, are written by the same of them: parameters are counted by that, and the rules get the sums in the end.

use std::sync::Arc;

use foldhash::HashMap;

use super::PlannedRule;
use super::matcher::Tables;
use crate::pool::Pool;

/// The groups of plain rules that a walk has met, and those that write each parameter.
#[derive(Debug, Default)]
pub(super) struct PlainCounts {
    /// By the place of the module's table, and those of the layer's class and bases that its plain rules name.
    by_class: HashMap<(usize, Vec<String>), usize>,
    groups: Vec<Group>,
    /// The group that was asked for last: a layer has several parameters, and the next one is often of its class.
    last: Option<usize>,
    /// The groups that write each parameter, in model order.
    of_params: Vec<Arc<[usize]>>,
    /// Each set of them once.
    sets: Pool<[usize]>,
}

/// The plain rules of one module that write layers of these classes. They are not kept: a hundred thousand rules may write
/// each of thousands of groups.
#[derive(Debug)]
struct Group {
    /// The place of the module's table.
    table: usize,
    /// Those of the layer's class and bases that rules name.
    classes: Vec<String>,
}

impl PlainCounts {
    /// The group of a module's rules that write layers of these classes.
    pub(super) fn group<'c>(
        &mut self,
        table: usize,
        classes: impl Iterator<Item = &'c str> + Clone,
    ) -> usize {
        let Self { by_class, groups, last, .. } = self;
        let is_same =
            |group: &Group| group.table == table && group.classes.iter().eq(classes.clone());
        if let Some(last) = last.filter(|last| groups.get(*last).is_some_and(is_same)) {
            return last;
        }
        let key = (table, classes.map(str::to_owned).collect());
        let group = *by_class.entry(key).or_insert_with_key(|(table, classes)| {
            groups.push(Group { table: *table, classes: classes.clone() });
            groups.len() - 1
        });
        *last = Some(group);
        group
    }

    /// Notes the groups that write the next parameter.
    pub(super) fn push(&mut self, groups: &[usize]) {
        self.of_params.push(self.sets.share(groups));
    }

    /// Notes groups that write a parameter by another path.
    pub(super) fn extend(&mut self, param: usize, groups: &[usize]) {
        if let Some(known) = self.of_params.get_mut(param) {
            let mut both = [known, groups].concat();
            both.sort_unstable();
            both.dedup();
            *known = self.sets.share(&both);
        }
    }

    /// Gives each rule the number of parameters that it writes.
    pub(super) fn tell(&self, tables: &Tables, rules: &mut [PlannedRule]) {
        let mut alone = vec![0; self.groups.len()];
        for groups in &self.of_params {
            if let [group] = groups[..] {
                alone.iter_mut().skip(group).take(1).for_each(|count| *count += 1);
                continue;
            }
            // The rules of one module may write a tied parameter as that of two classes: it counts once.
            let mut by_module: HashMap<usize, Vec<usize>> = HashMap::default();
            for &group in &**groups {
                if let Some(Group { table, .. }) = self.groups.get(group) {
                    by_module.entry(*table).or_default().push(group);
                }
            }
            for groups in by_module.values() {
                match groups[..] {
                    [group] => alone.iter_mut().skip(group).take(1).for_each(|count| *count += 1),
                    _ => self.add(groups, 1, tables, rules),
                }
            }
        }
        for (group, count) in alone.into_iter().enumerate() {
            self.add(&[group], count, tables, rules);
        }
    }

    /// Adds the parameters that groups of one module write to each of their rules.
    fn add(&self, groups: &[usize], count: usize, tables: &Tables, rules: &mut [PlannedRule]) {
        let groups = groups.iter().filter_map(|group| self.groups.get(*group));
        let mut places: Vec<usize> =
            groups.flat_map(|group| tables.plain_rules(group.table, &group.classes)).collect();
        places.sort(); // the rules of each class are in order already
        places.dedup();
        for place in places {
            if let Some(rule) = rules.get_mut(place) {
                rule.by_class += count;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use crate::diagnostic::Source;
    use crate::model::Model;
    use crate::plan::{Options, Plan};

    fn matched(model: &str) -> Vec<usize> {
        let model = Model::read(&Source::new("net.json", model)).unwrap();
        let plan = Plan::new(&model, &Options::default()).unwrap();
        plan.rules().iter().map(|rule| rule.matched).collect()
    }

    #[test]
    fn a_class_with_a_line_feed_is_no_class_with_a_base() {
        let model = r#"{"class": "Net", "init_weights": "module",
            "init_cfg": [{"type": "Constant", "val": 1, "layer": "A"}, {"type": "Constant", "val": 2, "layer": "A\nB"}],
            "children": [
                {"name": "one", "class": "A", "bases": ["B"], "params": [{"name": "weight", "shape": [2]}]},
                {"name": "other", "class": "A\nB", "params": [{"name": "weight", "shape": [2]}]}]}"#;
        assert_eq!(matched(model), [1, 1]);
    }

    #[test]
    fn of_rules_by_class_the_last_write_alone_is_kept() {
        let model = r#"{"class": "Net", "init_weights": "module", "init_cfg": [
            {"type": "Normal", "layer": "Linear"}, {"type": "Constant", "val": 1, "layer": "Linear"},
            {"type": "Uniform", "params": "fc.weight"}, {"type": "Normal", "std": 2, "layer": "Linear"}],
            "children": [{"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [2, 2]}]}]}"#;
        let plan =
            Plan::new(&Model::read(&Source::new("net.json", model)).unwrap(), &Options::default());
        let plan = plan.unwrap();
        let rules: Vec<_> = plan.params()[0].writes.iter().map(|write| write.rule).collect();
        // The third names a parameter, and is told by itself.
        assert_eq!((rules.last(), rules.contains(&2), rules.contains(&0)), (Some(&3), true, false));
        assert_eq!(matched(model), [1, 1, 1, 1]);
        assert_eq!(plan.rules().iter().map(|rule| rule.won).collect::<Vec<_>>(), [0, 0, 0, 1]);
    }

    #[test]
    fn a_tied_parameter_counts_once_for_a_rule_that_names_both_its_layers() {
        let model = r#"{"class": "Net", "init_weights": "module",
            "init_cfg": [{"type": "Constant", "val": 1, "layer": ["A", "B"]}, {"type": "Constant", "val": 2, "layer": "B"}],
            "children": [
                {"name": "one", "class": "A", "params": [{"name": "weight", "shape": [2]}]},
                {"name": "other", "class": "B", "params": [{"name": "weight", "same_as": "one.weight"}]}]}"#;
        assert_eq!(matched(model), [1, 1]);
    }
}
