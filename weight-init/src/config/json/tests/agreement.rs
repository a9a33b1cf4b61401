//! Agreement with `serde_json` on what is JSON and what it says.

use proptest::prelude::*;

use super::read;
use crate::value::{Kind, Value};

/// Random JSON values, not deeper than `serde_json` reads.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((any::<String>(), inner), 0..6)
                .prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

/// Text that is often nearly JSON.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("[1, 2.5e3, -0]"),
        Just("{\"a\": null}"),
        Just("["),
        Just("]"),
        Just("{"),
        Just("}"),
        Just(","),
        Just(":"),
        Just("\""),
        Just("\\"),
        Just("\\ud83d\\ude00"),
        Just("\\u00e9"),
        Just("\\n"),
        Just("\"k\""),
        Just("0"),
        Just("1"),
        Just("-"),
        Just("+"),
        Just("."),
        Just("e"),
        Just("E"),
        Just("true"),
        Just("false"),
        Just("null"),
        Just("NaN"),
        Just(" "),
        Just("\n"),
        Just("\t"),
        Just("\u{b}"),
        Just("\u{a0}"),
        Just("\u{1}"),
        Just("'"),
        Just("/"),
        Just("//"),
        Just("_"),
        Just("x"),
        Just("é"),
        Just("\u{feff}"),
        Just("12345678901234567890"),
        Just("1e308"),
        Just("#"),
        Just("$"),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Whether two trees are the same, floats up to so many units in the last place.
fn same(ours: &Value, theirs: &serde_json::Value, ulps: u64) -> bool {
    match (&ours.kind, theirs) {
        (Kind::Null, serde_json::Value::Null) => true,
        (Kind::Bool(a), serde_json::Value::Bool(b)) => a == b,
        (Kind::Int(a), serde_json::Value::Number(b)) => {
            b.as_i128() == Some(*a) || (*a == 0 && b.as_f64() == Some(0.0))
        }
        (Kind::Float(a), serde_json::Value::Number(b)) => {
            b.as_f64().is_some_and(|b| a.to_bits().abs_diff(b.to_bits()) <= ulps)
        }
        (Kind::Str(a), serde_json::Value::String(b)) => **a == **b,
        (Kind::List(a), serde_json::Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, ulps))
        }
        (Kind::Dict(a), serde_json::Value::Object(b)) => {
            a.len() == b.len()
                && a.iter().all(|e| b.get(&*e.key).is_some_and(|b| same(&e.value, b, ulps)))
        }
        _ => false,
    }
}

/// Both readers accept the text, and alike, or both refuse it, but for what we refuse on purpose.
fn agrees(text: &str) -> Result<(), TestCaseError> {
    let theirs = serde_json::from_str::<serde_json::Value>(text);
    match (read(text), theirs) {
        (Ok(ours), Ok(theirs)) => {
            // Without its feature `float_roundtrip`, serde_json rounds floats not quite right.
            prop_assert!(same(&ours, &theirs, 4), "{ours:?}, not {theirs:?}");
        }
        (Err(_), Err(_)) => {}
        (Err(error), Ok(_)) => {
            let stricter = ["duplicate key", "does not fit into 64 bits"];
            let message = error.message();
            prop_assert!(stricter.iter().any(|s| message.contains(s)), "refused: {error}");
        }
        (Ok(_), Err(error)) => {
            prop_assert!(text.starts_with('\u{feff}'), "accepted, but {error}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn documents_are_read_as_serde_json_reads_them(value in document()) {
        for text in [value.to_string(), format!("{value:#}")] {
            let ours = read(&*text);
            prop_assert!(ours.as_ref().is_ok_and(|ours| same(ours, &value, 0)), "{ours:?}");
            agrees(&text)?;
        }
    }

    #[test]
    fn damaged_documents_are_refused_as_serde_json_refuses_them(
        value in document(),
        at: prop::sample::Index,
        len in 0_usize..3,
        with in "[\\[\\]{},:\"\\\\0-9eE+.a-z \n-]{0,2}",
    ) {
        let mut text: Vec<char> = value.to_string().chars().collect();
        let at = at.index(text.len());
        text.splice(at..(at + len).min(text.len()), with.chars());
        agrees(&text.into_iter().collect::<String>())?;
    }

    #[test]
    fn near_json_is_judged_as_serde_json_judges_it(text in nearly_json()) {
        agrees(&text)?;
    }

    #[test]
    fn any_bytes_are_read_or_refused_at_a_place(bytes in prop::collection::vec(0_u8.., 0..64)) {
        if let Err(error) = read(bytes) {
            prop_assert!(error.line().is_some());
            prop_assert!(!error.render(true).is_empty());
        }
    }
}
