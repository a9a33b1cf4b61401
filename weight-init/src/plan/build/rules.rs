//! The rules of a module, as a plan lists them.

use weight_init_core::InitWeights;
use weight_init_core::init_cfg::Rules;
use weight_init_core::resolve::ModuleVisit;

use super::super::by::module_name;
use super::super::matcher::Tables;
use super::super::{PlannedOverride, PlannedRule, Warning, WarningKind};
use super::Builder;
use crate::diagnostic::escape;

impl Builder<'_> {
    pub(super) fn add_rules(&mut self, module: &str, rules: &dyn Rules) {
        let text = match self.options.initialize {
            Some(_) => self.options.initialize_text,
            None => self.model.and_then(|model| model.init_cfg(module)),
        };
        let key = |rule, over| text.and_then(|text| text.keys.get(rule, over)).map(str::to_owned);
        let alias = |rule, over| text.and_then(|text| text.alias(rule, over));
        for (rule, write) in rules.writes().enumerate() {
            let overrides = rules.override_names(rule).enumerate();
            self.rules.push(PlannedRule {
                module: module.to_owned(),
                rule,
                type_name: write.name(),
                alias: alias(rule, None),
                layers: rules.layers(rule).map(str::to_owned).collect(),
                reached: false,
                in_order: write.is_pretrained() && !write.is_deferred(),
                plain: Tables::is_plain(rules, rule),
                by_class: 0,
                matched: 0,
                won: 0,
                key: key(rule, None),
                overrides: overrides
                    .map(|(index, name)| {
                        let (key, alias) = (key(rule, Some(index)), alias(rule, Some(index)));
                        PlannedOverride { name: name.to_owned(), alias, matched: 0, won: 0, key }
                    })
                    .collect(),
            });
        }
    }

    /// Of an init_cfg that a class reads itself, or that says something by mistake.
    pub(super) fn add_remarks(&mut self, module: &str, visit: &ModuleVisit<'_>) {
        let remarks = match self.model.and_then(|model| model.init_cfg(module)) {
            Some(cfg) if self.options.initialize.is_none() && !cfg.remarks.is_empty() => {
                cfg.remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            _ => return,
        };
        let name = module_name(module);
        let message = match visit.layer().init_weights() {
            InitWeights::Custom => format!(
                "the init_cfg of {name} is for its class to read ({} has an init_weights of its own): {remarks}",
                escape(visit.layer().class())
            ),
            _ => format!("the init_cfg of {name}: {remarks}"),
        };
        let module = module.to_owned();
        self.remarks.push(Warning { kind: WarningKind::Doubtful, module, message });
    }
}
