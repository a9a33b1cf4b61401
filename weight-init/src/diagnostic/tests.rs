use super::*;

fn error(text: &[u8], start: usize, end: usize) -> Diagnostic {
    Diagnostic::new(&Source::new("f.json", text), Span::new(start, end), "wrong")
}

/// The source line and the line of the mark.
fn lines(text: &[u8], start: usize, end: usize) -> (String, String) {
    let rendered = error(text, start, end).render(false);
    let mut lines = rendered.lines().skip(3);
    let mut next = || {
        let line = lines.next().unwrap_or_default();
        line.split_once("| ").map_or_else(String::new, |(_, line)| line.to_owned())
    };
    (next(), next())
}

#[test]
fn the_example_of_the_module() {
    let line = r#"    {"type": "Constant", "val": 1, "layr": "Conv2d"}"#;
    let text = format!("{}{line}\n]\n", "[\n".repeat(11));
    let start = text.find("\"layr").unwrap();
    let source = Source::new("bad.json", text);
    let error = Diagnostic::new(
        &source,
        Span::new(start, start + 6),
        "unknown key 'layr' of a Constant rule",
    )
    .at("init_cfg[1].layr")
    .help("did you mean 'layer'?");
    assert_eq!(
        error.render(false),
        r#"error: unknown key 'layr' of a Constant rule
  --> bad.json:12:36 at init_cfg[1].layr
   |
12 |     {"type": "Constant", "val": 1, "layr": "Conv2d"}
   |                                    ^^^^^^
   = help: did you mean 'layer'?
"#
    );
    let plain = without_colours(&error.render(true));
    assert_eq!(plain, error.render(false));
    assert_ne!(error.render(true), error.render(false));
}

/// The text without its escape sequences.
fn without_colours(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| out + part.split_once('m').map_or(part, |(_, rest)| rest))
}

#[test]
fn lines_and_columns_count_from_one_in_characters() {
    let at = |text: &str, offset| {
        let error = error(text.as_bytes(), offset, offset);
        (error.line().unwrap(), error.column().unwrap())
    };
    assert_eq!(at("", 0), (1, 1));
    assert_eq!(at("ab", 1), (1, 2));
    assert_eq!(at("ab", 99), (1, 3));
    assert_eq!(at("a\nb", 2), (2, 1));
    assert_eq!(at("a\r\nb", 3), (2, 1));
    assert_eq!(at("\"é漢\" 1", 8), (1, 6));
    // The byte order mark is no column.
    assert_eq!(at("\u{feff}ab", 0), (1, 1));
    assert_eq!(at("\u{feff}ab", 4), (1, 2));
}

#[test]
fn the_mark_lies_under_the_text_as_a_terminal_shows_it() {
    let of = |text: &str, what: &str| {
        let start = text.find(what).unwrap();
        lines(text.as_bytes(), start, start + what.len())
    };
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(of("\t\"a\": 1", "1"), pair("    \"a\": 1", "         ^"));
    assert_eq!(of("\"漢\": 漢x", "漢x"), pair("\"漢\": 漢x", "      ^^^"));
    assert_eq!(of("a\u{1b}[31mb", "b"), pair("a\u{fffd}[31mb", "      ^"));
    assert_eq!(of("a\u{202e}b", "b"), pair("a\u{fffd}b", "  ^"));
    assert_eq!(of("a\u{9b}b", "b"), pair("a\u{fffd}b", "  ^"));
    assert_eq!(of("e\u{301}b", "b"), pair("e\u{301}b", " ^"));
    // Several lines: to the end of the first. Nothing: one mark.
    assert_eq!(of("x [1,\r\n 2]", "[1,\r\n 2]"), pair("x [1,", "  ^^^"));
    assert_eq!(lines(b"ab", 2, 2), pair("ab", "  ^"));
}

#[test]
fn a_long_line_is_cut_around_the_place() {
    let text = format!("{}\"layr\"{}", "é".repeat(100_000), "x".repeat(100_000));
    let (line, mark) = lines(text.as_bytes(), 200_000, 200_006);
    assert_eq!(line, format!("...{}\"layr\"{}...", "é".repeat(60), "x".repeat(74)));
    assert_eq!(mark, format!("{}^^^^^^", " ".repeat(63)));
    assert_eq!(error(text.as_bytes(), 200_000, 200_006).column(), Some(100_001));

    let (line, mark) = lines(text.as_bytes(), 200_006, 300_006);
    assert!(line.ends_with(&format!("\"layr\"{}...", "x".repeat(80))), "{line}");
    assert_eq!(mark.trim_start(), "^".repeat(83));

    let exact = "x".repeat(80);
    assert_eq!(lines(exact.as_bytes(), 0, 80), (exact.clone(), "^".repeat(80)));
    assert_eq!(lines(exact.as_bytes(), 60, 61).0, exact);
}

#[test]
fn texts_are_one_line_and_not_endless() {
    let source = Source::new("a\nb\u{1b}.json", "1");
    let error = Diagnostic::new(&source, Span::new(0, 1), "found 'a\r\u{7}'; \u{202e}")
        .at("$[\"\t\"]")
        .help("\u{9b}31m");
    assert_eq!(
        error.to_string(),
        r#"a\nb\u{1b}.json:1:1: at $["\t"]: found 'a\r\u{7}'; \u{202e}; \u{9b}31m"#
    );
    let long = Diagnostic::of_file("f", "é".repeat(1_000_000));
    assert_eq!(long.message().chars().count(), 2003);
}

#[test]
fn an_error_about_the_whole_file_has_no_line() {
    let error = Diagnostic::of_file("f.json", "too large").help("split it");
    assert_eq!((error.line(), error.column(), error.path()), (None, None, ""));
    assert_eq!(error.to_string(), "f.json: too large; split it");
    assert_eq!(error.render(false), "error: too large\n--> f.json\n = help: split it\n");
}

#[test]
fn bytes_that_are_not_utf8_have_a_place() {
    let text = |bytes: &[u8]| Source::new("f", bytes).text().map(|_| ()).unwrap_err().to_string();
    let message = "the text is not UTF-8: invalid byte at offset";
    assert_eq!(text(b"\"a\xff\""), format!("f:1:3: {message} 2"));
    assert_eq!(text(b"\xef\xbb\xbf\n\xe2\x82"), format!("f:2:1: {message} 4"));
    assert_eq!(lines(b"a\xff\xfeb", 1, 2), ("a\u{fffd}\u{fffd}b".to_owned(), " ^".to_owned()));
    let source = Source::new("f", b"\xef\xbb\xbfab".as_slice());
    assert_eq!(source.text().unwrap(), ("ab", 3));
}

proptest::proptest! {
    #[test]
    fn any_bytes_and_any_span_can_be_shown(
        text in proptest::collection::vec(0_u8.., 0..400),
        start in 0_usize..500,
        len in 0_usize..500,
    ) {
        let error = error(&text, start, start + len);
        let rendered = error.render(false);
        proptest::prop_assert!(!rendered.contains(|c: char| c != '\n' && is_unsafe(c)));
        proptest::prop_assert!(rendered.lines().count() <= 5);
        proptest::prop_assert!(error.to_string().starts_with("f.json:"));
    }
}
