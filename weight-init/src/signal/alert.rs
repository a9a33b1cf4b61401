//! What is probably not meant.

use std::fmt;

use super::{Point, Signal};

/// A change of activations or gradients by more than this factor over the depth is reported.
pub const LARGEST_FACTOR: f64 = 1e3;

/// A sensitivity above this is reported of models with sums. Transformers that normalize behind the sum have it from some
/// 20 layers on, where they are known to train badly without a warmup or smaller branches.
pub const LARGEST_SENSITIVITY: f64 = 12.0;

/// A warning.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// What it is about.
    pub kind: AlertKind,
    /// Path of the layer where the limit is passed first; empty if it is about the whole.
    pub path: String,
    /// The factor, or the sensitivity.
    pub number: f64,
}

/// What a warning is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "each says itself")]
pub enum AlertKind {
    VanishingActivations,
    ExplodingActivations,
    /// Of any two inputs, so that the output says little about them.
    VanishingDifferences,
    VanishingGradients,
    ExplodingGradients,
    Sensitive,
}

impl AlertKind {
    /// Its name in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::VanishingActivations => "vanishing_activations",
            Self::ExplodingActivations => "exploding_activations",
            Self::VanishingDifferences => "vanishing_differences",
            Self::VanishingGradients => "vanishing_gradients",
            Self::ExplodingGradients => "exploding_gradients",
            Self::Sensitive => "sensitive",
        }
    }
}

impl fmt::Display for Alert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, path, number } = self;
        let remedy = "weights of variance 2/fan (Kaiming) keep it behind ReLU, 1/fan (Xavier, LeCun) without";
        match kind {
            AlertKind::VanishingActivations => write!(
                f,
                "activations vanish: their second moment changes by the factor {number:.1e} over the depth, and leaves 1/1000 at {path}; {remedy}"
            ),
            AlertKind::ExplodingActivations => write!(
                f,
                "activations explode: their second moment changes by the factor {number:.1e} over the depth, and passes 1000 at {path}; {remedy}"
            ),
            AlertKind::VanishingDifferences => write!(
                f,
                "differences between inputs vanish: their second moment changes by the factor {number:.1e} over the depth, and leaves 1/1000 at {path}; {remedy}"
            ),
            AlertKind::VanishingGradients => write!(
                f,
                "gradients vanish: their second moment changes by the factor {number:.1e} on the way back, and leaves 1/1000 at {path}; {remedy}"
            ),
            AlertKind::ExplodingGradients => write!(
                f,
                "gradients explode: their second moment changes by the factor {number:.1e} on the way back, and passes 1000 at {path}; {remedy}"
            ),
            AlertKind::Sensitive => write!(
                f,
                "the output is sensitive: a relative change of all weights changes it {number:.1} times as much in square, over {LARGEST_SENSITIVITY}; \
                 branches that shrink with the depth (DepthScaled) prevent it"
            ),
        }
    }
}

pub(super) fn find(signal: &Signal) -> Vec<Alert> {
    let sums_or_weights =
        |point: &&Point| point.is_on_main_path && (point.has_weights || point.what == "sum");
    let mut points: Vec<_> = signal.points.iter().filter(sums_or_weights).collect();
    // The last weights are the head's, which is often small on purpose.
    if points.len() > 2 && points.last().is_some_and(|point| point.has_weights) {
        points.pop();
    }
    let (vanishing, exploding) = (AlertKind::VanishingActivations, AlertKind::ExplodingActivations);
    let activations =
        passing(points.iter().map(|point| (&*point.path, point.activation)), vanishing, exploding);
    let (vanishing, exploding) = (AlertKind::VanishingGradients, AlertKind::ExplodingGradients);
    // Behind a normalization, the loss does not depend on the scale of the weights, and gradients grow where models train well:
    // Yang et al. 2019 (arXiv:1902.08129).
    let gradients = (!signal.has_norms)
        .then(|| {
            let series = points.iter().rev().map(|point| (&*point.path, point.gradient));
            passing(series, vanishing, exploding)
        })
        .flatten();
    let sensitive = (signal.has_sums && signal.sensitivity > LARGEST_SENSITIVITY).then(|| Alert {
        kind: AlertKind::Sensitive,
        path: String::new(),
        number: signal.sensitivity,
    });
    // Tokens may become alike without harm: the sums of a transformer keep what tells inputs apart.
    let differences = (!signal.has_tokens && activations.is_none())
        .then(|| {
            let series = points.iter().map(|point| (&*point.path, point.difference));
            let vanishing = AlertKind::VanishingDifferences;
            passing(series, vanishing, AlertKind::ExplodingActivations)
        })
        .flatten();
    activations.into_iter().chain(differences).chain(gradients).chain(sensitive).collect()
}

/// The first of a series that passes the limit, measured by the first of all.
fn passing<'s>(
    mut series: impl DoubleEndedIterator<Item = (&'s str, f64)> + Clone,
    vanishing: AlertKind,
    exploding: AlertKind,
) -> Option<Alert> {
    let last = series.clone().next_back()?.1;
    let first = series.next()?.1;
    if first <= 0.0 {
        return None;
    }
    let passed = |number: f64| !(1.0 / LARGEST_FACTOR..=LARGEST_FACTOR).contains(&(number / first));
    let (path, number) = series.find(|(_, number)| passed(*number))?;
    let kind = if number < first { vanishing } else { exploding };
    Some(Alert { kind, path: path.to_owned(), number: last / first })
}
