//! The estimate as a picture.

use std::f64::consts::LN_10;
use std::fmt::Write as _;

use weight_init_core::math::ln;

use super::{Point, Signal};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 48.0;
/// Points that are each drawn; of more, the least and the greatest of every so many neighbours, for the eye sees no others.
const MOST_POINTS: usize = 1200;

impl Signal {
    /// Activations (solid) and gradients (dashed) over the points, on a logarithmic scale: an SVG element in the colour of the
    /// text around it.
    #[must_use]
    pub fn to_svg(&self) -> String {
        let of = |number: fn(&Point) -> f64| -> Vec<f64> {
            self.points.iter().map(|point| ln(number(point).clamp(1e-300, 1e300)) / LN_10).collect()
        };
        let (q, g) = (of(|point| point.activation), of(|point| point.gradient));
        let all = || q.iter().chain(&g).copied();
        let low = all().fold(-1.0, f64::min).floor();
        let high = all().fold(1.0, f64::max).ceil();
        let x =
            |index: usize| LEFT + (WIDTH - LEFT - 8.0) * index as f64 / (q.len().max(2) - 1) as f64;
        let y = |log: f64| 8.0 + (HEIGHT - 16.0) * (high - log) / (high - low);
        let mut text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
             aria-label=\"Second moments of activations and gradients over the depth\" fill=\"none\" stroke=\"currentColor\">"
        );
        let mut labels: Vec<f64> = Vec::new();
        for log in [0.0, low, high] {
            let _ = write!(text, "<path d=\"M{LEFT} {:.1}H{WIDTH}\" opacity=\"0.25\"/>", y(log));
            // A label that would stand on another one says little more.
            if labels.iter().all(|other| (other - y(log)).abs() >= 12.0) {
                let _ = write!(
                    text,
                    "<text x=\"4\" y=\"{:.1}\" fill=\"currentColor\" stroke=\"none\" font-size=\"11\">1e{log:.0}</text>",
                    y(log) + 4.0
                );
                labels.push(y(log));
            }
        }
        for (line, dashes) in [(&q, ""), (&g, " stroke-dasharray=\"5 3\"")] {
            let points = thinned(line).into_iter();
            let points: Vec<_> =
                points.map(|(index, log)| format!("{:.1},{:.1}", x(index), y(log))).collect();
            let _ = write!(text, "<polyline points=\"{}\"{dashes}/>", points.join(" "));
        }
        text + "</svg>"
    }
}

/// The points of a line that are drawn, with their places.
fn thinned(line: &[f64]) -> Vec<(usize, f64)> {
    let points = || line.iter().copied().enumerate();
    if line.len() <= MOST_POINTS {
        return points().collect();
    }
    let all: Vec<_> = points().collect();
    let mut kept = Vec::with_capacity(MOST_POINTS);
    for chunk in all.chunks(line.len().div_ceil(MOST_POINTS / 2)) {
        let least = chunk.iter().min_by(|a, b| a.1.total_cmp(&b.1));
        let greatest = chunk.iter().max_by(|a, b| a.1.total_cmp(&b.1));
        let mut ends: Vec<_> = least.into_iter().chain(greatest).copied().collect();
        ends.sort_by_key(|(place, _)| *place);
        ends.dedup();
        kept.extend(ends);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deep_line_keeps_its_peaks() {
        let short: Vec<_> = (0..MOST_POINTS).map(|x| x as f64).collect();
        assert_eq!(thinned(&short).len(), MOST_POINTS);
        let mut line = vec![0.0; 200_000];
        (line[123_456], line[77_777]) = (9.0, -9.0);
        let thin = thinned(&line);
        assert!(thin.len() <= MOST_POINTS, "{}", thin.len());
        assert!(thin.contains(&(123_456, 9.0)) && thin.contains(&(77_777, -9.0)));
        assert!(thin.is_sorted_by_key(|(place, _)| *place));
    }
}
