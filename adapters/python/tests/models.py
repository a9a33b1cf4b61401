"""Models of mmengine's kind, with rules on several levels."""

import torch
import torchvision
from mmengine.model import BaseModule, ModuleList
from torch import nn


class ResNet50(BaseModule):
    def __init__(self):
        super().__init__(init_cfg=[
            dict(type="Kaiming", layer="Conv2d"),
            dict(type="Constant", val=1, layer=["_BatchNorm", "GroupNorm"]),
            dict(type="Normal", std=0.01, layer="Linear", override=dict(name="fc", type="Xavier", distribution="uniform"))])
        for name, child in torchvision.models.resnet50(weights=None).named_children():
            self.add_module(name, child)


class Attention(BaseModule):
    def __init__(self, dim):
        super().__init__(init_cfg=dict(type="TruncNormal", std=0.02, layer="Linear", a=-0.04, b=0.04))
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)


class Block(BaseModule):
    def __init__(self, dim):
        super().__init__(init_cfg=dict(type="Constant", val=1, layer="LayerNorm", bias=0.25))
        self.norm1, self.attn, self.norm2 = nn.LayerNorm(dim), Attention(dim), nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))


class ViT(BaseModule):
    def __init__(self, dim=96, depth=2):
        super().__init__(init_cfg=[
            dict(type="TruncNormal", std=0.02, layer="Linear"),
            dict(type="TruncNormal", std=0.02, params=["*pos_embed", "*cls_token"])])
        self.patch_embed = nn.Conv2d(3, dim, 16, 16)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos_embed = nn.Parameter(torch.zeros(1, 197, dim))
        self.blocks = ModuleList([Block(dim) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(dim), nn.Linear(dim, 1000)
