# A small Vision Transformer as one model config (Dosovitskiy et al., An Image is Worth 16x16 Words, ICLR 2021).
#
#   weight-init plan examples/vit_tiny.py

depth, dim, heads, patch, image, classes = 12, 192, 3, 16, 224, 1000
patches = (image // patch)**2


def block(index):
    return dict(
        type='Module', class_name='TransformerEncoderLayer',
        ln1=dict(type='LayerNorm', normalized_shape=dim, eps=1e-6),
        attn=dict(type='nn.MultiheadAttention', embed_dim=dim, num_heads=heads, batch_first=True),
        ln2=dict(type='LayerNorm', normalized_shape=dim, eps=1e-6),
        ffn=[dict(type='Linear', in_features=dim, out_features=4 * dim), dict(type='GELU'),
             dict(type='Linear', in_features=4 * dim, out_features=dim)])


model = dict(
    type='Module', class_name='VisionTransformer',
    params=dict(cls_token=[1, 1, dim], pos_embed=[1, patches + 1, dim]),
    init_cfg=[
        dict(type='TruncNormal', std=.02, layer='Linear'),
        dict(type='Constant', val=1, bias=0, layer='LayerNorm'),
        # Of our own: rules for parameters that are not called weight or bias, by their full names.
        dict(type='TruncNormal', std=.02, params=['*_token', 'pos_embed', '*.in_proj_weight']),
        dict(type='Constant', val=0, params='*.in_proj_bias'),
        dict(type='Constant', val=0, override=dict(name='head')),
    ],
    patch_embed=dict(type='Conv2d', in_channels=3, out_channels=dim, kernel_size=patch, stride=patch),
    layers=dict(type='ModuleList', modules=[block(index) for index in range(depth)]),
    ln1=dict(type='LayerNorm', normalized_shape=dim, eps=1e-6),
    head=dict(type='Linear', in_features=dim, out_features=classes))
