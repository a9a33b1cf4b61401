//! Rules from a config file.

use weight_init_core::nearest;

use super::{Along, Segments, Split, SplitRule, Stages};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Texts};
use crate::value::{Segment, Value, path};

const KEYS: [&str; 4] = ["tp", "pp", "rules", "stages"];
const RULE_KEYS: [&str; 6] = ["params", "dim", "segments", "heads", "number", "whole"];
const STAGE_KEYS: [&str; 3] = ["layers", "first", "last"];

impl Split {
    /// Reads the rules of a file; `name` is what people call it.
    ///
    /// ```
    /// use weight_init::config::{Config, Format};
    /// use weight_init::diagnostic::Source;
    /// use weight_init::split::Split;
    ///
    /// let text = r#"
    /// tp = 8
    ///
    /// [[rules]]
    /// params = ["*.qkv.weight", "*.qkv.bias"]
    /// dim = 0
    /// segments = [4096, 1024, 1024]
    ///
    /// [[rules]]
    /// params = "*.out.weight"
    /// dim = 1
    /// "#;
    /// let config = Config::parse(Source::new("split.toml", text), Format::Toml)?;
    /// let split = Split::of_config(&config, "split.toml")?;
    /// assert_eq!((split.tp, split.rules.len()), (8, 2));
    /// # Ok::<(), weight_init::diagnostic::Diagnostic>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Keys that there are not, and values that are none, at their places.
    pub fn of_config(config: &Config, name: &str) -> Result<Self, Diagnostic> {
        let root = Node { texts: &config.sources, value: &config.value, path: Vec::new() };
        root.check_keys("a file of rules", &KEYS)?;
        let stages = match root.get("stages") {
            None => Stages::default(),
            Some(node) => {
                node.check_keys("stages", &STAGE_KEYS)?;
                Stages {
                    layers: node.get("layers").map(|node| node.text()).transpose()?,
                    first: node.get("first").map_or(Ok(Vec::new()), |node| node.texts())?,
                    last: node.get("last").map_or(Ok(Vec::new()), |node| node.texts())?,
                }
            }
        };
        let rules = match root.get("rules") {
            None => Vec::new(),
            Some(node) => {
                let rules = node.list("a list of rules")?;
                rules.iter().map(SplitRule::read).collect::<Result<_, _>>()?
            }
        };
        Ok(Self {
            name: name.to_owned(),
            tp: root.get("tp").map_or(Ok(1), |node| node.count())?,
            pp: root.get("pp").map_or(Ok(1), |node| node.count())?,
            rules,
            stages,
            is_preset: false,
        })
    }
}

impl SplitRule {
    fn read(node: &Node<'_>) -> Result<Self, Diagnostic> {
        node.check_keys("a rule", &RULE_KEYS)?;
        let params = match node.get("params") {
            Some(params) => params.texts()?,
            None => return Err(node.fault("a rule has 'params', the globs of its tensors")),
        };
        let (dim, number, whole) = (node.get("dim"), node.get("number"), node.get("whole"));
        let along = match (dim, number, whole) {
            (Some(dim), None, None) => {
                let heads = node.get("heads").map_or(Ok(Vec::new()), |node| node.counts())?;
                let segments = match node.get("segments") {
                    None => Segments::One,
                    Some(node) if node.value.as_list().is_some() => Segments::Sizes(node.counts()?),
                    Some(node) => Segments::Equal(node.count()?),
                };
                if let (Segments::Sizes(sizes), [_, _, ..]) = (&segments, heads.as_slice())
                    && sizes.len() != heads.len()
                {
                    let message = format!(
                        "{} counts of heads for {} segments; give one for each, or one for all",
                        heads.len(),
                        sizes.len()
                    );
                    return Err(node.fault(message));
                }
                Along::Dim { dim: dim.dim()?, segments, heads }
            }
            (None, Some(number), None) => Along::Number(number.text()?),
            (None, None, Some(whole)) if whole.value.as_bool() == Some(true) => Along::Whole,
            (None, None, Some(whole)) => return Err(whole.wrong("true")),
            _ => {
                let message = "a rule has one of 'dim', along which its tensors are cut, 'number', the name behind which the number \
                               stands that whole tensors are dealt out by, and 'whole = true'";
                return Err(node.fault(message));
            }
        };
        let is_cut = matches!(along, Along::Dim { .. });
        match ["segments", "heads"].into_iter().find(|key| !is_cut && node.get(key).is_some()) {
            Some(key) => Err(node.fault(format!("'{key}' goes with 'dim' alone"))),
            None => Ok(Self { params, along }),
        }
    }
}

/// A value and where it stands.
struct Node<'v> {
    texts: &'v dyn Texts,
    value: &'v Value,
    path: Vec<Segment>,
}

impl<'v> Node<'v> {
    fn below(&self, value: &'v Value, segment: Segment) -> Self {
        let mut path = self.path.clone();
        path.push(segment);
        Self { texts: self.texts, value, path }
    }

    fn get(&self, key: &str) -> Option<Self> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        Some(self.below(value, Segment::from(key)))
    }

    fn fault(&self, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.texts, self.value.span, message).at(path("$", &self.path))
    }

    fn wrong(&self, expected: &str) -> Diagnostic {
        self.fault(format!("expected {expected}, found {}", self.value.kind_name()))
    }

    fn check_keys(&self, what: &str, allowed: &[&'static str]) -> Result<(), Diagnostic> {
        let Some(entries) = self.value.as_dict() else { return Err(self.wrong("a dict")) };
        let Some(entry) = entries.iter().find(|entry| !allowed.contains(&&*entry.key)) else {
            return Ok(());
        };
        let keys = allowed.join("', '");
        let message = format!("unknown key '{}' of {what}; allowed are '{keys}'", entry.key);
        let at = self.below(&entry.value, Segment::from(&*entry.key));
        let error = Diagnostic::new(self.texts, entry.key_span, message).at(path("$", &at.path));
        Err(match nearest(&entry.key, allowed.iter().copied()) {
            Some(name) => error.help(format!("did you mean '{name}'?")),
            None => error,
        })
    }

    fn list(&self, expected: &str) -> Result<Vec<Self>, Diagnostic> {
        let list = self.value.as_list().ok_or_else(|| self.wrong(expected))?;
        Ok(list
            .iter()
            .enumerate()
            .map(|(at, value)| self.below(value, Segment::from(at)))
            .collect())
    }

    fn text(&self) -> Result<String, Diagnostic> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.wrong("a string"))
    }

    /// A string or a list of them.
    fn texts(&self) -> Result<Vec<String>, Diagnostic> {
        match self.value.as_str() {
            Some(text) => Ok(vec![text.to_owned()]),
            None => self.list("a glob or a list of globs")?.iter().map(Self::text).collect(),
        }
    }

    fn count(&self) -> Result<usize, Diagnostic> {
        let count = self.value.as_int().and_then(|count| usize::try_from(count).ok());
        count.filter(|count| *count > 0).ok_or_else(|| match self.value.as_int() {
            Some(count) => self.fault(format!("expected a number from 1 on, found {count}")),
            None => self.wrong("a number from 1 on"),
        })
    }

    /// A number or a list of them.
    fn counts(&self) -> Result<Vec<usize>, Diagnostic> {
        match self.value.as_list() {
            None => Ok(vec![self.count()?]),
            Some(_) => self.list("a list of numbers")?.iter().map(Self::count).collect(),
        }
    }

    fn dim(&self) -> Result<isize, Diagnostic> {
        let dim = self.value.as_int().and_then(|dim| isize::try_from(dim).ok());
        dim.ok_or_else(|| self.wrong("the number of a dimension, 0 or 1, or -1 for the last"))
    }
}
