"""Compares recordings of models with what PyTorch's own construction gives, parameter by parameter.

    python record_truth.py [TARGET ...]        # without targets, a list over four libraries
    python record_truth.py --seed 1 timm:vit_tiny_patch16_224 torchvision.models:resnet50
    python record_truth.py mmengine:configs/detr/detr_r50_8xb2-150e_coco.py

A tensor that is recorded as random is tested against the recorded distribution: Kolmogorov and Smirnov's test over at most
200000 elements, and bounds. Constants and computed values must be equal. One run raises a false alarm with a probability
of 1 in 1000 at most: each test's share of that is divided by the number of tests (Bonferroni). Exit 1 if anything differs.

Of a model that mmengine configures, what the command writes from the recorded description, its rules and the writes of its
classes' own code, is compared with what the real ``init_weights()`` leaves (two samples); checkpoints are not loaded. The command
is that of WEIGHT_INIT_COMMAND.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import torch
from safetensors.torch import load_file
from scipy import stats
from weight_init._describe import DescribeError
from weight_init.errors import WeightInitError
from weight_init._record.own_init import initialized
from weight_init._record.targets import builder, recorded

FALSE_ALARM = 1e-3
MOST = 200_000

TARGETS = [
    *(f"torchvision.models:{name}" for name in (
        "alexnet", "vgg11_bn", "resnet50", "resnext50_32x4d", "wide_resnet50_2", "densenet121", "googlenet", "inception_v3",
        "mobilenet_v2", "mobilenet_v3_small", "mnasnet1_0", "shufflenet_v2_x1_0", "squeezenet1_0", "efficientnet_b0",
        "efficientnet_v2_s", "regnet_y_400mf", "convnext_tiny", "vit_b_16", "swin_t", "swin_v2_t", "maxvit_t")),
    *(f"torchvision.models.{name}" for name in (
        "detection:fasterrcnn_resnet50_fpn", "detection:retinanet_resnet50_fpn", "detection:ssd300_vgg16",
        "segmentation:deeplabv3_resnet50", "video:r3d_18")),
    *(f"timm:{name}" for name in (
        "vit_tiny_patch16_224", "beit_base_patch16_224", "deit3_small_patch16_224", "convnextv2_atto", "mixer_s16_224",
        "resmlp_12_224", "efficientformer_l1", "levit_128s", "xcit_nano_12_p16_224", "poolformer_s12", "davit_tiny",
        "eva02_tiny_patch14_224", "hrnet_w18_small", "tresnet_m", "nfnet_l0", "cait_xxs24_224", "coat_lite_tiny")),
    *(f"transformers:{name}" for name in (
        "BertConfig", "GPT2Config", "ViTConfig", "SwinConfig", "T5Config", "WhisperConfig", "CLIPConfig", "DistilBertConfig",
        "AlbertConfig", "ElectraConfig", "MambaConfig", "SegformerConfig", "ConvNextConfig", "MobileViTConfig", "DetrConfig")),
]


def nodes(layer, path=""):
    """The tensors of a description by name; tied ones once."""
    for node in (*layer.get("params", []), *layer.get("buffers", [])):
        if "same_as" not in node:
            yield f"{path}{node['name']}", node
    for child in layer.get("children", []):
        if "same_as" not in child:
            yield from nodes(child, f"{path}{child['name']}.")


def regions(node, tensor):
    """Each recorded content with the elements that it is about, overwritten ones left out."""
    left = torch.ones(tensor.shape, dtype=torch.bool)
    for part in reversed(node.get("parts", [])):
        box = tuple(slice(start, start + extent) for start, extent in zip(part["start"], part["shape"]))
        if "value" in part:
            # Values are given for the whole box.
            yield part, tensor[box]
        else:
            yield part, tensor[box][left[box]]
        left[box] = False
    yield node, tensor if bool(left.all()) else tensor[left]


def distribution(init):
    """The cumulative distribution of a constructor, and its bounds."""
    kind = init["type"]
    if kind == "Uniform":
        return stats.uniform(init["a"], init["b"] - init["a"]).cdf, (init["a"], init["b"])
    if kind == "Normal":
        return stats.norm(init["mean"], init["std"]).cdf, (-np.inf, np.inf)
    low, high = (float(init[key]) for key in ("a", "b"))
    mean, std = init["mean"], init["std"]
    return stats.truncnorm((low - mean) / std, (high - mean) / std, mean, std).cdf, (low, high)


STEPS = {
    "mul": lambda x, n: x * n, "add": lambda x, n: x + n, "clamp_min": np.maximum, "clamp_max": np.minimum,
    "abs": np.abs, "exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt,
    "reciprocal": lambda x: 1 / x, "softplus_inverse": lambda x: np.log(np.expm1(x)),
}


def functions_of(init, random):
    """A sample of a constructor with functions."""
    cases = {"Uniform": lambda: random.uniform(init["a"], init["b"], MOST), "Normal": lambda: random.normal(init["mean"], init["std"], MOST)}
    x = cases[init["type"]]()
    for step in init["then"]:
        name, operands = (step, ()) if isinstance(step, str) else next((key, (n,)) for key, n in step.items())
        x = STEPS[name](x, *operands)
    return x


def differs(node, found, limit, random, tensors):
    """What is wrong with the elements of one content, or None."""
    of = node.get("constructor", {}).get("norm_of")
    if of is not None:
        dims = [dim for dim, n in enumerate(tensors[of].shape) if found.dim() == 0 or found.size(dim) != n]
        expected = torch.linalg.vector_norm(tensors[of].detach().double(), dim=dims, keepdim=found.dim() > 0)
        return None if torch.allclose(found.double(), expected, rtol=1e-4) else f"not the norms of {of}"
    found = found.detach().reshape(-1)
    if found.numel() == 0:
        return None
    if "value" in node:
        value = node["value"]
        if isinstance(value, dict):
            return "a value in a file"
        expected = torch.tensor(value, dtype=torch.float64).reshape(-1)
        same = torch.equal(found.double(), expected.to(found.dtype).double().expand(found.numel()))
        return None if same else "other values"
    init = node["constructor"]
    if "unknown" in init:
        return None
    if init["type"] == "Constant":
        expected = torch.tensor(init["val"], dtype=torch.float64).to(found.dtype)
        return None if bool((found == expected).all()) else f"not all {init['val']}: {found[:3].tolist()}"
    numbers = found.double().numpy()
    if "then" in init:
        if len(numbers) > MOST:
            numbers = random.choice(numbers, MOST, replace=False)
        p = stats.ks_2samp(numbers, functions_of(init, random)).pvalue
        return None if p > limit else f"{init}: p = {p:.2g}"
    cdf, (low, high) = distribution(init)
    slack = 1e-6 * max(abs(low), abs(high)) if np.isfinite(low) and np.isfinite(high) else 0.0
    if numbers.min() < low - slack or numbers.max() > high + slack:
        return f"beyond [{low}, {high}]: {numbers.min()}, {numbers.max()}"
    if len(numbers) > MOST:
        numbers = random.choice(numbers, MOST, replace=False)
    p = stats.kstest(numbers, cdf).pvalue
    return None if p > limit else f"{init}: p = {p:.2g}, mean {numbers.mean():.6g}, std {numbers.std():.6g}"



def compare(target, seed, limit, random):
    """Differences of a model: (name, what); and how many tensors were compared."""
    build, is_of_mmengine = builder(target, {})
    if is_of_mmengine:
        return compare_mmengine(target, build, seed, limit, random)
    description = recorded(target, {})
    torch.manual_seed(seed)
    model = build()
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    wrong, count, unknown = [], 0, 0
    for name, node in nodes(description):
        tensor = tensors[name].detach()
        for content, found in regions(node, tensor):
            count += 1
            unknown += "unknown" in content.get("constructor", {})
            what = differs(content, found, limit, random, tensors)
            if what is not None:
                wrong.append((name, what))
    return wrong, count, unknown


def compare_mmengine(target, build, seed, limit, random):
    """The same of what the command writes from the description of a model that mmengine configures."""
    with tempfile.TemporaryDirectory() as folder:
        path, out = f"{folder}/model.json", f"{folder}/model.safetensors"
        recorded(target, {}, path)
        command = os.environ.get("WEIGHT_INIT_COMMAND", "weight-init")
        words = [command, "init", path, "--pretrained", "skip", "--seed", str(seed), "--out", out]
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            return [("", done.stderr.splitlines()[0])], 0, 0
        ours = load_file(out)
    torch.manual_seed(seed)
    model = initialized(build())
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    wrong = []
    for name in ours:
        here, there = ours[name].flatten(), tensors[name].detach().flatten()
        if here.numel() == 0 or torch.equal(here, there):
            continue
        is_random = here.is_floating_point() and bool((there != there[0]).any())
        if not is_random or bool((here == here[0]).all()):
            wrong.append((name, f"{here[:3].tolist()} rather than {there[:3].tolist()}"))
            continue
        sample = [x.double().numpy() for x in (here, there)]
        sample = [random.choice(x, MOST, replace=False) if len(x) > MOST else x for x in sample]
        p = stats.ks_2samp(*sample).pvalue
        if p <= limit:
            wrong.append((name, f"p = {p:.2g}, std {sample[0].std():.6g} rather than {sample[1].std():.6g}"))
    return wrong, len(ours), 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    targets = options.targets or TARGETS
    # A model has a few hundred tensors; a thousand of each is on the safe side.
    limit = FALSE_ALARM / (1000 * len(targets))
    random, failed = np.random.default_rng(options.seed), 0
    for target in targets:
        try:
            wrong, count, unknown = compare(target, options.seed, limit, random)
        except (DescribeError, WeightInitError) as error:
            wrong, count, unknown = [("", str(error))], 0, 0
        failed += bool(wrong)
        print(f"{target}: {count} contents, {unknown} unknown, {len(wrong)} differ", flush=True)
        for name, what in wrong[:5]:
            print(f"    {name}: {what}")
    print(f"{len(targets)} models, {failed} differ")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
