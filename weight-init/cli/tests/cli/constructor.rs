//! What a model's own code writes, as a description records it: `constructor`, `parts`, `by`.

use serde_json::json;

use crate::run::Folder;

/// A recurrent layer whose forget gate is 1, with a recorded projection that rules may write, and a random buffer.
const MODEL: &str = r#"{"class": "Net", "init_weights": "module", "init_cfg": {"type": "Constant", "val": 3, "layer": "Linear", "bias": 4},
 "buffers": [{"name": "noise", "shape": [5], "constructor": {"type": "Normal", "std": 2}, "by": "Net.__init__, randn()"}],
 "children": [
  {"name": "rnn", "class": "Own", "params": [
   {"name": "bias", "shape": [8, 3], "constructor": {"type": "Uniform", "a": -0.5, "b": 0.5}, "by": "Own.reset, uniform_(a=-0.5, b=0.5)",
    "parts": [{"start": [2, 0], "shape": [2, 3], "constructor": {"type": "Constant", "val": 1}, "by": "Own.__init__, fill_(1)"},
              {"start": [7, 1], "shape": [1, 2], "value": [6, 7]}]}]},
  {"name": "fc", "class": "Linear", "params": [
   {"name": "weight", "shape": [2, 2], "constructor": {"type": "TruncNormal", "std": 0.02}, "by": "Net.__init__, trunc_normal_(std=0.02)"}]}]}"#;

fn numbers(file: &[u8], name: &str) -> Vec<f32> {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header: serde_json::Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    let at = |index: usize| header[name]["data_offsets"][index].as_u64().unwrap() as usize;
    let bytes = &file[8 + length..][at(0)..at(1)];
    bytes.chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().unwrap())).collect()
}

#[test]
fn a_recorded_tensor_is_told_with_the_code_that_writes_it() {
    let folder = Folder::new();
    folder.write("model.json", MODEL);
    let table = folder.done(&["plan", "model.json"]).stdout;
    assert!(
        table.contains(
            "uniform(a=-0.5, b=0.5), [2:4, 0:3] constant(val=1), [7, 1:3] given values  Own.reset, uniform_(a=-0.5, b=0.5); \
             Own.__init__, fill_(1)"
        ),
        "{table}"
    );
    let plan = folder.done(&["plan", "model.json", "--format", "json"]).json();
    let expected = json!({
        "init": "uniform", "args": {"a": -0.5, "b": 0.5}, "by": "Own.reset, uniform_(a=-0.5, b=0.5)",
        "parts": [
            {"start": [2, 0], "shape": [2, 3], "init": "constant", "args": {"val": 1.0}, "by": "Own.__init__, fill_(1)"},
            {"start": [7, 1], "shape": [1, 2], "init": "value"}]});
    assert_eq!(plan["params"]["rnn.bias"]["default"], expected);
    assert_eq!(plan["warnings"], json!([]));
    let said = folder.done(&["explain", "model.json", "rnn.bias"]).stdout;
    assert!(
        said.contains("the model's own code gives it uniform(a=-0.5, b=0.5), by Own.reset"),
        "{said}"
    );
    assert!(
        said.contains("\n  then [2:4, 0:3] gets constant(val=1), by Own.__init__, fill_(1)"),
        "{said}"
    );
}

#[test]
fn parts_are_laid_over_the_base_and_rules_over_both() {
    let folder = Folder::new();
    folder.write("model.json", MODEL);
    let file = folder.init("model.safetensors", &["--seed", "3"]);
    let bias = numbers(&file, "rnn.bias");
    assert_eq!(bias[6..12], [1.0; 6]);
    assert_eq!(bias[22..], [6.0, 7.0]);
    let plain = r#"{"class": "X", "children": [{"name": "rnn", "class": "Own", "params": [{"name": "bias", "shape": [8, 3],
        "constructor": {"type": "Uniform", "a": -0.5, "b": 0.5}}]}]}"#;
    let other = Folder::new();
    other.write("model.json", plain);
    let whole = numbers(&other.init("plain.safetensors", &["--seed", "3"]), "rnn.bias");
    assert_eq!((&bias[..6], &bias[12..22]), (&whole[..6], &whole[12..22]));
    assert_eq!(numbers(&file, "fc.weight"), [3.0; 4]);
    let noise = numbers(&file, "noise");
    assert!(noise.iter().any(|x| x.abs() > 0.1), "{noise:?}");
    folder.done(&["verify", "model.json", "model.safetensors", "--seed", "3"]);
    for backend in ["embedded", "simd", "rayon"] {
        let other = folder.init("other.safetensors", &["--seed", "3", "--backend", backend]);
        assert!(other == file, "{backend}");
    }
}

#[test]
fn what_has_no_name_is_reported_with_its_place() {
    let folder = Folder::new();
    let text = r#"{"class": "Net", "params": [{"name": "w", "shape": [2], "constructor": {"unknown": "QR of a random matrix, in Net.init (net.py:3)"}}],
        "buffers": [{"name": "b", "shape": [2], "value": 0, "parts": [{"start": [0], "shape": [1], "constructor": {"unknown": "sort"}}]}]}"#;
    folder.write("model.json", text);
    let place = "w (QR of a random matrix, in Net.init (net.py:3)), b (sort)";
    folder.run(&["init", "model.json", "--out", "x.safetensors"]).refused(2, &[place, "--unknown"]);
    let answer = folder.run(&["plan", "model.json"]);
    assert!(answer.stderr.contains(place), "{}", answer.stderr);
    folder.init("ones.safetensors", &["--unknown", "ones"]);
    let file = folder.read("ones.safetensors");
    assert_eq!((numbers(&file, "w"), numbers(&file, "b")), (vec![1.0; 2], vec![1.0, 0.0]));
}

#[test]
fn constructors_that_say_nothing_or_too_much_are_refused_with_their_place() {
    let folder = Folder::new();
    let cases = [
        (r#""constructor": {"type": "Normal", "layer": "Conv2d"}"#, "a constructor has no 'layer'"),
        (r#""constructor": {"type": "Normal", "sdt": 1}"#, "sdt"),
        (r#""constructor": {"type": "Uniform", "a": 2, "b": 1}"#, "$.params[0].constructor"),
        (r#""constructor": {"type": "Pretrained", "checkpoint": "x"}"#, "loads no checkpoint"),
        (r#""constructor": {"type": "Normal"}, "value": 1"#, "one of them is enough"),
        (r#""by": "X.__init__""#, "must say what is in it"),
        (r#""constructor": 3"#, "$.params[0].constructor"),
        (
            r#""value": 0, "parts": [{"start": [3], "shape": [2], "value": 1}]"#,
            "does not lie within the tensor",
        ),
        (
            r#""value": 0, "parts": [{"start": [18446744073709551615], "shape": [2], "value": 1}]"#,
            "does not lie within the tensor",
        ),
        (
            r#""value": 0, "parts": [{"start": [1, 0], "shape": [2], "value": 1}]"#,
            "does not lie within the tensor",
        ),
        (
            r#""value": 0, "parts": [{"shape": [2], "value": 1}]"#,
            "the key 'start' of a part is missing",
        ),
        (
            r#""value": 0, "parts": [{"start": [0], "shape": [2], "value": [1, 2, 3]}]"#,
            "2 elements, found 3",
        ),
        (
            r#""value": 0, "parts": [{"start": [0], "shape": [2], "size": 1}]"#,
            "unknown key 'size' of a part",
        ),
    ];
    for (keys, part) in cases {
        let text =
            format!(r#"{{"class": "X", "params": [{{"name": "w", "shape": [4], {keys}}}]}}"#);
        folder.write("model.json", text);
        folder.run(&["plan", "model.json"]).refused(2, &[part, "model.json:1:"]);
    }
    let part = r#"{"start": [0], "shape": [1], "value": 1}"#;
    let parts = vec![part; 1025].join(", ");
    folder.write("model.json", format!(r#"{{"class": "X", "params": [{{"name": "w", "shape": [4], "value": 0, "parts": [{parts}]}}]}}"#));
    folder.run(&["plan", "model.json"]).refused(2, &["1024 parts at most"]);
}

/// A state space model's decay and the bias of its time step, with a part that is a function, too.
const FUNCTIONS: &str = r#"{"class": "Net", "params": [
 {"name": "decay", "shape": [40, 300], "constructor": {"type": "Uniform", "a": 1, "b": 16, "then": ["log"]}, "by": "Net.init, log_()",
  "parts": [{"start": [0, 0], "shape": [1, 300], "constructor": {"type": "Normal", "then": ["abs", {"mul": 2}, {"add": 100}]}}]},
 {"name": "step", "shape": [5000], "dtype": "float64",
  "constructor": {"type": "Uniform", "a": -6.9, "b": -2.3, "then": ["exp", {"clamp_min": 0.0015}, "softplus_inverse"]}},
 {"name": "half", "shape": [5000], "dtype": "bfloat16", "constructor": {"type": "Uniform", "a": 1, "b": 16, "then": ["log"]}}]}"#;

#[test]
fn functions_of_a_draw_are_filled_and_told() {
    let folder = Folder::new();
    folder.write("model.json", FUNCTIONS);
    let file = folder.init("model.safetensors", &["--seed", "3"]);
    let decay = numbers(&file, "decay");
    assert!(decay[..300].iter().all(|x| *x >= 100.0));
    // ln 16, and the mean of the logarithm of a uniform draw from 1 to 16.
    let most = 4.0 * std::f64::consts::LN_2;
    let logarithms: Vec<f64> = decay[300..].iter().map(|x| f64::from(*x)).collect();
    assert!(logarithms.iter().all(|x| (0.0..=most + 1e-6).contains(x)));
    let mean = logarithms.iter().sum::<f64>() / 11_700.0;
    assert!((mean - (16.0 * most - 15.0) / 15.0).abs() < 0.03, "{mean}");
    folder.done(&["verify", "model.json", "model.safetensors", "--seed", "3"]);
    for backend in ["embedded", "simd", "rayon"] {
        let other = folder.init("other.safetensors", &["--seed", "3", "--backend", backend]);
        assert!(other == file, "{backend}");
    }
    let table = folder.done(&["plan", "model.json"]).stdout;
    let told = "uniform(a=-6.9, b=-2.3).exp().clamp_min(0.0015).softplus_inverse()";
    assert!(table.contains(told), "{table}");
    let plan = folder.done(&["plan", "model.json", "--format", "json"]).json();
    assert_eq!(
        plan["params"]["step"]["default"],
        json!({"init": "uniform", "args": {"a": -6.9, "b": -2.3},
               "then": ["exp", {"clamp_min": 0.0015}, "softplus_inverse"]})
    );
    let said = folder.done(&["explain", "model.json", "decay"]).stdout;
    assert!(said.contains("uniform(a=1, b=16).log(), by Net.init, log_()"), "{said}");
}

#[test]
fn functions_that_are_none_are_refused_with_their_place() {
    let folder = Folder::new();
    for (then, dtype, part) in [
        (r#"["logg"]"#, "float32", "there is no function 'logg'"),
        (r#"["mul"]"#, "float32", r#"needs an operand: {"mul": 2}"#),
        (r#"[{"log": 2}]"#, "float32", "has no operand"),
        (r#"[{"mul": "2"}]"#, "float32", "must be a finite number, found a string"),
        (r#"[{"mul": 2, "add": 1}]"#, "float32", "one operand at most"),
        (r#"[3]"#, "float32", "expected a function"),
        (r#""log""#, "float32", "expected a list of functions, found a string"),
        ("[]", "float32", "1 to 16 functions"),
    ] {
        folder.write(
            "model.json",
            format!(
                r#"{{"class": "X", "params": [{{"name": "w", "shape": [4], "dtype": "{dtype}",
            "constructor": {{"type": "Uniform", "then": {then}}}}}]}}"#
            ),
        );
        folder
            .run(&["plan", "model.json"])
            .refused(2, &[part, "model.json:2:", "$.params[0].constructor.then"]);
    }
    folder.write(
        "model.json",
        r#"{"class": "X", "params": [{"name": "w", "shape": [4], "dtype": "int64",
        "constructor": {"type": "Uniform", "then": ["log"]}}]}"#,
    );
    folder
        .run(&["init", "model.json", "--out", "x.safetensors"])
        .refused(2, &["cannot write elements of type int64"]);
}

/// A head whose own code writes before and after its rules and children.
fn head(init_cfg: &str, init_weights: &str, own: &str) -> String {
    format!(
        r#"{{"class": "Net", "init_weights": "module", "children": [
            {{"name": "head", "class": "Head", {init_weights}, "init_cfg": {init_cfg}, "rewrites": false, "children": [
             {{"name": "fc", "class": "Linear", "params": [
              {{"name": "weight", "shape": [2, 2], "constructor": {{"type": "Normal"}}}},
              {{"name": "bias", "shape": [2], "constructor": {{"type": "Constant", "val": 7}}, "own_init": [{own}]}}]}}]}}]}}"#
    )
}

#[test]
fn own_writes_take_their_place_among_those_of_rules() {
    let folder = Folder::new();
    let custom = r#""init_weights": "custom""#;
    let runs_nothing = r#""init_weights": "custom", "runs_init_cfg": false"#;
    let before = r#"{"module": "head", "constructor": {"type": "Constant", "val": 1}, "by": "Head.init_weights, fill_(1)"}"#;
    let after =
        r#"{"module": "head", "after": true, "value": [2, 3], "by": "Head.init_weights, copy_()"}"#;
    let both = format!("{before}, {after}");
    let rule = r#"{"type": "Constant", "val": 5, "bias": 5, "layer": "Linear"}"#;
    for (init_cfg, init_weights, own, expected) in [
        ("null", custom, "", [7.0, 7.0]),
        ("null", custom, before, [1.0, 1.0]),
        (rule, custom, before, [5.0, 5.0]),
        (rule, custom, after, [2.0, 3.0]),
        (rule, custom, &both, [2.0, 3.0]),
        (rule, runs_nothing, before, [1.0, 1.0]),
    ] {
        folder.write("model.json", head(init_cfg, init_weights, own));
        let file = folder.init("model.safetensors", &["--seed", "3"]);
        assert_eq!(numbers(&file, "head.fc.bias"), expected, "{init_cfg} {init_weights} {own}");
        folder.done(&["verify", "model.json", "model.safetensors", "--seed", "3"]);
    }
    let answer = folder.run(&["plan", "model.json"]);
    assert!(
        answer.stderr.contains("rule 0 does nothing: that init_weights runs no init_cfg"),
        "{}",
        answer.stderr
    );
    folder.write("model.json", head(rule, custom, after));
    let answer = folder.done(&["explain", "model.json", "head.fc.bias"]);
    let told = "untouched in the end: after the rules, the model's own code gives it given values, by Head.init_weights, copy_()";
    assert!(answer.stdout.contains(told), "{}", answer.stdout);
    // A rule of the whole model alone runs no init_weights.
    folder.write("rule.json", rule);
    let file = folder.init("model.safetensors", &["--init-cfg", "rule.json"]);
    assert_eq!(numbers(&file, "head.fc.bias"), [5.0, 5.0]);
}

#[test]
fn own_writes_of_no_such_module_are_refused_with_their_place() {
    let folder = Folder::new();
    let custom = r#""init_weights": "custom""#;
    let write = |module: &str| format!(r#"{{"module": "{module}", "value": 1}}"#);
    for (init_weights, own, part) in [
        (custom, write("heads"), "which 'heads' is not"),
        (custom, write("head.fc"), "which 'head.fc' is not"),
        (custom, write(""), "which '' is not"),
        (r#""init_weights": "module""#, write("head"), "which 'head' is not"),
        (custom, r#"{"module": "head"}"#.to_owned(), "must say what is in it"),
        (custom, r#"{"value": 1}"#.to_owned(), "the key 'module' is missing"),
        (
            custom,
            r#"{"module": "head", "value": 1, "last": true}"#.to_owned(),
            "unknown key 'last' of a write of its own",
        ),
        (r#""init_weights": "module", "runs_init_cfg": false"#, String::new(), "is a 'custom' one"),
    ] {
        folder.write("model.json", head("null", init_weights, &own));
        folder.run(&["plan", "model.json"]).refused(2, &[part, "model.json:"]);
    }
}

/// Weight normalization: `g` holds the norms of the rows of `v`, whatever writes `v`.
fn weight_norm(g: &str, of: &str, dtype: &str) -> String {
    format!(
        r#"{{"class": "Net", "params": [
            {{"name": "g", "shape": {g}, "dtype": "{dtype}", "constructor": {{"norm_of": "{of}"}}}},
            {{"name": "v", "shape": [3, 70000], "constructor": {{"type": "Normal", "std": 0.5}}}}]}}"#
    )
}

#[test]
fn norms_are_those_of_what_the_plan_writes() {
    let folder = Folder::new();
    folder.write("model.json", weight_norm("[3, 1]", "v", "float32"));
    folder.write("rule.json", r#"{"type": "Uniform", "a": -1, "b": 2, "params": "v"}"#);
    for rule in [&[][..], &["--init-cfg", "rule.json"]] {
        let file = folder.init("model.safetensors", &[&["--seed", "3"], rule].concat());
        let (g, v) = (numbers(&file, "g"), numbers(&file, "v"));
        for (g, row) in g.iter().zip(v.chunks_exact(70000)) {
            let sum: f64 = row.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
            assert_eq!(*g, sum.sqrt() as f32);
        }
        folder
            .done(&[&["verify", "model.json", "model.safetensors", "--seed", "3"], rule].concat());
    }
    let table = folder.done(&["plan", "model.json"]).stdout;
    assert!(table.contains("norm(of=v)"), "{table}");
    let plan = folder.done(&["plan", "model.json", "--format", "json"]).json();
    assert_eq!(plan["params"]["g"]["default"], json!({"init": "norm", "args": {"of": "v"}}));
    folder.write("model.json", weight_norm("[]", "v", "float32"));
    let file = folder.init("model.safetensors", &[]);
    let sum: f64 = numbers(&file, "v").iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    assert_eq!(numbers(&file, "g"), [sum.sqrt() as f32]);
}

#[test]
fn norms_of_nothing_that_fits_are_refused() {
    let folder = Folder::new();
    for (model, part) in [
        (weight_norm("[3, 1]", "w", "float32"), "there is no such tensor"),
        (weight_norm("[3, 1]", "g", "float32"), "which holds norms itself"),
        (weight_norm("[3, 1]", "v", "int64"), "norms are of floating-point numbers"),
        (weight_norm("[3]", "v", "float32"), "holds no norms of 'v'"),
        (weight_norm("[2, 1]", "v", "float32"), "each dimension is the same or 1"),
    ] {
        folder.write("model.json", model);
        folder.run(&["init", "model.json", "--out", "x.safetensors"]).refused(2, &[part]);
    }
}
