use std::sync::Arc;

use foldhash::HashMap;
use weight_init_core::init_cfg::Origin;
use weight_init_core::resolve::Part;

use super::{By, Held, Plan, PlannedRule, Stored, Write, Writer};

impl Plan {
    /// Names the last writer that counts of every parameter and buffer, and counts how the rules fared.
    pub(super) fn decide(&mut self) {
        let load = !self.skip_pretrained;
        let counts = move |write: &&Write| write.counts(load);
        for rule in &mut self.rules {
            (rule.matched, rule.won) = (rule.by_class, 0);
            rule.overrides.iter_mut().for_each(|o| (o.matched, o.won) = (0, 0));
        }
        let mut writers = Writers::default();
        let mut matched: Vec<usize> = Vec::new();
        for param in &mut self.params {
            matched.extend(param.writes.iter().filter(counts).map(|write| write.rule));
            matched.sort_unstable();
            matched.dedup();
            for rule in matched.drain(..) {
                if let Some(rule) = self.rules.get_mut(rule).filter(|rule| !rule.plain) {
                    rule.matched += 1;
                }
            }
            for write in param.writes.iter().filter(counts) {
                let Part::Override(index) = write.part() else { continue };
                let rule = self.rules.get_mut(write.rule);
                if let Some(item) = rule.and_then(|rule| rule.overrides.get_mut(index)) {
                    item.matched += 1;
                }
            }
            let own = param.own.as_ref().and_then(|own| own.writes.last());
            // The first part of a module's first rule has the order at which its init_weights begins, and comes after it.
            let winner = param.writes.iter().rfind(counts);
            let winner = winner.filter(|it| own.is_none_or(|(order, _)| it.order >= *order));
            let Some((winner, rule)) =
                winner.and_then(|winner| Some((winner, self.rules.get_mut(winner.rule)?)))
            else {
                param.stored = None;
                param.writer = Arc::clone(own.map_or(&param.default, |(_, writer)| writer));
                param.overwriter = self.own_code.overwriter(param, None);
                continue;
            };
            rule.won += 1;
            if let Part::Override(index) = winner.part() {
                rule.overrides.iter_mut().skip(index).take(1).for_each(|o| o.won += 1);
            }
            param.writer = writers.of(winner, rule);
            param.stored = stored(winner);
            // Deferred rules, with their overrides, run when everything below their module is done.
            let is_late = rule.type_name == "Pretrained" && !rule.in_order && !self.bare;
            let late = is_late.then_some(&*rule.module);
            param.overwriter = self.own_code.overwriter(param, late);
        }
        for buffer in &mut self.buffers {
            let winner = buffer.writes.iter().rfind(counts);
            buffer.stored = winner.and_then(stored);
            buffer.assumed = winner.is_some() && buffer.stored.is_none();
        }
        self.warnings = self.warn();
    }
}

/// The rules that were named as writers so far, each held once, by the place of the rule and its part: what is written to a
/// bias may be another than to the rest.
#[derive(Default)]
struct Writers(HashMap<(usize, Part), Vec<Named>>);

/// The write that an entry was made for, and the writer.
type Named = (Arc<Origin<String>>, Arc<Writer>);

impl Writers {
    fn of(&mut self, write: &Write, rule: &PlannedRule) -> Arc<Writer> {
        let known = self.0.entry((write.rule, write.part())).or_default();
        if let Some((_, writer)) =
            known.iter().find(|(origin, _)| Arc::ptr_eq(origin, &write.origin))
        {
            return Arc::clone(writer);
        }
        let by = By { module: rule.module.clone(), rule: rule.rule, part: write.part() };
        let writer = Arc::new(Writer::Rule { origin: Origin::clone(&write.origin), by });
        known.push((Arc::clone(&write.origin), Arc::clone(&writer)));
        writer
    }
}

fn stored(write: &Write) -> Option<Stored> {
    match &write.loading.as_ref()?.held {
        Held::Stored(stored) => Some(stored.clone()),
        _ => None,
    }
}
