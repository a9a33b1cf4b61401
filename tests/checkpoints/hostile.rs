//! Files that lie, or mean harm: each is refused with its cause, and nothing of it is executed.

use std::fs;
use std::path::Path;

use weight_init::checkpoint::StateDict;

use crate::forge::{
    Entry, Forged, call, global, int, legacy, npy, pickle, pth, state_dict, text, tuple, zip,
};

/// What opening a file of these bytes says, or reading all of its tensors.
fn verdict(name: &str, bytes: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    read_all(&path)
}

fn read_all(path: &Path) -> Result<(), String> {
    let dict = StateDict::open(path).map_err(|error| error.to_string())?;
    for (position, tensor) in dict.tensors().iter().enumerate() {
        let elements: u64 = tensor.shape().iter().product();
        let mut bytes = vec![0; (elements.min(10_000) * tensor.dtype().bits() / 8) as usize];
        dict.read_at(position, 0, &mut bytes).map_err(|error| error.to_string())?;
    }
    Ok(())
}

#[track_caller]
fn refused(name: &str, bytes: &[u8], part: &str) {
    match verdict(name, bytes) {
        Ok(()) => panic!("taken, where '{part}' should be said"),
        Err(message) => assert!(message.contains(part), "'{part}' is not in: {message}"),
    }
}

const GOOD: Forged<'static> = Forged { elements: 6, offset: 0, shape: &[2, 3], strides: &[3, 1] };

#[test]
fn forged_files_are_taken_when_nothing_is_wrong_with_them() {
    assert_eq!(verdict("a.pth", &pth(&state_dict(&GOOD.bytes()), &[0; 24])), Ok(()));
    let keys = pickle(&[b"]", &text("0"), b"a"]);
    let storages = [6_u64.to_le_bytes().as_slice(), &[0; 24]].concat();
    assert_eq!(verdict("a.pth", &legacy(&state_dict(&GOOD.bytes()), &keys, &storages)), Ok(()));
    let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", &[0; 24]);
    assert_eq!(verdict("a.npz", &zip(&[Entry::deflated("w.npy", &array)], None)), Ok(()));
}

#[test]
fn no_global_but_those_of_tensors_is_known() {
    let args = [text("touch pwned")];
    for (module, name) in [
        ("os", "system"),
        ("posix", "system"),
        ("nt", "system"),
        ("os", "popen"),
        ("subprocess", "Popen"),
        ("subprocess", "check_output"),
        ("builtins", "eval"),
        ("builtins", "exec"),
        ("__builtin__", "eval"),
        ("builtins", "getattr"),
        ("builtins", "__import__"),
        ("builtins", "open"),
        ("builtins", "compile"),
        ("importlib", "import_module"),
        ("runpy", "_run_code"),
        ("pickle", "loads"),
        ("marshal", "loads"),
        ("operator", "attrgetter"),
        ("functools", "partial"),
        ("types", "FunctionType"),
        ("torch", "load"),
        ("torch.hub", "load"),
        ("torch.jit", "load"),
        ("torch._utils", "_rebuild_xla_tensor"),
        ("torch.storage", "_load_from_bytes"),
        ("numpy.core.multiarray", "scalar"),
        ("webbrowser", "open"),
        ("argparse", "Namespace"),
        ("collections", "namedtuple"),
        ("torch", "QInt8Storage"),
        ("", ""),
    ] {
        let says =
            format!("it names '{module}.{name}'; only tensors and plain containers are read");
        let program = pickle(&[&call(module, name, &args)]);
        refused("a.pth", &pth(&program, &[]), &says);
        refused("a.pth", &legacy(&program, &[], &[]), &says);
        let stacked = pickle(&[&text(module), &text(name), b"\x93", &tuple(&args), b"R"]);
        refused("a.pth", &pth(&stacked, &[]), &says);
        let object = [b"(i".as_slice(), module.as_bytes(), b"\n", name.as_bytes(), b"\n"].concat();
        refused("a.pth", &pth(&pickle(&[&object]), &[]), &says);
    }
    assert!(!Path::new("pwned").exists());
}

#[test]
fn calls_that_make_no_tensor_are_refused() {
    let ordered = global("collections", "OrderedDict");
    let hooks = [ordered.as_slice(), b")R"].concat();
    for (program, part) in [
        // What a call has made is called in turn.
        (vec![hooks.as_slice(), b")R"], "it calls a dict"),
        (vec![text("a").as_slice(), b")R"], "it calls a text"),
        (vec![ordered.as_slice(), b"NR"], "no tuple of arguments"),
        (vec![ordered.as_slice(), b"(NNtR"], "arguments that it does not take"),
        (vec![ordered.as_slice(), b"(]K\x01atR"], "not made of pairs"),
        (vec![ordered.as_slice(), b")\x81"], "makes an object by its class"),
        (vec![ordered.as_slice(), b")}\x92"], "makes an object by its class"),
        (vec![b"(".as_slice(), ordered.as_slice(), b"o"], "makes an object by its class"),
        (vec![b")}b".as_slice()], "attributes are set on a tuple"),
        (vec![b"\x82\x01".as_slice()], "0x82 is no instruction"),
        (vec![b"\x97".as_slice()], "0x97 is no instruction"),
        (vec![b"P0\n".as_slice()], "by a line of text"),
        (vec![text("storage").as_slice(), b"Q"], "not that of a storage"),
        (vec![&call("torch._utils", "_rebuild_tensor_v2", &[]) as &[u8]], "does not take"),
        (
            vec![&call(
                "torch._utils",
                "_rebuild_tensor_v2",
                &[text("a"), int(0), tuple(&[]), tuple(&[])],
            ) as &[u8]],
            "made of a text, not of a storage",
        ),
    ] {
        refused("a.pth", &pth(&pickle(&program), &[]), part);
    }
}

#[test]
fn broken_pickles_are_refused_where_they_break() {
    let deep = [b"(".repeat(200_000), b"t".repeat(200_000)].concat();
    for (program, part) in [
        (b"h\x07".to_vec(), "value 7 is fetched before it was kept"),
        (b"0".to_vec(), "from the empty stack"),
        (b"q\0".to_vec(), "the stack is empty"),
        (b"}(Nu".to_vec(), "a key without a value"),
        (b"]NNs".to_vec(), "set in what is no dict"),
        (b"}Na".to_vec(), "no list"),
        (b"NNa".to_vec(), "appended to None"),
        (b"t".to_vec(), "needs a mark"),
        (b"(NN0000".to_vec(), "from the empty stack"),
        (b"\x80\x09".to_vec(), "protocol 9"),
        (b"pnothing\n".to_vec(), "is none"),
        ([b"\x8d".as_slice(), &(1_u64 << 60).to_le_bytes()].concat(), "it is cut off"),
        ([b"X".as_slice(), &(1_u32 << 31).to_le_bytes()].concat(), "it is cut off"),
        ([b"\x8b".as_slice(), &u32::MAX.to_le_bytes()].concat(), "it is cut off"),
        ([b"\x8e".as_slice(), &u64::MAX.to_le_bytes()].concat(), "it is cut off"),
        ([b"\x95".as_slice(), &u64::MAX.to_le_bytes()].concat(), "it is cut off"),
        ([b"c".as_slice(), &b"a".repeat(2000)].concat(), "a line has more than"),
        (b"N".to_vec(), "the file holds None"),
        (b"]".to_vec(), "the file holds a list"),
        (b"(lp0\nh\0a".to_vec(), "the file holds a list"),
        (deep, "the file holds a tuple"),
        (GOOD.bytes(), "the file holds a tensor"),
        (
            [b"}".as_slice(), &text("epoch"), b"K\x01s"].concat(),
            "a dict without tensors; its keys: epoch",
        ),
    ] {
        refused("a.pth", &pth(&pickle(&[&program]), &[0; 24]), part);
    }
    refused("a.pth", &pth(b"\x80\x02}", &[]), "it is cut off");
    refused("a.pth", &pth(b"", &[]), "it is cut off");
}

#[test]
fn tensors_that_reach_beyond_their_storage_are_refused() {
    let of = |elements, offset, shape, strides| Forged { elements, offset, shape, strides };
    for (tensor, part) in [
        (of(6, 1, &[2, 3], &[3, 1]), "reaches beyond the 24 bytes"),
        (of(6, 0, &[3, 3], &[3, 1]), "reaches beyond the 24 bytes"),
        (of(6, 0, &[2, 3], &[4, 1]), "reaches beyond the 24 bytes"),
        (of(6, i64::MAX, &[1], &[1]), "reaches beyond"),
        (of(6, 0, &[2, 2], &[i64::MAX, i64::MAX]), "reaches beyond"),
        (of(6, 0, &[i64::MAX], &[1]), "more bytes than this machine can count"),
        (of(6, 0, &[1 << 40, 1 << 40], &[0, 0]), "more bytes than this machine can count"),
        (of(6, -1, &[1], &[1]), "begins -1 elements"),
        (of(6, 0, &[-1], &[1]), "is -1"),
        (of(6, 0, &[2], &[-1]), "is -1"),
        (of(6, 0, &[2, 3], &[1]), "2 dimensions, but 1 strides"),
        (of(-6, 0, &[1], &[1]), "negative size"),
        (of(7, 0, &[1], &[1]), "said to have 7 elements of 4 bytes, but 24 bytes"),
        (of(i64::MAX, 0, &[1], &[1]), "but 24 bytes are there"),
        (of(6, 0, &[1; 65], &[1; 65]), "65 dimensions"),
    ] {
        refused("a.pth", &pth(&state_dict(&tensor.bytes()), &[0; 24]), part);
    }
    let elsewhere = zip(&[Entry::stored("net/data.pkl", &state_dict(&GOOD.bytes()))], None);
    refused("a.pth", &elsewhere, "its storage, 'net/data/0', is not in the file");
}

#[test]
fn zip_files_that_lie_are_refused() {
    let good = Entry::stored("net/data.pkl", &state_dict(&GOOD.bytes()));
    let storage = Entry::stored("net/data/0", &[0; 24]);
    let with = |entry: Entry| zip(&[good.clone(), entry], None);
    for name in ["../../etc/passwd", "/etc/passwd", "C:evil", "a\\..\\b", "net/../../x", "nul\0"] {
        let entry = Entry::stored(name, b"x");
        refused(
            "a.pth",
            &zip(&[good.clone(), storage.clone(), entry], None),
            "leads out of the archive",
        );
    }
    let of = |change: &dyn Fn(&mut Entry)| {
        let mut entry = storage.clone();
        change(&mut entry);
        with(entry)
    };
    refused("a.pth", &of(&|e| e.crc32 ^= 1), "its check sum is");
    refused("a.pth", &of(&|e| e.len = 25), "stored with 24 bytes, but said to have 25");
    refused("a.pth", &of(&|e| e.flags = 1), "it is encrypted");
    refused("a.pth", &of(&|e| e.method = 12), "neither stored nor deflated");
    refused("a.pth", &of(&|e| e.method = 8), "net/data/0");
    refused("a.pth", &of(&|e| e.offset = Some(0)), "its bytes are also those of");
    refused("a.pth", &of(&|e| e.offset = Some(1 << 30)), "net/data/0");
    refused("a.pth", &of(&|e| (e.method, e.len) = (8, u32::MAX)), "which cannot be");
    refused("a.pth", &of(&|e| e.name = "net/data.pkl".into()), "it stands there twice");
    refused("a.pth", &of(&|e| e.name = "other/data.pkl".into()), "more than one 'data.pkl'");
    refused("a.pth", &of(&|e| e.name = "net/constants.pkl".into()), "TorchScript");
    refused("a.pth", &of(&|e| e.name = "net/byteorder".into()), "at most 16 are right");
    refused("a.pth", &of(&|e| e.name = "n".repeat(5000)), "name has 5000 bytes");
    refused("a.pth", &with(Entry::stored("net/byteorder", b"mixed")), "neither 'little' nor 'big'");
    refused("a.pth", &zip(&[good.clone(), storage.clone()], Some(3)), "it says it has 3");
    refused("a.pth", &zip(&[good.clone(), storage.clone()], Some(1)), "it says it has 1");
    refused("a.pth", &zip(std::slice::from_ref(&storage), None), "no 'data.pkl'");
    refused("a.pth", &zip(&[], None), "no 'data.pkl'");
    refused("a.pth", b"PK\x03\x04", "it is broken");
    // Deflated bytes that go on after what they are said to be, or end before.
    let mut longer = Entry::deflated("net/data/0", &[0; 4096]);
    longer.len = 24;
    refused("a.pth", &with(longer), "its check sum is");
    let mut shorter = Entry::deflated("net/data/0", &[0; 8]);
    shorter.len = 24;
    refused("a.pth", &with(shorter), "it has 8 bytes, but is said to have 24");
}

#[test]
fn the_check_sum_of_the_description_counts() {
    let program = state_dict(&GOOD.bytes());
    for entry in
        [Entry::stored("net/data.pkl", &program), Entry::deflated("net/data.pkl", &program)]
    {
        let with = |change: &dyn Fn(&mut Entry)| {
            let mut entry = entry.clone();
            change(&mut entry);
            zip(&[entry, Entry::stored("net/data/0", &[0; 24])], None)
        };
        assert_eq!(verdict("a.pth", &with(&|_| ())), Ok(()));
        refused("a.pth", &with(&|e| e.crc32 ^= 1), "its check sum is");
    }
    // Bytes behind the end of the pickle count as well.
    let mut longer = Entry::stored("net/data.pkl", &[program.as_slice(), &[0; 100_000]].concat());
    let good = longer.clone();
    longer.data[program.len() + 99_000] = 1;
    let with = |entry| zip(&[entry, Entry::stored("net/data/0", &[0; 24])], None);
    assert_eq!(verdict("a.pth", &with(good)), Ok(()));
    refused("a.pth", &with(longer), "its check sum is");
}

#[test]
fn a_file_that_is_no_checkpoint_is_not_shown() {
    let secret = "s3cret";
    for text in [
        "s3cret\n",
        "root:s3cret:20000:0:99999:7:::\n",
        "12345678{s3cret}",
        "12345678{\"s3cret\":1}\n",
        "{\"s3cret\": \"s3cret\"}",
        "{\"weight_map\": \"s3cret\"}",
        "[\"s3cret\"]",
        "-----BEGIN PRIVATE KEY-----\ns3cret",
    ] {
        for name in ["shadow", "a.pth", "a.json", "a.index.json", "a.safetensors"] {
            let message = verdict(name, text.as_bytes()).unwrap_err();
            // Not as a number of eight bytes either.
            let number = text
                .get(..8)
                .map_or(0, |start| u64::from_le_bytes(start.as_bytes().try_into().unwrap()));
            let message = message.split_once('`').unwrap().1.split_once('`').unwrap().1;
            assert!(!message.contains(secret), "{name}: {message}");
            assert!(number == 0 || !message.contains(&number.to_string()), "{name}: {message}");
            assert!(
                !message.contains(&text.len().to_string()) || text.len() < 8,
                "{name}: {message}"
            );
        }
    }
}

#[test]
fn arrays_that_lie_are_refused() {
    let of = |header: &str, data: &[u8]| zip(&[Entry::stored("w.npy", &npy(header, data))], None);
    let shape = |descr: &str, shape: &str| {
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}")
    };
    for (header, part) in [
        (shape("|O", "(1,)"), "objects are pickles"),
        (shape("<U4", "(1,)"), "elements of type '<U4'"),
        (shape("<f4", "(7,)"), "does not have the 24 bytes"),
        (
            shape("<f4", "(18446744073709551615, 18446744073709551615)"),
            "does not have the 24 bytes",
        ),
        (shape("<f4", "(99999999999999999999999,)"), "no number"),
        (shape("<f4", "(-6,)"), "no number"),
        (shape("<f4", &format!("({})", "1,".repeat(80))), "64 dimensions"),
        (shape("<f4", "(6 7)"), "where ')' must be"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}".to_owned(), "records"),
        ("{'descr': __import__('os'), 'shape': (6,)}".to_owned(), "must be"),
        ("(".repeat(60_000), "where '{' must be"),
        ("{'shape': (6,)}".to_owned(), "lacks 'descr'"),
    ] {
        refused("a.npz", &of(&header, &[0; 24]), part);
    }
    refused("a.npz", &zip(&[Entry::stored("w.npy", b"\x93NUMPY\x09\0")], None), "not known");
    refused(
        "a.npz",
        &zip(&[Entry::stored("w.npy", b"\x93NUM")], None),
        "it ends within its header",
    );
    refused(
        "a.npz",
        &zip(&[Entry::stored("w.npy", b"anything else")], None),
        "does not begin as one",
    );
    let long = [b"\x93NUMPY\x02\0".as_slice(), &u32::MAX.to_le_bytes()].concat();
    refused("a.npz", &zip(&[Entry::stored("w.npy", &long)], None), "longer than that of any array");
}

#[test]
fn files_of_the_older_format_that_lie_are_refused() {
    let keys = pickle(&[b"]", &text("0"), b"a"]);
    let good = state_dict(&GOOD.bytes());
    let count = |count: u64| [count.to_le_bytes().as_slice(), &[0; 24]].concat();
    for (file, part) in [
        (legacy(&good, &keys, &count(7)), "it is cut off"),
        (legacy(&good, &keys, &count(u64::MAX)), "it is cut off"),
        (legacy(&good, &keys, &count(5)), "but 20 bytes are there"),
        (legacy(&good, &keys, &[0; 7]), "it is cut off before storage '0'"),
        (legacy(&good, &pickle(&[b"]"]), &[]), "its storage, '0', is not in the file"),
        (
            legacy(&good, &pickle(&[b"]", &text("1"), b"a"]), &count(6)),
            "no tensor is said to lie in it",
        ),
        (legacy(&good, &pickle(&[b"]K\x01a"]), &count(6)), "the key of a storage is no text"),
        (legacy(&good, &pickle(&[b"N"]), &[]), "its list of storages is none"),
        (pickle(&[b"}"]), "a pickle of a dict, not a file that torch.save has written"),
        (
            [b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.".as_slice(), b"\x80\x02K\x01."].concat(),
            "another version",
        ),
    ] {
        refused("a.pth", &file, part);
    }
}

#[test]
fn indices_that_lie_are_refused() {
    for (index, part) in [
        (r#"{"weight_map": {"a": "../evil.safetensors"}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": "/etc/passwd"}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": ""}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": "a.index.json"}}"#, "it is an index"),
        (r#"{"weight_map": {"a": "C:evil.bin"}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": "CON"}}"#, "it is a device"),
        (r#"{"weight_map": {"a": ".."}}"#, "its files lie beside it"),
        (r#"{"weight_map": {"a": "absent.safetensors"}}"#, "absent.safetensors"),
        (r#"{"weight_map": {"a": 3}}"#, "no index of a checkpoint"),
        (r#"{"weights": {}}"#, "an object whose 'weight_map' gives each tensor a file"),
    ] {
        refused("a.index.json", index.as_bytes(), part);
    }
    refused("a.index.json", &b"{\"a\":".repeat(100_000), "no index of a checkpoint");
    let folder = tempfile::tempdir().unwrap();
    let array = npy("{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", &[0; 24]);
    fs::write(folder.path().join("part.npz"), zip(&[Entry::stored("w.npy", &array)], None))
        .unwrap();
    let index = folder.path().join("a.index.json");
    fs::write(&index, r#"{"weight_map": {"w": "part.npz"}}"#).unwrap();
    assert_eq!(read_all(&index), Ok(()));
    fs::write(&index, r#"{"weight_map": {"w": "part.npz", "v": "part.npz"}}"#).unwrap();
    assert!(read_all(&index).unwrap_err().contains("holds 'v', but it does not"));
}

/// The files of real libraries, with their names.
fn samples() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/checkpoints");
    let names = [
        "views.pth",
        "views_legacy.pth",
        "views_deflated.pth",
        "arrays_compressed.npz",
        "dtypes.safetensors",
    ];
    names.map(|name| (name.to_owned(), fs::read(folder.join(name)).unwrap())).to_vec()
}

#[test]
fn what_is_cut_off_anywhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in samples() {
        for len in 0..bytes.len() {
            let path = folder.path().join(&name);
            fs::write(&path, &bytes[..len]).unwrap();
            assert!(read_all(&path).is_err(), "{name}, {len} bytes");
        }
    }
}

#[test]
fn a_flipped_bit_is_an_error_or_another_value_but_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let mut refusals = 0;
    for (name, bytes) in samples() {
        // Every byte, one bit of it.
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << (at % 8);
            let path = folder.path().join(&name);
            fs::write(&path, bytes).unwrap();
            refusals += usize::from(read_all(&path).is_err());
        }
    }
    assert!(refusals > 5000, "{refusals}");
}
