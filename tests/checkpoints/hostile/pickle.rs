//! Pickles that name what is to be run, or break.

use std::path::Path;

use super::{GOOD, refused, verdict};
use crate::forge::{call, global, int, legacy, pickle, pth, text, tuple};

/// Functions that do harm, and classes that tensors need not.
const GLOBALS: [(&str, &str); 31] = [
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
];

#[test]
fn nothing_is_run_and_a_model_that_is_an_object_is_refused_with_its_class() {
    let keys = pickle(&[b"]"]);
    for (module, name) in GLOBALS {
        for object in objects(module, name) {
            let says = if module == "torch" && name.ends_with("Storage") {
                "the file holds bytes or a special number".to_owned()
            } else {
                format!("the file holds an object of '{module}.{name}'; nothing in a file is run")
            };
            refused("a.pth", &pth(&pickle(&[&object]), &[]), &says);
            refused("a.pth", &legacy(&pickle(&[&object]), &keys, &[]), &says);
        }
    }
    assert!(!Path::new("pwned").exists());
}

#[test]
fn what_is_beside_the_weights_refuses_nothing() {
    let keys = pickle(&[b"]", &text("0"), b"a"]);
    let storages = [6_u64.to_le_bytes().as_slice(), &[0; 24]].concat();
    for (module, name) in GLOBALS {
        for object in objects(module, name) {
            let beside = [
                b"}".as_slice(),
                &text("meta"),
                &object,
                b"s",
                &text("state_dict"),
                b"}",
                &text("w"),
                &GOOD.bytes(),
                b"s",
                &text("object"),
                &object,
                b"ss",
            ]
            .concat();
            assert_eq!(verdict("a.pth", &pth(&pickle(&[&beside]), &[0; 24])), Ok(()));
            let legacy = legacy(&pickle(&[&beside]), &keys, &storages);
            assert_eq!(verdict("a.pth", &legacy), Ok(()), "{module}.{name}");
        }
    }
    assert!(!Path::new("pwned").exists());
}

/// Objects of a class, or results of a function, as pickles make them.
fn objects(module: &str, name: &str) -> Vec<Vec<u8>> {
    let args = tuple(&[text("touch pwned")]);
    let class = global(module, name);
    let stacked = [&text(module), &text(name), b"\x93".as_slice()].concat();
    let pieces: [&[&[u8]]; 8] = [
        &[&class, &args, b"R"],
        &[&stacked, &args, b"R"],
        // By __new__, with attributes, items and values.
        &[&class, &args, b"\x81}", &text("a"), b"K\x01sb"],
        &[&class, &args, b"}\x92}b"],
        &[b"(", &class, &text("touch pwned"), b"o}", &text("a"), b"K\x01sb"],
        &[b"(", &text("touch pwned"), b"i", module.as_bytes(), b"\n", name.as_bytes(), b"\n"],
        &[&class, &args, b"R(", &text("a"), b"K\x01u"],
        // The result of the call is called in turn.
        &[&class, &args, b"R(K\x01K\x02e", &args, b"R"],
    ];
    // The instructions that set items and append values are for objects of unknown classes alone.
    let known = module == "torch" && name.ends_with("Storage");
    pieces.iter().take(if known { 2 } else { 8 }).map(|pieces| pieces.concat()).collect()
}

#[test]
fn calls_that_make_no_tensor_are_refused() {
    let ordered = global("collections", "OrderedDict");
    let hooks = [ordered.as_slice(), b")R"].concat();
    for (program, part) in [
        // The object that a call has made is called in turn.
        (vec![hooks.as_slice(), b")R"], "it calls a dict"),
        (vec![text("a").as_slice(), b")R"], "it calls a text"),
        (vec![ordered.as_slice(), b"NR"], "no tuple of arguments"),
        (vec![ordered.as_slice(), b"(NNtR"], "arguments that it does not take"),
        (vec![ordered.as_slice(), b"(]K\x01atR"], "not made of pairs"),
        (vec![text("a").as_slice(), b")\x81"], "it calls a text"),
        (vec![text("a").as_slice(), b")}\x92"], "it calls a text"),
        (vec![b"(".as_slice(), b"No"], "it calls None"),
        (vec![b"(o".as_slice()], "an object of no class"),
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
