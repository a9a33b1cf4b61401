# ViT-L/16 (Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021): 304 million parameters, 1.2 GB.

depth, dim, heads, patch, image, classes = 24, 1024, 16, 16, 224, 1000


def linear(inputs, outputs):
    return dict(type='Linear', in_features=inputs, out_features=outputs)


def norm():
    return dict(type='LayerNorm', normalized_shape=dim, eps=1e-6)


def block():
    return dict(
        type='Module', class_name='TransformerEncoderLayer',
        ln1=norm(), attn=dict(type='nn.MultiheadAttention', embed_dim=dim, num_heads=heads, batch_first=True),
        ln2=norm(), ffn=[linear(dim, 4 * dim), dict(type='GELU'), linear(4 * dim, dim)])


model = dict(
    type='Module', class_name='VisionTransformer',
    params=dict(cls_token=[1, 1, dim], pos_embed=[1, (image // patch)**2 + 1, dim]),
    init_cfg=[
        dict(type='TruncNormal', std=.02, layer=['Linear', 'Conv2d']),
        dict(type='Constant', val=1, layer='LayerNorm'),
        dict(type='TruncNormal', std=.02, params=['*_token', 'pos_embed', '*.in_proj_weight']),
        dict(type='Constant', val=0, params='*.in_proj_bias'),
    ],
    patch_embed=dict(type='Conv2d', in_channels=3, out_channels=dim, kernel_size=patch, stride=patch),
    layers=dict(type='ModuleList', modules=[block() for _ in range(depth)]),
    ln1=norm(), head=linear(dim, classes))
