//! State dicts in files that hold more: which is taken, and what is said of what is no tensor.

use std::fs;

use weight_init::checkpoint::{CheckpointError, NestedDict, Problem, StateDict, Unread};

use crate::forge::{Entry, Forged, call, npy, pickle, pth, text, tuple, zip};

const MATRIX: Forged<'static> = Forged { elements: 6, offset: 0, shape: &[2, 3], strides: &[3, 1] };
const NUMBER: Forged<'static> = Forged { elements: 6, offset: 0, shape: &[], strides: &[] };

fn open(bytes: &[u8], key: Option<&str>) -> Result<StateDict, CheckpointError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pth");
    fs::write(&path, bytes).unwrap();
    StateDict::open_key(&path, key)
}

/// A PyTorch file of this value.
fn file(value: &[u8]) -> Vec<u8> {
    pth(&pickle(&[value]), &[0; 24])
}

fn dict(items: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let items = items.iter().map(|(key, value)| [text(key).as_slice(), value, b"s"].concat());
    [b"}".to_vec(), items.collect::<Vec<_>>().concat()].concat()
}

/// A state dict with a tensor of this name.
fn weights(name: &str) -> Vec<u8> {
    dict(&[(name, MATRIX.bytes())])
}

fn names(dict: &StateDict) -> Vec<&str> {
    dict.tensors().iter().map(|tensor| tensor.name()).collect()
}

#[track_caller]
fn found(value: &[u8], key: Option<&str>, tensor: &str) {
    let dict = open(&file(value), None).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((dict.key(), names(&dict)), (key, vec![tensor]));
}

#[track_caller]
fn refused(value: &[u8], key: Option<&str>, parts: &[&str]) {
    let message = open(&file(value), key).unwrap_err().to_string();
    parts.iter().for_each(|part| assert!(message.contains(part), "{part}: {message}"));
}

#[test]
fn what_mmengine_takes_is_taken() {
    let both =
        [("state_dict", weights("a")), ("model", weights("b")), ("ema_state_dict", weights("c"))];
    found(&dict(&both), Some("state_dict"), "a");
    found(&weights("a"), None, "a");
    // A state dict may hold numbers and dicts beside tensors.
    let mixed =
        [("a", MATRIX.bytes()), ("version", b"K\x01".to_vec()), ("_extra_state", dict(&[]))];
    found(&dict(&mixed), None, "a");
    assert!(open(&file(&dict(&[("state_dict", dict(&[]))])), None).unwrap().tensors().is_empty());
}

#[test]
fn a_state_dict_under_another_key_is_found() {
    let epoch = || ("epoch", b"K\x03".to_vec());
    for key in ["model", "model_state", "net", "ema", "params", "generator"] {
        found(&dict(&[epoch(), (key, weights("a"))]), Some(key), "a");
    }
    found(&dict(&[("trainer", dict(&[("net", weights("a"))]))]), Some("trainer.net"), "a");
    // The states of optimizers and random numbers, and figures, are none.
    let others = [
        ("optimizer", dict(&[("state", weights("m"))])),
        ("lr_scheduler", weights("s")),
        ("grad_scaler", weights("s")),
        ("metrics", dict(&[("accuracy", NUMBER.bytes())])),
        ("rng_state", MATRIX.bytes()),
        epoch(),
        ("net", weights("a")),
    ];
    found(&dict(&others), Some("net"), "a");
    // 'model' goes before others.
    found(&dict(&[("ema", weights("b")), ("model", weights("a"))]), Some("model"), "a");
}

#[test]
fn several_state_dicts_are_listed_and_a_key_names_one() {
    let value = dict(&[("g", weights("a")), ("d", weights("b")), ("g.ema", weights("c"))]);
    let error = open(&file(&value), None).unwrap_err();
    let CheckpointError::Content { problem: Problem::SeveralStateDicts { found }, .. } = &error
    else {
        panic!("{error}")
    };
    assert_eq!(found.iter().map(NestedDict::key).collect::<Vec<_>>(), ["g", "d", "g.ema"]);
    let message = error.to_string();
    assert!(message.contains("'g' (1 tensors), 'd' (1 tensors)"), "{message}");
    assert!(message.contains("--checkpoint-key KEY, or key='KEY' in the rule"), "{message}");
    for (key, tensor) in [("g", "a"), ("d", "b"), ("g.ema", "c")] {
        let dict = open(&file(&value), Some(key)).unwrap();
        assert_eq!((dict.key(), names(&dict)), (Some(key), vec![tensor]));
        assert_eq!(dict.state_dicts().len(), 3);
    }
    let nested = dict(&[("models", [b"(", weights("a").as_slice(), &weights("b"), b"l"].concat())]);
    assert_eq!(names(&open(&file(&nested), Some("models.1")).unwrap()), ["b"]);
}

#[test]
fn a_key_that_leads_nowhere_says_what_is_there() {
    let value = dict(&[("model_state", weights("a")), ("epoch", b"K\x03".to_vec())]);
    refused(
        &value,
        Some("model_stat"),
        &["its keys: model_state, epoch", "did you mean 'model_state'?"],
    );
    refused(&value, Some("epoch"), &["'epoch' is a whole number"]);
    refused(&value, Some("model_state.b"), &["'model_state' has no 'b'"]);
    refused(&value, Some("model_state.a"), &["'model_state.a' is a tensor"]);
    let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", &[0; 24]);
    let message = open(&zip(&[Entry::stored("w.npy", &array)], None), Some("w")).unwrap_err();
    assert!(message.to_string().contains("a NumPy npz file holds tensors alone"), "{message}");
}

#[test]
fn a_state_dict_that_is_an_object_is_refused_with_its_class() {
    let object = call("models.yolo", "Model", &[text("s")]);
    for parts in [
        ("state_dict", "its 'state_dict' is an object of 'models.yolo.Model'"),
        ("model", "its keys: model (an object of 'models.yolo.Model')"),
    ] {
        let value = dict(&[(parts.0, object.clone())]);
        refused(
            &value,
            None,
            &[parts.1, "nothing in a file is run", "torch.save(model.state_dict(), FILE)"],
        );
    }
    let value = dict(&[("ema", object)]);
    refused(&value, Some("ema"), &["'ema' is an object of 'models.yolo.Model'"]);
    refused(&value, Some("ema.w"), &["'ema' has no 'w'; it is an object of 'models.yolo.Model'"]);
}

#[test]
fn what_is_no_tensor_is_told() {
    let value = dict(&[
        ("w", MATRIX.bytes()),
        ("scalar", call("numpy.core.multiarray", "scalar", &[text("f8")])),
        ("raw", b"C\x02ab".to_vec()),
        ("none", b"N".to_vec()),
    ]);
    let dict = open(&file(&value), None).unwrap();
    let unread: Vec<_> = dict.unread().iter().map(|u| (Unread::name(u), Unread::what(u))).collect();
    let expected = [
        ("scalar", "an object of 'numpy.core.multiarray.scalar'"),
        ("raw", "bytes or a special number"),
    ];
    assert_eq!(unread, expected);

    let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", &[0; 24]);
    let header =
        |descr: &str| format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
    let entries = [
        Entry::stored("w.npy", &array),
        Entry::stored("labels.npy", &npy(&header("'<U3'"), &[0; 12])),
        Entry::stored("log.npy", &npy(&header("[('a', '<f4')]"), &[0; 4])),
        Entry::stored("objects.npy", &npy(&header("'|O'"), &[0; 4])),
        Entry::stored("README.md", b"words"),
        Entry { method: 12, ..Entry::stored("packed.bin", b"words") },
        Entry { method: 12, ..Entry::stored("packed.npy", &array) },
        Entry { flags: 1, ..Entry::stored("secret.npy", &array) },
        Entry::stored("folder/", b""),
        Entry::stored("words.npy", b"words and more"),
    ];
    let dict = open(&zip(&entries, None), None).unwrap();
    assert_eq!(names(&dict), ["w"]);
    let unread: Vec<_> =
        dict.unread().iter().map(|u| format!("{}: {}", u.name(), u.what())).collect();
    assert_eq!(
        unread,
        [
            "labels: an array with elements of type '<U3'",
            "log: an array of records",
            "objects: an array with elements of type '|O'; objects are pickles, which are not run",
            "README.md: a file that is no array",
            "packed.bin: a file that is no array",
            "packed: an array that cannot be read: it is neither stored nor deflated; other compressions are not read",
            "secret: an array that cannot be read: it is encrypted",
            "words: no array: it does not begin as one",
        ]
    );
}

/// Keys and classes that are named again and again cost what they take in the file.
#[test]
fn long_names_are_looked_at_once() {
    let long = "k".repeat(1 << 20);
    let keep = |number: u8| vec![b'q', number];
    let mut program = [text(&long).as_slice(), &keep(0), b"0"].concat();
    program.extend([b"}q\x02(".as_slice(), &text("a"), &MATRIX.bytes(), b"q\x01"].concat());
    // The same key with a tensor, and with a dict that holds one, a hundred thousand times.
    program.extend(b"h\0h\x01".repeat(100_000));
    program.extend([b"h\0}h\0h\x01s".as_slice()].concat().repeat(20_000));
    program.extend(b"u");
    let start = std::time::Instant::now();
    let opened = open(&file(&program), None);
    assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    assert_eq!(names(&opened.unwrap()), ["a"]);
    // A storage whose key is a long text.
    let storage = [&text("storage"), &crate::forge::global("torch", "FloatStorage"), &text(&long)];
    let id = [
        tuple(&[storage.map(Vec::as_slice).concat(), text("cpu"), b"K\x06".to_vec()]),
        b"Q".to_vec(),
    ];
    refused(&dict(&[("w", id.concat())]), None, &["the key of a storage has 1048576 bytes"]);
}
