//! Three deep networks by candle's own initializers and by rules, several seeds each: what the README's figure shows.
//!
//! `cargo run --release --example train -- digits.csv` trains on scikit-learn's digits, without a file on drawn ones; `--short` is a
//! trial of a few steps, and a number one seed alone. Lines of `net,rules,seed,step,loss` go to standard output, and the accuracy on pictures that were not
//! learned from in place of the loss where the step is `accuracy`.

mod digits;
mod nets;

use std::ops::Range;
use std::path::Path;

use candle_core::{D, DType, Device, Tensor};
use candle_nn::loss::cross_entropy;
use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarMap};
use weight_init_candle::{Error, WeightInit, init_cfg};

use digits::{Digits, PIXELS, Pictures, SIDE};
use nets::{Net, Plain, Residual, Transformer};

/// Rules, and what they are called; `None`: candle's own initializers.
type Named = (&'static str, Option<&'static str>);

const PLAIN: [Named; 2] = [
    ("candle's own", None),
    ("Kaiming", Some(r#"{"type": "Kaiming", "mode": "fan_in", "layer": ["Conv2d", "Linear"]}"#)),
];

/// By candle's Kaiming draws a branch has twice the variance of its input, which sixteen sums multiply by 3^16; branches that start
/// at zero leave it as it is.
const RESIDUAL: [Named; 2] = [
    ("candle's own", None),
    (
        "branches from zero",
        Some(r#"{"type": "Constant", "val": 0, "params": "blocks.*.down.weight"}"#),
    ),
];

/// Branches whose last matrix is 1/√width, divided by √(2 · 12 blocks), leave the norms near the identity at first.
const TRANSFORMER: [Named; 2] = [
    ("candle's own", None),
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

fn tensors(pictures: &Pictures, device: &Device) -> candle_core::Result<(Tensor, Tensor)> {
    let count = pictures.digits.len();
    let pixels = Tensor::from_slice(&pictures.pixels, (count, 1, SIDE, SIDE), device)?;
    debug_assert_eq!(pictures.pixels.len(), count * PIXELS);
    let digits = pictures.digits.iter().map(|digit| u32::from(*digit)).collect::<Vec<_>>();
    Ok((pixels, Tensor::from_vec(digits, count, device)?))
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
    let varmap = VarMap::new();
    let rules = rules.map(init_cfg).transpose()?;
    // Without rules these are candle's own distributions, from the seed.
    let init = WeightInit::new(rules.as_ref(), seed).strict();
    let (made, _) = init.build(&varmap, DType::F32, device, N::new)?;
    let params = ParamsAdamW { lr: rate, weight_decay: 0.0, ..ParamsAdamW::default() };
    let mut optimizer = AdamW::new(varmap.all_vars(), params)?;
    for step in 0..*steps {
        let (pixels, wanted) = tensors(&digits.batch(step + 1000 * seed, 32), device)?;
        let loss = cross_entropy(&made.forward(&pixels)?, &wanted)?;
        optimizer.backward_step(&loss)?;
        if step % 10 == 0 {
            println!("{net},\"{name}\",{seed},{step},{:.4}", loss.to_scalar::<f32>()?);
        }
    }
    let (pixels, wanted) = tensors(&digits.test, device)?;
    let found = made.forward(&pixels)?.argmax(D::Minus1)?;
    let right = found.eq(&wanted)?.to_dtype(DType::F32)?.mean_all()?.to_scalar::<f32>()?;
    println!("{net},\"{name}\",{seed},accuracy,{right:.4}");
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let short = arguments.iter().any(|it| it == "--short");
    let seed = arguments.iter().find_map(|it| it.parse::<u64>().ok());
    let file = arguments.iter().find(|it| !it.starts_with("--") && it.parse::<u64>().is_err());
    let digits = file.map_or_else(|| Ok(Digits::drawn()), |it| Digits::read(Path::new(it)))?;
    let (steps, seeds) = if short { (3, 0..1) } else { (600, 0..5) };
    let seeds = seed.map_or(seeds, |seed| seed..seed + 1);
    let settings = Settings { digits, steps, seeds, device: Device::Cpu };
    println!("net,rules,seed,step,loss");
    for seed in settings.seeds.clone() {
        for rules in PLAIN {
            train::<Plain>("plain convolutions", rules, seed, 2e-3, &settings)?;
        }
        for rules in RESIDUAL {
            train::<Residual>("residual", rules, seed, 1e-3, &settings)?;
        }
        for rules in TRANSFORMER {
            train::<Transformer>("transformer", rules, seed, 1e-3, &settings)?;
        }
    }
    Ok(())
}
