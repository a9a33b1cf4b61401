"""The time of `init_` beside mmengine's init_weights and torch.nn.init, as ratios within one run.

Best times of each, taken in turns; those of the processor say what others on the machine do not change.

    python speed.py [ROUNDS]

Needs timm, mmengine and mmdet (mmcv without its operators is enough).
"""

import contextlib
import io
import logging
import sys
import time
import warnings

import timm
import torch
from torch import nn

import weight_init
from weight_init import _describe, _torch

logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")


def seconds(act):
    """Of the clock, and of all cores together."""
    start, cpu = time.perf_counter(), time.process_time()
    act()
    return time.perf_counter() - start, time.process_time() - cpu


def compare(label, model, init_cfg, others, rounds):
    """Prints the best time of `init_` and of the others, taken in turns."""
    acts = {"init_": lambda: weight_init.init_(model, init_cfg, seed=42),
            "init_, 1 thread": lambda: weight_init.init_(model, init_cfg, seed=42, threads=1),
            "zero_ of every parameter": lambda: [p.data.zero_() for p in model.parameters()], **others}
    best = {name: (float("inf"), float("inf")) for name in acts}
    plan = best["init_"]
    for _ in range(rounds):
        for name, act in acts.items():
            best[name] = tuple(map(min, best[name], seconds(act)))
        plan = tuple(map(min, plan, seconds(lambda: weight_init.plan(model, init_cfg))))
    parameters = sum(p.numel() for p in model.parameters())
    ours = best["init_"]
    print(f"{label}: {parameters / 1e6:.1f} M parameters, walk and plan {plan[0] * 1e3:.2f} ms ({100 * plan[0] / ours[0]:.1f} %), of "
          f"processor time {plan[1] * 1e3:.2f} ms ({100 * plan[1] / ours[1]:.1f} %)")
    for name, (clock, cpu) in best.items():
        print(f"    {name:30s} {clock * 1e3:9.2f} ms {clock / ours[0]:6.1f}x    processor time {cpu * 1e3:9.2f} ms {cpu / ours[1]:6.1f}x")


def mmengine(model):
    def act():
        for module in model.modules():
            if hasattr(module, "_is_init"):
                module._is_init = False
            module.__dict__.pop("_params_init_info", None)
        with contextlib.redirect_stdout(io.StringIO()):
            model.init_weights()

    return act


def retinanet():
    """RetinaNet-R50-FPN as mmdet's config has it, without its checkpoint."""
    _describe.without_operators()
    from mmdet.utils import register_all_modules
    from mmengine.registry import MODELS, init_default_scope
    register_all_modules()
    init_default_scope("mmdet")
    return MODELS.build(dict(
        type="RetinaNet", data_preprocessor=dict(type="DetDataPreprocessor"),
        backbone=dict(type="ResNet", depth=50, num_stages=4, out_indices=(0, 1, 2, 3), norm_cfg=dict(type="BN")),
        neck=dict(type="FPN", in_channels=[256, 512, 1024, 2048], out_channels=256, start_level=1, num_outs=5),
        bbox_head=dict(type="RetinaHead", num_classes=80, in_channels=256, stacked_convs=4, feat_channels=256)))


def trunc_normal(model):
    def act():
        for module in model.modules():
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                nn.init.zeros_(module.bias)

    return act


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    model = retinanet()
    compare("RetinaNet-R50-FPN", model, None, {"mmengine's init_weights": mmengine(model)}, rounds)
    model = timm.create_model("vit_large_patch16_224")
    rules = dict(type="TruncNormal", std=0.02, layer="Linear")
    compare("ViT-L/16", model, rules, {"torch.nn.init.trunc_normal_": trunc_normal(model)}, min(rounds, 5))
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    compare("MLP of 3 layers", model, rules, {"torch.nn.init.trunc_normal_": trunc_normal(model)}, 20 * rounds)
    print(f"threads: {_torch._weight_init.threads(None)}, torch's: {torch.get_num_threads()}")


if __name__ == "__main__":
    main()
