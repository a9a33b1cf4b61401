//! Texts that become much more than they are, or that are none of their format.

use super::{bounded, refused};

#[test]
fn texts_that_become_much_more() {
    for count in [20_000, 400_000, 2_000_000] {
        let list = |part: &str| format!("[{}0]", part.repeat(count));
        for part in ["0,", "[0],", "[],", "{},", "\"\",", "[[[0]]],"] {
            bounded("bad.json", list(part));
            bounded("bad.yaml", list(part));
            bounded("bad.toml", format!("x = {}", list(part)));
            if count < 2_000_000 {
                bounded("bad.py", format!("x = {}", list(part)));
            }
        }
    }
    let deep =
        |part: &str| format!("{}{}0{}", "[".repeat(200), part.repeat(300_000), "]".repeat(200));
    bounded("bad.json", deep("[],"));
    bounded("bad.yaml", deep("[],"));
    bounded("bad.yaml", format!("[\n{}0]", "0,\n".repeat(300_000)));
    bounded("bad.yaml", "- 0\n".repeat(300_000));
    bounded("bad.yaml", "- ".repeat(200) + "a");
    bounded("bad.yaml", "a: |\n".to_owned() + &" b\n".repeat(300_000));
    bounded("bad.yaml", "? ".repeat(200_000));
    bounded("bad.yaml", "&a ".repeat(200_000));
    bounded("bad.yaml", (0..100_000).map(|i| format!("- &a{i} é\n")).collect::<String>());
    bounded("bad.yaml", "# comment\n".repeat(200_000));
    bounded("bad.yaml", "--- \n".repeat(200_000));
    bounded("bad.yaml", "a: b: ".repeat(200_000));
    bounded("bad.yaml", "\"".to_owned() + &"\\n".repeat(500_000));
    bounded("bad.toml", (0..100_000).map(|i| format!("[t{i}]\n")).collect::<String>());
    bounded("bad.toml", "[[t]]\n".repeat(100_000));
    bounded("bad.toml", (0..50_000).map(|i| format!("a.b{i}.c = 1\n")).collect::<String>());
    bounded("bad.toml", format!("a.{} = 1", "b.".repeat(100_000)));
    bounded("bad.py", "a\n".repeat(900_000));
    bounded("bad.py", ";a".repeat(900_000));
    bounded("bad.py", "a=".repeat(900_000) + "1");
    bounded("bad.py", "$ ".repeat(900_000));
    bounded("bad.py", "import a\n".repeat(200_000));
    bounded("bad.py", (0..100_000).map(|i| format!("import a{i}\n")).collect::<String>());
    bounded("bad.py", "f'{a}'".repeat(200_000));
    bounded("bad.py", format!("x = ({})", "'' ".repeat(600_000)));
    bounded("bad.py", "def f(): pass\n".repeat(100_000));
}

#[test]
fn braces_that_do_not_close() {
    let long = |part: &str, count: usize| part.repeat(count);
    for text in [
        long("{{", 500_000),
        long("{{ ", 300_000),
        long("{{", 300_000) + &long(" ", 300_000) + "}}",
        long("{{$a:", 200_000) + " x}}",
        long("{{$a", 200_000) + "}}",
        long("{{'", 300_000) + "}}",
        long("{{_base_.a", 100_000) + "}}",
        long("{{}}", 250_000),
        long("{{fileDirname", 80_000),
        long("{{ fileDirname }}", 60_000),
        long("{{$a:b}}", 100_000),
    ] {
        bounded("bad.json", format!("\"{text}\""));
        bounded("bad.py", format!("x = '{text}'"));
        bounded("bad.yaml", format!("a: \"{text}\""));
        bounded("bad.toml", format!("a = \"{text}\""));
    }
}

#[test]
fn halves_of_surrogate_pairs_are_refused() {
    for text in
        [r#"x = "\ud800""#, r"x = f'\udfff{1}'", r"x = '\U0000d800'", r"x = 'a' '\\\ud83d\ude00'"]
    {
        refused(text, "half of a surrogate pair");
    }
    let answer = bounded("good.py", r#"x = [r"\ud800", "\\ud800", "\U0001f600", "\ufffd"]"#);
    assert_eq!(answer.json()["x"][0], r"\ud800");
    assert_eq!(answer.json()["x"][2], "\u{1f600}");
    bounded("bad.json", r#"{"x": "\ud800"}"#).refused(2, &["surrogate"]);
    bounded("bad.toml", r#"x = "\ud800""#).refused(2, &["bad.toml:1:"]);
    bounded("bad.yaml", r#"x: "\ud800""#).refused(2, &["bad.yaml:1:"]);
}

#[test]
fn tags_of_types_are_refused_wherever_they_stand() {
    for text in [
        "a: !!python/object/apply:os.system [\"id\"]",
        "a: !!python/object:os.system {a: 1}",
        "!!python/tuple [1, 2]",
        "- !!python/none",
        "- !!python/name:os.system ''",
        "!!python/name:a b: c",
        "? !!python/tuple [a]\n: b",
        "a: !mine\n  b: c",
        "a: !mine\n  - c",
        "a: !!set {b, c}",
        "a: !!omap [b: c]",
        "a: !<tag:example.com,2000:type> [1]",
        "%TAG ! tag:yaml.org,2002:python/\n---\na: !tuple [1]",
        "a: &x !!python/tuple [1]\nb: *x",
        "a: !!binary aGk=",
        "a: !!seq {b: c}",
        "a: !!map [b]",
        "a: !!str [b]",
        "a: !!int b",
        "a: !!int 1.5",
        "a: !!bool 1",
        "a: !!null b",
        "a: !!float b",
    ] {
        bounded("bad.yaml", text).refused(2, &["bad.yaml:", "tag"]);
    }
    let right = "a: !!seq [1]\nb: !!map {c: !!str 1}\nd: ! x\ne: !!float 1\nf: !!int 3\ng: !!null\nh: !!bool true\n";
    let answer = bounded("good.yaml", right).json();
    assert_eq!(
        answer.to_string(),
        r#"{"a":[1],"b":{"c":"1"},"d":"x","e":1.0,"f":3,"g":null,"h":true}"#
    );
}
