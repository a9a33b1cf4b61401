//! What the declarations of initializers say, for people: a table, a page for each, the table of the documentation, and a schema
//! for editors.

mod names;
mod schema;

use std::fmt;

use weight_init_core::init_cfg::Types;
use weight_init_core::initializer::{Argument, ArgumentKind, Check, InitializerType};
use weight_init_core::nearest;

use crate::report::columns::{Align, Column, Narrow, write};

/// The initializers that a config may name.
///
/// ```
/// use weight_init::reference::Reference;
/// use weight_init_core::initializer::ALL;
///
/// let reference = Reference::new(ALL);
/// assert!(reference.table(None).to_string().contains("gain=1, distribution=normal"));
/// let page = reference.page("Kaiming")?.to_string();
/// assert!(page.starts_with("Kaiming(a=0, mode=fan_out, nonlinearity=relu, distribution=normal, fan=torch, parts=1)\n\nVariance"));
/// let error = reference.page("Kaimming").unwrap_err();
/// assert!(error.to_string().ends_with("; did you mean 'Kaiming'?"));
/// # Ok::<(), weight_init::reference::UnknownInitializer>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Reference<'t> {
    types: Types<'t>,
}

/// The row of Pretrained, which is no initializer and so declares nothing.
const PRETRAINED: [&str; 3] = [
    "Pretrained",
    "checkpoint, prefix, map_location, key",
    "What the checkpoint holds; the rest falls to the rule that would have won. `key` is ours.",
];

impl<'t> Reference<'t> {
    /// Of these types, such as [`Registry::initializers`](crate::model::Registry::initializers).
    #[must_use]
    pub const fn new(types: Types<'t>) -> Self {
        Self { types }
    }

    /// A line for each, as wide as a terminal.
    #[must_use]
    pub const fn table(self, width: Option<usize>) -> Table<'t> {
        Table { types: self.types, width }
    }

    /// Everything about the one of this name, which may be another library's, alone or behind the library:
    /// `jax.nn.initializers.he_normal`.
    ///
    /// # Errors
    ///
    /// A name that none has.
    pub fn page(self, name: &str) -> Result<Page, UnknownInitializer> {
        if name == PRETRAINED[0] {
            return Ok(Page { of: None, names: Vec::new() });
        }
        let named = |name: &str| self.types.iter().find(|of| of.name == name);
        let of = named(name).or_else(|| names::foreign(name).and_then(named));
        of.map(|of| Page { of: Some(of), names: self.other_names(of) }).ok_or_else(|| {
            let names = || self.types.iter().map(|of| of.name).chain([PRETRAINED[0]]);
            let is_shown =
                |name: &&str| !self.types.iter().any(|of| of.name == *name && of.is_alias);
            UnknownInitializer {
                name: name.to_owned(),
                allowed: names()
                    .filter(is_shown)
                    .map(|name| format!("'{name}'"))
                    .collect::<Vec<_>>()
                    .join(", "),
                near: nearest(name, names()),
            }
        })
    }

    /// The grammar of an init_cfg as JSON Schema (draft 2020-12), for editors: the types, and of each its arguments, their values and
    /// defaults. What depends on several arguments at once, such as the order of bounds, is left to the command.
    ///
    /// ```
    /// use weight_init::reference::Reference;
    /// use weight_init_core::initializer::ALL;
    ///
    /// let schema = Reference::new(ALL).to_json_schema();
    /// assert_eq!(schema["$defs"]["Kaiming"]["properties"]["mode"]["default"], "fan_out");
    /// ```
    #[must_use]
    pub fn to_json_schema(self) -> serde_json::Value {
        schema::schema(self.types)
    }

    /// The types that stand for initializers of this one.
    fn other_names(self, of: &InitializerType) -> Vec<&'static str> {
        let stands_for = |other: &&&'static InitializerType| {
            let defaults: Vec<_> =
                (0..other.arguments.len()).map(|index| other.default(index)).collect();
            other.name != of.name && other.build(&defaults).is_ok_and(|init| init.name() == of.name)
        };
        self.types.iter().filter(stands_for).map(|other| other.name).collect()
    }

    /// The table of the documentation, in Markdown.
    #[must_use]
    pub fn to_markdown(self) -> String {
        let rows = |are_aliases: bool| {
            let types = self.types.iter().filter(move |of| of.is_alias == are_aliases);
            types.map(|of| [of.name.to_owned(), signature(of, true), first_paragraph(of)])
        };
        let mut text = "| `type` | arguments (defaults) | weight |\n|---|---|---|\n".to_owned();
        rows(false)
            .chain([PRETRAINED.map(str::to_owned)])
            .for_each(|row| text += &in_markdown(&row));
        text += "\nThe functions of `torch.nn.init` are names of types, too, with their own arguments and defaults:\n\n\
                 | `type` | arguments (defaults) | stands for |\n|---|---|---|\n";
        rows(true).for_each(|row| text += &in_markdown(&row));
        text
    }
}

/// A row of the documentation's table.
fn in_markdown([name, arguments, weight]: &[String; 3]) -> String {
    let arguments = if arguments.is_empty() { String::new() } else { format!("`{arguments}` ") };
    format!("| `{name}` | {arguments}| {weight} |\n")
}

/// A line for each initializer; see [`Reference::table`].
#[derive(Clone, Copy, Debug)]
pub struct Table<'t> {
    types: Types<'t>,
    width: Option<usize>,
}

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self
            .types
            .iter()
            .map(|of| [of.name.to_owned(), signature(of, false), plain(&first_paragraph(of))]);
        let rows: Vec<_> = rows.chain([PRETRAINED.map(plain)]).collect();
        let column = |title, index: usize| {
            Column::new(title, Align::Left, &rows, move |row, out| {
                out.push_str(row.get(index).map_or("", String::as_str));
            })
        };
        let columns = vec![column("type", 0), column("arguments", 1), column("weight", 2)];
        let steps =
            [Narrow::End("weight", 20), Narrow::End("arguments", 20), Narrow::Below("weight")];
        write(f, columns, &steps, self.width)
    }
}

/// Everything about one initializer, or Pretrained; see [`Reference::page`].
#[derive(Clone, Debug)]
pub struct Page {
    of: Option<&'static InitializerType>,
    /// Other types that stand for initializers of this one.
    names: Vec<&'static str>,
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(of) = self.of else {
            let [name, arguments, what] = PRETRAINED.map(plain);
            return writeln!(f, "{name}({arguments})\n\n{what}");
        };
        writeln!(f, "{}({})", of.name, signature(of, false))?;
        for paragraph in paragraphs(of.doc) {
            writeln!(f, "\n{}", plain(&paragraph))?;
        }
        if !self.names.is_empty() {
            writeln!(f, "\nOther names, with defaults of their own: {}", self.names.join(", "))?;
        }
        let elsewhere = names::elsewhere(of.name);
        if !elsewhere.is_empty() {
            writeln!(f, "\nIn other libraries:\n{}", elsewhere.join("\n"))?;
        }
        if of.arguments.is_empty() {
            return Ok(());
        }
        writeln!(f)?;
        let column = |title, cell: fn(&Argument) -> String| {
            let cell = move |argument, out: &mut String| out.push_str(&cell(argument));
            Column::new(title, Align::Left, of.arguments, cell)
        };
        let columns = vec![
            column("argument", |argument| argument.name.to_owned()),
            column("values", values),
            column("meaning", |argument| plain(&paragraphs(argument.doc).join(" "))),
        ];
        write(f, columns, &[], None)
    }
}

/// A name that no initializer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownInitializer {
    name: String,
    allowed: String,
    near: Option<&'static str>,
}

impl fmt::Display for UnknownInitializer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, allowed, near } = self;
        write!(f, "'{name}' is not an initializer; there are {allowed}")?;
        match near {
            Some(near) => write!(f, "; did you mean '{near}'?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownInitializer {}

/// The arguments with their defaults; names in quotes where they are Python's.
fn signature(of: &InitializerType, quotes: bool) -> String {
    let argument = |(index, argument): (usize, &Argument)| match of.default(index) {
        Some(default) if !argument.needed => {
            let shown = argument.shown(default);
            let quote = if quotes && shown.name().is_some() { "'" } else { "" };
            format!("{}={quote}{shown}{quote}", argument.name)
        }
        _ => argument.name.to_owned(),
    };
    of.arguments.iter().enumerate().map(argument).collect::<Vec<_>>().join(", ")
}

/// The values that an argument can have.
fn values(argument: &Argument) -> String {
    match (argument.kind, argument.check) {
        (ArgumentKind::Number, Check::Any) => "number".to_owned(),
        (ArgumentKind::Number, Check::Finite) => "finite number".to_owned(),
        (ArgumentKind::Number, Check::NotNegative) => "number from 0".to_owned(),
        (ArgumentKind::Number, Check::Positive) => "number above 0".to_owned(),
        (ArgumentKind::Number, Check::Share) => "number from 0 to 1".to_owned(),
        (ArgumentKind::Number, Check::Probability) => "number between 0 and 1".to_owned(),
        (ArgumentKind::Number, Check::LowerBound) => "number or -inf".to_owned(),
        (ArgumentKind::Number, Check::UpperBound) => "number or inf".to_owned(),
        (ArgumentKind::Count, Check::Positive) => "whole number from 1".to_owned(),
        (ArgumentKind::Count, _) => "whole number from 0".to_owned(),
        (ArgumentKind::Flag, _) => "true or false".to_owned(),
        (ArgumentKind::Choice { names, .. }, _) => names.join(", "),
        (ArgumentKind::Axes, _) => "dimension or list of dimensions".to_owned(),
    }
}

fn first_paragraph(of: &InitializerType) -> String {
    let first = paragraphs(of.doc).into_iter().next().unwrap_or_default();
    first.replace("[`", "`").replace("`]", "`")
}

/// The paragraphs of a documentation, each in one line, without examples.
fn paragraphs(doc: &[&str]) -> Vec<String> {
    let mut paragraphs = vec![String::new()];
    let mut is_example = false;
    for line in doc.iter().map(|line| line.trim()) {
        if line.starts_with("```") {
            is_example = !is_example;
        } else if line.is_empty() {
            paragraphs.push(String::new());
        } else if let Some(paragraph) = paragraphs.last_mut().filter(|_| !is_example) {
            if !paragraph.is_empty() {
                paragraph.push(' ');
            }
            paragraph.push_str(line);
        }
    }
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    paragraphs
}

/// Without the marks of Markdown.
fn plain(text: &str) -> String {
    let marks = ["[`", "`]", "`", "*", "<http", ">,", ">."];
    let without = ["", "", "", "", "http", ",", "."];
    marks.iter().zip(without).fold(text.to_owned(), |text, (mark, plain)| text.replace(mark, plain))
}
