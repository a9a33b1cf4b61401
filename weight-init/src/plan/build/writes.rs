//! The writes to a parameter or buffer, as the walk finds them.

use std::sync::Arc;

use foldhash::HashMap;
use weight_init_core::init_cfg::Origin;
use weight_init_core::resolve::{BufferVisit, Considered, Order, ParamVisit, Part};

use super::super::write::{Held, Loading, Write, in_program_order};
use super::super::{ConstructorDefault, Writer};
use super::{Builder, layer_of};

impl Builder<'_> {
    /// Finds the writes of rules to a parameter on one path, of plain rules those that may be the last; and the groups of plain
    /// rules that write it.
    pub(super) fn find_writes(&mut self, visit: &ParamVisit<'_>) {
        let Self { tables, rules, origins, plain, found, groups, .. } = self;
        found.clear();
        groups.clear();
        let mut last_plain = None;
        visit.matched(tables, &mut |considered| {
            let Some((table, first_rule)) = tables.place(considered.visit) else { return };
            let write = write(first_rule, origins, considered, visit.param().name);
            if rules.get(write.rule).is_some_and(|rule| rule.plain) {
                if last_plain != Some(table) {
                    last_plain = Some(table);
                    groups.extend(tables.group(table, visit.layer(), plain));
                } else if found
                    .last()
                    .and_then(|last| rules.get(last.rule))
                    .is_some_and(|last| last.plain)
                {
                    // It overwrites the one before, which is not kept.
                    found.pop();
                }
            }
            found.push(write);
        });
    }

    /// The writes that were found to the parameter of this name, in program order.
    pub(super) fn share_writes(&mut self, name: &str) -> Arc<[Write]> {
        let Self { found, writes, .. } = self;
        in_program_order(found, layer_of(name));
        let is_same = |found: &&[Write], known: &[Write]| {
            known.len() == found.len() && known.iter().zip(*found).all(|(a, b)| a.is_same(b))
        };
        writes.share(found.as_slice(), is_same, Arc::from)
    }

    /// The writes of Pretrained rules to a buffer on one path, in program order.
    pub(super) fn buffer_writes(&mut self, visit: &BufferVisit<'_>) -> Vec<Write> {
        let Self { tables, origins, .. } = self;
        let mut writes = Vec::new();
        visit.matched(tables, &mut |considered| {
            let first_rule = tables.place(considered.visit).map(|(_, first_rule)| first_rule);
            let attribute = visit.buffer().name;
            writes.extend(first_rule.map(|rule| write(rule, origins, considered, attribute)));
        });
        writes
    }

    /// What the `init_weights` of classes of their own write to a parameter, on one path to it.
    pub(super) fn own_writes(
        &self,
        visit: &ParamVisit<'_>,
        name: &str,
    ) -> Vec<(Order, Arc<Writer>)> {
        let written = self.model.map_or(&[][..], |model| model.own_writes(name));
        if written.is_empty() {
            return Vec::new();
        }
        let ran = visit.customs().filter(|custom| !custom.ran);
        let by_path: Vec<_> =
            ran.map(|it| (it.first_path.to_string(), it.begins, it.ends)).collect();
        let mut found = Vec::new();
        for write in written {
            let places = by_path.iter().filter(|(path, ..)| **path == *write.module);
            found.extend(places.map(|(_, begins, ends)| {
                let order = if write.after { *ends } else { *begins };
                let default = ConstructorDefault::Recorded(Arc::clone(&write.written));
                (order, Arc::new(Writer::Untouched(default)))
            }));
        }
        found
    }
}

/// The write of a part of a rule to the parameter or buffer that its layer calls `attribute`; `first_rule`: the place of the
/// first rule of its module.
fn write(
    first_rule: usize,
    origins: &mut HashMap<(usize, Part, bool), Arc<Origin<String>>>,
    considered: &Considered<'_>,
    attribute: &str,
) -> Write {
    let rule = first_rule + considered.rule;
    let origin = origins.entry((rule, considered.part, attribute == "bias"));
    Write {
        order: considered.order,
        rule,
        origin: Arc::clone(origin.or_insert_with(|| Arc::new(considered.origin.to_owned()))),
        through: None,
        loading: considered.origin.is_pretrained().then(|| {
            Box::new(Loading { within: considered.within.to_string(), held: Held::Assumed })
        }),
    }
}
