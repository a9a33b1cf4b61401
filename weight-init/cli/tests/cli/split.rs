//! `init --split`: slices of ranks are the same elements of the whole, bit for bit.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::run::{Answer, Folder};

/// The tensors of a file: shape and bytes.
type Tensors = BTreeMap<String, (Vec<usize>, Vec<u8>)>;

/// Reads a file by the format's description alone.
fn tensors_of(path: &Path) -> Tensors {
    let bytes = fs::read(path).unwrap();
    let header = usize::try_from(u64::from_le_bytes(bytes[..8].try_into().unwrap())).unwrap();
    let (header, data) = bytes[8..].split_at(header);
    let header: Value = serde_json::from_slice(header).unwrap();
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let numbers = |value: &Value| value.as_array().unwrap().iter().map(number).collect::<Vec<_>>();
    let tensors = header.as_object().unwrap().iter().filter(|(name, _)| *name != "__metadata__");
    let tensor = |(name, of): (&String, &Value)| {
        let at = numbers(&of["data_offsets"]);
        (name.clone(), (numbers(&of["shape"]), data[at[0]..at[1]].to_vec()))
    };
    tensors.map(tensor).collect()
}

/// The tensors of all files in a folder.
fn tensors_in(folder: &Path) -> Tensors {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|end| end == "safetensors"));
    files.flat_map(|path| tensors_of(&path)).collect()
}

/// Indices of one dimension, one by one, as NumPy's `take` has them.
fn take(
    (shape, bytes): &(Vec<usize>, Vec<u8>),
    dim: usize,
    indices: &[usize],
) -> (Vec<usize>, Vec<u8>) {
    let outer: usize = shape[..dim].iter().product();
    let inner = bytes.len() / outer / shape[dim];
    let mut taken = Vec::new();
    for row in bytes.chunks(inner * shape[dim]) {
        for index in indices {
            taken.extend_from_slice(&row[index * inner..(index + 1) * inner]);
        }
    }
    let mut shape = shape.clone();
    shape[dim] = indices.len();
    (shape, taken)
}

fn layer(name: &str, class: &str, params: &[(&str, &[usize])]) -> Value {
    let params: Vec<_> =
        params.iter().map(|(name, shape)| json!({"name": name, "shape": shape})).collect();
    json!({"name": name, "class": class, "params": params})
}

const RULES: &str = r#"[{"type": "Normal", "std": 0.02, "params": "*"}]"#;

const HIDDEN: usize = 32;
const VOCAB: usize = 64;
const LAYERS: usize = 5;
/// Eight query heads of four elements, and two of keys and of values.
const KV: usize = 8;

fn attention() -> Vec<(&'static str, &'static [usize])> {
    vec![
        ("self_attn.q_proj.weight", &[HIDDEN, HIDDEN]),
        ("self_attn.k_proj.weight", &[KV, HIDDEN]),
        ("self_attn.v_proj.weight", &[KV, HIDDEN]),
        ("self_attn.o_proj.weight", &[HIDDEN, HIDDEN]),
        ("input_layernorm.weight", &[HIDDEN]),
    ]
}

fn model(
    embed: &str,
    layers: &str,
    params: &[(&str, &[usize])],
    behind: &[(&str, &[usize])],
) -> String {
    let mut children = vec![layer(embed, "Embedding", &[("weight", &[VOCAB, HIDDEN])])];
    for number in 0..LAYERS {
        children.push(layer(&format!("{layers}.{number}"), "Block", params));
    }
    children.push(layer("behind", "Behind", behind));
    // Names with dots are no names of layers, so that each stands as a chain of layers.
    let mut params = Vec::new();
    for child in &children {
        let below = match child["name"].as_str().unwrap() {
            "behind" => String::new(),
            name => format!("{name}."),
        };
        for param in child["params"].as_array().unwrap() {
            let name = below.clone() + param["name"].as_str().unwrap();
            params.push((name, param["shape"].clone()));
        }
    }
    let mut root = json!({"class": "Net"});
    for (name, shape) in params {
        let mut at = &mut root;
        let parts: Vec<_> = name.split('.').collect();
        let (last, layers) = parts.split_last().unwrap();
        for part in layers {
            if at.get("children").is_none() {
                at["children"] = json!([]);
            }
            let list = at["children"].as_array_mut().unwrap();
            let place = list.iter().position(|child| child["name"] == **part);
            let place = place.unwrap_or_else(|| {
                list.push(json!({"name": part, "class": "Layer"}));
                list.len() - 1
            });
            at = &mut list[place];
        }
        if at.get("params").is_none() {
            at["params"] = json!([]);
        }
        at["params"].as_array_mut().unwrap().push(json!({"name": last, "shape": shape}));
    }
    root.to_string()
}

impl Folder {
    fn model(&self, model: &str) {
        self.write("model.json", model);
        self.write("rules.json", RULES);
    }

    fn init_split(&self, split: &str, args: &[&str]) -> Answer {
        let all =
            ["init", "model.json", "--init-cfg", "rules.json", "--out", "net", "--split", split];
        self.run(&[&all, args].concat())
    }

    /// Holds all ranks against the whole: `part` says along which dimension a tensor is cut and which indices a rank has, `stage` in
    /// which stage it is.
    fn check_ranks(
        &self,
        split: &str,
        (tp, pp): (usize, usize),
        part: impl Fn(&str, usize) -> Option<(usize, Vec<usize>)>,
        stage: impl Fn(&str) -> Option<usize>,
    ) {
        for dtype in ["f32", "bf16"] {
            let whole =
                ["init", "model.json", "--init-cfg", "rules.json", "--out", "whole.safetensors"];
            self.done(&[&whole[..], &["--dtype", dtype]].concat());
            let whole = tensors_of(&self.path("whole.safetensors"));
            let answer = self.init_split(split, &["--dtype", dtype, "--max-shard-size", "9KB"]);
            assert_eq!(answer.code, 0, "{answer:?}");
            for stage_number in 0..pp {
                for rank in 0..tp {
                    let name = match pp {
                        1 => format!("net/tp-{rank:02}-of-{tp:02}"),
                        _ => format!("net/tp-{rank:02}-of-{tp:02}-pp-{stage_number:02}-of-{pp:02}"),
                    };
                    let found = tensors_in(&self.path(&name));
                    let here = whole
                        .iter()
                        .filter(|(name, _)| stage(name).is_none_or(|stage| stage == stage_number));
                    let expected: Tensors = here
                        .map(|(name, tensor)| match part(name, rank) {
                            None => (name.clone(), tensor.clone()),
                            Some((dim, indices)) => (name.clone(), take(tensor, dim, &indices)),
                        })
                        .filter(|(_, (shape, _))| !shape.contains(&0))
                        .collect();
                    let names = |tensors: &Tensors| tensors.keys().cloned().collect::<Vec<_>>();
                    assert_eq!(names(&found), names(&expected), "{split} {dtype}");
                    for (tensor, part) in &expected {
                        assert!(found[tensor] == *part, "{split} {dtype} {name}: {tensor}");
                    }
                }
            }
            let answer = self.done(&[
                "verify",
                "model.json",
                "net",
                "--init-cfg",
                "rules.json",
                "--dtype",
                dtype,
            ]);
            assert!(answer.stdout.contains("bit for bit"), "{answer:?}");
            fs::remove_dir_all(self.path("net")).unwrap();
        }
    }
}

/// The share of a rank of so many consecutive indices.
fn share(extent: usize, rank: usize, ranks: usize) -> Vec<usize> {
    (rank * extent / ranks..(rank + 1) * extent / ranks).collect()
}

fn llama() -> String {
    let mut params = attention();
    params.extend([
        ("mlp.gate_proj.weight", &[48, HIDDEN][..]),
        ("mlp.up_proj.weight", &[48, HIDDEN]),
        ("mlp.down_proj.weight", &[HIDDEN, 48]),
    ]);
    model(
        "model.embed_tokens",
        "model.layers",
        &params,
        &[("model.norm.weight", &[HIDDEN]), ("lm_head.weight", &[VOCAB, HIDDEN])],
    )
}

/// What a rank of eight has of a layer of a Llama.
fn of_llama(name: &str, rank: usize) -> Option<(usize, Vec<usize>)> {
    Some(if name.contains("q_proj") {
        (0, share(HIDDEN, rank, 8))
    } else if name.contains("k_proj") || name.contains("v_proj") {
        // Four ranks have the same of the two heads.
        (0, (rank / 4 * 4..rank / 4 * 4 + 4).collect())
    } else if name.contains("o_proj") {
        (1, share(HIDDEN, rank, 8))
    } else if name.contains("gate_proj") || name.contains("up_proj") {
        (0, share(48, rank, 8))
    } else if name.contains("down_proj") {
        (1, share(48, rank, 8))
    } else if name.contains("embed_tokens") || name.contains("lm_head") {
        (0, share(VOCAB, rank, 8))
    } else {
        return None;
    })
}

/// Of five layers in two stages.
fn stage_of_five(name: &str) -> Option<usize> {
    match name.split("layers.").nth(1) {
        Some(rest) => {
            Some(usize::from(rest.split('.').next().unwrap().parse::<usize>().unwrap() >= 2))
        }
        None if name.contains("embed_tokens") || name.contains("embed_in") => Some(0),
        None => Some(1),
    }
}

#[test]
fn a_llama_on_eight_ranks_in_two_stages() {
    let folder = Folder::new();
    folder.model(&llama());
    folder.check_ranks("llama:tp=8,heads=8,kv_heads=2", (8, 1), of_llama, |_| None);
    folder.check_ranks("llama:tp=8,pp=2,heads=8,kv_heads=2", (8, 2), of_llama, stage_of_five);
}

#[test]
fn a_mixtral_whose_experts_are_cut_or_dealt_out() {
    let folder = Folder::new();
    let mut params = attention();
    let names: Vec<_> = (0..4)
        .flat_map(|expert| {
            [("w1", [16, HIDDEN]), ("w2", [HIDDEN, 16]), ("w3", [16, HIDDEN])].map(
                |(name, shape)| (format!("block_sparse_moe.experts.{expert}.{name}.weight"), shape),
            )
        })
        .collect();
    params.extend(names.iter().map(|(name, shape)| (name.as_str(), &shape[..])));
    params.push(("block_sparse_moe.gate.weight", &[4, HIDDEN]));
    let behind: [(&str, &[usize]); 2] =
        [("model.norm.weight", &[HIDDEN]), ("lm_head.weight", &[VOCAB, HIDDEN])];
    folder.model(&model("model.embed_tokens", "model.layers", &params, &behind));
    let cut = |name: &str, rank: usize| match name {
        _ if name.contains("w1") || name.contains("w3") => Some((0, share(16, rank, 8))),
        _ if name.contains("w2") => Some((1, share(16, rank, 8))),
        _ => of_llama(name, rank),
    };
    folder.check_ranks("mixtral:tp=8,heads=8,kv_heads=2", (8, 1), cut, |_| None);
    let dealt = |name: &str, rank: usize| match name.split("experts.").nth(1) {
        Some(rest) => {
            let expert: usize = rest.split('.').next().unwrap().parse().unwrap();
            let extent = if name.contains("w2") { HIDDEN } else { 16 };
            Some((0, if expert / 2 == rank { (0..extent).collect() } else { vec![] }))
        }
        None => {
            let (dim, extent) = match of_llama(name, 0)? {
                (dim, _) if name.contains("embed") || name.contains("lm_head") => (dim, VOCAB),
                (dim, _) if name.contains("k_proj") || name.contains("v_proj") => (dim, KV),
                (dim, _) => (dim, HIDDEN),
            };
            Some((dim, share(extent, rank, 2)))
        }
    };
    let split = "mixtral:tp=2,pp=2,heads=8,kv_heads=2,experts=whole";
    folder.check_ranks(split, (2, 2), dealt, stage_of_five);
}

/// Experts in one tensor: the halves of gate and up are cut each by itself, and columns of three dimensions.
#[test]
fn stacked_experts_are_cut_along_their_own_dimensions() {
    let folder = Folder::new();
    let mut params = attention();
    params.push(("mlp.experts.gate_up_proj", &[4, 32, HIDDEN]));
    params.push(("mlp.experts.down_proj", &[4, HIDDEN, 16]));
    folder.model(&model("model.embed_tokens", "model.layers", &params, &[]));
    let cut = |name: &str, rank: usize| match name {
        _ if name.contains("gate_up_proj") => {
            Some((1, [2 * rank, 2 * rank + 1, 16 + 2 * rank, 17 + 2 * rank].to_vec()))
        }
        _ if name.contains("down_proj") => Some((2, share(16, rank, 8))),
        _ => of_llama(name, rank),
    };
    folder.check_ranks("deepseek:tp=8,heads=8,kv_heads=2", (8, 1), cut, |_| None);
}

/// The heads of a fused matrix lie one behind the other, each with query, key and value.
#[test]
fn a_gpt_neox_whose_heads_are_interleaved() {
    let folder = Folder::new();
    let params: [(&str, &[usize]); 8] = [
        ("attention.query_key_value.weight", &[3 * HIDDEN, HIDDEN]),
        ("attention.query_key_value.bias", &[3 * HIDDEN]),
        ("attention.dense.weight", &[HIDDEN, HIDDEN]),
        ("attention.dense.bias", &[HIDDEN]),
        ("mlp.dense_h_to_4h.weight", &[128, HIDDEN]),
        ("mlp.dense_h_to_4h.bias", &[128]),
        ("mlp.dense_4h_to_h.weight", &[HIDDEN, 128]),
        ("mlp.dense_4h_to_h.bias", &[HIDDEN]),
    ];
    let behind: [(&str, &[usize]); 2] =
        [("gpt_neox.final_layer_norm.weight", &[HIDDEN]), ("embed_out.weight", &[VOCAB, HIDDEN])];
    folder.model(&model("gpt_neox.embed_in", "gpt_neox.layers", &params, &behind));
    let part = |name: &str, rank: usize| match name {
        // Head `rank` of [8 heads, query key value, 4 elements].
        _ if name.contains("query_key_value") => Some((0, (12 * rank..12 * rank + 12).collect())),
        _ if name.ends_with("attention.dense.weight") => Some((1, share(HIDDEN, rank, 8))),
        _ if name.contains("dense_h_to_4h") => Some((0, share(128, rank, 8))),
        _ if name.ends_with("dense_4h_to_h.weight") => Some((1, share(128, rank, 8))),
        _ if name.contains("embed") => Some((0, share(VOCAB, rank, 8))),
        _ => None,
    };
    folder.check_ranks("gpt_neox:tp=8,heads=8", (8, 1), part, |_| None);
    folder.check_ranks("gpt_neox:tp=8,pp=2,heads=8", (8, 2), part, stage_of_five);
}

const FILE: &str = r#"
tp = 4

[[rules]]
params = ["*.qkv.weight", "*.qkv.bias"]
dim = 0
segments = [32, 8, 8]
heads = [8, 2, 2]

[[rules]]
params = "*.out.weight"
dim = -1

[[rules]]
params = "*.norm.weight"
whole = true

[stages]
layers = "layers"
first = "embed.weight"
"#;

/// A fused matrix of grouped queries: three segments one behind the other, with a rules file.
#[test]
fn a_file_of_rules_cuts_segments() {
    let folder = Folder::new();
    let params: [(&str, &[usize]); 4] = [
        ("qkv.weight", &[48, HIDDEN]),
        ("qkv.bias", &[48]),
        ("out.weight", &[HIDDEN, HIDDEN]),
        ("norm.weight", &[HIDDEN]),
    ];
    folder.model(&model("embed", "layers", &params, &[]));
    folder.write("split.toml", FILE);
    let part = |name: &str, rank: usize| match name {
        _ if name.contains("qkv") => {
            let heads = [(0, share(32, rank, 4)), (32, (rank / 2 * 4..rank / 2 * 4 + 4).collect())];
            let [(_, query), (_, kv)] = heads;
            let key = kv.iter().map(|index| 32 + index);
            let value = kv.iter().map(|index| 40 + index);
            Some((0, query.iter().copied().chain(key).chain(value).collect()))
        }
        _ if name.contains("out") => Some((1, share(HIDDEN, rank, 4))),
        _ => None,
    };
    folder.check_ranks("split.toml", (4, 1), part, |_| None);
    let stage = |name: &str| if name.contains("embed") { Some(0) } else { stage_of_five(name) };
    folder.check_ranks("split.toml:pp=2", (4, 2), part, stage);
}

/// Orthogonal matrices are made by lines, of which a column is a piece: in either direction they are slices of the whole.
#[test]
fn fills_by_lines_are_sliced_too() {
    let folder = Folder::new();
    let params: [(&str, &[usize]); 3] = [
        ("q_proj.weight", &[64, 24]),
        ("o_proj.weight", &[24, 64]),
        ("down_proj.weight", &[64, 24]),
    ];
    folder.model(&model("embed_tokens", "layers", &params, &[]));
    folder.write(
        "rules.json",
        r#"[{"type": "Orthogonal", "params": "*_proj.weight"}, {"type": "Sparse", "sparsity": 0.5, "params": "*down_proj.weight"},
            {"type": "Normal", "std": 1, "params": "*embed_tokens.weight"}]"#,
    );
    let part = |name: &str, rank: usize| match name {
        _ if name.contains("q_proj") => Some((0, share(64, rank, 4))),
        _ if name.contains("o_proj") => Some((1, share(64, rank, 4))),
        _ if name.contains("down_proj") => Some((1, share(24, rank, 4))),
        _ => Some((0, share(VOCAB, rank, 4))),
    };
    folder.check_ranks("llama:tp=4", (4, 1), part, |_| None);
    let answer = folder.init_split("llama:tp=4", &[]);
    assert!(answer.stderr.contains("note: 15 tensors are made by lines"), "{answer:?}");
}

/// A tied head stands in the last stage under its own name, where the embedding is not.
#[test]
fn a_tied_head_stands_in_either_stage() {
    let folder = Folder::new();
    let mut tied: Value = serde_json::from_str(&llama()).unwrap();
    let children = tied["children"].as_array_mut().unwrap();
    children.retain(|child| child["name"] != "lm_head");
    children.push(json!({"name": "lm_head", "class": "Linear", "params": [{"name": "weight", "same_as": "model.embed_tokens.weight"}]}));
    folder.model(&tied.to_string());
    let answer = folder.init_split("llama:tp=2,pp=2", &[]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let first = tensors_in(&folder.path("net/tp-01-of-02-pp-00-of-02"));
    let last = tensors_in(&folder.path("net/tp-01-of-02-pp-01-of-02"));
    assert!(
        first.contains_key("model.embed_tokens.weight") && !first.contains_key("lm_head.weight")
    );
    assert!(last["lm_head.weight"] == first["model.embed_tokens.weight"]);
    folder.done(&["verify", "model.json", "net", "--init-cfg", "rules.json"]);
    // With one stage, it is a tie as anywhere.
    fs::remove_dir_all(folder.path("net")).unwrap();
    folder.init_split("llama:tp=2", &[]);
    assert!(!tensors_in(&folder.path("net/tp-01-of-02")).contains_key("lm_head.weight"));
}

/// The commands of the documentation that are about models of this repository, and its file of rules.
#[test]
fn the_documentation_is_right() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    let page = fs::read_to_string(repository.join("docs/scale.md")).unwrap();
    let folder = Folder::new();
    fs::create_dir(folder.path("examples")).unwrap();
    for name in ["examples/vit_tiny.py", "examples/vit_tiny_split.toml"] {
        fs::copy(repository.join(name), folder.path(name)).unwrap();
    }
    let mut commands = 0;
    for line in
        page.lines().filter(|line| line.starts_with("weight-init ") && line.contains("vit_tiny"))
    {
        let words: Vec<_> = line.split('#').next().unwrap().split_whitespace().skip(1).collect();
        let answer = folder.done(&words);
        assert!(
            !answer.stderr.contains("warning") && !answer.stderr.contains("note"),
            "{answer:?}"
        );
        commands += 1;
    }
    assert_eq!(commands, 3);
    let rules = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    folder.write("split.toml", rules);
    folder.model(&llama());
    let answer = folder.init_split("split.toml", &[]);
    let says = "split.toml, rule 0: the glob '*.qkv.weight' matches no tensor";
    assert!(answer.code == 0 && answer.stderr.contains(says), "{answer:?}");
}

#[test]
fn any_number_of_processes_write_the_ranks() {
    let folder = Folder::new();
    folder.model(&llama());
    let split = "llama:tp=4,heads=8,kv_heads=2";
    folder.init_split(split, &["--max-shard-size", "4KB"]);
    let all = folder.tree("net");
    fs::rename(folder.path("net"), folder.path("one")).unwrap();
    for rank in ["0/3", "2/3"] {
        let answer = folder.init_split(split, &["--max-shard-size", "4KB", "--ranks", rank]);
        assert_eq!(answer.code, 0, "{answer:?}");
        assert!(!folder.path("net").exists() && folder.path("net.partial").exists());
    }
    let other = folder.init_split("llama:tp=2", &["--max-shard-size", "4KB"]);
    other.refused(2, &["its --split is llama:tp=4", "nothing was written"]);
    // A run with another number of processes goes on.
    for rank in ["1/2", "0/2"] {
        folder.init_split(split, &["--max-shard-size", "4KB", "--ranks", rank]);
    }
    assert!(folder.tree("net") == all);
    let again = folder.init_split(split, &["--max-shard-size", "4KB"]);
    assert!(again.code == 0 && again.stderr.contains("is there already, whole"), "{again:?}");
    // Each folder is a checkpoint as Hugging Face's.
    let index = folder.done(&["inspect", "net/tp-03-of-04", "--format", "json"]).json();
    assert_eq!(index["tensors"].as_array().unwrap().len(), 3 + 8 * LAYERS);
    // Its files are of its rank.
    fs::rename(folder.path("net/tp-00-of-04"), folder.path("net/x")).unwrap();
    folder
        .run(&["verify", "model.json", "net", "--init-cfg", "rules.json"])
        .refused(2, &["folders of 3 ranks", "says that there are 4"]);
    fs::rename(folder.path("net/tp-01-of-04"), folder.path("net/tp-00-of-04")).unwrap();
    fs::rename(folder.path("net/x"), folder.path("net/tp-01-of-04")).unwrap();
    folder
        .run(&["verify", "model.json", "net", "--init-cfg", "rules.json"])
        .refused(2, &["it does not say that it is a file of this rank"]);
}

impl Folder {
    /// The files of a folder and its folders, with their contents.
    fn tree(&self, dir: &str) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![dir.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(self.path(&folder)).unwrap() {
                let name =
                    format!("{folder}/{}", entry.unwrap().file_name().into_string().unwrap());
                if self.path(&name).is_dir() {
                    folders.push(name);
                } else {
                    files.push((name.clone(), fs::read(self.path(&name)).unwrap()));
                }
            }
        }
        files.sort();
        files
    }
}

#[test]
fn mistakes_are_told_with_what_would_be_right() {
    let folder = Folder::new();
    folder.model(&llama());
    for (split, says) in [
        (
            "lama:tp=8",
            &[
                "'lama' is no preset (llama, gpt_neox, mixtral, deepseek) and no file",
                "did you mean 'llama'?",
            ][..],
        ),
        ("llama", &["say how many ranks there are: llama:tp=8"]),
        (
            "llama:tp=8,head=8",
            &["'head' is none of tp, pp, heads, kv_heads, experts; did you mean 'heads'?"],
        ),
        ("llama:tp=0", &["tp=0: write a number from 1 on"]),
        ("llama:tp=5000", &["from 1 to 4096"]),
        (
            "llama:tp=3",
            &[
                "model.embed_tokens.weight",
                "64 indices of dimension 0 are no multiple of tp=3; 66 would be",
            ],
        ),
        ("llama:tp=8,pp=9", &["the model has 5 layers", "too few for pp=9 stages"]),
        (
            "gpt_neox:tp=8",
            &["no rule of gpt_neox matches a tensor of the model", "model.embed_tokens.weight"],
        ),
        ("rules.toml", &["rules.toml"]),
    ] {
        let answer = folder.init_split(split, &[]);
        assert!(
            answer.code == 2 || split == "rules.toml" && answer.code == 3,
            "{split}: {answer:?}"
        );
        for says in says {
            assert!(answer.stderr.contains(says), "{split}: {says}: {}", answer.stderr);
        }
    }
    for (text, says) in [
        ("tpp = 8", "unknown key 'tpp' of a file of rules"),
        ("rules = [{ dim = 0 }]", "a rule has 'params'"),
        ("rules = [{ params = '*', dim = 0, whole = true }]", "a rule has one of 'dim'"),
        ("rules = [{ params = '*', whole = true, heads = 8 }]", "'heads' goes with 'dim' alone"),
        ("tp = 0", "expected a number from 1 on, found 0"),
        (
            "rules = [{ params = '*', dim = 0, segments = [1, 2], heads = [1, 2, 3] }]",
            "3 counts of heads for 2 segments",
        ),
        (
            "tp = 2\nrules = [{ params = 'model.norm.weight', dim = 1 }]",
            "it has 1 dimension, and 1 is none of them",
        ),
    ] {
        folder.write("split.toml", text);
        folder.init_split("split.toml", &[]).refused(2, &[says]);
    }
    folder.write(
        "split.toml",
        "rules = [{ params = ['*.o_proj.weight', '*.oproj.weight'], dim = 1 }]",
    );
    let answer = folder.init_split("split.toml:tp=2", &["--strict"]);
    answer.refused(2, &["split.toml, rule 0: the glob '*.oproj.weight' matches no tensor; did you mean 'o_proj.weight'?", "--strict"]);
    let answer = folder.init_split("split.toml:tp=2", &[]);
    assert!(
        answer.code == 0 && answer.stderr.contains("warning: split.toml, rule 0"),
        "{answer:?}"
    );
    assert!(
        answer.stderr.contains("38 of 43 tensors match no rule of split.toml and stand whole"),
        "{answer:?}"
    );
    folder.init_split("llama:tp=2", &["--layout", "dcp"]).refused(2, &["--layout dcp"]);
    folder
        .init_split("llama:tp=2", &["--layout", "single"])
        .refused(2, &["--split is about the files of a folder"]);
    folder
        .init_split("split.toml:heads=2", &[])
        .refused(2, &["heads and experts stand in the rules of a file"]);
}

/// What a slice has of fans is what the whole has: the scale does not depend on the number of ranks.
#[test]
fn fans_are_those_of_the_whole() {
    let folder = Folder::new();
    folder.model(&llama());
    folder.write("rules.json", r#"[{"type": "Xavier", "params": "*proj.weight"}, {"type": "Normal", "std": 1, "params": "*e*.weight"}, {"type": "Constant", "val": 1, "params": "*norm.weight"}]"#);
    folder.check_ranks("llama:tp=8,heads=8,kv_heads=2", (8, 1), of_llama, |_| None);
}

#[test]
fn verify_finds_what_is_wrong_in_a_rank() {
    let folder = Folder::new();
    folder.model(&llama());
    folder.init_split("llama:tp=2", &[]);
    let path = "net/tp-01-of-02/model.safetensors";
    let right = folder.read(path);
    let mut bytes = right.clone();
    *bytes.last_mut().unwrap() ^= 1;
    folder.write(path, &bytes);
    let verify = || folder.run(&["verify", "model.json", "net", "--init-cfg", "rules.json"]);
    let answer = verify();
    assert!(
        answer.code == 1 && answer.stdout.contains("lm_head.weight: element 2047, at [63, 31]"),
        "{answer:?}"
    );
    // A rank that says that it has what another has: a part is then nobody's.
    let part = br#"\"ranges\":[[32,64]]"#;
    let at = right.windows(part.len()).position(|bytes| bytes == part).unwrap();
    let mut bytes = right;
    bytes[at..at + part.len()].copy_from_slice(br#"\"ranges\":[[ 0,32]]"#);
    folder.write(path, &bytes);
    let answer = verify();
    assert!(
        answer.code == 1 && answer.stdout.contains("index 32 of dimension 0 with no rank"),
        "{answer:?}"
    );
}
