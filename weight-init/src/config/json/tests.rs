mod agreement;

use std::time::{Duration, Instant};

use super::*;

fn read(text: impl Into<Vec<u8>>) -> std::result::Result<Value, Diagnostic> {
    parse(&Source::new("f", text))
}

/// The one-line form of the error of a text.
fn refused(text: impl Into<Vec<u8>>) -> String {
    match read(text) {
        Ok(value) => format!("accepted as {value:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn every_value_has_its_kind_and_its_place() {
    let text = "{\"a\" : [null, true, -1, 1.5e3], \"\\u0062\\n\": {}}";
    let value = read(text).unwrap();
    let at = |span: Span| &text[span.start as usize..span.end as usize];
    let [a, b] = value.as_dict().unwrap() else { panic!("{value:?}") };
    assert_eq!(at(value.span), text);
    assert_eq!((&*a.key, at(a.key_span)), ("a", "\"a\""));
    assert_eq!((&*b.key, at(b.key_span)), ("b\n", "\"\\u0062\\n\""));
    let list = a.value.as_list().unwrap();
    let places: Vec<_> = list.iter().map(|value| at(value.span)).collect();
    assert_eq!(places, ["null", "true", "-1", "1.5e3"]);
    let kinds: Vec<_> = list.iter().map(|value| value.kind.clone()).collect();
    assert_eq!(kinds, [Kind::Null, Kind::Bool(true), Kind::Int(-1), Kind::Float(1500.0)]);
    assert_eq!((at(a.value.span), at(b.value.span)), ("[null, true, -1, 1.5e3]", "{}"));
}

#[test]
fn a_byte_order_mark_is_skipped_and_counted() {
    let value = read("\u{feff} [1]").unwrap();
    assert_eq!((value.span.start, value.span.end), (4, 7));
    assert_eq!(refused("\u{feff}[x]"), refused("[x]"));
    assert_eq!(refused(" \u{feff}[]"), "f:1:2: at $: found the character U+FEFF, expected a value");
}

#[test]
fn integers_of_64_bits_survive() {
    let int = |text: &str| read(text).map(|value| value.as_int());
    assert_eq!(int("18446744073709551615"), Ok(Some(u64::MAX.into())));
    assert_eq!(int("-9223372036854775808"), Ok(Some(i64::MIN.into())));
    assert_eq!(int("-0"), Ok(Some(0)));
    let message = "does not fit into 64 bits; write it with '.0' to have it rounded";
    for text in ["18446744073709551616", "-9223372036854775809"] {
        assert_eq!(refused(text), format!("f:1:1: at $: the integer {text} {message}"));
    }
    let long = "9".repeat(1000);
    assert_eq!(refused(&*long), format!("f:1:1: at $: the integer {}... {message}", &long[..60]));
}

#[test]
fn floats_are_rounded_to_nearest() {
    let float = |text: &str| read(text).unwrap().as_float().unwrap();
    assert_eq!(float("0.1"), 0.1);
    assert_eq!(float("2.2250738585072011e-308"), 2.225_073_858_507_201e-308);
    assert_eq!(float("1e-999").to_bits(), 0.0_f64.to_bits());
    assert_eq!(float("-0.0").to_bits(), (-0.0_f64).to_bits());
    assert_eq!(float("1.7976931348623157e308"), f64::MAX);
}

#[test]
fn numbers_must_be_finite() {
    for text in ["NaN", "Infinity", "-Infinity", "-NaN", "nan", "inf", "-inf", "+Infinity"] {
        let message = format!("f:1:2: at $[0]: found {text}, but numbers must be finite");
        assert_eq!(refused(format!("[{text}]")), message);
    }
    for text in ["1e999", "-1e999", "1.0e+309"] {
        assert_eq!(
            refused(text),
            format!(
                "f:1:1: at $: found {text}, which is beyond the range of a float, but numbers must \
                 be finite"
            )
        );
    }
}

#[test]
fn refusals() {
    let end = "found the end of the file, expected";
    let escapes = r#"expected one of \" \\ \/ \b \f \n \r \t \u"#;
    let no_number = "which is not a number as JSON writes it";
    for (text, message) in [
        // Truncated.
        ("", format!("1:1: at $: {end} a value")),
        (" \n ", format!("1:1: at $: {end} a value")),
        (
            "[",
            format!(
                "1:2: at $[0]: {end} a value or ']': a list that begins on line 1 is not closed"
            ),
        ),
        (
            "\n[1\n\n",
            format!("2:3: at $: {end} ',' or ']': a list that begins on line 2 is not closed"),
        ),
        ("[1,", format!("1:4: at $[1]: {end} a value: a list that begins on line 1 is not closed")),
        (
            "{",
            format!("1:2: at $: {end} a key or '}}': a dict that begins on line 1 is not closed"),
        ),
        (r#"{"a""#, format!("1:5: at $.a: {end} ':': a dict that begins on line 1 is not closed")),
        (
            r#"{"a":"#,
            format!("1:6: at $.a: {end} a value: a dict that begins on line 1 is not closed"),
        ),
        (
            r#"{"a":1,"#,
            format!("1:8: at $: {end} a key: a dict that begins on line 1 is not closed"),
        ),
        (r#"["ab"#, "1:2: at $[0]: found a string that is not closed, expected '\"'".into()),
        ("[tru", "1:2: at $[0]: found 'tru', expected a value".into()),
        ("-", format!("1:1: at $: found '-', {no_number}")),
        // Too much.
        ("1 2", "1:3: at $: found the number 2, expected the end of the file".into()),
        ("{} \"x\"", "1:4: at $: found the string \"x\", expected the end of the file".into()),
        ("[]]", "1:3: at $: found ']', expected the end of the file".into()),
        ("1\0", "1:2: at $: found the character U+0000, expected the end of the file".into()),
        // Punctuation.
        ("[1,]", "1:4: at $: found ']', expected a value after the comma".into()),
        ("[,1]", "1:2: at $[0]: found ',', expected a value".into()),
        ("[1 2]", "1:4: at $: found the number 2, expected ',' or ']'".into()),
        ("[1:2]", "1:3: at $: found ':', expected ',' or ']'".into()),
        ("[}", "1:2: at $[0]: found '}', expected a value".into()),
        (r#"{"a":1,}"#, "1:8: at $: found '}', expected a key after the comma".into()),
        (r#"{"a" 1}"#, "1:6: at $.a: found the number 1, expected ':' after the key".into()),
        (r#"{"a"}"#, "1:5: at $.a: found '}', expected ':' after the key".into()),
        (r#"{"a":}"#, "1:6: at $.a: found '}', expected a value".into()),
        ("{1: 2}", "1:2: at $: found the number 1, expected a key in double quotes".into()),
        ("{null: 2}", "1:2: at $: found null, expected a key in double quotes".into()),
        ("{]", "1:2: at $: found ']', expected a key in double quotes".into()),
        // What other languages write.
        (
            "['a']",
            "1:2: at $[0]: found a single quote; strings are written in double quotes".into(),
        ),
        ("[1, // x\n2]", "1:5: at $[1]: found a comment; JSON has none".into()),
        ("/* x */ 1", "1:1: at $: found a comment; JSON has none".into()),
        ("/* x", "1:1: at $: found a comment; JSON has none".into()),
        ("# x", "1:1: at $: found a comment; JSON has none".into()),
        ("[True]", "1:2: at $[0]: found 'True', in JSON it is 'true'".into()),
        (r#"{"a": None}"#, "1:7: at $.a: found 'None', in JSON it is 'null'".into()),
        ("{a: 1}", "1:2: at $: found 'a', expected a key in double quotes".into()),
        ("[@]", "1:2: at $[0]: found '@', expected a value".into()),
        ("[é]", "1:2: at $[0]: found 'é', expected a value".into()),
        ("[1,\u{a0}2]", "1:4: at $[1]: found the character U+00A0, expected a value".into()),
        ("[1\u{c}]", "1:3: at $: found the character U+000C, expected ',' or ']'".into()),
        // Numbers.
        ("[01]", format!("1:2: at $[0]: found '01', {no_number}")),
        ("[-01]", format!("1:2: at $[0]: found '-01', {no_number}")),
        ("[1_000]", format!("1:2: at $[0]: found '1_000', {no_number}")),
        ("[0x1F]", format!("1:2: at $[0]: found '0x1F', {no_number}")),
        ("[+1]", format!("1:2: at $[0]: found '+1', {no_number}")),
        ("[.5]", format!("1:2: at $[0]: found '.5', {no_number}")),
        ("[5.]", format!("1:2: at $[0]: found '5.', {no_number}")),
        ("[1e]", format!("1:2: at $[0]: found '1e', {no_number}")),
        ("[1e+]", format!("1:2: at $[0]: found '1e+', {no_number}")),
        ("[1.2.3]", format!("1:2: at $[0]: found '1.2.3', {no_number}")),
        // Strings.
        (r#"["a\qb"]"#, format!("1:4: at $[0]: found the escape '\\q', {escapes}")),
        (r#"["\'"]"#, format!("1:3: at $[0]: found the escape '\\'', {escapes}")),
        (r#"["\x41"]"#, format!("1:3: at $[0]: found the escape '\\x', {escapes}")),
        (r#"["\u12"]"#, "1:3: at $[0]: found '\\u12', expected four hex digits after '\\u'".into()),
        (
            r#"["\u00g0"]"#,
            "1:3: at $[0]: found '\\u00g0', expected four hex digits after '\\u'".into(),
        ),
        (
            r#"["\ud800"]"#,
            "1:3: at $[0]: found '\\ud800', half of a surrogate pair without the other half".into(),
        ),
        (
            r#"["\ud800\u0041"]"#,
            "1:3: at $[0]: found '\\ud800', half of a surrogate pair without the other half".into(),
        ),
        (
            r#"["\udc00"]"#,
            "1:3: at $[0]: found '\\udc00', half of a surrogate pair without the other half".into(),
        ),
        (
            "[\"a\nb\"]",
            "1:4: at $[0]: found a line break in a string; close it with '\"' or write '\\n'"
                .into(),
        ),
        ("[\"a\tb\"]", "1:4: at $[0]: found a tab in a string; write '\\t'".into()),
        (
            "[\"\u{1}\"]",
            "1:3: at $[0]: found the control character U+0001 in a string; write '\\u0001'".into(),
        ),
    ] {
        assert_eq!(refused(text), format!("f:{message}"), "{text:?}");
    }
}

#[test]
fn duplicate_keys_are_refused_naming_both_lines() {
    assert_eq!(
        refused("{\"a\": 1,\n \"b\": 2,\n \"\\u0061\": 3,\n \"b\": 4}"),
        "f:3:2: at $.a: duplicate key 'a', already on line 1"
    );
    assert_eq!(
        refused("[{}, {\"x\": {\"\": 1, \"\": 2}}]"),
        "f:1:20: at $[1].x[\"\"]: duplicate key '', already on line 1"
    );
    // Ten thousand keys take no ten thousand squared steps.
    let keys: Vec<_> = (0..100_000).map(|i| format!("\"{i}\": 0")).collect();
    let start = Instant::now();
    assert!(read(format!("{{{}}}", keys.join(","))).is_ok());
    let again = refused(format!("{{{}, \"77\": 0}}", keys.join(",\n")));
    assert_eq!(again, "f:100000:13: at $.77: duplicate key '77', already on line 78");
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn nesting_has_a_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read(nested(256)).is_ok());
    assert!(refused(nested(257)).ends_with(": nested deeper than 256 levels"));
    let dicts = "{\"a\":".repeat(256);
    assert!(read(format!("{dicts}0{}", "}".repeat(256))).is_ok());
    assert!(refused(format!("{dicts}[]{}", "}".repeat(256))).starts_with("f:1:1281: at $.a.a."));
    for bomb in ["[", "{\"a\":", "[{\"a\":"] {
        let start = Instant::now();
        let error = read(bomb.repeat(1_000_000)).unwrap_err();
        assert_eq!(error.message(), "nested deeper than 256 levels");
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn bytes_must_be_utf8() {
    assert_eq!(refused(b"[\"\xff\"]"), "f:1:3: the text is not UTF-8: invalid byte at offset 2");
    assert_eq!(
        refused(b"\xff\xfe[\0]\0"),
        "f:1:1: the text is not UTF-8: invalid byte at offset 0"
    );
}
