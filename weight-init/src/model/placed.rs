use std::sync::Arc;

use weight_init_core::init_cfg::{InitCfg, Owned};

use crate::config::de;
use crate::diagnostic::{Diagnostic, Sources, Texts};
use crate::value::{Segment, Span, Value, path};

/// An init_cfg that was read from a file, and where each of its rules stands there.
///
/// ```
/// use weight_init::config::json;
/// use weight_init::diagnostic::Source;
/// use weight_init::model::PlacedInitCfg;
///
/// let source = Source::new("rules.json", r#"[{"type": "Constant", "val": 1, "layer": "Linear"}]"#);
/// let rules = PlacedInitCfg::read(&json::parse(&source)?, &source, "$")?;
/// assert_eq!(rules.init_cfg.rules.len(), 1);
/// let (span, path) = rules.place(0, None).ok_or("no rule")?;
/// assert_eq!((span.start, path.as_str()), (1, "$[0]"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PlacedInitCfg {
    /// The rules.
    pub init_cfg: InitCfg<Owned>,
    path: String,
    rules: Items,
    overrides: Vec<Items>,
    /// The texts of another config than the model's, if it comes from there.
    texts: Option<Arc<Sources>>,
}

/// Where the items of a list are; a value that stands in place of a list is its only item.
#[derive(Clone, Debug)]
struct Items {
    spans: Vec<Span>,
    is_list: bool,
}

impl PlacedInitCfg {
    /// Reads a value; `path` says where it stands.
    ///
    /// # Errors
    ///
    /// At the place of what is wrong whatever the model.
    pub fn read(value: &Value, texts: &dyn Texts, path: &str) -> Result<Self, Diagnostic> {
        let init_cfg = de::from_value(value).map_err(|error| error.into_diagnostic(texts, path))?;
        let rules = value.as_list().unwrap_or_else(|| std::slice::from_ref(value));
        let overrides =
            rules.iter().map(|rule| rule.get("override").map_or_else(Items::none, Items::of));
        Ok(Self {
            init_cfg,
            path: path.to_owned(),
            rules: Items::of(value),
            overrides: overrides.collect(),
            texts: None,
        })
    }

    /// The same, with its places in the texts of another config.
    #[must_use]
    pub(super) fn in_texts(self, texts: &Arc<Sources>) -> Self {
        Self { texts: Some(Arc::clone(texts)), ..self }
    }

    /// The place of a rule, or of one of its overrides.
    #[must_use]
    pub fn place(&self, rule: usize, override_index: Option<usize>) -> Option<(Span, String)> {
        let mut segments = Vec::new();
        let mut span = self.rules.get(rule, &mut segments)?;
        if let Some(index) = override_index {
            segments.push(Segment::from("override"));
            span = self.overrides.get(rule)?.get(index, &mut segments)?;
        }
        Some((span, path(&self.path, &segments)))
    }

    /// What its places lead to: `model`, the texts that the model was read from, unless it has its own.
    #[must_use]
    pub fn texts<'a>(&'a self, model: &'a dyn Texts) -> &'a dyn Texts {
        self.texts.as_deref().map_or(model, |texts| texts as &dyn Texts)
    }
}

/// Places aside.
impl PartialEq for PlacedInitCfg {
    fn eq(&self, other: &Self) -> bool {
        self.init_cfg == other.init_cfg
    }
}

impl Items {
    const fn none() -> Self {
        Self { spans: Vec::new(), is_list: true }
    }

    fn of(value: &Value) -> Self {
        match value.as_list() {
            Some(items) => {
                Self { spans: items.iter().map(|item| item.span).collect(), is_list: true }
            }
            None => Self { spans: vec![value.span], is_list: false },
        }
    }

    fn get(&self, index: usize, segments: &mut Vec<Segment>) -> Option<Span> {
        if self.is_list {
            segments.push(Segment::from(index));
        }
        self.spans.get(index).copied()
    }
}
