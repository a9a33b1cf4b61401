//! Small documents and what PyYAML's loader, which mmengine uses, makes of them.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use super::*;
use crate::config::Format;
use crate::config::write::write as write_as;
use crate::diagnostic::Source;

fn read_as(text: &str, version: YamlVersion) -> Result<Value, Diagnostic> {
    let source = Source::new("a.yaml", text);
    read(&Text::plain(&source).unwrap(), &Meter::new(text.len()), version)
}

/// The value as JSON on one line, or the message.
fn json(text: &str) -> String {
    match read_as(text, YamlVersion::V1_1) {
        Ok(value) => write_as(&value, Format::Json, 0)
            .unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        Err(error) => format!("error: {}", error.message()),
    }
}

#[test]
fn words_and_numbers_are_those_of_yaml_1_1() {
    for (scalar, expected) in [
        ("yes", "true"),
        ("Off", "false"),
        ("y", "\"y\""),
        ("nO", "\"nO\""),
        ("TRUE", "true"),
        ("~", "null"),
        ("1e-4", "\"1e-4\""),
        ("1.0e-4", "0.0001"),
        ("1.e+3", "1000.0"),
        ("1.5e3", "\"1.5e3\""),
        (".5", "0.5"),
        ("-.5", "\"-.5\""),
        ("5.", "5.0"),
        ("1_000", "1000"),
        ("1_0.5_0", "10.5"),
        ("010", "8"),
        ("08", "\"08\""),
        ("0o10", "\"0o10\""),
        ("0x1F", "31"),
        ("-0b11", "-3"),
        ("1:30", "90"),
        ("-1:30:00", "-5400"),
        ("1:30.5", "90.5"),
        ("1:60", "\"1:60\""),
        ("0:30", "\"0:30\""),
        ("+12", "12"),
        ("2001-12-14", "\"2001-12-14\""),
        ("1.2.3", "\"1.2.3\""),
        ("0", "0"),
        ("-0", "0"),
        ("00", "0"),
        ("_1", "\"_1\""),
        ("18446744073709551616", "18446744073709551616"),
        ("!!float 1", "1.0"),
        ("!!int '3'", "3"),
        ("!!str 3", "\"3\""),
        ("! 12", "12"),
        ("!!float 1e-4", "0.0001"),
        ("!!bool off", "false"),
        ("-.inf", "-1e9999"),
    ] {
        assert_eq!(json(&format!("a: {scalar}")), format!("{{ \"a\": {expected} }}"), "{scalar}");
    }
    for (scalar, expected) in [
        ("!!int x", "!!int stands at"),
        ("=", "in quotes alone"),
        ("!x 1", "the tag !x is not read"),
    ] {
        assert!(json(&format!("a: {scalar}")).contains(expected), "{scalar}");
    }
}

#[test]
fn the_core_schema_of_yaml_1_2_is_a_choice() {
    for (scalar, expected) in [
        ("yes", Kind::Str("yes".into())),
        ("1e-4", Kind::Float(1e-4)),
        ("010", Kind::Int(10)),
        ("0o10", Kind::Int(8)),
        ("1_000", Kind::Str("1_000".into())),
        ("1:30", Kind::Str("1:30".into())),
        ("true", Kind::Bool(true)),
    ] {
        let value = read_as(&format!("a: {scalar}"), YamlVersion::V1_2).unwrap();
        assert_eq!(value.get("a").unwrap().kind, expected, "{scalar}");
    }
}

#[test]
fn layout_is_as_free_as_in_libyaml() {
    for (text, expected) in [
        ("a:\n  b: [\n    'x',\n  ]\n  c: 2", r#"{ "a": { "b": ["x"], "c": 2 } }"#),
        ("a: {\n}\nb: 1", r#"{ "a": {}, "b": 1 }"#),
        ("p:\n  t: 'one\n  two'\n", r#"{ "p": { "t": "one two" } }"#),
        ("p:\n  t: \"one\n\n two\"", r#"{ "p": { "t": "one\ntwo" } }"#),
        ("a:\t1\nb: \t 2", r#"{ "a": 1, "b": 2 }"#),
        ("a: |\n  {}", r#"{ "a": "{}" }"#),
        ("a: |+\n  x\n\n", r#"{ "a": "x\n\n" }"#),
        ("a: >-\n  x\n  y\n\n  z\n", r#"{ "a": "x y\nz" }"#),
        ("a: |2\n    x: y\n", r#"{ "a": " x: y\n" }"#),
        ("- a\n- - b\n  - c: 1\n    d: 2", r#"[ "a", [ "b", { "c": 1, "d": 2 } ] ]"#),
        ("a:\n- 1\n- 2\nb: 3", r#"{ "a": [1, 2], "b": 3 }"#),
        ("[a: 1, b]", r#"[ { "a": 1 }, "b" ]"#),
        ("{a, b: , c: [,}", "error: no value begins here"),
        ("a: b: c", "error: a ':' may not stand here: a text with ': ' in it needs quotes"),
        ("? a\n: b", r#"{ "a": "b" }"#),
        (
            "a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}",
            r#"{ "a": { "b": 1 }, "c": { "b": 1 }, "d": { "b": 1, "e": 2 } }"#,
        ),
        ("[?, : , 1, ?]", r#"[ { "null": null }, 1, { "null": null } ]"#),
        ("[? : b]", "error: ',' or ']' stands behind a value in brackets"),
        ("a: *x", "error: no anchor 'x' stands before"),
        ("a: it's # no\nb: 'it''s'", r#"{ "a": "it's", "b": "it's" }"#),
        ("a: x y\n  z\nb: 1", r#"{ "a": "x y z", "b": 1 }"#),
        ("--- \na: 1\n...\n", r#"{ "a": 1 }"#),
        ("a: 1\n---\nb: 2", "error: a second document; a config is one"),
        ("a: 'x", "error: the quote is not closed"),
        ("a: 1\na: 2", "error: duplicate key 'a'"),
        ("a: \"\\x41\\n\\u00e9\"", r#"{ "a": "A\né" }"#),
        ("\tx: 1", "error: a value does not begin with a tab"),
        ("on: 1\n1.0: 2\n~: 3", r#"{ "true": 1, "1.0": 2, "null": 3 }"#),
    ] {
        assert_eq!(json(text), expected, "{text:?}");
    }
}

#[test]
fn of_several_merged_dicts_the_first_of_a_list_wins() {
    let text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc:\n  <<: [*a, *b]\n  w: 0";
    let json = json(text);
    assert!(json.ends_with(r#""c": { "x": 1, "z": 2, "y": 1, "w": 0 } }"#), "{json}");
}

#[test]
fn characters_that_yaml_has_not_are_written_as_escapes() {
    let odd = "\u{7f}\u{85}\u{2028}\u{feff}\u{fffe}\u{ffff}\u{10ffff}\t\u{0}";
    let value = Value::new(Kind::Str(odd.into()), Span::default());
    let text = write_as(&value, Format::Yaml, 0).unwrap();
    assert_eq!(read_as(&text, YamlVersion::V1_1).unwrap().as_str(), Some(odd), "{text}");
}
