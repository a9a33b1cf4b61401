//! `report`: a page that holds the plan, opens nothing and runs nothing but its own script.

use std::fmt::Write as _;

use serde_json::Value;

use crate::run::Folder;

/// The data block of a page.
fn data(page: &str) -> Value {
    let (_, behind) = page.split_once(r#"<script type="application/json" id="data">"#).unwrap();
    let (json, _) = behind.split_once("</script>").unwrap();
    serde_json::from_str(json).unwrap()
}

fn page(folder: &Folder, args: &[&str]) -> String {
    folder.done(&[&["report", "model.json", "--out", "-"], args].concat()).stdout
}

/// The row of a parameter, with its writer, scale and histogram by what their places name.
fn param(data: &Value, name: &str) -> [Value; 4] {
    let rows = data["params"].as_array().unwrap();
    let row = rows.iter().find(|row| row[0] == name).unwrap();
    let at = |list: &str, place: &Value| match place.as_u64() {
        Some(place) => data[list][place as usize].clone(),
        None => Value::Null,
    };
    [row.clone(), at("writers", &row[4]), at("scales", &row[5]), at("histograms", &row[8])]
}

#[test]
fn a_page_holds_the_plan() {
    let folder = Folder::new();
    let answer = folder.done(&["report", "model.json", "--seed", "7"]);
    assert_eq!(answer.stdout, "");
    assert!(answer.stderr.starts_with("wrote report.html: 8 parameters, 0 warnings"), "{answer:?}");
    assert_eq!(folder.files(), ["model.json", "report.html"]);
    let page = String::from_utf8(folder.read("report.html")).unwrap();
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    let data = data(&page);
    assert_eq!(
        (data["seed"].as_str(), data["digest"].as_str().map(str::len)),
        (Some("7"), Some(64))
    );
    assert_eq!(
        data["rules"][2],
        serde_json::json!({"module": "", "rule": 2, "type": "Normal", "reached": true, "matched": 4, "won": 4})
    );
    assert_eq!(data["ties"], serde_json::json!([]));
    assert_eq!(data["buffers"].as_array().map(Vec::len), Some(3));

    let [row, writer, scale, histogram] = param(&data, "conv1.weight");
    assert_eq!(
        (&writer["family"], &writer["by"]),
        (&"kaiming_normal".into(), &"(model), rule 0".into())
    );
    assert_eq!(scale["fans"], serde_json::json!([27, 72]));
    assert_eq!(scale["formula"], "std = gain(relu) / √fan_out = 1.414 / √72 = 0.1667");
    assert_eq!(histogram["samples"], 216);
    let counts = histogram["counts"].as_array().unwrap();
    assert_eq!(counts.iter().map(|count| count.as_u64().unwrap()).sum::<u64>(), 216);
    assert_eq!(
        data["spectra"][row[9].as_u64().unwrap() as usize]["of"],
        serde_json::json!([8, 27])
    );

    let [row, ..] = param(&data, "head.weight");
    let looks = data["lists"][row[6].as_u64().unwrap() as usize].as_array().unwrap();
    let results = looks.iter().map(|look| &data["looks"][look.as_u64().unwrap() as usize][1]);
    assert_eq!(results.collect::<Vec<_>>(), ["no", "no", "overwritten", "wins"]);
}

#[test]
fn a_tied_parameter_is_another_name_of_the_first() {
    let folder = Folder::new();
    let layer = |name| serde_json::json!({"name": name, "class": "Linear", "params": [{"name": "weight", "shape": [4, 2]}]});
    let tied = serde_json::json!({"name": "head", "same_as": "embed"});
    folder.write(
        "model.json",
        serde_json::json!({"class": "Net", "children": [layer("embed"), tied]}).to_string(),
    );
    let data = data(&page(&folder, &[]));
    assert_eq!(data["ties"], serde_json::json!([["head.weight", "embed.weight"]]));
    assert_eq!(data["params"].as_array().map(Vec::len), Some(1));
}

/// The samples are those of the checkpoint of the same seed.
#[test]
fn samples_are_the_values_of_the_seed() {
    let folder = Folder::new();
    let file = folder.init("model.safetensors", &["--seed", "5"]);
    let tensors = safetensors::SafeTensors::deserialize(&file).unwrap();
    let bytes = tensors.tensor("fc.weight").unwrap().data().to_vec();
    let values = bytes.as_chunks().0.iter().map(|bytes| f64::from(f32::from_le_bytes(*bytes)));
    let (n, sum) = values.fold((0, 0.0), |(n, sum), x| (n + 1, sum + x));
    let [_, _, _, histogram] = param(&data(&page(&folder, &["--seed", "5"])), "fc.weight");
    let mean = sum / f64::from(n);
    assert_eq!(histogram["samples"], n);
    assert!((histogram["mean"].as_f64().unwrap() - mean).abs() < mean.abs() * 1e-3, "{histogram}");
    let [_, _, _, other] = param(&data(&page(&folder, &["--seed", "6"])), "fc.weight");
    assert_ne!(histogram, other);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = Folder::new();
    assert_eq!(page(&folder, &[]), page(&folder, &[]));
}

#[test]
fn names_are_text_whatever_they_say() {
    let folder = Folder::new();
    let name = "</script><script>alert(1)</script><!--&\u{202e}\u{2028}";
    let model = serde_json::json!({
        "class": name, "init_weights": "module", "init_cfg": {"type": "Constant", "val": 1, "layer": "No<b>ne"},
        "children": [{"name": name, "class": name, "params": [{"name": "<img src=x onerror=alert(2)>", "shape": [2]}]}]
    });
    folder.write("model.json", model.to_string());
    folder.write("a<b>&\"c.json", model.to_string());
    let page = page(&folder, &[]);
    assert_eq!(page.matches("</script").count(), 2, "one of the data, one of the script");
    assert!(!page.contains("<!--") && !page.contains("<img"));
    let rows = data(&page)["params"].clone();
    assert_eq!(rows[0][0], format!("{name}.<img src=x onerror=alert(2)>"));
    let answer = folder.done(&["report", "a<b>&\"c.json", "--out", "-"]);
    assert!(answer.stdout.contains("<h1>a&lt;b&gt;&amp;&quot;c.json</h1>"));
}

/// What is not the page's own style and script neither loads nor runs.
#[test]
fn the_policy_names_the_page_s_own_style_and_script() {
    use sha2::{Digest, Sha256};

    let page = page(&Folder::new(), &[]);
    let policy = page.split_once("Content-Security-Policy\" content=\"").unwrap().1;
    let policy = policy.split_once('"').unwrap().0;
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    for (start, end, of) in
        [("<style>", "</style>", "style-src"), ("<script>", "</script>", "script-src")]
    {
        let text = page.rsplit_once(start).unwrap().1.split_once(end).unwrap().0;
        let digest = Sha256::digest(text);
        let hash =
            policy.split_once(&format!("{of} 'sha256-")).unwrap().1.split_once('\'').unwrap().0;
        assert_eq!(base64(&digest), hash, "{of}");
    }
    for outside in ["http://", "https://", "src=", "@import", "url(", "innerHTML", "eval("] {
        let found = page.replace("http://www.w3.org/2000/svg", "");
        assert!(!found.contains(outside), "{outside}");
    }
}

/// Written out, so that the command's encoder is compared with another one.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    bytes.chunks(3).fold(String::new(), |mut out, chunk| {
        let bits = chunk
            .iter()
            .chain([&0; 2])
            .take(3)
            .fold(0, |bits, byte| bits << 8 | usize::from(*byte));
        for place in 0..4 {
            let digit = DIGITS[bits >> (18 - 6 * place) & 63] as char;
            out.push(if place <= chunk.len() { digit } else { '=' });
        }
        out
    })
}

/// A model of so many linear layers, under a rule, and of matrices alone.
fn layers(count: usize) -> String {
    let mut model = String::from(
        r#"{"class": "Net", "init_weights": "module", "init_cfg": {"type": "Xavier", "layer": "Linear"}, "children": ["#,
    );
    for layer in 0..count {
        let comma = if layer == 0 { "" } else { "," };
        let _ = write!(
            model,
            r#"{comma}{{"name": "layers_{layer}", "class": "Linear", "params": [{{"name": "weight", "shape": [128, {}]}}, {{"name": "bias", "shape": [128]}}]}}"#,
            64 + layer % 7
        );
    }
    model + "]}"
}

#[test]
fn the_size_stays_bounded() {
    let folder = Folder::new();
    folder.write("model.json", layers(500));
    let thousand = page(&folder, &[]);
    assert!(thousand.len() < 1_000_000, "{}", thousand.len());
    assert_eq!(data(&thousand)["params"].as_array().unwrap().len(), 1000);
    // Of many parameters, those of one distribution and shape have their samples in common.
    folder.write("model.json", layers(10_000));
    let many = page(&folder, &[]);
    assert!(many.len() < 2_000_000, "{}", many.len());
    assert_eq!(data(&many)["histograms"].as_array().unwrap().len(), 7);
}

/// What is not known has no samples, and the rest of the page is there.
#[test]
fn unknown_and_pretrained_values_have_no_samples() {
    let folder = Folder::new();
    folder.write(
        "model.json",
        r#"{"class": "Net", "init_weights": "module", "init_cfg": {"type": "Pretrained", "checkpoint": "none.pth"},
            "children": [{"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [2, 3]}]},
                         {"name": "odd", "class": "Odd", "params": [{"name": "gamma", "shape": [2]}]}]}"#,
    );
    let loaded = data(&page(&folder, &["--pretrained", "assume"]));
    let [_, writer, scale, histogram] = param(&loaded, "fc.weight");
    assert_eq!(
        (&writer["family"], scale, histogram),
        (&"pretrained".into(), Value::Null, Value::Null)
    );
    let skipped = data(&page(&folder, &["--pretrained", "skip"]));
    let [row, writer, ..] = param(&skipped, "odd.gamma");
    assert_eq!((&writer["kind"], row[10].as_u64()), (&"unknown".into(), Some(1)));
    assert_eq!(skipped["warnings"][0]["kind"], "unknown_params");
}

#[test]
fn a_page_that_cannot_be_written_is_code_3() {
    let folder = Folder::new();
    folder.run(&["report", "model.json", "--out", "none/report.html"]).refused(3, &["none"]);
    folder.run(&["report", "none.json"]).refused(3, &["none.json"]);
}

/// The section of the estimate, without which the page is the same.
fn signal<'p>(page: &'p str, without: &str) -> &'p str {
    let (before, behind) = page.split_once("<section id=\"signal\"").unwrap();
    let (section, rest) = behind.split_once("</section>\n").unwrap();
    assert!(format!("{before}{rest}") == without, "the rest of the page is another one");
    section
}

#[test]
fn check_adds_the_estimate_of_a_model_whose_way_is_declared() {
    let folder = Folder::new();
    let layer = |name: &str| serde_json::json!({"name": name, "class": "Linear", "params": [{"name": "weight", "shape": [64, 64]}]});
    let names: Vec<String> = (0..12).map(|index| format!("a<b>{index}")).collect();
    let mut model = serde_json::json!({
        "class": "Net", "flow": names, "init_weights": "module",
        "init_cfg": {"type": "Normal", "std": 0.01, "layer": "Linear"},
        "children": names.iter().map(|name| layer(name)).collect::<Vec<_>>(),
    });
    folder.write("model.json", model.to_string());
    let (without, with) = (page(&folder, &[]), page(&folder, &["--check"]));
    assert!(!without.contains("id=\"signal\""));
    let section = signal(&with, &without);
    let svg = folder.done(&["signal", "model.json", "--svg"]).stdout;
    assert!(section.contains(svg.trim_end()), "the curves are those of 'signal': {section}");
    let estimate = folder.done(&["signal", "model.json", "--json"]).json();
    let alerts = estimate["warnings"].as_array().unwrap();
    assert!(alerts.iter().any(|alert| alert["kind"] == "vanishing_activations"), "{estimate}");
    assert_eq!(section.matches("<li>").count(), alerts.len(), "{section}");
    assert!(
        section.contains("activations vanish") && section.contains("at a&lt;b&gt;"),
        "{section}"
    );
    assert!(section.contains("at 12 points") && !section.contains("Nothing vanishes"), "{section}");

    // Kaiming keeps the moments where each layer has a ReLU behind it.
    let relu = |name: &String| [name.clone(), "relu".to_owned()];
    model["flow"] = names.iter().flat_map(relu).collect::<Vec<_>>().into();
    model["init_cfg"] = serde_json::json!({"type": "Kaiming", "layer": "Linear", "mode": "fan_in"});
    folder.write("model.json", model.to_string());
    let (without, with) = (page(&folder, &[]), page(&folder, &["--check"]));
    assert!(!signal(&with, &without).contains("activations vanish"), "{with}");
}

#[test]
fn check_says_why_there_is_no_estimate() {
    let folder = Folder::new();
    let model = r#"{"class": "<Odd>", "params": [{"name": "w", "shape": [3, 3]}]}"#;
    folder.write("model.json", model);
    let (without, with) = (page(&folder, &[]), page(&folder, &["--check"]));
    let section = signal(&with, &without);
    assert!(
        section.contains("There is no estimate: too little of the model is understood"),
        "{section}"
    );
    assert!(section.contains("&lt;Odd&gt;") && section.contains("<code>flow</code>"), "{section}");
    assert!(!section.contains("<svg"), "{section}");
}
