use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Error, MapAccess, SeqAccess};

use super::*;
use crate::config::json;
use crate::diagnostic::Source;

/// Reads a `T` out of JSON; the error as one line.
fn read<T: for<'de> Deserialize<'de>>(text: &str) -> Result<T, String> {
    let source = Source::new("f", text);
    let value = json::parse(&source).map_err(|error| error.to_string())?;
    from_value(&value).map_err(|error| error.into_diagnostic(&source, "$").to_string())
}

fn refused<T: for<'de> Deserialize<'de> + fmt::Debug>(text: &str) -> String {
    match read::<T>(text) {
        Ok(read) => format!("accepted as {read:?}"),
        Err(error) => error,
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    std: f64,
    #[serde(default)]
    layer: Vec<String>,
    seed: Option<u64>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Shape {
    FanIn,
    Unit(()),
    Width(Option<u8>),
    Pair(u8, u8),
    Named { a: u8 },
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Name(String);

#[test]
fn values_arrive_unchanged() {
    let rule = Rule { std: 1.0, layer: vec!["a".into()], seed: Some(u64::MAX) };
    let text = r#"{"std": 1, "layer": ["a"], "seed": 18446744073709551615}"#;
    assert_eq!(read(text), Ok(rule));
    assert_eq!(
        read(r#"{"std": 0.5, "seed": null}"#),
        Ok(Rule { std: 0.5, layer: vec![], seed: None })
    );
    assert_eq!(read("[-9223372036854775808]"), Ok(vec![i64::MIN]));
    assert_eq!(read("[1, [true, null]]"), Ok((1_u8, (true, ()))));
    assert_eq!(read("\"x\""), Ok('x'));
    assert_eq!(read::<serde::de::IgnoredAny>("[{}]").map(|_| ()), Ok(()));
    let names = BTreeMap::from([(Name("a".into()), Name("b".into()))]);
    assert_eq!(read(r#"{"a": "b"}"#), Ok(names));
}

#[test]
fn enums_are_strings_or_dicts_of_one_key() {
    assert_eq!(read("\"fan_in\""), Ok(Shape::FanIn));
    assert_eq!(read(r#"{"fan_in": null}"#), Ok(Shape::FanIn));
    assert_eq!(read(r#"{"unit": null}"#), Ok(Shape::Unit(())));
    assert_eq!(read(r#"{"width": 3}"#), Ok(Shape::Width(Some(3))));
    assert_eq!(read(r#"{"pair": [1, 2]}"#), Ok(Shape::Pair(1, 2)));
    assert_eq!(read(r#"{"named": {"a": 1}}"#), Ok(Shape::Named { a: 1 }));
    let names = "allowed are 'fan_in', 'unit', 'width', 'pair', 'named'";
    let kinds = "expected a string or a dict of one key";
    for (text, message) in [
        ("\"fan\"", format!("1:1: at $: unknown name 'fan'; {names}")),
        (r#"{"fan": 1}"#, format!("1:2: at $.fan: unknown name 'fan'; {names}")),
        (r#"{"fan_in": 1}"#, "1:12: at $.fan_in: found an integer, expected null".into()),
        (r#"{"width": "3"}"#, "1:11: at $.width: found the string '3', expected u8".into()),
        (r#"{"pair": {}}"#, "1:10: at $.pair: found a dict, expected a list".into()),
        (
            r#"{"pair": [1, true]}"#,
            "1:14: at $.pair[1]: found the boolean true, expected u8".into(),
        ),
        (r#"{"named": []}"#, "1:11: at $.named: found a list, expected a dict".into()),
        (r#"{"named": {"a": -1}}"#, "1:17: at $.named.a: found the integer -1, expected u8".into()),
        ("{}", format!("1:1: at $: found a dict of 0 keys, {kinds}")),
        ("7", format!("1:1: at $: found an integer, {kinds}")),
    ] {
        assert_eq!(refused::<Shape>(text), format!("f:{message}"), "{text}");
    }
}

#[test]
fn errors_of_derived_readers_have_a_place() {
    let keys = "allowed are 'std', 'layer', 'seed'";
    for (text, message) in [
        (r#"[{"std": 1}, {"sdt": 1}]"#, format!("1:15: at $[1].sdt: unknown key 'sdt'; {keys}")),
        (r#"[{"layer": []}]"#, "1:2: at $[0]: missing key 'std'".into()),
        (r#"[{"std": "x"}]"#, "1:10: at $[0].std: found the string 'x', expected f64".into()),
        (
            r#"[{"std": 1, "layer": ["a", 1]}]"#,
            "1:28: at $[0].layer[1]: found the integer 1, expected a string".into(),
        ),
        (
            r#"[{"std": 1, "seed": -1}]"#,
            "1:21: at $[0].seed: found the integer -1, expected u64".into(),
        ),
        (
            r#"[{"std": 1, "seed": 1.5}]"#,
            "1:21: at $[0].seed: found the float 1.5, expected u64".into(),
        ),
        ("[null]", "1:2: at $[0]: found null, expected struct Rule".into()),
        ("[[1, [], 2, 3]]", "1:2: at $[0]: found 4 elements, expected 3 at most".into()),
        ("[[]]", "1:2: at $[0]: found 0 elements, expected struct Rule with 3 elements".into()),
        ("{}", "1:1: at $: found a dict, expected a sequence".into()),
    ] {
        assert_eq!(refused::<Vec<Rule>>(text), format!("f:{message}"), "{text}");
    }
    assert_eq!(
        refused::<BTreeMap<u8, u8>>(r#"{"x": 1}"#),
        "f:1:2: at $.x: found the string 'x', expected u8"
    );
    let long = refused::<u8>(&format!("\"{}\"", "x".repeat(1_000_000)));
    assert_eq!(long, format!("f:1:1: at $: found the string '{}...', expected u8", "x".repeat(60)));
}

/// A strict reader by hand: raises its errors at the point that its first entry names.
#[derive(Debug)]
struct ByHand;

impl<'de> Deserialize<'de> for ByHand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        assert!(deserializer.is_human_readable());
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for ByHand {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a dict or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self, A::Error> {
        while let Some(key) = map.next_key::<&str>()? {
            if key == "bad key" {
                return Err(A::Error::custom("bad; did you mean 'good'?"));
            }
            if map.next_value::<u8>()? == 9 {
                return Err(A::Error::custom("9 is too much"));
            }
            if key == "stop" {
                return Ok(self);
            }
        }
        Err(A::Error::custom("unknown key 'val' of a Kaiming rule; allowed are 'a', 'mode'"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self, A::Error> {
        while let Some(element) = seq.next_element::<u8>()? {
            if element == 9 {
                return Err(A::Error::custom("no more room"));
            }
        }
        Err(A::Error::custom("too few"))
    }
}

#[test]
fn errors_of_readers_by_hand_have_a_place() {
    let unknown = "unknown key 'val' of a Kaiming rule; allowed are 'a', 'mode'";
    for (text, message) in [
        (r#"{"a": 1, "bad key": 2}"#, r#"1:10: at $["bad key"]: bad; did you mean 'good'?"#.into()),
        (r#"{"a": 1, "b": 9}"#, "1:15: at $.b: 9 is too much".into()),
        (r#"{"a": 1, "b": "9"}"#, "1:15: at $.b: found the string '9', expected u8".into()),
        // After the end: the key that the message is about, or the dict.
        (r#"{"a": 1, "val": 2}"#, format!("1:10: at $.val: {unknown}")),
        (r#" {"a": 1, "mode": 2}"#, format!("1:2: at $: {unknown}")),
        ("{}", format!("1:1: at $: {unknown}")),
        (r#"{"stop": 1, "b": 2}"#, "1:1: at $: found 2 elements, expected 1 at most".into()),
        ("[1, 9, 2]", "1:5: at $[1]: no more room".into()),
        (" [1, 2]", "1:2: at $: too few".into()),
        ("7", "1:1: at $: found the integer 7, expected a dict or a list".into()),
    ] {
        assert_eq!(refused::<ByHand>(text), format!("f:{message}"), "{text}");
    }
    let source = Source::new("f", r#"{"bad key": 2}"#);
    let value = json::parse(&source).unwrap();
    let error = from_value::<ByHand>(&value).unwrap_err();
    assert_eq!(error.to_string(), r#"at ["bad key"]: bad; did you mean 'good'?"#);
    let error = error.into_diagnostic(&source, "");
    assert_eq!((error.message(), error.help_text()), ("bad", Some("did you mean 'good'?")));
}

#[test]
fn strings_are_lent() {
    let source = Source::new("f", r#"{"a": ["b", "\n"]}"#);
    let value = json::parse(&source).unwrap();
    let lent: BTreeMap<&str, Vec<&str>> = from_value(&value).unwrap();
    assert_eq!(lent, BTreeMap::from([("a", vec!["b", "\n"])]));
}
