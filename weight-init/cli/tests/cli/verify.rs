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
    for (args, again, under) in [
        (
            &["--seed", "42"][..],
            &[][..],
            "under seed 42, stream version 1, and it names the same recipe and plan\n",
        ),
        (&[], &[], "under seed 0, stream version 1, and"),
        (
            &["--dtype", "bf16"],
            &["--dtype", "bf16"],
            "under seed 0, stream version 1, --dtype bf16, and",
        ),
        (&["--seed", "18446744073709551615"], &[], "under seed 18446744073709551615, "),
    ] {
        folder.init("m.safetensors", args);
        let answer = folder.done(&[&["verify", "model.json", "m.safetensors"], again].concat());
        assert!(answer.stdout.contains("11 tensors") && answer.stderr.is_empty(), "{answer:?}");
        assert!(answer.stdout.contains(under), "{answer:?}");
    }
}

#[test]
fn a_file_is_believed_about_nothing_but_the_seed() {
    let folder = Folder::new();
    let rule = r#"{"type": "Pretrained", "checkpoint": "net.safetensors"}"#;
    let model =
        MODEL.replacen(r#"{"type": "Kaiming""#, &format!(r#"{rule}, {{"type": "Kaiming""#), 1);
    folder.init("net.safetensors", &["--seed", "5"]);
    folder.write(
        "model.json",
        model.replace("\"head\", \"class\": \"Linear\"", "\"head\", \"class\": \"Own\""),
    );
    let made = ["--pretrained", "skip", "--unknown", "zeros", "--dtype", "bf16"];
    folder.init("m.safetensors", &made);
    let verify = |options: &[&str]| {
        let answer = folder.run(&[&["verify", "model.json", "m.safetensors"], options].concat());
        assert_eq!(answer.stderr, "", "{answer:?}");
        (answer.code, answer.stdout)
    };
    let (code, said) = verify(&[]);
    assert_eq!(code, 1, "{said}");
    for part in [
        "it was made with --dtype bf16; pass --dtype bf16 to compare so",
        "it was made with --unknown zeros; pass --unknown zeros to compare so",
        "it was made with --pretrained skip; pass --pretrained skip to compare so",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(
        said.ends_with("expected is what model.json gives under seed 0, stream version 1\n"),
        "{said}"
    );
    let (code, said) = verify(&made);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("--dtype bf16, --unknown zeros, --pretrained skip"), "{said}");
    let (code, said) = verify(&["--pretrained", "skip", "--unknown", "zeros", "--dtype", "f16"]);
    assert!(code == 1 && said.contains("made with --dtype bf16, not --dtype f16"), "{said}");

    // A file that hides how it was made is compared by its bits.
    folder.write("model.json", model);
    let bytes = folder.init("m.safetensors", &["--pretrained", "skip"]);
    folder.write(
        "m.safetensors",
        renamed(&bytes, "weight_init.pretrained", "weight_init.pretraineX"),
    );
    let (code, said) = verify(&[]);
    assert!(code == 1 && said.contains("element 0"), "{said}");
    // An option that the file does not name.
    folder.init("m.safetensors", &[]);
    let (code, said) = verify(&["--dtype", "f32"]);
    assert!(
        code == 1 && said.contains("it was made without --dtype; leave --dtype f32 out"),
        "{said}"
    );
}

#[test]
fn another_stream_or_plan_is_named() {
    let folder = Folder::new();
    let bytes = folder.init("m.safetensors", &["--seed", "42"]);
    let verify = |from: &str, to: &str| {
        folder.write("m.safetensors", renamed(&bytes, from, to));
        let answer = folder.run(&["verify", "model.json", "m.safetensors"]);
        assert_eq!((answer.code, answer.stderr.as_str()), (1, ""), "{answer:?}");
        answer.stdout
    };
    let said = verify(r#""weight_init.stream_version":"1""#, r#""weight_init.stream_version":"9""#);
    assert!(said.contains("made with version 9 of the random stream; this is version 1"), "{said}");
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let digest = text.split_once("plan_sha256\":\"").unwrap().1.split('"').next().unwrap();
    let other = "0".repeat(64);
    let said = verify(digest, &other);
    let part = format!(
        "every bit is the same, but it was made by another plan (SHA-256 {other}; this one has {digest})"
    );
    assert!(said.contains(&part), "{said}");
    // A recipe that cannot be is another one, however long.
    folder.init("m.safetensors", &["--dtype", "bf16"]);
    let bytes = folder.read("m.safetensors");
    let text = String::from_utf8_lossy(&bytes);
    let dtype = text.split_once("weight_init.dtype\":\"").unwrap().1.split('"').next().unwrap();
    folder.write(
        "m.safetensors",
        renamed(&bytes, &format!(":\"{dtype}\""), &format!(":\"{}\"", "x".repeat(dtype.len()))),
    );
    let answer = folder.run(&["verify", "model.json", "m.safetensors", "--dtype", "bf16"]);
    assert!(
        answer.code == 1 && answer.stdout.contains("it was made with --dtype xx"),
        "{answer:?}"
    );
}

/// The file with another text of the same length in its header.
fn renamed(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
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
    let answer = folder.done(&["verify", "model.json", "m.safetensors", "--seed", "1"]);
    assert!(answer.stdout.ends_with("and it names no plan\n"), "{answer:?}");
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
