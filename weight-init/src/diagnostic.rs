//! The error people read: where in which file, what was found, what is allowed.
//!
//! ```text
//! error: unknown key 'layr' of a Constant rule
//!   --> bad.json:12:36 at init_cfg[1].layr
//!    |
//! 12 |     {"type": "Constant", "val": 1, "layr": "Conv2d"}
//!    |                                    ^^^^^^
//!    = help: did you mean 'layer'?
//! ```
//!
//! The look is that of `rustc`. The renderer is our own: `annotate-snippets` 0.12 derives line and
//! column from the text it is handed, so it wants the whole file kept and walked for each error,
//! and its location line has no room for the path of the value; `ariadne` and `miette` keep the
//! whole source, too, and bring a look and a report type for many labels. Here one place is marked
//! on one line, and a [`Diagnostic`] keeps just that line's neighbourhood, so that it can outlive
//! its [`Source`] and a file of one line of a gigabyte costs nothing. Display widths come from
//! `unicode-width`, colours from `anstyle`.

mod escape;
mod excerpt;
pub(crate) mod help;
mod source;

use std::fmt;

use anstyle::{AnsiColor, Style};

pub(crate) use self::escape::{escape, is_plain, is_unsafe};
pub use self::escape::{escape_controls, escape_json, escape_markup};
use self::excerpt::Excerpt;
use self::source::body_start;
pub use self::source::{Source, Sources, Texts};
use crate::address::masked;
use crate::value::Span;

/// An error at a place of a [`Source`].
///
/// [`Display`](fmt::Display) gives one line, `file:line:column: at PATH: message; help`, and
/// [`render`](Self::render) the text for people. Both escape control characters, whatever stands
/// in the file, and cut what is too long.
///
/// # Examples
///
/// ```
/// use weight_init::diagnostic::{Diagnostic, Source};
/// use weight_init::value::Span;
///
/// let source = Source::new("bad.json", "{\n  \"layr\": \"Conv2d\"\n}\n");
/// let error = Diagnostic::new(&source, Span::new(4, 10), "unknown key 'layr'")
///     .at("init_cfg.layr")
///     .help("did you mean 'layer'?");
/// assert_eq!((error.line(), error.column()), (Some(2), Some(3)));
/// assert_eq!(
///     error.to_string(),
///     "bad.json:2:3: at init_cfg.layr: unknown key 'layr'; did you mean 'layer'?"
/// );
/// assert_eq!(
///     error.render(false),
///     "error: unknown key 'layr'
///  --> bad.json:2:3 at init_cfg.layr
///   |
/// 2 |   \"layr\": \"Conv2d\"
///   |   ^^^^^^
///   = help: did you mean 'layer'?
/// "
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic(Box<Report>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Report {
    file: String,
    place: Option<Excerpt>,
    path: String,
    message: String,
    help: Option<String>,
}

impl Diagnostic {
    /// An error at `span`. The message is one clause, without a full stop.
    ///
    /// A span of several lines is marked to the end of its first one.
    #[cold]
    pub fn new(texts: &dyn Texts, span: Span, message: impl Into<String>) -> Self {
        let source = texts.source(span);
        let mut diagnostic = Self::of_file(source.name(), message);
        diagnostic.0.place = Some(Excerpt::new(source.bytes(), span, body_start(source.bytes())));
        diagnostic
    }

    /// An error that has no place inside the file.
    #[cold]
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self(Box::new(Report {
            file: printable(file),
            place: None,
            path: String::new(),
            message: printable(&message.into()),
            help: None,
        }))
    }

    /// Says which value it is about, as [`value::path`](crate::value::path) gives it.
    #[must_use]
    pub fn at(mut self, path: impl AsRef<str>) -> Self {
        self.0.path = printable(path.as_ref());
        self
    }

    /// Adds what the reader may do: `did you mean 'layer'?`.
    #[must_use]
    pub fn help(mut self, help: impl AsRef<str>) -> Self {
        self.0.help = Some(printable(help.as_ref()));
        self
    }

    /// The name of the file.
    pub fn file(&self) -> &str {
        &self.0.file
    }

    /// The line, counted from 1; `None` if the error is about the file as a whole.
    pub fn line(&self) -> Option<usize> {
        self.0.place.as_ref().map(|place| place.line)
    }

    /// The column in characters (Unicode scalar values), counted from 1.
    pub fn column(&self) -> Option<usize> {
        self.0.place.as_ref().map(|place| place.column)
    }

    /// The path of the value; empty if there is none.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// The fault, in one clause.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// A mend that the reader may try; see [`help`](Self::help).
    pub fn help_text(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The text for people, several lines, the last one ended by `\n`; with `colour`, in ANSI
    /// colours.
    pub fn render(&self, colour: bool) -> String {
        let style = |style: Style| if colour { style } else { Style::new() };
        let strong = style(Style::new().bold());
        let red = style(AnsiColor::BrightRed.on_default().bold());
        let blue = style(AnsiColor::BrightBlue.on_default().bold());
        let cyan = style(AnsiColor::BrightCyan.on_default().bold());

        let Report { file, place, path, message, help } = &*self.0;
        let mut out = format!("{red}error{red:#}{strong}: {message}{strong:#}\n");
        let number = place.as_ref().map_or_else(String::new, |place| place.line.to_string());
        let gutter = " ".repeat(number.len());

        out += &format!("{gutter}{blue}-->{blue:#} {file}");
        if let Some(place) = place {
            out += &format!(":{}:{}", place.line, place.column);
        }
        if !path.is_empty() {
            out += &format!(" at {path}");
        }
        out.push('\n');
        if let Some(place) = place {
            let (line, marker) = (place.text(), place.marker());
            let indent = " ".repeat(place.indent());
            out += &format!("{gutter} {blue}|{blue:#}\n");
            out += format!("{blue}{number} |{blue:#} {line}").trim_end();
            out += &format!("\n{gutter} {blue}|{blue:#} {indent}{red}{marker}{red:#}\n");
        }
        if let Some(help) = help {
            out += &format!("{gutter} {blue}={blue:#} {cyan}help{cyan:#}: {help}\n");
        }
        out
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { file, place, path, message, help } = &*self.0;
        f.write_str(file)?;
        if let Some(place) = place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        f.write_str(": ")?;
        if !path.is_empty() {
            write!(f, "at {path}: ")?;
        }
        f.write_str(message)?;
        help.as_ref().map_or(Ok(()), |help| write!(f, "; {help}"))
    }
}

impl std::error::Error for Diagnostic {}

/// The characters of a message that are shown.
const MAX_TEXT: usize = 2000;

/// `text` on one line: control and direction characters escaped, secrets of addresses hidden, the end cut if it is very
/// long.
fn printable(text: &str) -> String {
    let text = &*masked(text);
    let mut out = String::with_capacity(text.len().min(MAX_TEXT));
    for (i, c) in text.chars().enumerate() {
        if i == MAX_TEXT {
            out.push_str("...");
            break;
        }
        if is_unsafe(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
