//! Values of buffers in a safetensors file beside the description, and elements that are only copied.

use serde_json::{Value, json};

use crate::run::Folder;

const FILE: &str = "model.buffers.safetensors";

/// A safetensors file.
fn safetensors(tensors: &[(&str, &str, &[u64], &[u8])]) -> Vec<u8> {
    let (mut header, mut data) = (serde_json::Map::new(), Vec::new());
    for (name, dtype, shape, bytes) in tensors {
        let begin = data.len();
        data.extend_from_slice(bytes);
        let entry = json!({"dtype": dtype, "shape": shape, "data_offsets": [begin, data.len()]});
        header.insert((*name).to_owned(), entry);
    }
    let text = Value::from(header).to_string();
    [&(text.len() as u64).to_le_bytes()[..], text.as_bytes(), &data].concat()
}

/// The bytes of a tensor in a safetensors file.
fn tensor(file: &[u8], name: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    let at = |index: usize| header[name]["data_offsets"][index].as_u64().unwrap() as usize;
    file[8 + length..][at(0)..at(1)].to_vec()
}

/// A buffer that numbers in a description cannot say.
struct Case {
    name: &'static str,
    dtype: &'static str,
    /// The type in the format.
    stored: &'static str,
    shape: Vec<u64>,
    bytes: Vec<u8>,
}

fn buffers() -> [Case; 8] {
    let i64s = |x: &[i64]| x.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>();
    let f32s = |x: &[u32]| x.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<_>>();
    let case = |name, dtype, stored, shape: &[u64], bytes| Case {
        name,
        dtype,
        stored,
        shape: shape.to_vec(),
        bytes,
    };
    [
        case("index", "int64", "I64", &[2, 2], i64s(&[i64::MAX, -(1 << 60) - 1, 0, 7])),
        case("mask", "bool", "BOOL", &[3], vec![1, 0, 1]),
        // A NaN with a payload, −∞, −0, a subnormal.
        case("odd", "float32", "F32", &[4], f32s(&[0x7fc0_1234, 0xff80_0000, 0x8000_0000, 1])),
        case("brain", "bfloat16", "BF16", &[2], vec![0xcd, 0x3d, 0xc1, 0x7f]),
        case("turns", "complex64", "C64", &[1], f32s(&[0x3f80_0000, 0xbf80_0000])),
        case("scale", "float8_e4m3fn", "F8_E4M3", &[2], vec![0x7f, 0x80]),
        case("count", "uint64", "U64", &[], u64::MAX.to_le_bytes().to_vec()),
        case("empty", "uint16", "U16", &[0, 3], vec![]),
    ]
}

fn model(buffers: &Value) -> String {
    json!({"class": "Net", "rewrites": false, "children": [
        {"name": "pos", "class": "Positions", "buffers": buffers},
        {"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [2, 2]}]}
    ]})
    .to_string()
}

fn write(folder: &Folder) {
    let all = buffers();
    let tensors: Vec<_> =
        all.iter().map(|it| (it.name, it.stored, &it.shape[..], &it.bytes[..])).collect();
    folder.write(FILE, safetensors(&tensors));
    let described = all.iter().map(|Case { name, dtype, shape, .. }| {
        json!({"name": name, "dtype": dtype, "shape": shape, "value": {"file": FILE, "tensor": name}})
    });
    folder.write("model.json", model(&described.collect()));
}

#[test]
fn every_bit_comes_through() {
    let folder = Folder::new();
    write(&folder);
    let answer = folder.done(&["init", "model.json", "--strict", "--out", "m.safetensors"]);
    assert!(!answer.stderr.contains("warning"), "{answer:?}");
    let file = folder.read("m.safetensors");
    for Case { name, bytes, .. } in buffers() {
        assert_eq!(tensor(&file, &format!("pos.{name}")), bytes, "{name}");
    }
    folder.done(&["verify", "model.json", "m.safetensors"]);
    folder.done(&["plan", "model.json", "--strict"]);
    folder.done(&["explain", "model.json", "fc.weight"]);
    folder.done(&["inspect", "m.safetensors"]);
}

/// From any working folder: the file lies beside the description.
#[test]
fn the_folder_is_the_descriptions() {
    let folder = Folder::new();
    write(&folder);
    std::fs::create_dir(folder.path("below")).unwrap();
    let mut command = folder.command(&["init", "../model.json", "--out", "m.safetensors"]);
    command.current_dir(folder.path("below"));
    let answer = crate::run::Answer::of(&mut command);
    assert_eq!(answer.code, 0, "{answer:?}");
}

#[test]
fn a_changed_value_is_found() {
    let folder = Folder::new();
    write(&folder);
    folder.init("m.safetensors", &[]);
    let mut file = folder.read(FILE);
    let at = file.len() - 1;
    file[at] ^= 1;
    folder.write(FILE, file);
    let answer = folder.run(&["verify", "model.json", "m.safetensors"]);
    assert_eq!(answer.code, 1, "{answer:?}");
    assert!(answer.stdout.contains("pos.count: element 0"), "{answer:?}");
}

#[test]
fn an_element_type_that_is_asked_for_converts_floats_alone() {
    let folder = Folder::new();
    write(&folder);
    let file = folder.init("m.safetensors", &["--dtype", "f64"]);
    let odd = tensor(&file, "pos.odd");
    assert_eq!(odd[8..16], f64::NEG_INFINITY.to_le_bytes());
    assert_eq!(tensor(&file, "pos.turns").len(), 8);
}

#[test]
fn what_is_wrong_has_its_place() {
    let folder = Folder::new();
    write(&folder);
    folder.write("other.pth", "");
    std::fs::create_dir(folder.path("below")).unwrap();
    folder.write("below/x.safetensors", folder.read(FILE));
    let place = "at $.children[0].buffers[0].value";
    let link = "is a link that leads out";
    let cases = [
        (json!({"file": FILE, "tensor": "indx"}), ".tensor", "did you mean 'index'?"),
        (json!({"file": FILE, "tensor": "mask"}), ".tensor", "bool [3], but must be int64 [2, 2]"),
        (json!({"file": "model.bufers.safetensors", "tensor": "x"}), ".file", "cannot read"),
        (json!({"file": "below/x.safetensors", "tensor": "index"}), ".file", "lead to no folder"),
        (json!({"file": "../x.safetensors", "tensor": "index"}), ".file", "lead to no folder"),
        (json!({"file": "/x.safetensors", "tensor": "index"}), ".file", "lead to no folder"),
        (json!({"file": "below\\x.safetensors", "tensor": "index"}), ".file", "lead to no folder"),
        (json!({"file": "other.pth", "tensor": "index"}), ".file", "'.safetensors'"),
        (
            json!({"file": "model.json.safetensors", "tensor": "index"}),
            ".file",
            "model.json.safetensors",
        ),
        (json!({"file": "link.safetensors", "tensor": "index"}), ".file", link),
        (json!({"file": FILE}), "", "the key 'tensor' is missing"),
        (json!({"file": FILE, "tensor": "index", "part": 1}), ".part", "unknown key 'part'"),
        (json!("index"), "", "a dict with 'file' and 'tensor'"),
    ];
    folder.write("model.json.safetensors", "no tensors");
    #[cfg(unix)]
    std::os::unix::fs::symlink("below/x.safetensors", folder.path("link.safetensors")).unwrap();
    for (value, key, message) in cases {
        if cfg!(not(unix)) && message == link {
            continue;
        }
        let buffer = json!([{"name": "index", "dtype": "int64", "shape": [2, 2], "value": value}]);
        folder.write("model.json", model(&buffer));
        let answer = folder.run(&["plan", "model.json"]);
        answer.refused(2, &[&format!("{place}{key}\n"), message, "^"]);
    }
}

/// A text from standard input has no folder.
#[test]
fn a_description_that_is_no_file_has_no_file_beside_it() {
    let folder = Folder::new();
    write(&folder);
    let mut command = folder.command(&["plan", "-"]);
    command.write_stdin(folder.read("model.json"));
    crate::run::Answer::of(&mut command).refused(2, &["which is no file itself"]);
}

#[test]
fn opaque_elements_stand_in_the_way_of_nothing_but_themselves() {
    let folder = Folder::new();
    let net = |dtype: &str, class: &str| {
        json!({"class": class, "params": [{"name": "weight", "dtype": dtype, "shape": [2, 2]}]})
            .to_string()
    };
    for dtype in ["complex64", "torch.complex64", "quint8", "float8_e5m2", "opaque"] {
        folder.write("model.json", net(dtype, "Linear"));
        let plan = folder.done(&["plan", "model.json"]).stdout;
        assert!(plan.contains(dtype.trim_start_matches("torch.")), "{plan}");
        let answer = folder.run(&["init", "model.json", "--out", "m.safetensors"]);
        answer.refused(2, &["weight", dtype.trim_start_matches("torch.")]);
    }
    // Zero is no bit at all.
    folder.write("model.json", net("complex64", "Net"));
    let file = folder.init("m.safetensors", &["--unknown", "zeros"]);
    assert_eq!(tensor(&file, "weight"), [0; 32]);
    folder
        .run(&["init", "model.json", "--out", "m.safetensors", "--unknown", "ones"])
        .refused(2, &["complex64"]);
    // Safetensors has no such type.
    folder.write("model.json", net("complex128", "Net"));
    folder
        .run(&["init", "model.json", "--out", "m.safetensors", "--unknown", "zeros"])
        .refused(2, &["complex128", "are not stored in safetensors"]);
    folder.write("model.json", net("float23", "Net"));
    folder.run(&["plan", "model.json"]).refused(2, &["'float23' is no element type"]);
}

#[test]
fn tied_buffers_stand_once() {
    let folder = Folder::new();
    let tied = |target| {
        json!({"class": "Net", "children": [
            {"name": "a", "class": "BatchNorm1d", "buffers": [{"name": "running_var", "shape": [2]}]},
            {"name": "b", "class": "Mask", "buffers": [{"name": "mask", "same_as": target}]},
            {"name": "c", "same_as": "a"}]})
        .to_string()
    };
    folder.write("model.json", tied("a.running_var"));
    let file = folder.init("m.safetensors", &[]);
    let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&file[8..8 + length]).unwrap();
    assert_eq!(header["__metadata__"]["b.mask"], "a.running_var");
    assert_eq!(header["__metadata__"]["c.running_var"], "a.running_var");
    assert!(header["b.mask"].is_null() && header["a.running_var"].is_object(), "{header}");
    folder.done(&["verify", "model.json", "m.safetensors"]);
    folder.write("model.json", tied("a.runing_var"));
    folder.run(&["plan", "model.json"]).refused(2, &["did you mean 'a.running_var'?"]);
}
