# A language model with the shapes of LLaMA-7B (Touvron et al., LLaMA, 2023): 6.7 billion parameters, 13.5 GB in bf16.

depth, dim, hidden, vocabulary = 32, 4096, 11008, 32000


def linear(inputs, outputs):
    return dict(type='Linear', in_features=inputs, out_features=outputs, bias=False)


def norm():
    return dict(type='RMSNorm', normalized_shape=dim, eps=1e-6)


def block():
    return dict(
        type='Module', class_name='Block',
        attention_norm=norm(), q=linear(dim, dim), k=linear(dim, dim), v=linear(dim, dim), o=linear(dim, dim),
        ffn_norm=norm(), gate=linear(dim, hidden), up=linear(dim, hidden), down=linear(hidden, dim))


model = dict(
    type='Module', class_name='Transformer',
    init_cfg=[
        dict(type='Normal', std=.02, layer=['Linear', 'Embedding']),
        dict(type='Constant', val=1, layer='RMSNorm'),
        # What is added to the residual stream begins smaller, as GPT-2 has it.
        dict(type='Normal', std=.02 / (2 * depth)**.5, params=['*.o.weight', '*.down.weight']),
    ],
    embedding=dict(type='Embedding', num_embeddings=vocabulary, embedding_dim=dim),
    layers=dict(type='ModuleList', modules=[block() for _ in range(depth)]),
    norm=norm(), head=linear(dim, vocabulary))
