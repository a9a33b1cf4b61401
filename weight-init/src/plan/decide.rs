use weight_init_core::resolve::Part;

use super::{By, Held, Plan, Stored, Write, Writer};

impl Plan {
    /// Names the last writer that counts of every parameter and buffer, and counts how the rules fared.
    pub(super) fn decide(&mut self) {
        let skip = self.skip_pretrained;
        let counts = move |write: &&Write| match write.held {
            Held::Absent | Held::Unfit(_) => false,
            Held::Assumed | Held::Stored(_) => !(skip && write.origin.is_pretrained()),
        };
        for rule in &mut self.rules {
            (rule.matched, rule.won) = (rule.by_class, 0);
            rule.overrides.iter_mut().for_each(|o| (o.matched, o.won) = (0, 0));
        }
        for param in &mut self.params {
            let mut matched: Vec<usize> =
                param.writes.iter().filter(counts).map(|write| write.rule).collect();
            matched.sort_unstable();
            matched.dedup();
            for rule in matched {
                if let Some(rule) = self.rules.get_mut(rule).filter(|rule| !rule.plain) {
                    rule.matched += 1;
                }
            }
            for write in param.writes.iter().filter(counts) {
                let Part::Override(index) = write.part else { continue };
                let rule = self.rules.get_mut(write.rule);
                if let Some(item) = rule.and_then(|rule| rule.overrides.get_mut(index)) {
                    item.matched += 1;
                }
            }
            let winner = param.writes.iter().rfind(counts);
            let Some((winner, rule)) =
                winner.and_then(|winner| Some((winner, self.rules.get_mut(winner.rule)?)))
            else {
                (param.writer, param.stored) = (Writer::Untouched(param.default.clone()), None);
                param.overwriter = self.own_code.overwriter(param, None);
                continue;
            };
            rule.won += 1;
            if let Part::Override(index) = winner.part {
                rule.overrides.iter_mut().skip(index).take(1).for_each(|o| o.won += 1);
            }
            let by = By { module: rule.module.clone(), rule: rule.rule, part: winner.part };
            param.writer = Writer::Rule { origin: winner.origin.clone(), by };
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

fn stored(write: &Write) -> Option<Stored> {
    match &write.held {
        Held::Stored(stored) => Some(stored.clone()),
        _ => None,
    }
}
