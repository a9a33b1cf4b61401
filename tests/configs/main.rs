//! Config files are evaluated to what the real mmengine makes of them.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod packages;
mod round_trip;

use std::time::{Duration, Instant};

use weight_init::config::{Config, ConfigError, json};
use weight_init::diagnostic::Source;
use weight_init::value::{Kind, Value};
use weight_init_tests::golden;

/// Every config of mmdet 3.3.0: 865 that mmengine reads and 4 that it does not.
#[test]
fn configs_of_mmdet_are_what_mmengine_makes_of_them() {
    let folder = match packages::folder() {
        Ok(folder) => folder.join("mmdet/.mim/configs"),
        Err(reason) => {
            println!("not checked: the packages mmdet and mmpretrain cannot be had: {reason}");
            return;
        }
    };
    let (mut equal, mut refused, mut slowest) = (0, 0, Duration::ZERO);
    for line in golden::lines("configs_mmdet.jsonl.gz") {
        let case = json::parse(&Source::new("case", line)).unwrap();
        let path = case.get("path").and_then(Value::as_str).unwrap();
        let start = Instant::now();
        let read = Config::read(folder.join(path), None);
        slowest = slowest.max(start.elapsed());
        match (case.get("config"), read) {
            (Some(expected), Ok(config)) => {
                if let Some(difference) = difference(&config.value, expected) {
                    panic!("{path}: {difference}");
                }
                equal += 1;
            }
            (None, Err(ConfigError::Invalid(error))) => {
                assert!(error.message().starts_with("there is no base"), "{error}");
                refused += 1;
            }
            (expected, read) => panic!("{path}: expected {expected:?}, found {read:?}"),
        }
    }
    println!("{equal} equal, {refused} refused, the slowest in {slowest:?}");
    assert_eq!((equal, refused), (865, 4));
}

/// Where two values differ, places aside.
pub(crate) fn difference(found: &Value, expected: &Value) -> Option<String> {
    let differ = || Some(format!(": {:?} instead of {:?}", found.kind, expected.kind));
    match (&found.kind, &expected.kind) {
        (Kind::Dict(found), Kind::Dict(expected)) => {
            let keys = |entries: &[weight_init::value::Entry]| {
                entries.iter().map(|entry| entry.key.clone()).collect::<Vec<_>>()
            };
            if keys(found) != keys(expected) {
                return Some(format!(": keys {:?} instead of {:?}", keys(found), keys(expected)));
            }
            let mut pairs = found.iter().zip(expected);
            pairs.find_map(|(a, b)| Some(format!(".{}{}", a.key, difference(&a.value, &b.value)?)))
        }
        (Kind::List(found), Kind::List(expected)) if found.len() == expected.len() => {
            let mut pairs = found.iter().zip(expected).enumerate();
            pairs.find_map(|(index, (a, b))| Some(format!("[{index}]{}", difference(a, b)?)))
        }
        (Kind::Float(a), Kind::Float(b)) if a == b || a.is_nan() && b.is_nan() => None,
        (a, b) if a == b => None,
        _ => differ(),
    }
}
