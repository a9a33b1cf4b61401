# The ResNet-50 backbone of MMDetection as one model config: layers, names, order and init_cfg are mmdet's.
#
#   weight-init init examples/resnet50.py --seed 42 --out resnet50.safetensors

norm_cfg = dict(type='BatchNorm2d')


def conv(inputs, outputs, kernel=1, stride=1):
    return dict(type='Conv2d', in_channels=inputs, out_channels=outputs, kernel_size=kernel, stride=stride,
                padding=kernel // 2, bias=False)


def norm(channels):
    return dict(norm_cfg, num_features=channels)


# He et al., Deep Residual Learning for Image Recognition, CVPR 2016; the stride is in the 3x3 convolution.
def bottleneck(inputs, width, stride):
    block = dict(
        type='Module', class_name='Bottleneck',
        # The last normalization of a block starts at 0, so that the block starts as the identity.
        init_cfg=dict(type='Constant', val=0, override=dict(name='norm3')),
        aliases=dict(norm1='bn1', norm2='bn2', norm3='bn3'),
        conv1=conv(inputs, width), bn1=norm(width),
        conv2=conv(width, width, 3, stride), bn2=norm(width),
        conv3=conv(width, 4 * width), bn3=norm(4 * width),
        relu=dict(type='ReLU', inplace=True))
    if inputs != 4 * width:
        block['downsample'] = dict(
            type='nn.Sequential', modules=[conv(inputs, 4 * width, 1, stride), norm(4 * width)])
    return block


def stage(inputs, width, blocks, stride):
    first = bottleneck(inputs, width, stride)
    return dict(type='Sequential', class_name='ResLayer', bases=['Sequential'],
                modules=[first] + [bottleneck(4 * width, width, 1) for _ in range(blocks - 1)])


model = dict(
    type='Module', class_name='ResNet',
    init_cfg=[
        dict(type='Kaiming', layer='Conv2d'),
        dict(type='Constant', val=1, layer=['_BatchNorm', 'GroupNorm']),
    ],
    aliases=dict(norm1='bn1'),
    conv1=conv(3, 64, 7, 2), bn1=norm(64),
    relu=dict(type='ReLU', inplace=True), maxpool=dict(type='MaxPool2d', kernel_size=3, stride=2, padding=1),
    layer1=stage(64, 64, 3, 1),
    layer2=stage(256, 128, 4, 2),
    layer3=stage(512, 256, 6, 2),
    layer4=stage(1024, 512, 3, 2))
