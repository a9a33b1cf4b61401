//! First and second moments of what writes a parameter.

use weight_init_core::Fill;
use weight_init_core::initializer::{AnyFill, Init};

use crate::elementary::exp;
use crate::model::{Values, elements};
use crate::plan::{ConstructorDefault, Lowered, PlannedParam, Unknown, Writer};

/// Moments of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moment {
    pub(super) mean: f64,
    pub(super) second: f64,
}

/// Those of a parameter, or of the region `rows` of its first dimension; `None` where what writes it is not known here.
pub(super) fn of(param: &PlannedParam, rows: Option<std::ops::Range<usize>>) -> Option<Moment> {
    use ConstructorDefault::{Kept, Unknown as Nobody};
    if matches!(*param.writer, Writer::Untouched(Nobody | Kept)) {
        return None;
    }
    let tensor = param.tensor(Unknown::Zeros);
    let base = lowered(&tensor.source, tensor.shape)?;
    let all = tensor.shape.first().copied().unwrap_or(1);
    let rows = rows.unwrap_or(0..all);
    // Parts are told apart by their rows: those of gates, and of q, k and v.
    let width = elements(tensor.shape).checked_div(all as u64)? as f64;
    let total = rows.len() as f64 * width;
    let (mut mean, mut second, mut left) = (0.0, 0.0, total);
    for part in &tensor.parts {
        let (start, shape) = (part.region.start(), part.region.shape());
        let from = start.first().copied().unwrap_or(0).max(rows.start);
        let end = start.first().copied().unwrap_or(0) + shape.first().copied().unwrap_or(1);
        let height = end.min(rows.end).saturating_sub(from) as f64;
        let across = shape.iter().skip(1).fold(1.0, |n, dim| n * *dim as f64);
        let share = (height * across).min(left);
        let moment = lowered(&part.source, shape)?;
        mean += share * moment.mean;
        second += share * moment.second;
        left -= share;
    }
    if total == 0.0 {
        return None;
    }
    Some(Moment {
        mean: (mean + left * base.mean) / total,
        second: (second + left * base.second) / total,
    })
}

fn lowered(source: &Lowered<'_>, dims: &[usize]) -> Option<Moment> {
    match source {
        Lowered::Init { init, shape, .. } => {
            let all = elements(dims) as f64;
            match init.any_fill::<f64>(shape).ok()? {
                AnyFill::Elements(fill) => fill_moment(&fill, all),
                AnyFill::Lines(fill) => {
                    let lines = fill.lines();
                    match init {
                        // Every line has the norm `gain`.
                        Init::Orthogonal(of) => Some(of.gain),
                        Init::DeltaOrthogonal(of) => Some(of.gain),
                        _ => None,
                    }
                    .map(|gain| Moment {
                        mean: 0.0,
                        second: lines.count as f64 * gain * gain / all,
                    })
                }
            }
        }
        Lowered::Values(Values::All(x)) => Some(Moment { mean: *x, second: x * x }),
        Lowered::Values(Values::Each(numbers)) if !numbers.is_empty() => {
            let all = numbers.len() as f64;
            let second = numbers.iter().map(|x| x * x).sum::<f64>() / all;
            Some(Moment { mean: numbers.iter().sum::<f64>() / all, second })
        }
        _ => None,
    }
}

fn fill_moment(fill: &Fill<f64>, all: f64) -> Option<Moment> {
    Some(match fill {
        Fill::Constant(x) => Moment { mean: *x, second: x * x },
        Fill::Uniform(of) => {
            let (a, b) = (of.a(), of.b());
            Moment { mean: f64::midpoint(a, b), second: (a * a + a * b + b * b) / 3.0 }
        }
        Fill::Normal(of) => {
            Moment { mean: of.mean(), second: of.mean() * of.mean() + of.std() * of.std() }
        }
        Fill::TruncNormal(of) => {
            let (mean, std) = (of.mean(), of.std());
            truncated(mean, std, (of.a() - mean) / std, (of.b() - mean) / std)
        }
        Fill::Diagonal(of) => {
            let places = (of.on().count.saturating_mul(of.on().groups)) as f64 / all;
            Moment { mean: places * of.value(), second: places * of.value() * of.value() }
        }
        _ => return None,
    })
}

/// Of a normal variable cut at `a` and `b` standard deviations from its mean, by Simpson's rule: exact to ten digits and
/// free of the cancellation that the closed form has in the tails.
fn truncated(mean: f64, std: f64, a: f64, b: f64) -> Moment {
    let (a, b) = (a.max(-40.0), b.min(40.0));
    let near = 0.0_f64.clamp(a, b);
    // Beyond 12 deviations from the densest point nothing counts.
    let (a, b) = (a.max(near - 12.0), b.min(near + 12.0));
    let steps = 2000;
    let width = (b - a) / f64::from(steps);
    let (mut total, mut first, mut second) = (0.0, 0.0, 0.0);
    for index in 0..=steps {
        let z = a + width * f64::from(index);
        let simpson = match index {
            0 => 1.0,
            _ if index == steps => 1.0,
            _ if index % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let weight = simpson * exp(0.5 * (near * near - z * z));
        let x = mean + std * z;
        total += weight;
        first += weight * x;
        second += weight * x * x;
    }
    Moment { mean: first / total, second: second / total }
}
