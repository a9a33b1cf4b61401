//! The estimate as text, short whatever the depth.

use std::fmt;

use super::Signal;
use crate::diagnostic::escape;

/// Rows of points, at most.
const ROWS: usize = 24;

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "activation  difference  gradient  step")?;
        let last = self.points.len().saturating_sub(1);
        let rows = ROWS.min(self.points.len());
        let mut shown = None;
        for row in 0..rows {
            let index = if rows > 1 { row * last / (rows - 1) } else { 0 };
            let Some(point) = self.points.get(index).filter(|_| shown != Some(index)) else {
                continue;
            };
            shown = Some(index);
            let path =
                if point.path.is_empty() { "(model)".to_owned() } else { escape(&point.path) };
            let (q, d, g) = (point.activation, point.difference, point.gradient);
            writeln!(f, "{q:<10.2e}  {d:<10.2e}  {g:<8.2e}  {path} {}", escape(&point.what))?;
        }
        if self.points.len() > rows {
            writeln!(f, "{rows} of {} points; all are in the JSON", self.points.len())?;
        }
        writeln!(f, "sensitivity {:.2}", self.sensitivity)?;
        self.notes.iter().try_for_each(|note| writeln!(f, "note: {}", escape(note)))?;
        match self.alerts.as_slice() {
            [] => writeln!(f, "nothing vanishes or explodes"),
            alerts => alerts
                .iter()
                .try_for_each(|alert| writeln!(f, "warning: {}", escape(&alert.to_string()))),
        }
    }
}
