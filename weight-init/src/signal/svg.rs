//! The estimate as a picture.

use std::f64::consts::LN_10;
use std::fmt::Write as _;

use weight_init_core::math::ln;

use super::{Point, Signal};

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 48.0;

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
        for log in [low, 0.0, high] {
            let _ = write!(
                text,
                "<path d=\"M{LEFT} {0:.1}H{WIDTH}\" opacity=\"0.25\"/><text x=\"4\" y=\"{1:.1}\" fill=\"currentColor\" stroke=\"none\" \
                 font-size=\"11\">1e{log:.0}</text>",
                y(log),
                y(log) + 4.0
            );
        }
        for (line, dashes) in [(&q, ""), (&g, " stroke-dasharray=\"5 3\"")] {
            let points = line.iter().enumerate();
            let points: Vec<_> =
                points.map(|(index, log)| format!("{:.1},{:.1}", x(index), y(*log))).collect();
            let _ = write!(text, "<polyline points=\"{}\"{dashes}/>", points.join(" "));
        }
        text + "</svg>"
    }
}
