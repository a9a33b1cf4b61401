//! The steps forward and backward.

use super::build::{At, Step};
use super::{Assumptions, Point};

#[derive(Debug)]
pub(super) struct Passed {
    pub(super) points: Vec<Point>,
    pub(super) sensitivity: f64,
    pub(super) has_sums: bool,
    pub(super) has_tokens: bool,
    pub(super) has_norms: bool,
}

/// What is known of the elements at a place.
#[derive(Clone, Copy, Debug)]
struct State {
    /// Second moment.
    q: f64,
    /// Covariance of two tokens or samples.
    c: f64,
    /// Second moment of the change by independent relative changes of all weights.
    d: f64,
}

/// What the way back needs of a step: how the gradient's second moment changes, and the point behind it.
#[derive(Debug)]
enum Back {
    Factor { point: usize, factor: f64, common: f64 },
    TokenMean { tokens: f64 },
    Fork { point: usize, a: Vec<Self>, b: Vec<Self>, factors: [f64; 2] },
    Stop { point: usize },
}

pub(super) fn pass(steps: &[Step], assumptions: &Assumptions) -> Passed {
    let mut forward = Forward {
        points: Vec::new(),
        has_sums: false,
        has_tokens: false,
        has_norms: false,
        tokens: assumptions.tokens.max(1.0),
        beside: 0,
    };
    let (state, back) = forward.all(steps, State { q: assumptions.input, c: 0.0, d: 0.0 });
    let Forward { mut points, has_sums, has_tokens, has_norms, .. } = forward;
    backward(&back, Gradient { g: 1.0, common: 0.0 }, &mut points);
    Passed {
        points,
        sensitivity: if state.q > 0.0 { state.d / state.q } else { 0.0 },
        has_sums,
        has_tokens,
        has_norms,
    }
}

struct Forward {
    points: Vec<Point>,
    has_sums: bool,
    has_tokens: bool,
    has_norms: bool,
    tokens: f64,
    /// Shortcuts that the place is beside.
    beside: usize,
}

impl Forward {
    fn all(&mut self, steps: &[Step], mut state: State) -> (State, Vec<Back>) {
        let mut back = Vec::with_capacity(steps.len());
        for step in steps {
            let (next, way) = self.step(step, state);
            state = next;
            back.push(way);
        }
        (state, back)
    }

    fn point(&mut self, at: &At, state: State, has_weights: bool) -> usize {
        self.points.push(Point {
            path: at.path.clone(),
            what: at.what.clone(),
            activation: state.q,
            difference: (state.q - state.c).max(0.0),
            gradient: 0.0,
            is_on_main_path: self.beside == 0,
            has_weights,
        });
        self.points.len() - 1
    }

    fn step(&mut self, step: &Step, State { q, c, d }: State) -> (State, Back) {
        match step {
            Step::Weights { at, fan_in, fan_out, weight, bias } => {
                let gain = fan_in * weight;
                let state = State { q: gain * q + bias, c: gain * c + bias, d: gain * (d + q) };
                let point = self.point(at, state, true);
                let factor = fan_out * weight;
                (state, Back::Factor { point, factor, common: factor })
            }
            Step::Source { at, second } => {
                let state = State { q: *second, c: 0.0, d: *second };
                (state, Back::Stop { point: self.point(at, state, false) })
            }
            Step::Norm { at, gain, bias, over_samples } => {
                self.has_norms = true;
                let variance = if *over_samples { q - c } else { q };
                let factor = gain / variance.max(1e-12);
                let between = if *over_samples { 0.0 } else { factor * c };
                let state = State { q: gain + bias, c: between + bias, d: factor * d };
                let point = self.point(at, state, false);
                (state, Back::Factor { point, factor, common: factor })
            }
            Step::Scale { at, second } => {
                let state = State { q: q * second, c: c * second, d: d * second };
                let point = self.point(at, state, false);
                (state, Back::Factor { point, factor: *second, common: *second })
            }
            Step::Apply { at, function } => {
                let (second, slope) = function.moments(q);
                let state = State { q: second, c: function.covariance(q, c), d: slope * d };
                let point = self.point(at, state, false);
                let common = function.slope_covariance(q, c);
                (state, Back::Factor { point, factor: slope, common })
            }
            Step::TokenMean => {
                self.has_tokens = true;
                // The mean of tokens that share the part c of their second moment.
                let mean = c + (q - c).max(0.0) / self.tokens;
                let factor = if q > 0.0 { mean / q } else { 1.0 };
                let state = State { q: mean, c: mean, d: factor * d };
                (state, Back::TokenMean { tokens: self.tokens })
            }
            Step::Sum { at, branch, shortcut, scale } => {
                self.has_sums = true;
                self.beside += 1;
                let before = State { q, c, d };
                let (a, to_a) = self.all(branch, before);
                let (b, to_b) = self.all(shortcut, before);
                self.beside -= 1;
                let square = scale * scale;
                let state =
                    State { q: a.q + square * b.q, c: a.c + square * b.c, d: a.d + square * b.d };
                let point = self.point(at, state, false);
                (state, Back::Fork { point, a: to_a, b: to_b, factors: [1.0, square] })
            }
            Step::Product { at, a, b } => {
                self.beside += 1;
                let before = State { q, c, d };
                let (a, to_a) = self.all(a, before);
                let (b, to_b) = self.all(b, before);
                self.beside -= 1;
                let state = State { q: a.q * b.q, c: a.c * b.c, d: a.d * b.q + b.d * a.q };
                let point = self.point(at, state, false);
                (state, Back::Fork { point, a: to_a, b: to_b, factors: [b.q, a.q] })
            }
        }
    }
}

/// The gradient's second moment, and the covariance of those of two tokens or samples.
#[derive(Clone, Copy, Debug)]
struct Gradient {
    g: f64,
    common: f64,
}

impl Gradient {
    fn times(self, factor: f64, common: f64) -> Self {
        Self { g: self.g * factor, common: self.common * common }
    }

    fn plus(self, other: Self) -> Self {
        Self { g: self.g + other.g, common: self.common + other.common }
    }
}

/// The gradient in front of the steps, where this is the one behind them.
fn backward(steps: &[Back], mut gradient: Gradient, points: &mut [Point]) -> Gradient {
    let set = |place: usize, g: f64, points: &mut [Point]| {
        if let Some(point) = points.get_mut(place) {
            point.gradient = g;
        }
    };
    for step in steps.iter().rev() {
        match step {
            Back::Factor { point, factor, common } => {
                set(*point, gradient.g, points);
                gradient = gradient.times(*factor, *common);
            }
            Back::TokenMean { tokens } => {
                let mean = gradient.common + (gradient.g - gradient.common) / tokens;
                gradient = Gradient { g: mean, common: mean };
            }
            Back::Stop { point } => {
                set(*point, gradient.g, points);
                gradient = Gradient { g: 0.0, common: 0.0 };
            }
            Back::Fork { point, a, b, factors } => {
                set(*point, gradient.g, points);
                let [of_a, of_b] = *factors;
                let a = backward(a, gradient.times(of_a, of_a), points);
                gradient = a.plus(backward(b, gradient.times(of_b, of_b), points));
            }
        }
    }
    gradient
}
