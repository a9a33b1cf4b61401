//! A plan says what mmengine's program order would have written last.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use weight_init::config::{de, json};
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan};
use weight_init_tests::plan::{ParamJson, PlanJson};
use weight_init_tests::tape::Tape;

use crate::cases;
use crate::net::Net;
use crate::reenactment::act;

/// Reads the model and its rules from their texts and resolves them.
pub(crate) fn plan(net: &Net, skip_pretrained: bool) -> Result<Plan, String> {
    let source = Source::new("model.json", net.to_json().to_string());
    let model = Model::read(&source).unwrap_or_else(|error| panic!("{}", error.render(false)));
    let initialize = net.initialize.as_ref().map(|(_, rules)| {
        let source = Source::new("init_cfg.json", rules.to_string());
        de::from_value(&json::parse(&source).unwrap()).unwrap()
    });
    let options =
        Options { initialize: initialize.as_ref(), skip_pretrained, ..Options::default() };
    Plan::new(&model, &options).map_err(|error| error.to_string())
}

proptest! {
    #![proptest_config(cases(12_000))]

    #[test]
    fn plans_say_who_wrote_last(choices in vec(any::<u32>(), 0..700), skip_pretrained: bool) {
        compare(&Net::random(&mut Tape::new(choices)), skip_pretrained)?;
    }

    /// The same where one tensor is the weight of one layer and the bias of another.
    #[test]
    fn also_of_weights_that_are_biases(choices in vec(any::<u32>(), 0..700)) {
        compare(&Net::with_weights_that_are_biases(&mut Tape::new(choices)), false)?;
    }
}

fn compare(net: &Net, skip_pretrained: bool) -> Result<(), TestCaseError> {
    let (plan, outcome) = match (plan(net, skip_pretrained), act(net, skip_pretrained)) {
        (Ok(plan), Ok(outcome)) => (PlanJson::of(&plan), outcome),
        (Err(_), Err(_)) => return Ok(()),
        (plan, outcome) => {
            let plan = plan.map(drop);
            return Err(TestCaseError::fail(format!("{plan:?}, mmengine: {outcome:?}")));
        }
    };
    let names = outcome.order.iter().map(|tensor| net.tensors[*tensor].name.as_str());
    prop_assert!(plan.params.keys().eq(names), "{:?}", plan.params.keys().collect::<Vec<_>>());
    let tied = net.to_json().to_string().contains("same_as");
    for (&tensor, (name, found)) in outcome.order.iter().zip(&plan.params.0) {
        // Of a constructor's values nobody but the class table knows, and of two paths the later may have been safe.
        let (expected, told) = (outcome.own_code[tensor], found.may_be_overwritten_by.is_some());
        let unknown = found.default.as_ref().is_some_and(|default| default.init == "unknown");
        let lenient = tied || found.default.is_some();
        prop_assert!(unknown || told == expected || told && lenient, "{}: {:?}", name, found);
        match &outcome.written[tensor] {
            None => prop_assert_eq!((name, found.written.init.as_str()), (name, "untouched")),
            Some((written, by)) => {
                prop_assert!(
                    found.written.agrees_with(written),
                    "{}: {:?}, mmengine: {:?} by {:?}",
                    name,
                    found,
                    written,
                    by
                );
                prop_assert_eq!(found.by.as_ref(), Some(by), "{}", name);
            }
        }
        prop_assert_eq!(&found.shape, &net.tensors[tensor].shape, "{}", name);
    }
    prop_assert_eq!(&plan.rules, &outcome.rules);
    let warned = |kind: &str| plan.warnings.iter().any(|warning| warning.kind == kind);
    let any = |holds: &dyn Fn(&ParamJson) -> bool| plan.params.0.iter().any(|(_, p)| holds(p));
    let unknown = |param: &ParamJson| param.default.as_ref().is_some_and(|d| d.init == "unknown");
    prop_assert_eq!(warned("unknown_params"), any(&unknown));
    prop_assert_eq!(warned("own_code"), any(&|param| param.may_be_overwritten_by.is_some()));
    // A bias that is true, and a Pretrained that mmengine does not defer.
    let text = net.to_json().to_string();
    let doubtful = ["\"bias\":true", "mmengine.Pretrained", "PretrainedInit"];
    prop_assert!(!warned("doubtful") || doubtful.iter().any(|said| text.contains(said)));
    if !skip_pretrained {
        let of_rules = plan.warnings.into_iter().filter(|warning| {
            let others = ["doubtful", "unknown_params", "unknown_buffers", "own_code"];
            !others.contains(&&*warning.kind)
        });
        let mut found: Vec<_> = of_rules.map(|warning| (warning.kind, warning.module)).collect();
        let mut expected = outcome.warnings;
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected);
    }
    Ok(())
}

/// The random models have what can go wrong: a law over models that are all alike would say little.
#[test]
fn the_models_are_varied() {
    let mut counts = BTreeMap::<&str, usize>::new();
    for seed in 0..2000 {
        let net = Net::random(&mut Tape::from_seed(seed));
        let mut count = |what, holds| *counts.entry(what).or_default() += usize::from(holds);
        let outcome = act(&net, false);
        count("plan", outcome.is_ok());
        count("fault", outcome.is_err());
        count("initialize", net.initialize.is_some());
        let Ok(outcome) = outcome else { continue };
        count("pretrained", outcome.written.iter().flatten().any(|(w, _)| w.init == "pretrained"));
        count("untouched", outcome.written.iter().any(Option::is_none));
        let by = |wins: fn(&weight_init_tests::plan::ByJson) -> bool| {
            outcome.written.iter().flatten().any(|(_, by)| wins(by))
        };
        count("override", by(|by| by.override_index.is_some()));
        count("glob", by(|by| by.params.is_some()));
        count("nested", by(|by| by.module.contains('.')));
        count("unreached", outcome.warnings.iter().any(|(kind, _)| kind == "unreached_init_cfg"));
        let text = net.to_json().to_string();
        count("ties", text.contains("same_as"));
        count("own code", outcome.own_code.contains(&true));
        count("alias", net.layers.iter().any(|layer| !layer.aliases.is_empty()));
    }
    assert!(counts.values().all(|&count| count >= 100), "{counts:?}");
}
