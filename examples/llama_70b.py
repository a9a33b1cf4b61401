# A decoder of Llama's form with 70 billion parameters (Touvron et al., Llama 2, 2023), with the names that transformers gives it.
#
#   weight-init plan examples/llama_70b.py --dtype bf16

hidden = 8192
inner = 28672
layers = 80
heads, kv_heads = 64, 8
vocabulary = 32000


def linear(inputs, outputs):
    return dict(type='Linear', in_features=inputs, out_features=outputs, bias=False)


def norm():
    return dict(type='RMSNorm', normalized_shape=hidden, eps=1e-5)


def block():
    kv = hidden // heads * kv_heads
    return dict(
        type='Module', class_name='DecoderLayer',
        self_attn=dict(type='Module', class_name='Attention', q_proj=linear(hidden, hidden), k_proj=linear(hidden, kv),
                       v_proj=linear(hidden, kv), o_proj=linear(hidden, hidden)),
        mlp=dict(type='Module', class_name='MLP', gate_proj=linear(hidden, inner), up_proj=linear(hidden, inner),
                 down_proj=linear(inner, hidden)),
        input_layernorm=norm(),
        post_attention_layernorm=norm())


model = dict(
    type='Module', class_name='CausalLM',
    init_cfg=[
        dict(type='Normal', std=.02, layer=['Linear', 'Embedding']),
        # The projections that end the branches of a layer, smaller with the depth (Radford et al., GPT-2, 2019).
        dict(type='DepthScaled', std=.02, layers=layers, params=['*.o_proj.weight', '*.down_proj.weight']),
        dict(type='Constant', val=1, layer='RMSNorm'),
    ],
    model=dict(
        type='Module', class_name='Decoder',
        embed_tokens=dict(type='Embedding', num_embeddings=vocabulary, embedding_dim=hidden),
        layers=dict(type='ModuleList', modules=[block() for _ in range(layers)]),
        norm=norm()),
    lm_head=linear(hidden, vocabulary))
