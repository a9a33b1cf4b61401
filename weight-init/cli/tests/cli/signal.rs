//! `signal`: the estimate as text, JSON and a picture.

use crate::run::Folder;

const NET: &str = r#"{"class": "Sequential", "children": [
    {"name": "0", "class": "Linear", "params": [{"name": "weight", "shape": [64, 64]}, {"name": "bias", "shape": [64]}]},
    {"name": "1", "class": "ReLU"}]}"#;

#[test]
fn the_estimate_is_printed_in_each_form() {
    let folder = Folder::new();
    folder.write("net.json", NET);
    let text = folder.done(&["signal", "net.json"]).stdout;
    assert!(text.contains("0 Linear") && text.contains("nothing vanishes"), "{text}");
    let json = folder.done(&["signal", "net.json", "--json"]).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["points"].as_array().map(Vec::len), Some(2));
    assert!(folder.done(&["signal", "net.json", "--svg"]).stdout.starts_with("<svg "));
}

#[test]
fn a_model_that_is_not_understood_is_refused() {
    let folder = Folder::new();
    folder.write("net.json", r#"{"class": "Odd", "params": [{"name": "w", "shape": [3, 3]}]}"#);
    folder.run(&["signal", "net.json"]).refused(2, &["too little of the model", "Odd"]);
}
