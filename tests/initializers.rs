//! Proves that every initializer does what PyTorch, Keras and JAX do by the same name: scales, elements, numbers of zeros, moments
//! and refusals, of a grid of arguments and shapes that `data/initializers.py` wrote down.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use serde::Deserialize;
use weight_init_backends::{Backend, LineBackend, Simd};
use weight_init_core::init_cfg::{Init, InitCfg, Owned, Write};
use weight_init_core::initializer::{AnyFill, Layout, Shape};
use weight_init_core::{Fill, Stream};
use weight_init_tests::bits::Bits;
use weight_init_tests::golden;

#[derive(Deserialize)]
struct Case {
    library: String,
    rule: serde_json::Value,
    shape: Vec<usize>,
    layout: String,
    #[serde(flatten)]
    found: Found,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Found {
    Uniform([f64; 2]),
    Normal([f64; 2]),
    TruncNormal([f64; 4]),
    Nonzero(Vec<(usize, f64)>),
    Zeros(usize),
    Moments([f64; 5]),
    Table(Vec<f64>),
    SingleTable(Vec<f64>),
    Error(String),
}

impl Case {
    fn init(&self) -> Init {
        let rules: InitCfg<Owned> = serde_json::from_value(self.rule.clone()).unwrap();
        match rules.rules[0].write {
            Write::Init(init, _) => init,
            Write::Pretrained(_) => panic!("no initializer"),
        }
    }

    fn shape(&self) -> Shape<'_> {
        // `in_out`, `out_in`, `groups 4`, `groups 4 transposed`.
        let layout = match self.layout.split(' ').collect::<Vec<_>>()[..] {
            ["in_out"] => Layout::InOut,
            ["groups", groups, ref rest @ ..] => {
                Layout::conv(groups.parse().unwrap(), rest == ["transposed"]).unwrap()
            }
            _ => Layout::OutIn,
        };
        Shape::new(&self.shape).with_layout(layout)
    }

    fn elements<T: Bits>(&self) -> Vec<T>
    where
        Simd: LineBackend<T, Memory = [T], Error = std::convert::Infallible>,
    {
        let mut out = vec![T::nan(); self.shape.iter().product()];
        let stream = Stream::new(42, "weight");
        match self.init().any_fill(&self.shape()).unwrap() {
            AnyFill::Elements(fill) => Simd::new().fill(&fill, stream, 0, &mut out).unwrap(),
            AnyFill::Lines(fill) => Simd::new().fill_lines(&fill, stream, 0, &mut out).unwrap(),
        }
        out
    }
}

/// Equal but for the last two bits: the libraries order some multiplications in another way.
fn close(found: &[f64], expected: &[f64]) -> bool {
    let pairs = found.iter().zip(expected);
    pairs.fold(true, |all, (x, y)| all && (x - y).abs() <= 4.0 * f64::EPSILON * y.abs())
}

fn check(case: &Case) -> Result<(), String> {
    let fill = || match case.init().any_fill::<f64>(&case.shape()) {
        Ok(AnyFill::Elements(fill)) => Ok(fill),
        other => Err(format!("{other:?}")),
    };
    let is_right = match &case.found {
        Found::Uniform(bounds) => match fill()? {
            Fill::Uniform(fill) => close(&[fill.a(), fill.b()], bounds),
            _ => false,
        },
        Found::Normal(numbers) => match fill()? {
            Fill::Normal(fill) => close(&[fill.mean(), fill.std()], numbers),
            _ => false,
        },
        Found::TruncNormal(numbers) => match fill()? {
            Fill::TruncNormal(fill) => {
                close(&[fill.mean(), fill.std(), fill.a(), fill.b()], numbers)
            }
            _ => false,
        },
        Found::Nonzero(expected) => {
            let found = case.elements::<f32>().into_iter().enumerate().filter(|(_, x)| *x != 0.0);
            found.eq(expected.iter().map(|(number, x)| (*number, *x as f32)))
        }
        Found::Zeros(zeros) => {
            let (elements, columns) = (case.elements::<f32>(), case.shape[1]);
            (0..columns).all(|column| {
                let of_column = elements.iter().skip(column).step_by(columns);
                of_column.filter(|x| **x == 0.0).count() == *zeros
            })
        }
        Found::Moments(expected) => moments(&case.elements(), expected),
        // The angles of a table are products in double precision, of a hundred at most.
        Found::Table(expected) => {
            let found = case.elements::<f64>();
            found.len() == expected.len()
                && found
                    .iter()
                    .zip(expected)
                    .all(|(x, y)| (x - y).abs() <= 1e-13 * y.abs().max(1.0))
        }
        Found::SingleTable(expected) => {
            let found = case.elements::<f32>();
            let expected = expected.iter().map(|x| *x as f32);
            found.iter().zip(expected).all(|(x, y)| (x - y).abs() <= f32::EPSILON * y.abs())
        }
        Found::Error(message) => match case.init().any_fill::<f64>(&case.shape()) {
            Ok(_) => return Err(format!("no error, where it is refused: {message}")),
            Err(_) => true,
        },
    };
    if is_right { Ok(()) } else { Err(format!("{:?}", case.init().any_fill::<f64>(&case.shape()))) }
}

/// Mean and standard deviation of two samples of the same size differ by less than six of their standard errors, by chance with
/// a probability below 2·10⁻⁹ each, were the seeds not fixed. The kurtosis of all of them is at most 4, so that the
/// error of a standard deviation is below √3/2·σ/√n.
fn moments(sample: &[f32], [n, mean, std, min, max]: &[f64; 5]) -> bool {
    let numbers = || sample.iter().map(|x| f64::from(*x));
    let own_mean = numbers().sum::<f64>() / n;
    let own_std = (numbers().map(|x| (x - own_mean) * (x - own_mean)).sum::<f64>() / n).sqrt();
    let error = 6.0 * 2_f64.sqrt() * std / n.sqrt();
    // The extremes are of the same order: no library cuts where another does not.
    let extremes = [
        numbers().fold(f64::INFINITY, f64::min) / min,
        numbers().fold(f64::NEG_INFINITY, f64::max) / max,
    ];
    sample.len() as f64 == *n
        && (own_mean - mean).abs() < error
        && (own_std - std).abs() < 0.9 * error
        && extremes.iter().all(|ratio| (0.6..1.7).contains(ratio))
}

#[test]
fn initializers_do_what_the_libraries_do() {
    let (mut cases, mut wrong) = (0, Vec::new());
    for line in golden::lines("initializers.jsonl.gz") {
        let case: Case = serde_json::from_str(&line).unwrap();
        cases += 1;
        if let Err(found) = check(&case) {
            let Case { library, rule, shape, found: expected, .. } = &case;
            wrong.push(format!("{library} {rule} {shape:?}: {expected:?}, not {found}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {cases} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert_eq!(cases, 877);
}
