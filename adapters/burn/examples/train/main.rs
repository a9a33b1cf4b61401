//! Two deep networks by burn's own initializers and by rules, several seeds each: what the README's figure shows.
//!
//! `cargo run --release --example train -- digits.csv` trains on scikit-learn's digits, without a file on drawn ones; `--short` is a
//! trial of a few steps, and a number one seed alone. Lines of `net,rules,seed,step,loss` go to standard output, and the accuracy on pictures that were not
//! learned from in place of the loss where the step is `accuracy`.
//!
//! burn's default, U(±1/√in) as PyTorch's, shrinks the signal of a layer of rectifiers by √6, so that twenty of them let no gradient
//! through; Kaiming's rule keeps its variance (He et al. 2015, <https://arxiv.org/abs/1502.01852>).

mod digits;
mod nets;

use std::ops::Range;
use std::path::Path;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::{Device, Int, Tensor, TensorData};
use weight_init_burn::{Error, WeightInit, init_cfg};

use digits::{Digits, Pictures, SIDE};
use nets::{Net, Plain, Transformer};

/// Rules, and what they are called; `None`: burn's own initializers.
type Named = (&'static str, Option<&'static str>);

const PLAIN: [Named; 2] = [
    ("burn's own", None),
    ("Kaiming", Some(r#"{"type": "Kaiming", "mode": "fan_in", "layer": ["Conv2d", "Linear"]}"#)),
];

/// Branches whose last matrix is 1/√width, divided by √(2 · 12 blocks), leave the norms near the identity at first.
const TRANSFORMER: [Named; 2] = [
    ("burn's own", None),
    (
        "Xavier, DepthScaled before residuals",
        Some(
            r#"[{"type": "Xavier", "layer": "Linear"},
                {"type": "DepthScaled", "std": 0.18, "layers": 12, "params": ["blocks.*.out.weight", "blocks.*.down.weight"]}]"#,
        ),
    ),
];

struct Settings {
    digits: Digits,
    steps: u64,
    seeds: Range<u64>,
    device: Device,
}

fn tensors(pictures: &Pictures, device: &Device) -> (Tensor<4>, Tensor<1, Int>) {
    let count = pictures.digits.len();
    let pixels = TensorData::new(pictures.pixels.clone(), [count, 1, SIDE, SIDE]);
    let digits: Vec<_> = pictures.digits.iter().map(|digit| i64::from(*digit)).collect();
    (Tensor::from_data(pixels, device), Tensor::from_data(TensorData::new(digits, [count]), device))
}

/// Trains one net, and prints the loss of every tenth step and the accuracy at the end.
fn train<N: Net>(
    net: &str,
    (name, rules): Named,
    seed: u64,
    rate: f64,
    settings: &Settings,
) -> Result<(), Error> {
    let Settings { digits, steps, device, .. } = settings;
    device.seed(seed);
    let mut made = N::new(device);
    if let Some(rules) = rules {
        (made, _) = WeightInit::new(&init_cfg(rules)?, seed).strict().apply(made)?;
    }
    let mut optimizer = AdamConfig::new().init();
    let loss = CrossEntropyLossConfig::new().init(device);
    for step in 0..*steps {
        let (pixels, wanted) = tensors(&digits.batch(step + 1000 * seed, 32), device);
        let loss = loss.forward(made.forward(pixels), wanted);
        if step % 10 == 0 {
            println!("{net},\"{name}\",{seed},{step},{:.4}", loss.clone().into_scalar::<f32>());
        }
        let gradients = GradientsParams::from_grads(loss.backward(), &made);
        made = optimizer.step(rate, made, gradients);
    }
    let (pixels, wanted) = tensors(&digits.test, device);
    let found = made.forward(pixels).argmax(1).flatten::<1>(0, 1);
    let right = found.equal(wanted).int().sum().into_scalar::<i64>();
    println!(
        "{net},\"{name}\",{seed},accuracy,{:.4}",
        right as f64 / digits.test.digits.len() as f64
    );
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let short = arguments.iter().any(|it| it == "--short");
    let seed = arguments.iter().find_map(|it| it.parse::<u64>().ok());
    let file = arguments.iter().find(|it| !it.starts_with("--") && it.parse::<u64>().is_err());
    let digits = file.map_or_else(|| Ok(Digits::drawn()), |it| Digits::read(Path::new(it)))?;
    let (steps, seeds) = if short { (3, 0..1) } else { (300, 0..5) };
    let seeds = seed.map_or(seeds, |seed| seed..seed + 1);
    let settings = Settings { digits, steps, seeds, device: Device::flex().autodiff() };
    println!("net,rules,seed,step,loss");
    for seed in settings.seeds.clone() {
        for rules in PLAIN {
            train::<Plain>("plain convolutions", rules, seed, 2e-3, &settings)?;
        }
        for rules in TRANSFORMER {
            train::<Transformer>("transformer", rules, seed, 1e-3, &settings)?;
        }
    }
    Ok(())
}
