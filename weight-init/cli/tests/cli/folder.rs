//! `init --out DIR`: a folder as Hugging Face's, written by any number of processes, there only when it is whole.

use std::fs;

use serde_json::Value;

use crate::run::{Answer, Folder, MODEL};

impl Folder {
    /// `init model.json --out net`, in files of at most 500 bytes.
    fn init_folder(&self, args: &[&str]) -> Answer {
        self.run(
            &[&["init", "model.json", "--out", "net", "--max-shard-size", "500"], args].concat(),
        )
    }

    /// The names and contents of `net`.
    pub(crate) fn files_of(&self, dir: &str) -> Vec<(String, Vec<u8>)> {
        let entries = fs::read_dir(self.path(dir)).unwrap();
        let mut files: Vec<_> = entries
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())
            })
            .collect();
        files.sort();
        files
    }
}

#[test]
fn a_folder_is_read_whole_by_verify_inspect_and_pretrained() {
    let folder = Folder::new();
    let answer = folder.init_folder(&["--seed", "42"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert!(
        answer.stderr.starts_with("wrote net: 8 parameters and 3 buffers, 3 files, 0.0 MB, in "),
        "{answer:?}"
    );
    let names: Vec<_> = folder.files_of("net").into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "model-00001-of-00003.safetensors",
            "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors",
            "model.safetensors.index.json",
            "weight_init.manifest.json"
        ]
    );
    assert_eq!(folder.files(), ["model.json", "net"]);

    for path in ["net", "net/", "net/model.safetensors.index.json"] {
        let answer = folder.done(&["verify", "model.json", path]);
        assert!(
            answer.stdout.contains("all 11 tensors") && answer.stdout.contains("seed 42"),
            "{answer:?}"
        );
    }
    let inspected = folder.done(&["inspect", "net", "--format", "json"]).json();
    assert_eq!(inspected["tensors"].as_array().unwrap().len(), 11);

    // The same numbers as in one file, loaded from the folder.
    let one = folder.init("one.safetensors", &["--seed", "42"]);
    let rule = r#"{"type": "Pretrained", "checkpoint": "net"}"#;
    folder.write("rules.json", rule);
    folder.init("loaded.safetensors", &["--seed", "42", "--init-cfg", "rules.json", "--strict"]);
    let data = |bytes: &[u8]| {
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap());
        bytes[8 + usize::try_from(header).unwrap()..].to_vec()
    };
    assert!(data(&one) == data(&folder.read("loaded.safetensors")));
}

#[test]
fn verify_finds_what_is_wrong_in_any_file() {
    let folder = Folder::new();
    folder.init_folder(&["--seed", "42"]);
    let name = "net/model-00002-of-00003.safetensors";
    let right = folder.read(name);
    let mut bytes = right.clone();
    *bytes.last_mut().unwrap() ^= 1;
    folder.write(name, &bytes);
    let answer = folder.run(&["verify", "model.json", "net"]);
    assert!(answer.code == 1 && answer.stdout.contains("net: differs: "), "{answer:?}");
    // A file of another run, and one that the index does not know.
    folder.run(&[
        "init",
        "model.json",
        "--out",
        "other",
        "--max-shard-size",
        "500",
        "--seed",
        "43",
    ]);
    fs::copy(folder.path("other/model-00002-of-00003.safetensors"), folder.path(name)).unwrap();
    folder.run(&["verify", "model.json", "net"]).refused(2, &["name different recipes"]);
    folder.write(name, &right);
    let index = String::from_utf8(folder.read("net/model.safetensors.index.json")).unwrap();
    let shorter: Vec<_> = index.lines().filter(|line| !line.contains("\"bn1.bias\"")).collect();
    folder.write("net/model.safetensors.index.json", shorter.join("\n"));
    folder
        .run(&["verify", "model.json", "net"])
        .refused(2, &["holds 'bn1.bias', which it does not say"]);
    fs::remove_file(folder.path("net/model-00001-of-00003.safetensors")).unwrap();
    folder.run(&["verify", "model.json", "net"]).refused(3, &["model-00001-of-00003.safetensors"]);
}

#[test]
fn the_name_says_whether_a_file_or_a_folder_is_meant() {
    let folder = Folder::new();
    folder.done(&["init", "model.json", "--out", "llama-3.1"]);
    folder.done(&["init", "model.json", "--out", "file", "--layout", "single"]);
    folder.done(&["init", "model.json", "--out", "dir.safetensors", "--layout", "hf"]);
    for (name, is_dir) in [("llama-3.1", true), ("file", false), ("dir.safetensors", true)] {
        assert_eq!(folder.path(name).is_dir(), is_dir, "{name}");
    }
    // What is a file is replaced as one.
    folder.done(&["init", "model.json", "--out", "file"]);
    assert!(folder.path("file").is_file());
    for option in [["--max-shard-size", "5GB"], ["--ranks", "0/2"], ["--ranks", "auto"]] {
        let args = [&["init", "model.json", "--out", "m.safetensors"], &option[..]].concat();
        folder.run(&args).refused(2, &[option[0], "is about the files of a folder"]);
    }
    folder
        .run(&["init", "model.json", "--out", "d", "--max-shard-size", "5G"])
        .refused(2, &["5GB"]);
    folder.run(&["init", "model.json", "--out", "d", "--ranks", "4/4"]).refused(2, &["none is 4"]);
}

#[test]
fn every_rank_says_what_it_found_and_what_is_missing() {
    let folder = Folder::new();
    let rank = |rank: &str, world: &str| {
        let mut command =
            folder.command(&["init", "model.json", "--out", "net", "--max-shard-size", "500"]);
        Answer::of(command.env("RANK", rank).env("WORLD_SIZE", world))
    };
    let first = rank("1", "2");
    assert_eq!(first.code, 0, "{first:?}");
    let lines: Vec<_> = first.stderr.lines().collect();
    let found = "rank 1 of 2, by torchrun or the like (RANK and WORLD_SIZE)";
    assert_eq!(lines[0], found);
    assert!(lines[1].starts_with(&format!("{found}: wrote 2 of 3 files, ")), "{first:?}");
    assert!(
        lines[1].contains("into net.partial; files still missing: 1; net appears with the last"),
        "{first:?}"
    );
    assert_eq!(folder.files(), ["model.json", "net.partial"]);
    folder.run(&["verify", "model.json", "net.partial"]).refused(3, &[]);
    rank("2", "2").refused(2, &["RANK is 2, but there are 2 processes"]);
    let second = rank("0", "2");
    assert!(
        second.stderr.contains(
            "finished net: 8 parameters and 3 buffers, 3 files, of which this run wrote 1"
        ),
        "{second:?}"
    );
    let again = rank("0", "7");
    assert!(again.code == 0 && again.stderr.contains("net is there already, whole"), "{again:?}");
    // One file is not divided.
    let mut command = folder.command(&["init", "model.json", "--out", "m.safetensors"]);
    let answer = Answer::of(command.env("RANK", "3").env("WORLD_SIZE", "4"));
    assert!(answer.code == 0 && folder.path("m.safetensors").exists(), "{answer:?}");
}

#[test]
fn two_jobs_in_one_folder_are_refused() {
    let folder = Folder::new();
    folder.init_folder(&["--seed", "1", "--ranks", "0/2"]);
    let before = folder.files_of("net.partial");
    folder
        .init_folder(&["--seed", "2", "--ranks", "1/2"])
        .refused(2, &["net.partial", "its seed is 1"]);
    assert!(folder.files_of("net.partial") == before);
    assert_eq!(folder.files(), ["model.json", "net.partial"]);
    assert_eq!(folder.init_folder(&["--seed", "1"]).code, 0);
    let before = folder.files_of("net");
    folder
        .init_folder(&["--seed", "2"])
        .refused(2, &["`net`", "its seed is 1, and this run's is 2"]);
    assert!(folder.files_of("net") == before);
}

#[test]
fn a_model_of_another_dtype_is_another_folder() {
    let folder = Folder::new();
    assert_eq!(folder.init_folder(&["--dtype", "bf16"]).code, 0);
    folder.init_folder(&[]).refused(2, &["its --dtype is bfloat16, and this run's is left out"]);
    folder.done(&["verify", "model.json", "net", "--dtype", "bf16"]);
}

/// The files that `torch.distributed.checkpoint` reads: of one size, without an index.
#[test]
fn tensors_may_be_cut_between_rows() {
    let folder = Folder::new();
    let answer = folder.init_folder(&["--layout", "dcp"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let files = folder.files_of("net");
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "shard-00001-model-00001-of-00001.safetensors",
            "shard-00002-model-00001-of-00001.safetensors",
            "shard-00003-model-00001-of-00001.safetensors",
            "shard-00004-model-00001-of-00001.safetensors",
            "weight_init.manifest.json"
        ]
    );
    let second = String::from_utf8_lossy(&files[1].1);
    assert!(
        second.contains(r#""DCP_VERSION":"1.0""#)
            && second.contains(r#"\"saved_offsets\":[4,0,0,0]"#),
        "{second}"
    );
    folder.init_folder(&[]).refused(2, &["its layout is dcp, and this run's is hf"]);

    let answer = folder.done(&["verify", "model.json", "net"]);
    assert!(answer.stdout.contains("all 11 tensors are what model.json gives"), "{answer:?}");
    let verify = |says: &str| {
        let answer = folder.run(&["verify", "model.json", "net"]);
        assert!(answer.code == 1 && answer.stdout.contains(says), "{says}: {answer:?}");
    };
    let second = format!("net/{}", names[1]);
    let mut bytes = files[1].1.clone();
    *bytes.last_mut().unwrap() ^= 1;
    folder.write(&second, &bytes);
    verify("bn1.bias: element 0, at [0], expected 0.0");
    fs::copy(folder.path(&format!("net/{}", names[0])), folder.path(&second)).unwrap();
    verify("conv1.weight: expected each of its rows once, found its element 0 in two files");
    fs::remove_file(folder.path(&second)).unwrap();
    verify("conv1.weight: expected each of its rows once, found its element 108 in no file");
    let moved = files[1].1.windows(9).position(|bytes| bytes == b"[4,0,0,0]").unwrap();
    let mut bytes = files[1].1.clone();
    bytes[moved + 1] = b'5';
    folder.write(&second, &bytes);
    verify(
        "conv1.weight: expected float32 [8, 3, 3, 3], found float32 [4, 3, 3, 3] from [5, 0, 0, 0] on",
    );
}

/// Folders whose tensors are cut between rows are read whole by all that read checkpoints.
#[test]
fn a_folder_cut_between_rows_is_inspected_and_loaded() {
    let folder = Folder::new();
    assert_eq!(folder.init_folder(&["--layout", "dcp", "--seed", "42"]).code, 0);
    let one = folder.init("one.safetensors", &["--seed", "42"]);
    let inspect = |path: &str| {
        let mut inspected = folder.done(&["inspect", path, "--format", "json"]).json();
        inspected["tensors"]
            .as_array_mut()
            .unwrap()
            .sort_by_key(|tensor| tensor["name"].to_string());
        inspected["tensors"].take()
    };
    // Names, shapes and every figure.
    assert_eq!(inspect("net"), inspect("one.safetensors"));
    folder.write("rules.json", r#"{"type": "Pretrained", "checkpoint": "net"}"#);
    folder.init("loaded.safetensors", &["--seed", "1", "--init-cfg", "rules.json", "--strict"]);
    let data = |bytes: &[u8]| {
        let header = u64::from_le_bytes(bytes[..8].try_into().unwrap());
        bytes[8 + usize::try_from(header).unwrap()..].to_vec()
    };
    assert!(data(&one) == data(&folder.read("loaded.safetensors")));
    // The last file has rows whose lack nothing shows but the manifest; without one, those in between are missed.
    let name = |number: usize| format!("net/shard-0000{number}-model-00001-of-00001.safetensors");
    let last = (2..).find(|number| !folder.path(&name(number + 1)).exists()).unwrap();
    fs::rename(folder.path(&name(last)), folder.path("last")).unwrap();
    folder.run(&["inspect", "net"]).refused(2, &["its manifest names", "which is missing"]);
    fs::rename(folder.path("last"), folder.path(&name(last))).unwrap();
    fs::remove_file(folder.path("net/weight_init.manifest.json")).unwrap();
    fs::remove_file(folder.path(&name(1))).unwrap();
    folder.run(&["inspect", "net"]).refused(2, &["conv1.weight", "no file has its row 0"]);
}

/// A write that fails, as on a full disk, ends one rank with code 3; a rerun completes.
#[cfg(target_os = "linux")]
#[test]
fn a_rank_whose_disk_is_full_fails_and_a_rerun_completes() {
    let folder = Folder::new();
    folder.write("model.json", MODEL.replace("[8, 3, 3, 3]", "[800, 30, 3, 3]"));
    let init = r#"ulimit -f 300; exec "$0" init model.json --out net --max-shard-size 100KB"#;
    let mut command = assert_cmd::Command::new("sh");
    command.args(["-c", init, env!("CARGO_BIN_EXE_weight-init")]);
    let answer = Answer::of(command.current_dir(folder.path("")));
    answer.refused(3, &["net.partial/model-0000"]);
    assert_eq!(folder.files(), ["model.json", "net.partial"]);
    folder.done(&["init", "model.json", "--out", "net", "--max-shard-size", "100KB"]);
    assert_eq!(folder.files(), ["model.json", "net"]);
    folder.done(&["verify", "model.json", "net"]);
}

/// A folder of more files than a process may hold open is written, checked and read.
#[cfg(target_os = "linux")]
#[test]
fn files_are_more_than_descriptors() {
    let folder = Folder::new();
    let params: Vec<_> = (0..200)
        .map(|number| format!(r#"{{"name": "p{number}", "shape": [1, 3], "value": 1}}"#))
        .collect();
    folder.write("model.json", format!(r#"{{"class": "Net", "params": [{}]}}"#, params.join(",")));
    for (layout, out) in [("hf", "net"), ("dcp", "rows")] {
        for args in [
            &["init", "model.json", "--out", out, "--max-shard-size", "12", "--layout", layout][..],
            &["verify", "model.json", out],
            &["inspect", out],
        ] {
            let mut command = assert_cmd::Command::new("sh");
            command.args([
                "-c",
                r#"ulimit -n 100; exec "$0" "$@""#,
                env!("CARGO_BIN_EXE_weight-init"),
            ]);
            let answer = Answer::of(command.args(args).current_dir(folder.path("")));
            assert_eq!(answer.code, 0, "{args:?}: {answer:?}");
        }
    }
}

/// A folder that no disk has room for is refused before its first byte.
#[test]
fn free_space_is_checked_first() {
    let folder = Folder::new();
    folder.write("model.json", MODEL.replace("[8, 3, 3, 3]", "[1073741824, 4096, 3, 3]"));
    let answer = folder.init_folder(&["--max-shard-size", "10TB"]);
    assert_eq!(answer.code, 2, "given twice: {answer:?}");
    let answer = folder.run(&["init", "model.json", "--out", "net", "--max-shard-size", "10TB"]);
    answer.refused(3, &["bytes are missing, and the disk has room for", "nothing was written"]);
    assert_eq!(folder.files(), ["model.json"]);
}

#[test]
fn the_index_is_that_of_hugging_face() {
    let folder = Folder::new();
    folder.init_folder(&["--seed", "42"]);
    let index: Value =
        serde_json::from_slice(&folder.read("net/model.safetensors.index.json")).unwrap();
    let keys: Vec<_> = index.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["metadata", "weight_map"]);
    assert_eq!(index["metadata"]["total_size"], 1728);
    assert_eq!(index["weight_map"].as_object().unwrap().len(), 11);
    assert_eq!(index["weight_map"]["conv1.weight"], "model-00001-of-00003.safetensors");
}
