//! What a plan costs of many rules, many globs and many parameters: reading the description, resolving it, and writing the
//! plan as JSON.
//!
//! `cargo bench -p weight-init-benches --bench plan`: each case is in seconds of one core.

use std::fmt::Write;
use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan};

/// A model whose layers have a weight and a bias each, in blocks of a hundred, with these rules at the root.
fn model(params: usize, class: impl Fn(usize) -> String, rules: &str) -> Source {
    let mut text = String::from(
        r#"{"class": "Net", "bases": ["BaseModule"], "init_weights": "module", "init_cfg": ["#,
    );
    text += rules;
    text += r#"], "children": ["#;
    for layer in 0..params / 2 {
        if layer % 100 == 0 {
            let end = if layer == 0 { "" } else { "]}," };
            let _ = write!(
                text,
                r#"{end}{{"name": "{}", "class": "Block", "children": ["#,
                layer / 100
            );
        } else {
            text.push(',');
        }
        let _ = write!(
            text,
            r#"{{"name": "{layer}", "class": "{}", "params": [{{"name": "weight", "shape": [4, 4]}}, {{"name": "bias", "shape": [4]}}]}}"#,
            class(layer)
        );
    }
    text += "]}]}";
    Source::new("model.json", text)
}

fn rules(count: usize, key: impl Fn(usize) -> String) -> String {
    let rule = |number| format!(r#"{{"type": "Constant", "val": 1, {}}}"#, key(number));
    (0..count).map(rule).collect::<Vec<_>>().join(",")
}

fn plans(criterion: &mut Criterion) {
    let linear = |_| "Linear".to_owned();
    let cases = [
        (
            "rules_1e5_of_as_many_classes_params_1e4",
            model(
                10_000,
                |layer| format!("L{layer}"),
                &rules(100_000, |i| format!(r#""layer": "L{i}""#)),
            ),
        ),
        (
            "rules_1e5_of_one_class_params_1e4",
            model(10_000, linear, &rules(100_000, |_| r#""layer": "Linear""#.to_owned())),
        ),
        (
            "globs_1e4_params_1e4",
            model(10_000, linear, &rules(10_000, |i| format!(r#""params": "*.{i}.weight""#))),
        ),
        (
            "rules_20_params_1e6",
            model(1_000_000, linear, &rules(20, |i| format!(r#""layer": ["Linear", "L{i}"]"#))),
        ),
    ];
    let mut group = criterion.benchmark_group("plan");
    for (name, source) in &cases {
        group.bench_function(*name, |bencher| {
            bencher.iter(|| {
                let model = Model::read(black_box(source)).map_err(|error| error.to_string())?;
                let plan =
                    Plan::new(&model, &Options::default()).map_err(|error| error.to_string())?;
                serde_json::to_writer(std::io::sink(), &plan).map_err(|error| error.to_string())
            })
        });
    }
}

fn short() -> Criterion {
    let short = Criterion::default().sample_size(10);
    short.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(5))
}

criterion_group! { name = benches; config = short(); targets = plans }
criterion_main!(benches);
