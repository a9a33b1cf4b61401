//! Proves that gains, fans, scales, biases and truncated normal samples are PyTorch's and the exact ones.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use serde::Deserialize;
use weight_init_core::init_cfg::Bias;
use weight_init_core::initializer::{
    Distribution, FanMode, Initializer, Kaiming, Nonlinearity, Xavier, bias_from_prob, fans, gain,
};
use weight_init_core::{Fill, Float, Shape, Stream};
use weight_init_tests::bits::Bits;
use weight_init_tests::golden;

#[derive(Deserialize)]
struct Leaf {
    gain: Vec<GainCase>,
    fans: Vec<FanCase>,
    scale: Vec<ScaleCase>,
    bias_init_with_prob: Vec<BiasCase>,
    trunc_normal: Vec<TruncNormalCase>,
}

#[derive(Deserialize)]
struct GainCase {
    nonlinearity: String,
    #[serde(default)]
    param: f64,
    gain: f64,
}

#[derive(Deserialize)]
struct FanCase {
    shape: Vec<usize>,
    fan_in: Option<u64>,
    fan_out: Option<u64>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct ScaleCase {
    init: String,
    shape: Vec<usize>,
    #[serde(default)]
    gain: f64,
    mode: Option<String>,
    nonlinearity: Option<String>,
    #[serde(default)]
    a: f64,
    std: Option<f64>,
    bound: Option<f64>,
}

#[derive(Deserialize)]
struct BiasCase {
    prior_prob: f64,
    bias: f64,
}

#[derive(Debug, Deserialize)]
struct TruncNormalCase {
    mean: f64,
    std: f64,
    a: f64,
    b: f64,
    expected_mean: f64,
    expected_std: f64,
    quantiles: Vec<f64>,
}

fn leaf() -> Leaf {
    serde_json::from_str(&golden::text("leaf.json.gz")).unwrap()
}

fn close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 4.0 * f64::EPSILON * expected.abs()
}

#[test]
fn every_case_is_there() {
    let leaf = leaf();
    let counts =
        [leaf.gain.len(), leaf.fans.len(), leaf.scale.len(), leaf.bias_init_with_prob.len()];
    assert_eq!(counts, [19, 18, 208, 6]);
    assert_eq!(leaf.trunc_normal.len(), 10);
    assert!(leaf.trunc_normal.iter().all(|case| case.quantiles.len() == 101));
}

#[test]
fn gains() {
    for case in leaf().gain {
        let nonlinearity = Nonlinearity::from_name(&case.nonlinearity).unwrap();
        let found = gain(nonlinearity, case.param);
        assert!(close(found, case.gain), "{nonlinearity:?}({}): {found}", case.param);
    }
}

#[test]
fn fans_of_shapes() {
    let mut errors = 0;
    for case in leaf().fans {
        let found = fans(&Shape::new(&case.shape));
        match found {
            Ok(fans) => {
                let found = (Some(fans.fan_in), Some(fans.fan_out));
                assert_eq!(found, (case.fan_in, case.fan_out), "{:?}", case.shape);
            }
            Err(error) => {
                assert!(case.error.is_some(), "{:?}: {error}", case.shape);
                errors += 1;
            }
        }
    }
    assert_eq!(errors, 3);
}

#[test]
fn scales() {
    for case in leaf().scale {
        let shape = Shape::new(&case.shape);
        // One case gives the standard deviation, the bound, or both of the same initializer.
        for (distribution, expected) in
            [(Distribution::Normal, case.std), (Distribution::Uniform, case.bound)]
        {
            let Some(expected) = expected else { continue };
            let fill: Fill<f64> = match case.init.as_str() {
                "kaiming" => {
                    let mode = FanMode::from_name(case.mode.as_deref().unwrap()).unwrap();
                    let nonlinearity = case.nonlinearity.as_deref().unwrap();
                    let nonlinearity = Nonlinearity::from_name(nonlinearity).unwrap();
                    Kaiming { a: case.a, mode, nonlinearity, distribution, ..Kaiming::DEFAULT }
                        .fill(&shape)
                        .unwrap()
                }
                name => {
                    let uniform = distribution == Distribution::Uniform;
                    assert_eq!(name, if uniform { "xavier_uniform" } else { "xavier_normal" });
                    Xavier { gain: case.gain, distribution, ..Xavier::DEFAULT }
                        .fill(&shape)
                        .unwrap()
                }
            };
            let found = match fill {
                Fill::Normal(normal) if normal.mean() == 0.0 => normal.std(),
                Fill::Uniform(uniform) if uniform.a() == -uniform.b() => uniform.b(),
                other => panic!("{} of {:?}: {other:?}", case.init, case.shape),
            };
            assert!(
                close(found, expected),
                "{} of {:?}: {found}, PyTorch has {expected}",
                case.init,
                case.shape
            );
        }
    }
}

#[test]
fn biases_from_probabilities() {
    for case in leaf().bias_init_with_prob {
        for found in [bias_from_prob(case.prior_prob), Bias::Prob(case.prior_prob).value()] {
            assert!(close(found, case.bias), "{}: {found}", case.prior_prob);
        }
    }
}

/// Mean, standard deviation and the distribution function at 99 quantiles, of 10⁶ samples each.
///
/// Every check lets six standard errors pass, so by chance one of them would fail with probability 2·10⁻⁹, and any
/// of the 2020 with 4·10⁻⁶, were the seed not fixed. The standard error of the standard deviation is taken as
/// √2·σ/√n, that of an exponential distribution: no truncated normal has a heavier tail.
#[test]
fn truncated_normals() {
    for case in leaf().trunc_normal {
        truncated_normal::<f32>(&case);
        truncated_normal::<f64>(&case);
    }
}

fn truncated_normal<T: Bits>(case: &TruncNormalCase) {
    const SAMPLES: usize = 1_000_000;
    const ERRORS: f64 = 6.0;
    let n = SAMPLES as f64;
    let fill = Fill::<T>::trunc_normal(case.mean, case.std, case.a, case.b).unwrap();
    let mut samples = vec![T::default(); SAMPLES];
    fill.write(Stream::new(1, "trunc_normal"), 0, &mut samples);
    let mut samples: Vec<f64> = samples.into_iter().map(Float::to_f64_exact).collect();
    samples.sort_unstable_by(f64::total_cmp);

    let mean = samples.iter().sum::<f64>() / n;
    let variance = samples.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
    let error = ERRORS * case.expected_std / n.sqrt();
    assert!((mean - case.expected_mean).abs() <= error, "{case:?}: mean {mean}");
    let std = variance.sqrt();
    let error = std::f64::consts::SQRT_2 * error;
    assert!((std - case.expected_std).abs() <= error, "{case:?}: std {std}");

    let [first, .., last] = case.quantiles[..] else { panic!("{case:?}") };
    assert!(first == case.a && last == case.b, "{case:?}");
    assert!(samples[0] >= case.a && samples[SAMPLES - 1] <= case.b, "{case:?}");
    for (percent, quantile) in case.quantiles.iter().enumerate().take(100).skip(1) {
        let p = percent as f64 / 100.0;
        let below = samples.partition_point(|x| x <= quantile) as f64 / n;
        let error = ERRORS * (p * (1.0 - p) / n).sqrt();
        assert!((below - p).abs() <= error, "{case:?}: {below} below quantile {p}");
    }
}
