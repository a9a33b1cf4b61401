//! What is written in a format is read back as the same value.

use proptest::prelude::*;
use weight_init::config::{Config, Format};
use weight_init::diagnostic::{Source, Sources};
use weight_init::value::{Entry, Kind, Span, Value};

use super::{difference, packages};

const FORMATS: [(Format, &str); 3] =
    [(Format::Json, "json"), (Format::Toml, "toml"), (Format::Yaml, "yaml")];

/// The value, written and read again.
fn again(value: &Value, format: Format, suffix: &str) -> Result<Value, String> {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { value: value.clone(), sources: Sources::new(Source::new("", "")) };
    let text = config.write(format)?;
    let path = folder.path().join("config").with_extension(suffix);
    std::fs::write(&path, &text).unwrap();
    Ok(Config::read(&path, None).map_err(|error| format!("{error}\n{text}"))?.value)
}

fn value(kind: Kind) -> Value {
    Value::new(kind, Span::default())
}

fn dict(entries: Vec<(String, Value)>) -> Value {
    let mut seen = std::collections::HashSet::new();
    let entries = entries.into_iter().filter(|(key, _)| seen.insert(key.clone()));
    let entries =
        entries.map(|(key, value)| Entry { key: key.into(), key_span: Span::default(), value });
    value(Kind::Dict(entries.collect()))
}

/// Words that mean something else without quotes in one format or another, and anything at all.
fn text() -> impl Strategy<Value = String> {
    let words = [
        "", "null", "yes", "Off", "1", "-1.5", "1e-3", "0x1F", ".inf", "<<", "~", "a: b", "- a",
        "# a", "{}", " a", "a ", "'", "\"", "\\", "\n", "type",
    ];
    prop_oneof![
        prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        "[a-zA-Z0-9_./-]{0,12}",
        "\\PC{0,8}",
        "[\\x00-\\x7f]{0,8}",
    ]
    // Placeholders are replaced when a file is read, and `_base_` is followed.
    .prop_filter("no placeholder", |text| !text.contains("{{") && text != "_base_")
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(value(Kind::Null)),
        any::<bool>().prop_map(|bool| value(Kind::Bool(bool))),
        any::<i64>().prop_map(|int| value(Kind::Int(int.into()))),
        any::<f64>()
            .prop_filter("no NaN", |x| !x.is_nan())
            .prop_map(|float| value(Kind::Float(float))),
        text().prop_map(|text| value(Kind::Str(text.into()))),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| value(Kind::List(items))),
            prop::collection::vec((text(), inner), 0..5).prop_map(dict),
        ]
    })
}

/// A dict with its plain values before its tables, as TOML must have it; and no key that stands for null.
fn toml_order(tree: &Value) -> Value {
    match &tree.kind {
        Kind::Dict(entries) => {
            let entries =
                entries.iter().map(|entry| (entry.key.to_string(), toml_order(&entry.value)));
            let is_table =
                |value: &Value| value.as_dict().is_some_and(|entries| !entries.is_empty());
            let (tables, plain): (Vec<_>, Vec<_>) = entries.partition(|(_, value)| is_table(value));
            dict(plain.into_iter().chain(tables).collect())
        }
        _ => tree.clone(),
    }
}

proptest! {
    #[test]
    fn values_survive_every_format(entries in prop::collection::vec((text(), tree()), 0..6)) {
        let tree = dict(entries);
        for (format, suffix) in FORMATS {
            let read = again(&tree, format, suffix).unwrap();
            let expected = if format == Format::Toml { toml_order(&tree) } else { tree.clone() };
            prop_assert_eq!(difference(&read, &expected), None, "{}", suffix);
        }
    }
}

#[test]
fn what_a_format_cannot_say_is_an_error() {
    let large = dict(vec![("seed".to_owned(), value(Kind::Int(u64::MAX.into())))]);
    assert!(
        again(&large, Format::Toml, "toml")
            .unwrap_err()
            .contains("TOML has no integer as large as")
    );
    for suffix in ["json", "yaml"] {
        let format = if suffix == "json" { Format::Json } else { Format::Yaml };
        assert_eq!(difference(&again(&large, format, suffix).unwrap(), &large), None);
    }
    let nan = dict(vec![("a".to_owned(), value(Kind::List(vec![value(Kind::Float(f64::NAN))])))]);
    assert_eq!(again(&nan, Format::Json, "json").unwrap_err(), "JSON has no NaN, found at $.a[0]");
    assert!(again(&nan, Format::Yaml, "yaml").is_ok());
    assert!(again(&nan, Format::Toml, "toml").is_ok());
}

#[test]
fn long_keys_survive_every_format() {
    let long = "\t".repeat(2000);
    let inner = dict(vec![(
        long.clone(),
        value(Kind::List(vec![dict(vec![(long.clone(), value(Kind::Null))])])),
    )]);
    let tree = dict(vec![(long, inner)]);
    for (format, suffix) in FORMATS {
        assert_eq!(difference(&again(&tree, format, suffix).unwrap(), &tree), None, "{suffix}");
    }
}

#[test]
fn configs_of_mmdet_survive_every_format() {
    let Ok(folder) = packages::folder() else {
        println!("not checked: the packages cannot be had");
        return;
    };
    for path in [
        "retinanet/retinanet_r50_fpn_1x_coco.py",
        "dino/dino-5scale_swin-l_8xb2-12e_coco.py",
        "_base_/datasets/v3det.py",
    ] {
        let config = Config::read(folder.join("mmdet/.mim/configs").join(path), None).unwrap();
        for (format, suffix) in FORMATS {
            let read = again(&config.value, format, suffix).unwrap();
            let expected = if format == Format::Toml {
                toml_order(&config.value)
            } else {
                config.value.clone()
            };
            assert_eq!(difference(&read, &expected), None, "{path} as {suffix}");
        }
    }
}
