//! Descriptions with init_cfgs, as bytes and as a grammar makes them: an error, or a plan that can be shown, explained,
//! written as JSON and filled with the same bits by two backends, within the limits that are promised.
//!
//! The first byte chooses. What is wrong is refused before anything is filled, so that a tensor of 2⁶³ elements costs nothing.
#![no_main]

mod description;

use std::alloc::System;
use std::convert::Infallible;
use std::time::{Duration, Instant};

use cap::Cap;
use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use weight_init::config::{Config, Format};
use weight_init::diagnostic::Source;
use weight_init::model::{Model, PlacedInitCfg};
use weight_init::plan::{Options, Plan, Unknown, locate};
use weight_init::report::Explanation;
use weight_init::run::{BackendKind, generate};
use weight_init_core::initializer::ALL;

/// Gives no more than the limit, and an allocation that fails is a crash.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes of memory for inputs of any size, and for each byte of them. Two windows of tensors come on top.
const MEMORY_FREE: usize = 64 << 20;
const MEMORY_A_BYTE: usize = 200;

/// Time for an input of up to 4096 bytes.
const TIME: Duration = Duration::from_secs(10);

/// Bytes of a model that are filled.
const FILLED: u64 = 1 << 16;

fuzz_target!(|data: &[u8]| {
    let Some((choice, bytes)) = data.split_first() else { return };
    let mut choices = Unstructured::new(bytes);
    let (model, rules) = match choice % 8 {
        0 => (String::from_utf8_lossy(bytes).into_owned(), None),
        1 | 2 => {
            let rules = description::init_cfg(&mut choices);
            (description::model(&mut choices), Some(rules))
        }
        _ => (description::model(&mut choices), None),
    };
    let begin = Instant::now();
    let size = model.len() + rules.as_ref().map_or(0, String::len);
    let _ = MEMORY.set_limit(MEMORY.allocated() + MEMORY_FREE + MEMORY_A_BYTE * size);
    check(&model, rules.as_deref());
    let _ = MEMORY.set_limit(usize::MAX);
    let took = begin.elapsed();
    assert!(took < TIME, "{took:?} for\n{model}\n{rules:?}");
});

fn check(model: &str, rules: Option<&str>) {
    let source = Source::new("model.json", model);
    let model = match Model::read(&source) {
        Ok(model) => model,
        Err(error) => return drop(error.render(false)),
    };
    let rules = match rules.map(read_rules).transpose() {
        Ok(rules) => rules,
        Err(error) => return drop(error.render(false)),
    };
    let options =
        Options { initialize: rules.as_ref().map(|rules| &rules.init_cfg), ..Options::default() };
    let plan = match Plan::new(&model, &options) {
        Ok(plan) => plan,
        Err(error) => {
            if rules.is_none() {
                let _ = locate(&error, &model, &source).render(false);
            }
            return;
        }
    };
    let _ = plan.table(Some(80));
    let json = serde_json::to_string(&plan).expect("a plan is JSON");
    let _: serde_json::Value = serde_json::from_str(&json).expect("a plan is JSON");
    let _ = plan.digest();
    for param in plan.params() {
        let explanation =
            Explanation::new(&plan, &model, &options, &param.name).expect("it has a plan");
        let _ = explanation.to_string();
    }
    fill(&plan);
}

fn read_rules(text: &str) -> Result<PlacedInitCfg, weight_init::diagnostic::Diagnostic> {
    let config = Config::parse(Source::new("init_cfg.json", text), Format::Json)?;
    PlacedInitCfg::read(&config.value, &config.sources, "$", ALL)
}

/// Two backends give the same bytes.
fn fill(plan: &Plan) {
    let Ok(tensors) = plan.tensors(Unknown::Zeros) else { return };
    let bytes = tensors.iter().fold(0_u64, |sum, tensor| sum.saturating_add(tensor.bytes()));
    if bytes > FILLED {
        return;
    }
    let [first, second] = [BackendKind::Embedded, BackendKind::Simd].map(|kind| {
        let mut backend = kind.start(None).expect("it needs no device");
        let mut bytes = Vec::new();
        let result = generate(&tensors, 42, &mut backend, |chunk| {
            bytes.extend_from_slice(chunk.bytes);
            Ok::<_, Infallible>(())
        });
        result.expect("tensors are checked before");
        bytes
    });
    assert_eq!(first.len() as u64, bytes);
    assert!(first == second, "backends differ");
}
