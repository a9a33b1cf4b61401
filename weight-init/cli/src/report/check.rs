use std::fmt;

use weight_init::diagnostic::{escape_controls, escape_markup};
use weight_init::signal::{Signal, SignalError};

/// The estimate of the signal as a section of the page: curves, warnings and what was assumed; or why there is none.
#[derive(Debug)]
pub(super) struct Check(pub(super) Result<Signal, SignalError>);

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<section id=\"signal\" aria-labelledby=\"signal-title\">\n<h2 id=\"signal-title\">Signal before training</h2>\n")?;
        match &self.0 {
            Ok(signal) => estimate(f, signal)?,
            Err(error) => writeln!(
                f,
                "<p>There is no estimate: {}. The key <code>flow</code> of a description declares the way of the signal through a model.</p>",
                text(&error.to_string())
            )?,
        }
        f.write_str("</section>\n")
    }
}

fn estimate(f: &mut fmt::Formatter<'_>, signal: &Signal) -> fmt::Result {
    writeln!(
        f,
        "<figure>{}<figcaption>Second moments of activations (solid) and gradients (dashed) at {} points from the input to the output, \
         on a logarithmic scale. Sensitivity {:.2}.</figcaption></figure>",
        signal.to_svg(),
        signal.points().len(),
        signal.sensitivity(),
    )?;
    match signal.alerts() {
        [] => writeln!(f, "<p>Nothing vanishes or explodes.</p>")?,
        alerts => list(f, "alerts", alerts.iter().map(ToString::to_string))?,
    }
    match signal.notes() {
        [] => Ok(()),
        notes => list(f, "note", notes.iter().cloned()),
    }
}

fn list(
    f: &mut fmt::Formatter<'_>,
    class: &str,
    mut items: impl Iterator<Item = String>,
) -> fmt::Result {
    writeln!(f, "<ul class=\"{class}\">")?;
    items.try_for_each(|item| writeln!(f, "<li>{}</li>", text(&item)))?;
    writeln!(f, "</ul>")
}

/// Text with names of a model as HTML that shows all of it.
fn text(text: &str) -> String {
    escape_markup(&escape_controls(text))
}
