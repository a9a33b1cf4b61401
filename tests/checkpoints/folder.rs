//! Folders of several files: split as huggingface_hub splits them, the same whatever the number of processes, and there only
//! when they are whole.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;
use weight_init::checkpoint::SafetensorsFile;
use weight_init::create::{
    Folder, FolderLayout, FolderReport, FolderState, Recipe, ShardLayout, ShardSize, Share, verify,
};
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan, Unknown};
use weight_init::run::{BackendKind, Filler};
use weight_init_tests::golden;

fn plan(model: &Value) -> Plan {
    let source = Source::new("model.json", model.to_string());
    Plan::new(&Model::read(&source).unwrap(), &Options::default()).unwrap()
}

/// Parameters of these sizes, with a rule that draws their numbers.
fn matrices(rows: &[usize]) -> Plan {
    let layer = |(index, rows): (usize, &usize)| json!({"name": format!("fc{index}"), "class": "Linear", "params": [{"name": "weight", "shape": [rows, 16]}]});
    plan(
        &json!({"class": "Net", "init_weights": "module", "init_cfg": {"type": "Normal", "layer": "Linear"},
        "children": rows.iter().enumerate().map(layer).collect::<Vec<_>>()}),
    )
}

const ROWS: [usize; 9] = [100, 3, 77, 100, 1, 50, 64, 200, 9];

fn folder(plan: &Plan, seed: u64) -> Folder<'_> {
    let recipe = Recipe { seed, ..Recipe::default() };
    Folder::new(&recipe, plan, FolderLayout::Hf, ShardSize::of_bytes(7000)).unwrap()
}

fn backend() -> Filler {
    BackendKind::Simd.start(None).unwrap()
}

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn dir(&self) -> PathBuf {
        self.0.path().join("net")
    }

    fn partial(&self) -> PathBuf {
        self.0.path().join("net.partial")
    }

    fn write(&self, folder: &Folder<'_>, rank: u64, world: u64) -> Result<FolderReport, String> {
        let share = Share::new(rank, world).unwrap();
        let report = folder.write(&self.dir(), share, &mut backend(), &mut |_| ());
        report.map_err(|error| error.to_string())
    }

    fn names(&self) -> Vec<String> {
        names(self.0.path())
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// The names and contents of all files of a folder.
fn hash(folder: &Path) -> String {
    let mut hash = Sha256::new();
    for name in names(folder) {
        hash.update(&name);
        hash.update(Sha256::digest(fs::read(folder.join(&name)).unwrap()));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `tests/data/shards.py` made the file with huggingface_hub 2.4.0.
#[test]
fn tensors_are_split_as_by_huggingface_hub() {
    let (mut sizes, mut splits) = (0, 0);
    for line in golden::lines("shards.jsonl.gz") {
        let case: Value = serde_json::from_str(&line).unwrap();
        if let Some(size) = case["size"].as_str() {
            assert_eq!(Some(size.parse::<ShardSize>().unwrap().bytes()), case["bytes"].as_u64());
            sizes += 1;
            continue;
        }
        let param = |(index, tensor): (usize, &Value)| match tensor.as_u64() {
            Some(tied) => json!({"name": format!("p{index}"), "same_as": format!("p{tied}")}),
            None => {
                json!({"name": format!("p{index}"), "dtype": tensor[0], "shape": [tensor[1]], "value": 0})
            }
        };
        let tensors = case["tensors"].as_array().unwrap();
        let params: Vec<_> = tensors.iter().enumerate().map(param).collect();
        let plan = plan(&json!({"class": "Net", "params": params}));
        let largest = match case["largest"].as_u64() {
            Some(bytes) => ShardSize::of_bytes(bytes),
            None => case["largest"].as_str().unwrap().parse().unwrap(),
        };
        let tensors = plan.tensors(Unknown::Refuse).unwrap();
        let layout = ShardLayout::of(&tensors, FolderLayout::Hf, largest);
        let found: Vec<(&str, Vec<&str>)> = (layout.shards().iter())
            .map(|shard| {
                (&*shard.name, shard.slices.iter().map(|it| tensors[it.tensor].name).collect())
            })
            .collect();
        // A tied parameter stands in the file once, under its first name.
        let tied: Vec<&str> = plan.ties().iter().map(|(name, _)| name.as_str()).collect();
        let right: Vec<(&str, Vec<&str>)> = (case["files"].as_array().unwrap().iter())
            .map(|file| {
                let names = file[1].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                (file[0].as_str().unwrap(), names.filter(|name| !tied.contains(name)).collect())
            })
            .collect();
        assert_eq!(found, right, "{line}");
        assert_eq!(Some(layout.total_bytes()), case["total"].as_u64(), "{line}");
        splits += 1;
    }
    assert!(sizes == 11 && splits == 166, "{sizes} {splits}");
}

#[test]
fn the_index_names_every_tensor_and_its_file() {
    let params = json!([{"name": "a", "shape": [10], "value": 1}, {"name": "z", "same_as": "a"},
        {"name": "c", "shape": [20], "value": 2}, {"name": "b", "shape": [1], "value": 3}]);
    let plan = plan(&json!({"class": "Net", "params": params}));
    let folder =
        Folder::new(&Recipe::default(), &plan, FolderLayout::Hf, ShardSize::of_bytes(50)).unwrap();
    let place = Place::new();
    place.write(&folder, 0, 1).unwrap();
    let index = fs::read_to_string(place.dir().join("model.safetensors.index.json")).unwrap();
    let json: Value = serde_json::from_str(&index).unwrap();
    assert_eq!(json["metadata"]["total_size"], 124);
    // As huggingface_hub says where a tied parameter is.
    assert_eq!(json["metadata"]["z"], "a");
    // A tensor above the limit stands before the file that was open: the order is that of the files.
    let map = &index[index.find("weight_map").unwrap()..];
    assert!(map.find("\"c\"").unwrap() < map.find("\"a\"").unwrap(), "{index}");
    assert_eq!(
        json["weight_map"],
        json!({"c": "model-00001-of-00002.safetensors", "a": "model-00002-of-00002.safetensors",
            "b": "model-00002-of-00002.safetensors"})
    );
}

#[test]
fn the_files_are_the_same_whatever_the_number_of_processes() {
    let plan = matrices(&ROWS);
    let folder = folder(&plan, 7);
    let shards = folder.layout().shards().len();
    assert_eq!(shards, 6);
    let mut hashes = BTreeMap::new();
    for world in [1, 2, 3, 4, 7, 16] {
        let place = Place::new();
        let mut written = 0;
        for rank in (0..world).rev() {
            let report = place.write(&folder, rank, world).unwrap();
            written += report.written;
            let finished = written == shards;
            assert_eq!(place.dir().exists(), finished, "{rank} of {world}");
            let state = if rank == 0 || finished { None } else { Some(shards - written) };
            if let Some(missing) = state {
                assert_eq!(report.state, FolderState::Missing(missing));
            }
        }
        assert_eq!(written, shards, "each file once");
        assert_eq!(place.names(), ["net"]);
        hashes.entry(hash(&place.dir())).or_insert(world);
        let files = SafetensorsFile::open_all(place.dir()).unwrap();
        let recipe = Recipe { seed: 7, ..Recipe::default() };
        assert_eq!(verify(&recipe, &plan, &files, &mut backend(), &mut |_| ()).unwrap(), None);
    }
    assert_eq!(hashes.len(), 1, "{hashes:?}");
}

#[test]
fn the_manifest_holds_the_check_sum_of_every_file() {
    let plan = matrices(&ROWS);
    let place = Place::new();
    place.write(&folder(&plan, 7), 0, 1).unwrap();
    let text = fs::read_to_string(place.dir().join("weight_init.manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(manifest["seed"], 7);
    assert_eq!(manifest["stream_version"], "1");
    assert_eq!(manifest["plan_sha256"], plan.digest());
    for shard in manifest["shards"].as_array().unwrap() {
        let bytes = fs::read(place.dir().join(shard["name"].as_str().unwrap())).unwrap();
        let sum = Sha256::digest(&bytes).iter().map(|it| format!("{it:02x}")).collect::<String>();
        assert_eq!(
            (shard["bytes"].as_u64(), &shard["sha256"]),
            (Some(bytes.len() as u64), &json!(sum))
        );
    }
}

#[test]
fn a_run_goes_on_where_another_ended_with_another_number_of_processes() {
    let plan = matrices(&ROWS);
    let folder = folder(&plan, 7);
    let place = Place::new();
    let first = place.write(&folder, 2, 4).unwrap();
    assert!(first.written > 0 && place.partial().exists() && !place.dir().exists());
    // A check sum that is lost is made again; a file of the right name and another content is written again.
    let name = names(&place.partial()).into_iter().find(|name| name.ends_with(".sha256")).unwrap();
    fs::remove_file(place.partial().join(name)).unwrap();
    let broken = place.partial().join(&folder.layout().shards()[0].name);
    assert!(!broken.exists());
    fs::write(&broken, "x").unwrap();
    let report = place.write(&folder, 0, 1).unwrap();
    assert_eq!((report.found, report.state), (first.written, FolderState::Finished));
    assert_eq!(place.names(), ["net"]);
    let other = Place::new();
    other.write(&folder, 0, 1).unwrap();
    assert_eq!(hash(&place.dir()), hash(&other.dir()));

    let again = place.write(&folder, 5, 9).unwrap();
    assert_eq!((again.written, again.state), (0, FolderState::Found));
    assert_eq!(hash(&place.dir()), hash(&other.dir()));
}

#[test]
fn a_folder_of_another_recipe_is_refused_before_a_byte_is_written() {
    let plan = matrices(&ROWS);
    let (seven, eight) = (folder(&plan, 7), folder(&plan, 8));
    let place = Place::new();
    for finished in [false, true] {
        let world = if finished { 1 } else { 3 };
        place.write(&seven, 0, world).unwrap();
        let dir = if finished { place.dir() } else { place.partial() };
        let before = hash(&dir);
        let names = place.names();
        let other_plan = matrices(&[100, 3, 77, 100, 1, 50, 64, 200, 10]);
        let bf16 = Options { dtype: Some(weight_init_core::DType::BF16), ..Options::default() };
        let cases = [
            (place.write(&eight, 0, 1), "its seed is 7, and this run's is 8"),
            (place.write(&folder(&other_plan, 7), 0, 1), "its plan (SHA-256) is "),
            (
                place.write(
                    &Folder::new(
                        &Recipe { seed: 7, ..Recipe::default() },
                        &plan,
                        FolderLayout::Hf,
                        ShardSize::of_bytes(8000),
                    )
                    .unwrap(),
                    0,
                    1,
                ),
                "another --max-shard-size",
            ),
            (
                place.write(
                    &Folder::new(
                        &Recipe { seed: 7, dtype: bf16.dtype, ..Recipe::default() },
                        &plan,
                        FolderLayout::Hf,
                        ShardSize::of_bytes(7000),
                    )
                    .unwrap(),
                    0,
                    1,
                ),
                "its --dtype is left out, and this run's is ",
            ),
        ];
        for (refused, why) in cases {
            let error = refused.unwrap_err();
            assert!(error.contains(why) && error.contains("nothing was written"), "{error}");
        }
        assert_eq!((hash(&dir), place.names()), (before, names));
    }
}

#[test]
fn a_place_that_is_taken_is_refused_and_an_empty_folder_is_none() {
    let plan = matrices(&ROWS);
    let folder = folder(&plan, 7);
    let refused = |prepare: &dyn Fn(&Place), why: &str| {
        let place = Place::new();
        prepare(&place);
        let before = place.names();
        let error = place.write(&folder, 0, 1).unwrap_err();
        assert!(error.contains(why), "{error}");
        assert_eq!(place.names(), before);
    };
    refused(&|it| fs::write(it.dir(), "").unwrap(), "it is a file");
    refused(
        &|it| {
            fs::create_dir(it.dir()).unwrap();
            fs::write(it.dir().join("config.json"), "{}").unwrap();
        },
        "it holds other files",
    );
    refused(
        &|it| {
            fs::create_dir(it.partial()).unwrap();
            fs::write(it.partial().join("config.json"), "{}").unwrap();
        },
        "it holds files of another origin",
    );
    refused(
        &|it| {
            fs::create_dir(it.dir()).unwrap();
            fs::write(it.dir().join("weight_init.manifest.json"), "{}").unwrap();
        },
        "it is no manifest",
    );
    #[cfg(unix)]
    refused(
        &|it| std::os::unix::fs::symlink("elsewhere", it.dir()).unwrap(),
        "it is a symbolic link",
    );
    let mut backend = backend();
    for dir in ["/", "..", "no/such/folder"] {
        let error = folder.write(Path::new(dir), Share::ALL, &mut backend, &mut |_| ());
        let error = error.unwrap_err().to_string();
        assert!(error.contains("it has no name") || error.contains("does not exist"), "{error}");
    }

    let place = Place::new();
    fs::create_dir(place.dir()).unwrap();
    fs::create_dir(place.partial()).unwrap();
    place.write(&folder, 0, 1).unwrap();
    assert_eq!(place.names(), ["net"]);
}

#[test]
fn a_finished_folder_that_lost_a_file_is_not_called_whole() {
    let plan = matrices(&ROWS);
    let folder = folder(&plan, 7);
    let place = Place::new();
    place.write(&folder, 0, 1).unwrap();
    fs::remove_file(place.dir().join(&folder.layout().shards()[1].name)).unwrap();
    let error = place.write(&folder, 0, 1).unwrap_err();
    assert!(error.contains("'model-00002-of-00006.safetensors' is missing"), "{error}");
}

/// What killed processes leave: temporaries of files, and the folder that was to become `net.partial`.
#[test]
fn nothing_is_left_over_of_processes_that_were_killed() {
    let plan = matrices(&ROWS);
    let folder = folder(&plan, 7);
    let place = Place::new();
    place.write(&folder, 0, 3).unwrap();
    for name in [
        ".model-00003-of-00006.safetensors.12-abcdEFGH.tmp",
        "..model-00001-of-00006.safetensors.sha256.12-abcdEFGH.tmp",
        ".weight_init.manifest.json.12-abcdEFGH.tmp",
    ] {
        fs::write(place.partial().join(name), "half").unwrap();
    }
    place.write(&folder, 0, 1).unwrap();
    let mut right: Vec<_> = folder.layout().shards().iter().map(|it| it.name.clone()).collect();
    right.extend(["model.safetensors.index.json", "weight_init.manifest.json"].map(str::to_owned));
    assert_eq!(names(&place.dir()), right);

    let place = Place::new();
    for (name, manifest) in
        [(".net.partial.12-abcdEFGH.tmp", true), (".net.partial.12-abcdEFGI.tmp", false)]
    {
        let begun = place.0.path().join(name);
        fs::create_dir(&begun).unwrap();
        if manifest {
            fs::write(begun.join("weight_init.manifest.json"), "{").unwrap();
        }
    }
    place.write(&folder, 0, 1).unwrap();
    assert_eq!(place.names(), ["net"]);
}

#[test]
fn one_file_needs_no_index() {
    let plan = matrices(&ROWS);
    let folder =
        Folder::new(&Recipe::default(), &plan, FolderLayout::Hf, ShardSize::default()).unwrap();
    let place = Place::new();
    let report = place.write(&folder, 0, 1).unwrap();
    assert_eq!((report.written, report.state), (1, FolderState::Finished));
    assert_eq!(names(&place.dir()), ["model.safetensors", "weight_init.manifest.json"]);
    let file = place.0.path().join("one.safetensors");
    Recipe::default().create(&plan, &file, &mut backend(), &mut |_| ()).unwrap();
    assert_eq!(fs::read(file).unwrap(), fs::read(place.dir().join("model.safetensors")).unwrap());
}

#[test]
fn every_process_may_be_started_several_times_at_once() {
    let plan = matrices(&[400; 20]);
    let folder = folder(&plan, 7);
    let alone = Place::new();
    alone.write(&folder, 0, 1).unwrap();
    for _ in 0..20 {
        let place = Place::new();
        std::thread::scope(|scope| {
            for rank in [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3] {
                let (place, folder) = (&place, &folder);
                scope.spawn(move || place.write(folder, rank, 4).unwrap());
            }
        });
        assert_eq!(place.names(), ["net"]);
        assert_eq!(hash(&place.dir()), hash(&alone.dir()));
    }
}

/// The boxes that `DCP_SHARDING_INFO` speaks of cover every tensor once, with the numbers of the whole.
#[test]
fn tensors_that_are_cut_between_rows_are_those_of_one_file() {
    let mut model = json!({"class": "Net", "init_weights": "module",
        "params": [{"name": "scalar", "shape": [], "value": 3}, {"name": "empty", "shape": [0, 5], "value": 1},
            {"name": "steps", "shape": [70], "dtype": "int64", "value": (0..70).collect::<Vec<_>>()}]});
    model["children"] = json!([{"name": "a", "class": "Linear", "params": [{"name": "weight", "shape": [30, 7, 3]}]},
        {"name": "b", "class": "Linear", "params": [{"name": "weight", "shape": [3, 500]}, {"name": "bias", "shape": [500]}]}]);
    model["init_cfg"] = json!({"type": "Normal", "layer": "Linear"});
    let plan = plan(&model);
    let one = tempfile::tempdir().unwrap();
    let one = one.path().join("one.safetensors");
    Recipe::default().create(&plan, &one, &mut backend(), &mut |_| ()).unwrap();
    let one = SafetensorsFile::open(&one).unwrap();
    for largest in [1, 500, 1000, 1999, 100_000] {
        let size = ShardSize::of_bytes(largest);
        let folder = Folder::new(&Recipe::default(), &plan, FolderLayout::Dcp, size).unwrap();
        let place = Place::new();
        for rank in [1, 0] {
            place.write(&folder, rank, 2).unwrap();
        }
        let mut covered: BTreeMap<String, Vec<Option<u8>>> = BTreeMap::new();
        for shard in folder.layout().shards() {
            let file = SafetensorsFile::open(place.dir().join(&shard.name)).unwrap();
            let filled = file.tensors().iter().filter(|tensor| tensor.len > 0).count();
            assert!(shard.bytes <= largest || filled == 1, "{largest}: {shard:?}");
            let info = file.metadata().iter().find(|(key, _)| key == "DCP_SHARDING_INFO").unwrap();
            let info: Value = serde_json::from_str(&info.1).unwrap();
            for tensor in file.tensors() {
                let offsets = info[&tensor.name]["saved_offsets"].as_array().unwrap();
                assert_eq!(offsets.len(), tensor.shape.len());
                assert!(offsets.iter().skip(1).all(|offset| *offset == 0));
                let whole = one.tensor(&tensor.name).unwrap();
                let row = whole.len / whole.shape.first().copied().unwrap_or(1).max(1);
                let begin = offsets.first().map_or(0, |row| row.as_u64().unwrap()) * row;
                let mut bytes = vec![0; usize::try_from(tensor.len).unwrap()];
                file.read_at(tensor, 0, &mut bytes).unwrap();
                let covered = covered.entry(tensor.name.clone()).or_default();
                covered.resize(usize::try_from(whole.len).unwrap(), None);
                let begin = usize::try_from(begin).unwrap();
                for (place, byte) in covered[begin..].iter_mut().zip(bytes) {
                    assert_eq!(place.replace(byte), None, "{} stands twice", tensor.name);
                }
            }
        }
        assert_eq!(covered.len(), one.tensors().len());
        for (name, bytes) in covered {
            let whole = one.tensor(&name).unwrap();
            let mut right = vec![0; usize::try_from(whole.len).unwrap()];
            one.read_at(whole, 0, &mut right).unwrap();
            assert_eq!(bytes, right.into_iter().map(Some).collect::<Vec<_>>(), "{name} {largest}");
        }
    }
}
