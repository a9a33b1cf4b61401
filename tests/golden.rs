//! Proves that plans agree with the real mmengine: 4000 random models and 14 detectors, parameter by parameter.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan};
use weight_init_tests::golden::{self, Case, Detector};
use weight_init_tests::plan::PlanJson;

/// The random models by what mmengine made of them: a plan, a fault in the meeting of model and rules, a
/// malformed init_cfg.
fn sorted() -> [Vec<Case>; 3] {
    let mut sorted = [const { Vec::new() }; 3];
    for case in golden::cases() {
        let kind = match (case.valid, &case.expected) {
            (true, Some(_)) => 0,
            (true, None) => 1,
            (false, _) => 2,
        };
        sorted[kind].push(case);
    }
    sorted
}

#[test]
fn every_case_is_there() {
    assert_eq!(sorted().map(|cases| cases.len()), [3071, 603, 326]);
    assert_eq!(golden::detectors().len(), 14);
}

#[test]
fn random_models_agree() {
    let [cases, ..] = sorted();
    assert_eq!(cases.iter().map(agreeing_params).sum::<usize>(), 22_701);
}

/// The number of parameters of a case, all of which are written as mmengine writes them.
fn agreeing_params(case: &Case) -> usize {
    let plan = case.plan().unwrap_or_else(|error| panic!("case {}: {error}", case.id));
    let plan = PlanJson::of(&plan);
    let expected = case.expected.as_ref().unwrap();
    assert!(
        plan.params.keys().eq(expected.keys()),
        "case {}: parameters {:?}, expected {:?}",
        case.id,
        plan.params.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for ((name, found), (_, expected)) in plan.params.0.iter().zip(&expected.0) {
        let found = &found.written;
        assert!(
            found.agrees_with(expected),
            "case {}, {name}: {found:?}, mmengine has {expected:?}",
            case.id
        );
    }
    expected.0.len()
}

#[test]
fn faults_between_model_and_rules_are_refused() {
    let [_, cases, _] = sorted();
    for case in &cases {
        // Each init_cfg by itself is well formed, so it is read; only the plan finds the fault.
        let read = case.read();
        assert!(read.is_ok(), "case {}: {:?}, though well formed", case.id, read.err());
        let message = &case.error.as_ref().unwrap().message;
        assert!(case.plan().is_err(), "case {} was accepted; mmengine says: {message}", case.id);
    }
}

#[test]
fn malformed_rules_are_refused_when_read() {
    let [.., cases] = sorted();
    let mut accepted = 0;
    for case in cases.iter().filter(|case| case.read().is_ok()) {
        // The data count a truth value in place of a number as malformed. mmengine takes it, and so do we.
        assert!(case.text.contains(r#""bias":true"#), "case {} was accepted", case.id);
        match &case.expected {
            Some(_) => drop(agreeing_params(case)),
            None => assert!(case.plan().is_err(), "case {} was accepted", case.id),
        }
        accepted += 1;
    }
    assert_eq!(accepted, 9);
}

#[test]
fn detectors_agree() {
    let (mut compared, mut custom) = (0, 0);
    for detector in golden::detectors() {
        let Detector { name, expected, .. } = &detector;
        let plan = plan_of(&detector);
        assert!(plan.params.keys().eq(expected.keys()), "{name}: other parameters");
        for ((param, found), (_, expected)) in plan.params.0.iter().zip(&expected.0) {
            // What a class's own init_weights did is not for a plan to say, only that there is one. Most of
            // them also call the ordinary one, so the parameters that they leave alone are compared.
            if expected.init == "custom" {
                let module = found.custom.as_ref().unwrap_or_else(|| panic!("{name}, {param}"));
                assert!(below(module, param), "{name}, {param}: {module}");
                assert!(
                    found.may_be_overwritten_by.is_some(),
                    "{name}, {param}: silently another value"
                );
                custom += 1;
                continue;
            }
            let found = &found.written;
            assert!(
                found.agrees_with(expected),
                "{name}, {param}: {found:?}, mmengine has {expected:?}"
            );
            compared += 1;
        }
        for module in &detector.custom_called {
            let mut inside = plan.params.0.iter().filter(|(param, _)| below(module, param));
            assert!(inside.all(|(_, param)| param.custom.is_some()), "{name}, {module}");
        }
    }
    assert_eq!((compared, custom), (3268, 440));
}

#[test]
fn checkpoints_cover_their_modules() {
    let mut modules = 0;
    for detector in golden::detectors() {
        let plan = plan_of(&detector);
        for pretrained in &detector.pretrained {
            let inside = |name: &str| below(&pretrained.module, name);
            let mut params = plan.params.0.iter().filter(|(name, _)| inside(name)).peekable();
            assert!(params.peek().is_some(), "{}: {pretrained:?} covers nothing", detector.name);
            for (name, param) in params {
                let written = &param.written;
                assert_eq!(written.init, "pretrained", "{}, {name}", detector.name);
                assert_eq!(written.args["checkpoint"], pretrained.checkpoint.as_str());
                assert_eq!(written.args["prefix"].as_str(), pretrained.prefix.as_deref());
                assert_eq!(param.by.as_ref().unwrap().module, pretrained.module);
            }
            modules += 1;
        }
        let loaded = |name: &str| detector.pretrained.iter().any(|p| below(&p.module, name));
        for (name, param) in &plan.params.0 {
            assert_eq!(
                param.written.init == "pretrained",
                loaded(name),
                "{}, {name}",
                detector.name
            );
        }
    }
    assert_eq!(modules, 2);
}

fn plan_of(detector: &Detector) -> PlanJson {
    let source = Source::new(detector.name.as_str(), detector.text.as_str());
    let model = Model::read(&source).unwrap_or_else(|error| panic!("{error}"));
    let plan = Plan::new(&model, &Options::default());
    PlanJson::of(&plan.unwrap_or_else(|error| panic!("{}: {error}", detector.name)))
}

/// Whether a full name stands below a module.
fn below(module: &str, name: &str) -> bool {
    module.is_empty() || name.strip_prefix(module).is_some_and(|rest| rest.starts_with('.'))
}
