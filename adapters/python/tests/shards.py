"""Run by torchrun in test_shards.py: every process fills its shards by itself, and gathered they are the whole tensors."""

import os
import shutil
import tempfile
import warnings

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.algorithms._checkpoint.checkpoint_wrapper import checkpoint_wrapper
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Replicate, Shard, distribute_tensor
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.nn.parallel import DistributedDataParallel

import weight_init
from equal import same

warnings.simplefilter("ignore")
RULES = [dict(type="Xavier", layer="Linear", bias=0.5), dict(type="Normal", layer="Embedding"),
         dict(type="Constant", val=1, layer="_BatchNorm")]


def mlp():
    return nn.Sequential(nn.Linear(30, 50), nn.BatchNorm1d(50), nn.Linear(50, 31))


def on_meta(make):
    with torch.device("meta"):
        return make()


def checkpointed(model):
    model[0] = checkpoint_wrapper(model[0])
    return model


def check_model(label, make, prepare, untouched="keep", wrap=lambda model: model):
    """A model that is sharded on the meta device and then initialized, beside one in a single process."""
    whole, sharded = make(), on_meta(make)
    weight_init.init_(whole, RULES, seed=9, untouched=untouched)
    prepare(sharded)
    sharded.to_empty(device="cpu")
    sharded = wrap(sharded)
    weight_init.init_(sharded, RULES, seed=9, untouched=untouched)
    assert weight_init.verify(sharded, RULES, seed=9, untouched=untouched) is None
    assert any(isinstance(p, DTensor) for p in sharded.parameters()), label
    for (name, p), q in zip(sharded.named_parameters(), whole.parameters(), strict=True):
        assert same(p, q), (label, name, p.placements)


def check_tensor(mesh, *placements):
    whole = weight_init.normal_(torch.empty(37, 50, 3), std=0.02, seed=3, name="w")
    sharded = distribute_tensor(torch.zeros(37, 50, 3), mesh, placements)
    weight_init.normal_(sharded, std=0.02, seed=3, name="w")
    assert same(sharded, whole), placements


def check_folder(sharded, whole):
    """A folder that all processes write together, each its own files."""
    places = [tempfile.mkdtemp()] if dist.get_rank() == 0 else [None]
    dist.broadcast_object_list(places)
    saved = weight_init.save(sharded, f"{places[0]}/shared", RULES, seed=9, max_shard_size="4KB")
    assert saved.files >= 2 and saved.written < saved.files, saved
    dist.barrier()
    if dist.get_rank() == 0:
        weight_init.save(whole, f"{places[0]}/whole", RULES, seed=9, max_shard_size="4KB", ranks=None)
        ours, theirs = ({name: open(f"{places[0]}/{of}/{name}", "rb").read() for name in os.listdir(f"{places[0]}/{of}")}
                        for of in ("shared", "whole"))
        assert ours == theirs
        shutil.rmtree(places[0])


def main():
    world = int(os.environ["WORLD_SIZE"])
    dist.init_process_group("gloo")
    torch.set_num_threads(1)
    line = init_device_mesh("cpu", (world,))
    for placement in [Shard(0), Shard(1), Shard(2), Replicate()]:
        check_tensor(line, placement)

    def fsdp(model, mesh=line):
        fully_shard(model[0], mesh=mesh)
        fully_shard(model, mesh=mesh)

    def tensor_parallel(model, mesh=line):
        parallelize_module(model, mesh, {"0": ColwiseParallel(), "2": RowwiseParallel()})

    check_model("FSDP2", mlp, fsdp)
    check_model("TP", lambda: nn.Sequential(nn.Linear(30, 50), nn.ReLU(), nn.Linear(50, 31)), tensor_parallel)
    check_model("FSDP2 of checkpointed layers", mlp, lambda model: fsdp(checkpointed(model)))
    check_model("compiled FSDP2", mlp, fsdp, wrap=torch.compile)
    replicated, whole = DistributedDataParallel(checkpointed(mlp())), mlp()
    for model in (replicated, whole, compiled := torch.compile(DistributedDataParallel(mlp()))):
        weight_init.init_(model, RULES, seed=9)
    for model in (replicated, compiled):
        assert all(same(p, q) for p, q in zip(model.parameters(), whole.parameters(), strict=True)), "DDP"
    check_model("FSDP2 with constructors", mlp, fsdp, untouched="constructor")
    if world == 4:
        grid = init_device_mesh("cpu", (2, 2), mesh_dim_names=("dp", "tp"))
        for placements in [(Shard(0), Shard(1)), (Shard(1), Shard(1)), (Shard(0), Shard(0)), (Replicate(), Shard(0)),
                           (Shard(2), Replicate())]:
            check_tensor(grid, *placements)

        def both(model):
            tensor_parallel(model, grid["tp"])
            fully_shard(model, mesh=grid["dp"])
            strided = [p for p in model.parameters() if any(type(it).__name__ == "_StridedShard" for it in p.placements)]
            assert strided, "nothing is placed by _StridedShard"

        check_model("FSDP2 and TP", lambda: nn.Sequential(nn.Linear(30, 50), nn.ReLU(), nn.Linear(50, 31)), both)

    materialized, whole = on_meta(mlp), mlp()
    fsdp(materialized)
    weight_init.materialize_(materialized, RULES, seed=9)
    weight_init.init_(whole, RULES, seed=9)
    expected = dict(whole.named_parameters())
    for name, p in materialized.named_parameters():
        assert same(p, expected[name]), name
    assert materialized[1].running_var.eq(1).all()
    materialized(torch.ones(4, 30)).sum().backward()
    check_folder(materialized, whole)
    dist.barrier()
    # In one piece: the processes share the output.
    os.write(1, f"rank {dist.get_rank()} of {world}: equal\n".encode())
    dist.destroy_process_group()
    # Without PyTorch's own end: gloo's threads abort a process now and then that ends while another one still talks.
    os._exit(0)


if __name__ == "__main__":
    main()
