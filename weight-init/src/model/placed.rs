use std::sync::Arc;

use weight_init_core::init_cfg::{InitCfg, Owned, Rule, RuleType, Types, Write};

use super::Registry;
use super::checkpoint_keys::{self, CheckpointKeys};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Sources, Texts, escape};
use crate::value::{Kind, Segment, Span, Value, path};

/// An init_cfg that was read from a file, and where each of its rules stands there.
///
/// ```
/// use weight_init::config::json;
/// use weight_init::diagnostic::Source;
/// use weight_init::model::PlacedInitCfg;
/// use weight_init_core::initializer::ALL;
///
/// let source = Source::new("rules.json", r#"[{"type": "Constant", "val": 1, "layer": "Linear"}]"#);
/// let rules = PlacedInitCfg::read(&json::parse(&source)?, &source, "$", ALL)?;
/// assert_eq!(rules.init_cfg.rules.len(), 1);
/// let (span, path) = rules.place(0, None).ok_or("no rule")?;
/// assert_eq!((span.start, path.as_str()), (1, "$[0]"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct PlacedInitCfg {
    /// The rules.
    pub init_cfg: InitCfg<Owned>,
    /// The keys of its Pretrained rules.
    pub keys: CheckpointKeys,
    /// What is probably not meant, in sentences.
    pub(crate) remarks: Vec<String>,
    path: String,
    rules: Items,
    overrides: Vec<Items>,
    /// The texts of another config than the model's, if it comes from there.
    texts: Option<Arc<Sources>>,
}

/// Where items of a list are, with their numbers in it; a value that stands in place of a list is its only item.
#[derive(Clone, Debug)]
struct Items {
    places: Vec<(usize, Span)>,
    is_list: bool,
}

impl PlacedInitCfg {
    /// Reads a value; `path` says where it stands, `types` are the initializers that it may name, such as
    /// [`Registry::initializers`](super::Registry::initializers).
    ///
    /// # Errors
    ///
    /// At the place of what is wrong whatever the model.
    pub fn read(
        value: &Value,
        texts: &dyn Texts,
        path: &str,
        types: Types<'_>,
    ) -> Result<Self, Diagnostic> {
        let (of_mmengine, keys) = CheckpointKeys::take(value, texts, path)?;
        let init_cfg = InitCfg::deserialize_with(types, &*of_mmengine)
            .map_err(|error| error.into_diagnostic(texts, path))?;
        let rules = items(value);
        let overrides =
            rules.iter().map(|rule| rule.get("override").map_or_else(Items::none, Items::of));
        Ok(Self {
            init_cfg,
            keys,
            remarks: rules
                .iter()
                .enumerate()
                .filter_map(|(rule, value)| truth(rule, value))
                .collect(),
            path: path.to_owned(),
            rules: Items::of(value),
            overrides: overrides.collect(),
            texts: None,
        })
    }

    /// Reads the rules that a file is, or has under `init_cfg`, as a Python or TOML file must.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    ///
    /// ```
    /// use weight_init::config::{Config, Format};
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::{PlacedInitCfg, Registry};
    ///
    /// let text = "init_cfg = dict(type='Normal', layer='Linear')";
    /// let config = Config::parse(Source::new("rules.py", text), Format::Python)?;
    /// let rules = PlacedInitCfg::from_config(&config, &Registry::standard())?;
    /// assert_eq!(rules.init_cfg.rules.len(), 1);
    /// # Ok::<(), weight_init::diagnostic::Diagnostic>(())
    /// ```
    pub fn from_config(config: &Config, registry: &Registry) -> Result<Self, Diagnostic> {
        let Config { value, sources } = config;
        let types = registry.initializers();
        match value.get("init_cfg") {
            Some(rules) if value.get("type").is_none() => {
                Self::read(rules, sources, "$.init_cfg", types)
            }
            _ => Self::read(value, sources, "$", types),
        }
    }

    /// As [`read`](Self::read), of a layer whose class has an `init_weights` of its own: the class may read the init_cfg in
    /// its own way, so that nothing in it is an error.
    ///
    /// Keys that no initializer has are passed over, and a rule that is still malformed is left out. Plans warn of both.
    #[must_use]
    pub fn read_leniently(value: &Value, texts: &dyn Texts, path: &str, types: Types<'_>) -> Self {
        Self::read_some(value, texts, path, types, true)
    }

    /// As [`read_leniently`](Self::read_leniently); unless `runs`, Pretrained rules alone, for that the `init_weights` of the
    /// class runs no other one.
    pub(super) fn read_some(
        value: &Value,
        texts: &dyn Texts,
        path: &str,
        types: Types<'_>,
        runs: bool,
    ) -> Self {
        let mut read = Self {
            init_cfg: InitCfg::empty(),
            keys: CheckpointKeys::default(),
            remarks: Vec::new(),
            path: path.to_owned(),
            rules: Items { places: Vec::new(), is_list: value.as_list().is_some() },
            overrides: Vec::new(),
            texts: None,
        };
        for (number, rule) in items(value).iter().enumerate() {
            let (known, unknown) = known_keys(rule, types);
            match Self::read(&known, texts, path, types) {
                Ok(one) if !runs && !one.init_cfg.rules.iter().all(loads) => {
                    let message =
                        format!("rule {number} does nothing: that init_weights runs no init_cfg");
                    read.remarks.push(message);
                }
                Ok(one) => {
                    let keys = unknown.iter().map(|key| {
                        format!(
                            "rule {number} has the key '{}', which no initializer takes",
                            escape(key)
                        )
                    });
                    read.remarks.extend(keys.chain(truth(number, rule)));
                    read.keys.extend(read.init_cfg.rules.len(), one.keys);
                    for (rule, overrides) in one.init_cfg.rules.into_iter().zip(one.overrides) {
                        read.init_cfg.rules.push(rule);
                        read.overrides.push(overrides);
                        read.rules.places.push((number, known.span));
                    }
                }
                Err(error) => {
                    read.remarks.push(format!("rule {number} is left out: {}", error.message()));
                }
            }
        }
        read
    }

    /// The same, with its places in the texts of another config.
    #[must_use]
    pub(crate) fn in_texts(self, texts: &Arc<Sources>) -> Self {
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
        self.init_cfg == other.init_cfg && self.keys == other.keys
    }
}

impl Items {
    const fn none() -> Self {
        Self { places: Vec::new(), is_list: true }
    }

    fn of(value: &Value) -> Self {
        Self {
            places: items(value).iter().map(|item| item.span).enumerate().collect(),
            is_list: value.as_list().is_some(),
        }
    }

    fn get(&self, index: usize, segments: &mut Vec<Segment>) -> Option<Span> {
        let (number, span) = *self.places.get(index)?;
        if self.is_list {
            segments.push(Segment::from(number));
        }
        Some(span)
    }
}

/// Whether a rule loads a checkpoint.
fn loads(rule: &Rule<Owned>) -> bool {
    matches!(rule.write, Write::Pretrained(_))
}

/// The items of a list, or the value that stands in place of one.
pub(super) fn items(value: &Value) -> &[Value] {
    value.as_list().unwrap_or_else(|| std::slice::from_ref(value))
}

/// `bias=True` writes ones, where most likely the layer was to have a bias.
fn truth(rule: usize, value: &Value) -> Option<String> {
    (value.get("bias")?.kind == Kind::Bool(true)).then(|| {
        format!("rule {rule} writes 1 to every bias, for a bias that is true is the number 1")
    })
}

/// The rule without the keys that no rule of its type has, and those keys.
fn known_keys<'v>(rule: &'v Value, types: Types<'_>) -> (Value, Vec<&'v str>) {
    let Kind::Dict(entries) = &rule.kind else { return (rule.clone(), Vec::new()) };
    let name = rule.get("type").and_then(Value::as_str);
    let Some(of) = name.and_then(|name| RuleType::named(name, types)) else {
        return (rule.clone(), Vec::new());
    };
    let is_known = |key: &str| {
        let of_rules = ["type", "layer", "params", "override", "_scope_"];
        of_rules.contains(&key)
            || of.arguments().any(|argument| argument == key)
            || checkpoint_keys::is_known(of, key)
    };
    let (known, unknown): (Vec<_>, Vec<_>) = entries.iter().partition(|entry| is_known(&entry.key));
    let known = Kind::Dict(known.into_iter().cloned().collect());
    let unknown = unknown.into_iter().map(|entry| &*entry.key).collect();
    (Value { kind: known, span: rule.span }, unknown)
}
