//! `init`: the checkpoint, whole and the same every time, or none.

use std::fs;

use serde_json::Value;

use crate::run::{Answer, Folder, MODEL, TENSORS};

/// The header of a checkpoint: the places of the names in its text, and its JSON.
fn header(bytes: &[u8]) -> (String, Value) {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    let text = std::str::from_utf8(&bytes[8..8 + usize::try_from(length).unwrap()]).unwrap();
    (text.to_owned(), serde_json::from_str(text).unwrap())
}

#[test]
fn the_header_has_every_tensor_in_model_order() {
    let folder = Folder::new();
    let answer = folder.done(&["init", "model.json", "--seed", "42", "--out", "m.safetensors"]);
    assert_eq!(answer.stdout, "");
    assert!(
        answer.stderr.starts_with("wrote m.safetensors: 8 parameters and 3 buffers"),
        "{answer:?}"
    );
    assert_eq!(folder.files(), ["m.safetensors", "model.json"]);

    let bytes = folder.read("m.safetensors");
    let (text, header) = header(&bytes);
    assert_eq!(header.as_object().unwrap().len(), 1 + TENSORS.len());
    assert_eq!(header["__metadata__"]["format"], "pt");
    assert_eq!(header["__metadata__"]["weight_init.seed"], "42");
    assert_eq!(header["__metadata__"]["weight_init.stream_version"], "1");
    let (mut place, mut offset) = (0, 0);
    for (name, dtype, shape) in TENSORS {
        let found = text.find(&format!("\"{name}\"")).unwrap();
        assert!(found > place, "{name} stands too early in {text}");
        place = found;
        let size = if dtype == "F32" { 4 } else { 8 };
        let end = offset + size * shape.iter().product::<u64>();
        assert_eq!(header[name]["dtype"], dtype, "{name}");
        assert_eq!(header[name]["shape"], Value::from(shape), "{name}");
        assert_eq!(header[name]["data_offsets"], Value::from(vec![offset, end]), "{name}");
        offset = end;
    }
    assert_eq!(bytes.len() as u64, 8 + text.len() as u64 + offset);
}

#[test]
fn the_same_inputs_give_the_same_file() {
    let folder = Folder::new();
    let one = folder.init("one.safetensors", &["--seed", "42"]);
    assert!(one == folder.init("two.safetensors", &["--seed", "42"]));
    assert!(one != folder.init("other.safetensors", &["--seed", "43"]));
    assert!(folder.init("a.safetensors", &[]) == folder.init("b.safetensors", &["--seed", "0"]));
    for backend in ["auto", "embedded", "simd", "rayon"] {
        let name = format!("{backend}.safetensors");
        assert!(one == folder.init(&name, &["--seed", "42", "--backend", backend]), "{backend}");
    }
}

#[test]
fn large_tensors_are_the_same_on_every_backend() {
    let folder = Folder::new();
    // Windows are 16 MiB: tensors that end within one, and go over several.
    let text = MODEL.replace("[8, 3, 3, 3]", "[1500, 3, 1001]").replace("[10, 8]", "[999, 2501]");
    folder.write("model.json", text);
    let reference = folder.init("embedded.safetensors", &["--backend", "embedded"]);
    for backend in ["simd", "rayon"] {
        let name = format!("{backend}.safetensors");
        assert!(reference == folder.init(&name, &["--backend", backend]), "{backend}");
    }
    folder.done(&["verify", "model.json", "rayon.safetensors"]);
}

#[test]
fn an_element_type_may_be_asked_for() {
    let folder = Folder::new();
    for (dtype, stored) in [("f32", "F32"), ("f64", "F64"), ("f16", "F16"), ("bf16", "BF16")] {
        let bytes = folder.init("m.safetensors", &["--dtype", dtype]);
        let (_, header) = header(&bytes);
        for (name, own, _) in TENSORS {
            let expected = if own == "I64" { own } else { stored };
            assert_eq!(header[name]["dtype"], expected, "{name}");
        }
        folder.done(&["verify", "model.json", "m.safetensors", "--dtype", dtype]);
    }
}

#[test]
fn a_file_that_is_there_is_replaced_by_a_whole_one_or_stays() {
    let folder = Folder::new();
    folder.write("m.safetensors", "old");
    let text = MODEL.replace(r#""class": "Linear", "bases": ["Module"]"#, r#""class": "Mystery""#);
    folder.write("mystery.json", &text);
    folder.run(&["init", "mystery.json", "--out", "m.safetensors"]).refused(2, &[]);
    assert_eq!(folder.read("m.safetensors"), b"old");
    let bytes = folder.init("m.safetensors", &[]);
    assert!(bytes.len() > 1000);
    assert_eq!(folder.files(), ["m.safetensors", "model.json", "mystery.json"]);
}

#[test]
fn what_cannot_be_written_is_code_3() {
    let folder = Folder::new();
    fs::create_dir(folder.path("folder")).unwrap();
    for out in ["no/such/m.safetensors", "folder", ".", "model.json/m.safetensors"] {
        folder.run(&["init", "model.json", "--layout", "single", "--out", out]).refused(3, &[out]);
    }
    assert_eq!(folder.files(), ["folder", "model.json"]);
    assert_eq!(folder.read("model.json"), MODEL.as_bytes());
}

#[cfg(target_os = "linux")]
#[test]
fn devices_and_links_are_written_through() {
    let folder = Folder::new();
    let bytes = folder.init("m.safetensors", &[]);
    let mut command = folder.command(&["init", "model.json", "--out", "/dev/stdout"]);
    assert!(command.output().unwrap().stdout == bytes);
    folder.run(&["init", "model.json", "--out", "/dev/full"]).refused(3, &["/dev/full", "space"]);

    std::os::unix::fs::symlink("m.safetensors", folder.path("link.safetensors")).unwrap();
    folder.write("m.safetensors", "old");
    folder.done(&["init", "model.json", "--out", "link.safetensors"]);
    assert!(folder.read("m.safetensors") == bytes);
    assert!(fs::symlink_metadata(folder.path("link.safetensors")).unwrap().is_symlink());
}

/// The signal of a file that would be too large does not end the process before it has removed its temporary.
#[cfg(target_os = "linux")]
#[test]
fn a_limit_on_the_size_of_files_is_code_3() {
    let folder = Folder::new();
    let text = MODEL.replace("[8, 3, 3, 3]", "[1500, 3, 1001]");
    folder.write("large.json", text);
    let script = r#"ulimit -f 1000; exec "$0" init large.json --out m.safetensors"#;
    let mut shell = assert_cmd::Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_weight-init")]).current_dir(folder.path(""));
    Answer::of(&mut shell).refused(3, &["m.safetensors", "File too large"]);
    assert_eq!(folder.files(), ["large.json", "model.json"]);
}

#[test]
fn a_missing_backend_is_code_3() {
    let folder = Folder::new();
    let args = ["init", "model.json", "--out", "m.safetensors", "--backend", "cuda"];
    let answer = folder.run(&args);
    // A build and a machine with it may as well do it.
    if answer.code != 0 {
        answer.refused(3, &["cuda", "rayon"]);
        assert_eq!(folder.files(), ["model.json"]);
    }
}

#[test]
fn unknown_classes_take_a_choice() {
    let folder = Folder::new();
    let text = r#"{"class": "Mystery", "params": [{"name": "weight", "shape": [2]}],
                   "buffers": [{"name": "state", "shape": [3]}]}"#;
    folder.write("model.json", text);
    let answer = folder.run(&["init", "model.json", "--out", "m.safetensors"]);
    assert_eq!((answer.code, answer.stdout.as_str()), (2, ""));
    for part in
        ["1 parameter", "weight (Mystery)", "1 buffer", "state (Mystery)", "--unknown zeros|ones"]
    {
        assert!(answer.stderr.contains(part), "{answer:?}");
    }
    assert_eq!(folder.files(), ["model.json"]);
    for (choice, value) in [("zeros", 0.0_f32), ("ones", 1.0)] {
        let bytes = folder.init("m.safetensors", &["--unknown", choice]);
        let expected: Vec<u8> = [value; 5].into_iter().flat_map(f32::to_le_bytes).collect();
        assert!(bytes.ends_with(&expected), "{choice}");
        folder.done(&["verify", "model.json", "m.safetensors", "--unknown", choice]);
    }
}

#[test]
fn a_buffer_of_unknown_content_is_an_error_until_somebody_says_what_it_is() {
    let folder = Folder::new();
    let model = |buffer: &str| {
        format!(
            r#"{{"class": "Attention", "children": [{{"name": "fc", "class": "Linear", "rewrites": false,
                 "params": [{{"name": "weight", "shape": [2, 2], "value": 1}}]}}],
                 "buffers": [{{"name": "mask", "shape": [2], "dtype": "bool"{buffer}}}]}}"#
        )
    };
    folder.write("model.json", model(""));
    for more in [&[][..], &["--strict"]] {
        let args = [&["init", "model.json", "--out", "m.safetensors"][..], more].concat();
        folder.run(&args).refused(2, &["the content of 1 buffer", "mask (Attention)", "'value'"]);
    }
    folder.write("model.json", model(r#", "value": [1, 0]"#));
    let bytes = folder.init("m.safetensors", &["--strict"]);
    assert_eq!(bytes[8 + header(&bytes).0.len()..][..2], [1, 0]);
    folder.done(&["verify", "model.json", "m.safetensors"]);
}

/// The data of each row of the only tensor.
fn rows(bytes: &[u8], rows: usize) -> Vec<Vec<u8>> {
    let data = &bytes[8 + header(bytes).0.len()..];
    data.chunks(data.len() / rows).map(<[u8]>::to_vec).collect()
}

#[test]
fn the_padding_row_of_an_embedding_is_zero() {
    let folder = Folder::new();
    let described = |class: &str, key: &str| {
        format!(
            r#"{{"class": "{class}", {key} "params": [{{"name": "weight", "shape": [5, 300]}}]}}"#
        )
    };
    let built = |class: &str, row: &str| {
        format!(
            r#"{{"type": "{class}", "num_embeddings": 5, "embedding_dim": 300, "padding_idx": {row}}}"#
        )
    };
    folder.write("model.json", described("Embedding", ""));
    for dtype in ["f32", "f64", "f16", "bf16"] {
        folder.write("model.json", described("Embedding", ""));
        let plain = rows(&folder.init("plain.safetensors", &["--dtype", dtype]), 5);
        for (model, zero) in [
            (described("Embedding", r#""padding_idx": 0,"#), 0),
            (described("EmbeddingBag", r#""padding_idx": -1,"#), 4),
            (described("Mine", r#""mro": ["Words", "Embedding", "Module"], "padding_idx": 2,"#), 2),
            (built("Embedding", "3"), 3),
            (built("EmbeddingBag", "-5"), 0),
            (built("EmbeddingBag", "null"), 5),
        ] {
            folder.write("model.json", &model);
            for backend in ["embedded", "simd", "rayon"] {
                let args = ["--dtype", dtype, "--backend", backend];
                let found = rows(&folder.init("m.safetensors", &args), 5);
                for (row, (found, plain)) in found.iter().zip(&plain).enumerate() {
                    let expected = if row == zero { &vec![0; plain.len()] } else { plain };
                    assert!(found == expected, "{model}, {dtype}, {backend}, row {row}");
                }
            }
            folder.done(&["verify", "model.json", "m.safetensors", "--dtype", dtype]);
        }
    }
    // A rule writes the whole weight, as torch.nn.init does.
    folder.write("model.json", described("Embedding", r#""padding_idx": 1,"#));
    folder.write("rules.json", r#"{"type": "Constant", "val": 1, "params": "weight"}"#);
    let ruled = rows(&folder.init("ruled.safetensors", &["--init-cfg", "rules.json"]), 5);
    assert!(ruled.iter().all(|row| *row == 1_f32.to_le_bytes().repeat(300)));
}

#[test]
fn a_window_may_cut_the_row_that_is_zero() {
    let folder = Folder::new();
    let model = |padding: &str| {
        format!(
            r#"{{"class": "Embedding", {padding} "params": [{{"name": "weight", "shape": [3, 1100001]}}]}}"#
        )
    };
    folder.write("model.json", model(""));
    let plain = rows(&folder.init("plain.safetensors", &[]), 3);
    for zero in 0..3 {
        folder.write("model.json", model(&format!(r#""padding_idx": {zero},"#)));
        let found = rows(&folder.init("m.safetensors", &[]), 3);
        for row in 0..3 {
            let is_zero = found[row].iter().all(|byte| *byte == 0);
            assert!(if row == zero { is_zero } else { found[row] == plain[row] }, "{zero}, {row}");
        }
    }
    folder.done(&["verify", "model.json", "m.safetensors"]);
}

#[test]
fn tied_parameters_stand_once() {
    let folder = Folder::new();
    let text = r#"{"class": "Net", "init_weights": "module", "init_cfg": {"type": "Normal", "layer": "Linear"},
      "children": [
        {"name": "a", "class": "Linear", "params": [{"name": "weight", "shape": [2, 2]}]},
        {"name": "b", "same_as": "a"}]}"#;
    folder.write("model.json", text);
    let (_, header) = header(&folder.init("m.safetensors", &[]));
    assert!(header["a.weight"].is_object() && header["b.weight"].is_null(), "{header}");
    assert_eq!(header["__metadata__"]["b.weight"], "a.weight");
    folder.done(&["verify", "model.json", "m.safetensors"]);
}

#[test]
fn a_stream_name_keeps_the_values_of_a_renamed_layer() {
    let folder = Folder::new();
    let before = folder.init("before.safetensors", &[]);
    let text = MODEL
        .replace("\"fc\"", "\"classifier\"")
        .replace(r#""shape": [10, 8]}"#, r#""shape": [10, 8], "stream": "fc.weight"}"#);
    folder.write("model.json", text);
    let after = folder.init("after.safetensors", &[]);
    let data = |bytes: &[u8]| bytes[8 + header(bytes).0.len()..].to_vec();
    assert!(data(&before) == data(&after));
}

#[test]
fn an_empty_model_is_a_checkpoint() {
    let folder = Folder::new();
    folder.write("model.json", r#"{"class": "Identity"}"#);
    folder.init("m.safetensors", &[]);
    folder.done(&["verify", "model.json", "m.safetensors"]);
    folder.done(&["inspect", "m.safetensors"]);
    let answer = Answer::of(&mut folder.command(&["plan", "model.json", "--format", "json"]));
    assert_eq!(answer.json()["params"], serde_json::json!({}));
}

#[cfg(unix)]
#[test]
fn a_hyphen_is_standard_output() {
    use std::process::{Command, Stdio};

    let folder = Folder::new();
    let bytes = folder.init("m.safetensors", &[]);
    let output = folder.command(&["init", "model.json", "--out", "-"]).output().unwrap();
    assert!(output.stdout == bytes && output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("wrote to standard output: 8 parameters"), "{said}");

    // The file's earlier content stays, and so does output that is written afterwards.
    let weight_init = env!("CARGO_BIN_EXE_weight-init");
    let script = r#"echo before > all && { "$0" init model.json --out - && echo after; } >> all"#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, weight_init]).current_dir(folder.path("")).stderr(Stdio::null());
    assert!(shell.status().unwrap().success());
    assert!(folder.read("all") == [b"before\n", bytes.as_slice(), b"after\n"].concat());
    assert_eq!(folder.files(), ["all", "m.safetensors", "model.json"]);

    // A reader that goes away is told: the checkpoint is not whole.
    let mut command = Command::new(weight_init);
    command.args(["init", "model.json", "--out", "-"]).current_dir(folder.path(""));
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(String::from_utf8(output.stderr).unwrap().contains("write `-`"));

    // A file of that name has a path.
    assert!(folder.init("./-", &["--layout", "single"]) == bytes);
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_no_checkpoint() {
    let folder = Folder::new();
    let command = format!("{} init model.json --out -", env!("CARGO_BIN_EXE_weight-init"));
    let mut script = assert_cmd::Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).current_dir(folder.path(""));
    let Ok(output) = script.output() else { return };
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("error: --out - is standard output, which is a terminal"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}
