//! Histograms of tensors as a picture.

use std::cmp::Reverse;
use std::fmt::Write as _;

use super::table::number;
use super::{BINS, Inspection, Statistics, TensorReport};
use crate::checkpoint::StoredTensor;
use crate::diagnostic::{escape, escape_markup};
use crate::report::columns::shortened_in_the_middle;

/// Tensors that are drawn, at most: half a megabyte.
pub const MOST_DRAWN: usize = 400;

const COLUMNS: usize = 4;
const CELL: (f64, f64) = (280.0, 148.0);
/// The histogram's left, right, top and bottom in its cell.
const FRAME: [f64; 4] = [12.0, 268.0, 50.0, 122.0];
const HEAD: f64 = 40.0;
/// Characters of a name and of the line below it.
const TEXT: usize = 42;
/// Between what the first file has and the second.
const SEPARATOR: &str = " | ";
/// Colours of the first file and of the second.
const FILLS: [&str; 2] = ["#2364d2", "#d9730d"];

/// A tensor, as one file has it or two.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cell<'i> {
    pub(crate) sides: [Option<&'i TensorReport>; 2],
    /// Those that differ are drawn before the others.
    pub(crate) differs: bool,
}

/// A picture, and how much it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// An SVG document of a bounded size, without scripts, styles and links.
    pub svg: String,
    /// Tensors that it shows.
    pub drawn: usize,
    /// Tensors of the checkpoint, or of both.
    pub tensors: usize,
}

impl Inspection {
    /// The histogram of each tensor with its range, mean and deviation: of the largest [`MOST_DRAWN`] tensors, in their order.
    #[must_use]
    pub fn plot(&self) -> Plot {
        let cells =
            self.tensors.iter().map(|tensor| Cell { sides: [Some(tensor), None], differs: false });
        plot(&[&self.path.to_string_lossy()], &cells.collect::<Vec<_>>())
    }
}

/// Draws tensors of one file or of two, whose names are given.
pub(crate) fn plot(files: &[&str], cells: &[Cell<'_>]) -> Plot {
    let shown = choose(cells);
    let rows = shown.len().div_ceil(COLUMNS);
    let (width, height) = (CELL.0 * COLUMNS as f64, HEAD + CELL.1 * rows as f64 + 28.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-label=\"Histograms of tensors\" font-family=\"sans-serif\" font-size=\"11\" fill=\"#222\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    for (index, (file, fill)) in files.iter().zip(FILLS).enumerate() {
        let (x, name) = (12.0 + width / 2.0 * index as f64, text(file, 80));
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"14\" width=\"12\" height=\"12\" fill=\"{fill}\" fill-opacity=\"0.55\"/>\
             <text x=\"{}\" y=\"24\" font-size=\"13\">{name}</text>",
            x + 18.0
        );
    }
    for (place, cell) in shown.iter().enumerate() {
        let (column, row) = (place % COLUMNS, place / COLUMNS);
        let (x, y) = (CELL.0 * column as f64, HEAD + CELL.1 * row as f64);
        let _ = write!(svg, "<g transform=\"translate({x} {y})\">");
        draw(&mut svg, cell);
        svg.push_str("</g>\n");
    }
    let (drawn, tensors) = (shown.len(), cells.len());
    let rest =
        if drawn < tensors { "; the others are smaller, or have no finite numbers" } else { "" };
    let _ = writeln!(
        svg,
        "<text x=\"12\" y=\"{}\">{drawn} of {tensors} tensors{rest}</text>\n</svg>",
        height - 10.0
    );
    Plot { svg, drawn, tensors }
}

/// Those that are drawn, in their order.
fn choose<'c, 'i>(cells: &'c [Cell<'i>]) -> Vec<&'c Cell<'i>> {
    let has_numbers =
        |cell: &Cell<'_>| cell.sides.iter().flatten().any(|tensor| finite(tensor).is_some());
    let mut chosen: Vec<_> =
        cells.iter().enumerate().filter(|(_, cell)| has_numbers(cell)).collect();
    if chosen.len() > MOST_DRAWN {
        let elements =
            |cell: &Cell<'_>| cell.sides.iter().flatten().map(|it| it.tensor.elements()).max();
        chosen.sort_by_key(|(_, cell)| Reverse((cell.differs, elements(cell))));
        chosen.truncate(MOST_DRAWN);
        chosen.sort_by_key(|(place, _)| *place);
    }
    chosen.into_iter().map(|(_, cell)| cell).collect()
}

/// The figures of a tensor that has finite elements.
fn finite(tensor: &TensorReport) -> Option<&Statistics> {
    tensor.statistics.as_ref().filter(|figures| figures.min.is_finite() && figures.max.is_finite())
}

fn draw(svg: &mut String, cell: &Cell<'_>) {
    let [left, right, top, bottom] = FRAME;
    let sides = cell.sides.map(|side| side.and_then(finite));
    let figures = || sides.iter().flatten();
    let low = figures().map(|it| it.min).fold(f64::INFINITY, f64::min);
    let high = figures().map(|it| it.max).fold(f64::NEG_INFINITY, f64::max);
    let bars = sides.map(|side| side.map(|figures| Bars::new(figures, low, high)));
    let highest = bars.iter().flatten().flat_map(|bars| bars.densities).fold(0.0, f64::max);
    // What both have stands once, and half the room is for each otherwise.
    let of_each = |say: fn(&StoredTensor) -> String| {
        let mut texts: Vec<_> = cell.sides.iter().flatten().map(|it| say(&it.tensor)).collect();
        texts.dedup();
        let room = (TEXT + SEPARATOR.len()) / texts.len().max(1) - SEPARATOR.len();
        let texts: Vec<_> = texts.iter().map(|it| text(it, room)).collect();
        texts.join(SEPARATOR)
    };
    let name = of_each(|tensor| tensor.name().to_owned());
    let shapes = of_each(|tensor| format!("{:?} {}", tensor.shape(), tensor.dtype()));
    let _ = write!(
        svg,
        "<text x=\"{left}\" y=\"14\" font-weight=\"bold\">{name}</text><text x=\"{left}\" y=\"29\" fill=\"#555\">{shapes}</text>"
    );
    for (bars, fill) in bars.iter().zip(FILLS) {
        if let Some(bars) = bars {
            let _ = write!(
                svg,
                "<path fill=\"{fill}\" fill-opacity=\"0.55\" d=\"{}\"/>",
                bars.path(highest)
            );
        }
    }
    let _ = write!(svg, "<path d=\"M{left} {bottom}H{right}\" stroke=\"#999\"/>");
    let moments = figures().map(|it| format!("{} ± {}", number(it.mean), number(it.std)));
    let moments = text(&moments.collect::<Vec<_>>().join(SEPARATOR), TEXT);
    let (middle, below) = ((left + right) / 2.0, bottom + 13.0);
    let _ = write!(
        svg,
        "<text x=\"{left}\" y=\"{below}\">{}</text><text x=\"{right}\" y=\"{below}\" text-anchor=\"end\">{}</text>\
         <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" fill=\"#555\">{moments}</text>",
        number(low),
        number(high),
        top - 6.0
    );
}

/// A histogram between limits that it may share with another one.
struct Bars {
    /// Its least and greatest number, as parts of the way from limit to limit.
    from: f64,
    to: f64,
    /// Of each bin, up to a factor that all histograms have in common.
    densities: [f64; BINS],
}

impl Bars {
    fn new(figures: &Statistics, low: f64, high: f64) -> Self {
        // Halves, so that no difference of two numbers overflows.
        let span = high * 0.5 - low * 0.5;
        let part =
            |x: f64| if span > 0.0 { ((x * 0.5 - low * 0.5) / span).clamp(0.0, 1.0) } else { 0.5 };
        let (mut from, mut to) = (part(figures.min), part(figures.max));
        let counts = figures.histogram.counts();
        let sum: f64 = counts.iter().map(|count| *count as f64).sum();
        // Numbers that are all the same stand in the middle bin, which is as wide as one of the whole.
        if to <= from {
            (from, to) = (from - 0.5 - 0.5 / BINS as f64, to + 0.5 - 0.5 / BINS as f64);
        }
        let width = ((to - from) / BINS as f64).max(1e-4);
        Self { from, to, densities: counts.map(|count| count as f64 / (sum.max(1.0) * width)) }
    }

    /// The outline, closed along the axis.
    fn path(&self, highest: f64) -> String {
        let [left, right, top, bottom] = FRAME;
        let x = |part: f64| (left + (right - left) * part).clamp(left, right);
        let y = |density: f64| {
            bottom - (bottom - top) * if highest > 0.0 { density / highest } else { 0.0 }
        };
        let mut path = format!("M{:.1} {bottom}", x(self.from));
        let width = (self.to - self.from) / BINS as f64;
        for (bin, density) in self.densities.into_iter().enumerate() {
            let _ =
                write!(path, "V{:.1}H{:.1}", y(density), x(self.from + width * (bin + 1) as f64));
        }
        let _ = write!(path, "V{bottom}Z");
        path
    }
}

/// A text of a file as text of an SVG document, shortened in the middle.
fn text(text: &str, room: usize) -> String {
    escape_markup(&shortened_in_the_middle(&escape(text), room))
}
