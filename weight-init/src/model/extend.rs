//! `extend`: rules that add to the init_cfg of a module instead of replacing it.
//!
//! In mmengine an init_cfg of a config takes the place of the one that a class has, so that whoever adds a rule repeats all
//! others. A rule with `extend = true` keeps them and comes after them. mmengine has no such key, and an init_cfg in flash
//! replaces nothing. So the key is taken out before the [`InitCfg`](weight_init_core::init_cfg::InitCfg) is read, whose forms
//! stay what they are.

use std::borrow::Cow;

use super::placed::items;
use crate::diagnostic::{Diagnostic, Texts};
use crate::value::{Kind, Segment, Value, path};

/// The name of the key.
const KEY: &str = "extend";

/// Whether an init_cfg anywhere in a config has a rule with `extend`: mmengine refuses it.
///
/// ```
/// use weight_init::config::json;
/// use weight_init::diagnostic::Source;
/// use weight_init::model::extend_stands_in;
///
/// let text = r#"{"model": {"neck": {"init_cfg": {"type": "Normal", "layer": "Conv2d", "extend": true}}}}"#;
/// assert!(extend_stands_in(&json::parse(&Source::new("net.json", text))?));
/// # Ok::<(), weight_init::diagnostic::Diagnostic>(())
/// ```
#[must_use]
pub fn extend_stands_in(config: &Value) -> bool {
    let mut values = vec![config];
    while let Some(value) = values.pop() {
        match &value.kind {
            Kind::List(items) => values.extend(items),
            Kind::Dict(entries) => {
                let is_added = |entry: &&crate::value::Entry| {
                    *entry.key == *"init_cfg" && items(&entry.value).iter().any(has_key)
                };
                if entries.iter().any(|entry| is_added(&entry)) {
                    return true;
                }
                values.extend(entries.iter().map(|entry| &entry.value));
            }
            _ => {}
        }
    }
    false
}

/// Whether the rules of an init_cfg, which stands at a path, add to those of the module; all of them do, or none.
///
/// # Errors
///
/// A value that is no truth value, a rule of nothing else, rules that differ.
pub(super) fn extends(init_cfg: &Value, texts: &dyn Texts, at: &str) -> Result<bool, Diagnostic> {
    let rules = items(init_cfg);
    if !rules.iter().any(has_key) {
        return Ok(false);
    }
    let place = |index: usize| match init_cfg.as_list() {
        Some(_) => path(at, &[Segment::from(index)]),
        None => at.to_owned(),
    };
    let mut first = None;
    for (index, rule) in rules.iter().enumerate() {
        let given = rule.get(KEY);
        let of_key = || place(index) + &Segment::from(KEY).to_string();
        let extends = match given.map(|value| (value, value.as_bool())) {
            None => false,
            Some((_, Some(extends))) => extends,
            Some((value, None)) => {
                let message = format!("'{KEY}' is true or false, found {}", value.kind_name());
                return Err(Diagnostic::new(texts, value.span, message).at(of_key()));
            }
        };
        if given.is_some() && rule.as_dict().is_some_and(|entries| entries.len() == 1) {
            let message = format!("a rule of nothing but '{KEY}' adds nothing");
            let error = Diagnostic::new(texts, rule.span, message).at(place(index));
            return Err(error.help("give it a 'type' and what that writes, as every rule has"));
        }
        let expected = *first.get_or_insert(extends);
        if extends != expected {
            let (with, without) = if expected { (0, index) } else { (index, 0) };
            let message = format!(
                "rule {with} adds to the module's own init_cfg ({KEY} = true), and rule {without} does not: the rules of an \
                 init_cfg all add to it, or all take its place"
            );
            let (span, place) =
                given.map_or_else(|| (rule.span, place(index)), |value| (value.span, of_key()));
            let error = Diagnostic::new(texts, span, message).at(place);
            return Err(error.help(format!("give '{KEY} = true' to every rule, or to none")));
        }
    }
    Ok(first.unwrap_or_default())
}

/// The error of rules beside which no module's own run.
pub(super) fn refused(init_cfg: &Value, texts: &dyn Texts, at: &str) -> Diagnostic {
    let rule = items(init_cfg).first();
    let span = rule.and_then(|rule| rule.get(KEY)).map_or(init_cfg.span, |value| value.span);
    let at = match init_cfg.as_list() {
        Some(_) => path(at, &[Segment::from(0), Segment::from(KEY)]),
        None => path(at, &[Segment::from(KEY)]),
    };
    let message = format!(
        "'{KEY}' adds to the init_cfg that a module has, and no module's own runs beside these rules: they stand alone, as those \
         of mmengine's initialize(model, init_cfg)"
    );
    let help = format!(
        "leave '{KEY}' out, or put the rule into the init_cfg of the module in the config of the model"
    );
    Diagnostic::new(texts, span, message).at(at).help(help)
}

/// The init_cfg without the key, as mmengine's form has it.
pub(super) fn without(init_cfg: &Value) -> Cow<'_, Value> {
    if !items(init_cfg).iter().any(has_key) {
        return Cow::Borrowed(init_cfg);
    }
    let without = |rule: &Value| match &rule.kind {
        Kind::Dict(entries) => {
            let entries = entries.iter().filter(|entry| *entry.key != *KEY).cloned().collect();
            Value::new(Kind::Dict(entries), rule.span)
        }
        _ => rule.clone(),
    };
    Cow::Owned(match init_cfg.as_list() {
        Some(rules) => Value::new(Kind::List(rules.iter().map(without).collect()), init_cfg.span),
        None => without(init_cfg),
    })
}

fn has_key(rule: &Value) -> bool {
    rule.get(KEY).is_some()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::super::{LayerSpec, Model, Registry};
    use super::*;
    use crate::config::{Config, Format};
    use crate::diagnostic::Source;
    use crate::plan::{Options, Plan, locate};
    use crate::rules::Rules;

    /// Classes with rules of their own: a neck, and a head that loads a checkpoint.
    fn registry() -> Registry {
        let own = |class: &'static str, rules: &'static str| {
            move || {
                let linear = LayerSpec::new("Linear", &["Module"]).param("weight", &[4, 4]);
                let rules = Rules::from_json(rules).unwrap();
                LayerSpec::module(class).init_cfg(rules.placed()).child("fc", linear)
            }
        };
        let neck = own("Neck", r#"[{"type": "Ones", "layer": "Linear", "bias": true}]"#);
        let head = own(
            "Head",
            r#"[{"type": "Pretrained", "checkpoint": "a.pth", "key": "ema"}, {"type": "Zeros", "layer": "Linear"}]"#,
        );
        let mut registry = Registry::standard();
        registry.register("Neck", move |_| Ok(neck()));
        registry.register("Head", move |_| Ok(head()));
        registry
    }

    fn config(text: &str) -> Config {
        Config::parse(Source::new("net.py", text), Format::Python).unwrap()
    }

    fn written(model: &Model) -> Vec<String> {
        let plan = Plan::new(model, &Options::default()).unwrap();
        let table = plan.table(None).to_string();
        table.lines().filter(|line| line.contains("fc.weight")).map(str::to_owned).collect()
    }

    #[test]
    fn rules_of_a_config_come_after_those_of_its_class() {
        let registry = registry();
        let build = |init_cfg: &str| {
            let text = format!("model = dict(type='Neck', init_cfg={init_cfg})");
            Model::from_config(&config(&text), &registry).unwrap()
        };
        for (init_cfg, rules, by) in [
            ("None", 1, "rule 0"),
            ("dict(type='Normal', layer='Linear')", 1, "rule 0"),
            ("dict(type='Normal', layer='Linear', extend=True)", 2, "rule 1"),
            ("dict(type='Normal', layer='Conv2d', extend=True)", 2, "rule 0"),
        ] {
            let model = build(init_cfg);
            assert_eq!(model.init_cfg("").unwrap().init_cfg.rules.len(), rules, "{init_cfg}");
            assert!(written(&model)[0].ends_with(by), "{init_cfg}: {:?}", written(&model));
        }
        let model = build("dict(type='Normal', bias=True, extend=True)");
        let remarks = &model.init_cfg("").unwrap().remarks;
        let remarks: Vec<_> = remarks.iter().map(ToString::to_string).collect();
        assert!(
            remarks[0].starts_with("rule 0 writes 1") && remarks[1].starts_with("rule 1 writes 1")
        );
    }

    #[test]
    fn a_checkpoint_of_the_module_comes_last_as_in_mmengine() {
        let text =
            "model = dict(type='Head', init_cfg=dict(type='Normal', layer='Linear', extend=True))";
        let model = Model::from_config(&config(text), &registry()).unwrap();
        assert!(
            written(&model)[0].contains("pretrained(checkpoint=a.pth)"),
            "{:?}",
            written(&model)
        );
        let skip = Options { skip_pretrained: true, ..Options::default() };
        assert!(
            Plan::new(&model, &skip).unwrap().table(None).to_string().contains("(model), rule 2")
        );
        assert_eq!(model.init_cfg("").unwrap().keys.get(0, None), Some("ema"));
        // The description has all three rules, and their key.
        let text = serde_json::to_string(&model.description()).unwrap();
        assert!(!text.contains(KEY), "{text}");
        assert_eq!(Model::read(&Source::new("net.json", text)).unwrap(), model);
    }

    #[test]
    fn a_config_that_is_laid_again_adds_once() {
        let registry = registry();
        let of =
            |init_cfg: &str| config(&format!("model = dict(type='Neck', init_cfg={init_cfg})"));
        let added = of(
            "[dict(type='Normal', layer='Linear', bias=True, extend=True), dict(type='Normal', extend=True)]",
        );
        let mut model = Model::from_config(&added, &registry).unwrap();
        let once = model.clone();
        model.lay(&added, &registry).unwrap();
        assert_eq!(model, once);
        assert_eq!(model.init_cfg("").unwrap().remarks.len(), 2);
        model.lay(&of("dict(type='Normal', layer='Linear', extend=True)"), &registry).unwrap();
        assert_eq!(model.init_cfg("").unwrap().init_cfg.rules.len(), 2);
        model.lay(&of("dict(type='Normal', layer='Linear')"), &registry).unwrap();
        assert_eq!(model.init_cfg("").unwrap().init_cfg.rules.len(), 1);
    }

    #[test]
    fn each_rule_has_its_own_text() {
        let text = "model = dict(type='Neck', init_cfg=[dict(type='Normal', layer='Conv2d', override=dict(name='fv'), extend=True)])";
        let config = config(text);
        let model = Model::from_config(&config, &registry()).unwrap();
        let placed = model.init_cfg("").unwrap();
        let place = |rule, over| {
            let (span, path) = placed.place(rule, over).unwrap();
            let name = placed.texts(rule, &config.sources).source(span).name();
            format!("{name} {path}")
        };
        assert_eq!(place(0, None), "init_cfg $[0]");
        assert_eq!(place(1, None), "net.py $.model.init_cfg[0]");
        assert_eq!(place(1, Some(0)), "net.py $.model.init_cfg[0].override");
        assert_eq!(placed.place(2, None), None);
        let error = Plan::new(&model, &Options::default()).unwrap_err();
        let located = locate(&error, &model, &config.sources).to_string();
        assert!(
            located.contains("net.py:1:") && located.contains("did you mean 'fc'?"),
            "{located}"
        );
    }
}
