//! `verify`: the same bits, or where the first other one is.

use crate::run::{Folder, MODEL};

/// Where the data of a checkpoint begins.
fn data(bytes: &[u8]) -> usize {
    let header = u64::from_le_bytes(bytes[..8].try_into().unwrap());
    8 + usize::try_from(header).unwrap()
}

#[test]
fn what_init_writes_is_right() {
    let folder = Folder::new();
    for args in
        [&["--seed", "42"][..], &[], &["--dtype", "bf16"], &["--seed", "18446744073709551615"]]
    {
        folder.init("m.safetensors", args);
        let answer = folder.done(&["verify", "model.json", "m.safetensors"]);
        assert!(answer.stdout.contains("11 tensors") && answer.stderr.is_empty(), "{answer:?}");
    }
}

#[test]
fn one_flipped_bit_is_found_in_its_element() {
    let folder = Folder::new();
    let bytes = folder.init("m.safetensors", &["--seed", "42"]);
    let begin = data(&bytes);
    // Tensors in the order of the file: conv1.weight has 864 bytes, fc.weight begins at 1032.
    for (at, bit, tensor, element, index) in [
        (0, 0, "conv1.weight", 0, "[0, 0, 0, 0]"),
        (863, 7, "conv1.weight", 215, "[7, 2, 2, 2]"),
        (864, 3, "conv1.bias", 0, "[0]"),
        (1024, 0, "bn1.num_batches_tracked", 0, "[]"),
        (1032 + 4 * 13 + 2, 5, "fc.weight", 13, "[1, 5]"),
        (1392 + 8 * 39, 1, "head.weight", 39, "[3, 9]"),
    ] {
        let mut wrong = bytes.clone();
        wrong[begin + at] ^= 1 << bit;
        folder.write("m.safetensors", wrong);
        let answer = folder.run(&["verify", "model.json", "m.safetensors"]);
        assert_eq!((answer.code, answer.stderr.as_str()), (1, ""), "{answer:?}");
        let said = format!("{tensor}: element {element}, at {index}, expected");
        assert!(answer.stdout.contains(&said), "'{said}' is not in {}", answer.stdout);
    }
}

#[test]
fn another_seed_or_model_is_another_checkpoint() {
    let folder = Folder::new();
    folder.init("m.safetensors", &["--seed", "42"]);
    let verify = |args: &[&str]| {
        let answer = folder.run(&[&["verify", "model.json", "m.safetensors"], args].concat());
        assert_eq!((answer.code, answer.stderr.as_str()), (1, ""), "{answer:?}");
        answer.stdout
    };
    let said = verify(&["--seed", "43"]);
    assert!(said.contains("conv1.weight: element 0"), "{said}");

    folder.write("rules.json", r#"{"type": "Constant", "val": 3, "layer": "Linear"}"#);
    let said = verify(&["--init-cfg", "rules.json"]);
    assert!(said.contains("differs"), "{said}");

    folder.write("model.json", MODEL.replace("[8, 3, 3, 3]", "[8, 3, 3, 1]"));
    let said = verify(&[]);
    assert!(said.contains("conv1.weight: expected") && said.contains("[8, 3, 3, 1]"), "{said}");

    folder.write("model.json", MODEL.replace("\"fc\"", "\"fc1\""));
    let said = verify(&[]);
    assert!(said.contains("fc1.weight: the file does not have it"), "{said}");

    folder.write("model.json", MODEL.replace(r#", {"name": "bias", "shape": [10]}"#, ""));
    let said = verify(&[]);
    assert!(said.contains("fc.bias: the file has it"), "{said}");
}

#[test]
fn the_seed_is_asked_for_where_the_file_names_none() {
    let folder = Folder::new();
    let text = r#"{"class": "Linear", "params": [{"name": "bias", "shape": [1], "value": 1}]}"#;
    folder.write("model.json", text);
    let header = r#"{"bias":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#;
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(1_f32.to_le_bytes());
    folder.write("m.safetensors", file);
    folder.run(&["verify", "model.json", "m.safetensors"]).refused(2, &["--seed"]);
    folder.done(&["verify", "model.json", "m.safetensors", "--seed", "1"]);
}

#[test]
fn a_file_that_is_none_is_refused() {
    let folder = Folder::new();
    let verify = |file: &str| folder.run(&["verify", "model.json", file]);
    verify("none.safetensors").refused(3, &["none.safetensors"]);
    verify("model.json").refused(2, &["model.json"]);
    let bytes = folder.init("m.safetensors", &[]);
    // Cut within the length, the header and the data; a byte too many.
    for end in [0, 7, 8, 100, data(&bytes), bytes.len() - 1] {
        folder.write("cut.safetensors", &bytes[..end]);
        verify("cut.safetensors").refused(2, &["cut.safetensors"]);
    }
    folder.write("long.safetensors", [&bytes[..], b"x"].concat());
    verify("long.safetensors").refused(2, &["long.safetensors"]);
}
