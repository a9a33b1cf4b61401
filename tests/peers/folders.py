"""Folders of several files, written by launchers that are installed, beside the libraries that read them.

    python tests/peers/folders.py target/release/weight-init

needs PyTorch, safetensors and transformers. A small Llama and a small Mixtral are described by describe.py and written

- by one process, and by torchrun, Open MPI, MPICH, Slurm and xargs with 1, 2, 3, 4, 7 and 16 processes, as far as they are
  installed: the folders must have the same bytes;
- loaded by transformers' `from_pretrained`, with nothing missing or unexpected, and the values of the files;
- split as `split_torch_state_dict_into_shards` of huggingface_hub splits the model's own state dict;
- loaded by `torch.distributed.checkpoint` on 1, 3 and 4 processes, with parameters sharded by rows and by columns, from a folder of
  whole tensors and from one whose tensors are cut between rows;
- written as slices for tensor and pipeline parallelism, with a GPT-NeoX beside them, and held against PyTorch's own slices of the whole.

Exit code 1 if anything differs. What is not installed is said.
"""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings

import huggingface_hub
import torch
import transformers
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors.torch import load_file
from transformers import (AutoModelForCausalLM, GPTNeoXConfig, GPTNeoXForCausalLM, LlamaConfig, LlamaForCausalLM, MixtralConfig,
                          MixtralForCausalLM)

from command import load_describe

WORLDS = (1, 2, 3, 4, 7, 16)
SIZE = "2MB"
SMALL = dict(hidden_size=256, intermediate_size=600, num_hidden_layers=3, num_attention_heads=8, num_key_value_heads=2, vocab_size=3200)
MODELS = {
    "Llama": lambda: LlamaForCausalLM(LlamaConfig(**SMALL, tie_word_embeddings=False)),
    "Llama, tied": lambda: LlamaForCausalLM(LlamaConfig(**SMALL, tie_word_embeddings=True)),
    "Mixtral": lambda: MixtralForCausalLM(MixtralConfig(**SMALL, num_local_experts=4)),
    "GPT-NeoX": lambda: GPTNeoXForCausalLM(GPTNeoXConfig(hidden_size=256, intermediate_size=1024, num_hidden_layers=3,
                                                         num_attention_heads=8, vocab_size=3200)),
}
RULES = [{"type": "Normal", "std": 0.02, "params": "*"}, {"type": "Constant", "val": 1, "params": "*norm.weight"}]
LAUNCHERS = {
    "torchrun": lambda n, command: ["torchrun", "--nproc-per-node", str(n), "--no-python", *command],
    "mpirun": lambda n, command: ["mpirun", "--allow-run-as-root", "--oversubscribe", "-n", str(n), *command],
    "mpiexec.hydra": lambda n, command: ["mpiexec.hydra", "-n", str(n), *command],
    "srun": lambda n, command: ["srun", "--overcommit", "-n", str(n), *command],
    "xargs": lambda n, command: ["sh", "-c", f"seq 0 {n - 1} | xargs -P{n} -I R env WEIGHT_INIT_RANK=R WEIGHT_INIT_WORLD_SIZE={n} \"$@\"",
                                 "sh", *command],
}

failed = []


def check(what, right, why=""):
    print(f"{'ok  ' if right else 'FAIL'} {what}{'' if right else f': {why}'}", flush=True)
    if not right:
        failed.append(what)


def installed(program):
    """A program on PATH, or beside this Python."""
    return shutil.which(program) or shutil.which(program, path=os.path.dirname(sys.executable))


def digest(folder):
    total = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        total.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def write(binary, description, out, prefix=lambda command: command):
    command = prefix([binary, "init", str(description), "--init-cfg", str(description.with_name("rules.json")), "--seed", "7",
                      "--out", str(out), "--max-shard-size", SIZE])
    command[0] = installed(command[0]) or command[0]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


def launch(binary, description, scratch, right):
    for name, prefix in LAUNCHERS.items():
        if not installed(name):
            print(f"     {name} is not installed")
            continue
        for world in WORLDS:
            out = scratch / f"{name}-{world}"
            done = write(binary, description, out, lambda command: prefix(world, command))
            found = digest(out) if out.exists() else "no folder"
            left = [path.name for path in scratch.iterdir() if ".partial" in path.name]
            check(f"{name}, {world} processes", found == right and not left, f"{found} {left} {done.stderr[-500:]}")
            shutil.rmtree(out, ignore_errors=True)


def tensors_of(folder):
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        tensors.update(load_file(path))
    return tensors


def read(name, model, folder):
    model.config.save_pretrained(folder)
    loaded, info = AutoModelForCausalLM.from_pretrained(folder, output_loading_info=True, dtype=torch.float32)
    lists = {key: list(value) for key, value in info.items() if hasattr(value, "__len__")}
    check(f"{name}: transformers {transformers.__version__} loads the folder whole", not any(lists.values()), lists)
    check(f"{name}: its numbers are finite", bool(torch.isfinite(loaded(torch.arange(8)[None]).logits).all()))
    written, held = tensors_of(folder), model.state_dict()
    again = loaded.state_dict()
    same = [key for key, value in written.items() if key in again and torch.equal(again[key], value)]
    renamed = [key for key in written if key not in again]
    check(f"{name}: {len(same)} of {len(written)} tensors are those of the files", len(same) + len(renamed) == len(written))
    if renamed:
        print(f"     {len(renamed)} have another name in the model: {renamed[:2]} ...")
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    split = split_torch_state_dict_into_shards(held, max_shard_size=SIZE)
    untied = {key: file for key, file in split.tensor_to_filename.items() if key in index["weight_map"]}
    tied = set(split.tensor_to_filename) - set(untied)
    check(f"{name}: huggingface_hub {huggingface_hub.__version__} splits the model in the same way",
          list(untied.items()) == list(index["weight_map"].items()) and split.metadata["total_size"] == index["metadata"]["total_size"]
          and tied <= set(index["metadata"]), f"{len(untied)} {len(index['weight_map'])} {tied}")


DCP = """
import sys, torch, torch.distributed as dist, torch.distributed.checkpoint as dcp
from pathlib import Path
from safetensors.torch import load_file
from torch.distributed.checkpoint import HuggingFaceStorageReader
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.tensor import Shard, empty
dist.init_process_group("gloo")
mesh = init_device_mesh("cpu", (dist.get_world_size(),))
right = {}
for path in sorted(Path(sys.argv[2]).glob("*.safetensors")):
    right.update(load_file(path))
for dim in (0, 1):
    held = {key: empty(*value.shape, device_mesh=mesh, placements=[Shard(min(dim, value.ndim - 1))], dtype=value.dtype)
            for key, value in right.items()}
    dcp.load(held, storage_reader=HuggingFaceStorageReader(sys.argv[1]))
    assert all(torch.equal(held[key].full_tensor(), value) for key, value in right.items()), dim
dist.barrier()
dist.destroy_process_group()
"""


def dcp(name, folder, whole, scratch):
    script = scratch / "dcp.py"
    script.write_text(DCP)
    for world in (1, 3, 4):
        done = subprocess.run([installed("torchrun"), "--nproc-per-node", str(world), str(script), str(folder), str(whole)],
                              capture_output=True, text=True, timeout=600)
        check(f"{name}: dcp.load on {world} processes, by rows and by columns", done.returncode == 0, done.stderr[-1500:])


def rows(tensor, rank, ranks):
    return tensor.chunk(ranks, dim=0)[rank]


def columns(tensor, rank, ranks):
    return tensor.chunk(ranks, dim=1)[rank]


def halves(dim):
    """Two fused matrices, each cut by itself."""
    return lambda tensor, rank, ranks: torch.cat([half.chunk(ranks, dim=dim)[rank] for half in tensor.chunk(2, dim=dim)], dim=dim)


def key_value(tensor, rank, ranks):
    """Two heads, each with half of the ranks."""
    heads = tensor.view(2, -1, *tensor.shape[1:])
    return heads[rank * 2 // ranks]


def interleaved(tensor, rank, ranks):
    """GPT-NeoX: [heads, 3, head_dim]."""
    heads = tensor.view(8, 3, -1, *tensor.shape[1:])
    return heads.chunk(ranks, dim=0)[rank].flatten(0, 2)


LLAMA_PARTS = [("q_proj.weight", rows), ("k_proj.weight", key_value), ("v_proj.weight", key_value), ("o_proj.weight", columns),
               ("gate_proj.weight", rows), ("up_proj.weight", rows), ("down_proj.weight", columns), ("embed_tokens.weight", rows),
               ("lm_head.weight", rows)]
SPLITS = {
    "Llama": ("llama:tp=8,pp=3,heads=8,kv_heads=2", LLAMA_PARTS),
    "Llama, tied": ("llama:tp=8,pp=3,heads=8,kv_heads=2", LLAMA_PARTS),
    "Mixtral": ("mixtral:tp=8,pp=3,heads=8,kv_heads=2",
                [("experts.gate_up_proj", halves(1)), ("experts.down_proj", lambda tensor, rank, ranks: tensor.chunk(ranks, dim=2)[rank]),
                 ("w1.weight", rows), ("w3.weight", rows), ("w2.weight", columns), *LLAMA_PARTS]),
    "GPT-NeoX": ("gpt_neox:tp=8,pp=3,heads=8",
                 [("query_key_value.weight", interleaved), ("query_key_value.bias", interleaved), ("attention.dense.weight", columns),
                  ("dense_h_to_4h.weight", rows), ("dense_h_to_4h.bias", rows), ("dense_4h_to_h.weight", columns),
                  ("embed_in.weight", rows), ("embed_out.weight", rows)]),
}


def stage_of(name):
    if "layers." in name:
        return int(name.split("layers.")[1].split(".")[0])
    if "embed_tokens" in name or "embed_in" in name:
        return 0
    return 2 if "norm" in name or "lm_head" in name or "embed_out" in name else None


def slices(name, binary, description, folder, scratch):
    split, parts = SPLITS[name]
    out = scratch / f"{name} in slices"
    done = write(binary, description, out, lambda command: [*command, "--split", split])
    check(f"{name}, --split {split}", done.returncode == 0, done.stderr)
    if done.returncode:
        return
    whole, wrong, count = tensors_of(folder), [], 0
    for stage in range(3):
        for rank in range(8):
            found = tensors_of(out / f"tp-{rank:02}-of-08-pp-{stage:02}-of-03")
            expected = {key: value for key, value in whole.items() if stage_of(key) in (None, stage)}
            if stage == 2 and "tied" in name:
                expected["lm_head.weight"] = whole["model.embed_tokens.weight"]
            for key, value in expected.items():
                cut = next((cut for end, cut in parts if key.endswith(end)), lambda tensor, rank, ranks: tensor)
                count += 1
                if key not in found or not torch.equal(found[key], cut(value, rank, 8)):
                    wrong.append(f"{rank} {stage} {key}")
            wrong += [f"{rank} {stage} {key}, unexpected" for key in found.keys() - expected.keys()]
    check(f"{name}: {count} slices of 24 ranks are PyTorch's", not wrong, wrong[:5])


def main():
    warnings.simplefilter("ignore")
    binary = os.path.abspath(sys.argv[1])
    describe = load_describe()
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "rules.json").write_text(json.dumps(RULES))
        for name, make in MODELS.items():
            model = make()
            description = scratch / "model.json"
            description.write_text(json.dumps(describe.describe(model)))
            folder = scratch / name
            done = write(binary, description, folder)
            check(f"{name}: {done.stderr.strip().splitlines()[-1]}", done.returncode == 0)
            if done.returncode:
                continue
            if name == "Llama":
                launch(binary, description, scratch, digest(folder))
                dcp(name, folder, folder, scratch)
                rows = scratch / "rows"
                done = write(binary, description, rows, lambda command: [*command, "--layout", "dcp"])
                check(f"{name}, --layout dcp: {done.stderr.strip()}", done.returncode == 0)
                dcp(f"{name}, --layout dcp", rows, folder, scratch)
            slices(name, binary, description, folder, scratch)
            if name != "GPT-NeoX":
                read(name, model, folder)
    print(f"{len(failed)} wrong")
    sys.exit(bool(failed))


main()
