//! A deep plain network, by burn's own initializer and by one rule, five seeds each: `cargo run --release --example train`.
//!
//! Twenty layers of 64 rectified units without normalization, as users of burn write them. burn's default, U(±1/√in) as PyTorch's,
//! shrinks the signal by √6 in each layer, so that no gradient reaches the first; Kaiming's rule keeps its variance (He et al.
//! 2015, <https://arxiv.org/abs/1502.01852>).

mod digits;

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::{GradientsParams, SgdConfig, momentum::MomentumConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Int, Tensor, TensorData};

use digits::{SIDE, batch};

const DEPTH: usize = 20;
const WIDTH: usize = 64;
const STEPS: u64 = 3000;
const RATE: f64 = 0.01;
const SEEDS: u64 = 5;

const RULES: [(&str, Option<&str>); 3] = [
    ("burn's own", None),
    ("Kaiming", Some(r#"{"type": "Kaiming", "mode": "fan_in", "layer": "Linear"}"#)),
    (
        "Orthogonal, gain √2",
        Some(r#"{"type": "Orthogonal", "gain": 1.4142135623730951, "layer": "Linear"}"#),
    ),
];

#[derive(Module, Debug)]
struct Net {
    layers: Vec<Linear>,
    head: Linear,
}

impl Net {
    fn new(device: &Device) -> Self {
        let input = |layer| if layer == 0 { SIDE * SIDE } else { WIDTH };
        let layers = (0..DEPTH).map(|layer| LinearConfig::new(input(layer), WIDTH).init(device));
        Self { layers: layers.collect(), head: LinearConfig::new(WIDTH, 10).init(device) }
    }

    fn forward(&self, input: Tensor<2>) -> Tensor<2> {
        self.head.forward(self.layers.iter().fold(input, |x, layer| relu(layer.forward(x))))
    }
}

fn data(split: &str, number: u64, count: usize, device: &Device) -> (Tensor<2>, Tensor<1, Int>) {
    let (pictures, digits) = batch(split, number, count);
    let pictures = Tensor::from_data(TensorData::new(pictures, [count, SIDE * SIDE]), device);
    (pictures, Tensor::from_data(TensorData::new(digits, [count]), device))
}

/// The share of 2000 pictures whose digit is found after training.
fn accuracy(
    rules: Option<&str>,
    seed: u64,
    device: &Device,
) -> Result<f64, weight_init_burn::Error> {
    device.seed(seed);
    let mut net = Net::new(device);
    if let Some(rules) = rules {
        (net, _) = weight_init_burn::init(net, &weight_init_burn::init_cfg(rules)?, seed)?;
    }
    let momentum = MomentumConfig::new().with_momentum(0.9);
    let mut optimizer = SgdConfig::new().with_momentum(Some(momentum)).init();
    let loss = CrossEntropyLossConfig::new().init(device);
    for step in 0..STEPS {
        let (pictures, digits) = data("train", step, 64, device);
        let gradients = loss.forward(net.forward(pictures), digits).backward();
        net = optimizer.step(RATE, net.clone(), GradientsParams::from_grads(gradients, &net));
    }
    let (pictures, digits) = data("test", 0, 2000, device);
    let found = net.forward(pictures).argmax(1).reshape([2000]);
    Ok(found.equal(digits).int().sum().into_scalar::<i64>() as f64 / 2000.0)
}

fn main() -> Result<(), weight_init_burn::Error> {
    let device = Device::flex().autodiff();
    for (name, rules) in RULES {
        let found: Result<Vec<_>, _> =
            (0..SEEDS).map(|seed| accuracy(rules, seed, &device)).collect();
        let found: Vec<_> = found?.iter().map(|share| format!("{:.1} %", 100.0 * share)).collect();
        println!("{name:20} {}", found.join("  "));
    }
    Ok(())
}
