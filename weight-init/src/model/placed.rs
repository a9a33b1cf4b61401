use std::fmt;
use std::sync::Arc;

use serde::ser::{Error as _, Serialize, Serializer};
use weight_init_core::init_cfg::{InitCfg, Owned, Rule, RuleType, Types, Write};

use super::checkpoint_keys::{self, CheckpointKeys};
use super::{Registry, extend};
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
    /// What is probably not meant.
    pub(crate) remarks: Vec<Remark>,
    /// What the text says of each rule beside it.
    rules: Vec<PlacedRule>,
    /// Whether rules add to those of the module, by `extend`.
    extends: bool,
    /// How many rules at the end do.
    added: usize,
}

/// A sentence about a rule of an init_cfg.
#[derive(Clone, Debug)]
pub(crate) struct Remark {
    /// Number of the rule; `None`: the sentence is about all of them.
    rule: Option<usize>,
    /// The sentence, which goes on behind the rule.
    says: String,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rule {
            Some(rule) => write!(f, "rule {rule} {}", self.says),
            None => f.write_str(&self.says),
        }
    }
}

/// A rule in its text.
#[derive(Clone, Debug)]
struct PlacedRule {
    /// The init_cfg that it stands in.
    home: Arc<Home>,
    at: Item,
    overrides: Vec<Item>,
}

/// An init_cfg in its text.
#[derive(Debug)]
struct Home {
    path: String,
    /// The texts of another config than the model's, if it comes from there.
    texts: Option<Arc<Sources>>,
}

/// A rule or override in a list, or in place of one.
#[derive(Clone, Copy, Debug)]
struct Item {
    /// Its number in the list.
    number: Option<usize>,
    span: Span,
    /// The name of its type, if that stands for an initializer of another name.
    alias: Option<&'static str>,
}

impl PlacedInitCfg {
    /// Reads rules that stand alone, such as those for the root of a plan; `path` says where they stand, `types` are the
    /// initializers that they may name, such as [`Registry::initializers`](super::Registry::initializers).
    ///
    /// # Errors
    ///
    /// At the place of what is wrong whatever the model, such as an `extend`: no module's own init_cfg runs beside these rules.
    ///
    /// ```
    /// use weight_init::config::json;
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::PlacedInitCfg;
    /// use weight_init_core::initializer::ALL;
    ///
    /// let source = Source::new("rules.json", r#"{"type": "Normal", "layer": "Linear", "extend": true}"#);
    /// let error = PlacedInitCfg::read(&json::parse(&source)?, &source, "$", ALL).unwrap_err();
    /// assert!(error.to_string().contains("'extend' adds to the init_cfg that a module has"));
    /// # Ok::<(), weight_init::diagnostic::Diagnostic>(())
    /// ```
    pub fn read(
        value: &Value,
        texts: &dyn Texts,
        path: &str,
        types: Types<'_>,
    ) -> Result<Self, Diagnostic> {
        let read = Self::read_of_module(value, texts, path, types)?;
        if read.extends {
            return Err(extend::refused(value, texts, path));
        }
        Ok(read)
    }

    /// As [`read`](Self::read), of a module, to whose own rules those of `extend` may add: see [`over`](Self::over).
    pub(super) fn read_of_module(
        value: &Value,
        texts: &dyn Texts,
        path: &str,
        types: Types<'_>,
    ) -> Result<Self, Diagnostic> {
        let extends = extend::extends(value, texts, path)?;
        Self::read_rules(&extend::without(value), texts, path, types, extends)
    }

    /// Reads rules without `extend`.
    fn read_rules(
        value: &Value,
        texts: &dyn Texts,
        path: &str,
        types: Types<'_>,
        extends: bool,
    ) -> Result<Self, Diagnostic> {
        let (of_mmengine, keys) = CheckpointKeys::take(value, texts, path)?;
        let init_cfg: InitCfg<Owned> = InitCfg::deserialize_with(types, &*of_mmengine)
            .map_err(|error| error.into_diagnostic(texts, path))?;
        let home = Arc::new(Home { path: path.to_owned(), texts: None });
        let rules = with_places(value).zip(&init_cfg.rules);
        let rules = rules.map(|(at, rule)| PlacedRule::new(&home, at, rule, types)).collect();
        let remarks = items(value).iter().enumerate();
        Ok(Self {
            remarks: remarks.filter_map(|(rule, value)| truth(rule, value)).collect(),
            added: if extends { init_cfg.rules.len() } else { 0 },
            init_cfg,
            keys,
            rules,
            extends,
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
        let home = Arc::new(Home { path: path.to_owned(), texts: None });
        let mut read = Self {
            init_cfg: InitCfg::empty(),
            keys: CheckpointKeys::default(),
            remarks: Vec::new(),
            rules: Vec::new(),
            extends: false,
            added: 0,
        };
        match extend::extends(value, texts, path) {
            Ok(extends) => read.extends = extends,
            Err(error) => {
                read.remarks.push(Remark { rule: None, says: error.message().to_owned() })
            }
        }
        let value = &*extend::without(value);
        let is_list = value.as_list().is_some();
        for (number, rule) in items(value).iter().enumerate() {
            let mut remark = |says| read.remarks.push(Remark { rule: Some(number), says });
            let (known, unknown) = known_keys(rule, types);
            match Self::read_rules(&known, texts, path, types, false) {
                Ok(one) if !runs && !one.init_cfg.rules.iter().all(loads) => {
                    remark("does nothing: that init_weights runs no init_cfg".to_owned());
                }
                Ok(one) => {
                    for key in unknown {
                        remark(format!(
                            "has the key '{}', which no initializer takes",
                            escape(key)
                        ));
                    }
                    read.remarks.extend(truth(number, rule));
                    read.keys.append(read.init_cfg.rules.len(), one.keys);
                    read.init_cfg.rules.extend(one.init_cfg.rules);
                    read.rules.extend(one.rules.into_iter().map(|rule| PlacedRule {
                        home: Arc::clone(&home),
                        at: Item { number: is_list.then_some(number), ..rule.at },
                        ..rule
                    }));
                }
                Err(error) => remark(format!("is left out: {}", error.message())),
            }
        }
        if read.extends {
            read.added = read.init_cfg.rules.len();
        }
        read
    }

    /// These rules in place of those that a module has; after them, if they add to them. Rules that were added before give way.
    #[must_use]
    pub(super) fn over(self, own: Option<Self>) -> Self {
        let Some(mut all) = own.filter(|_| self.extends) else { return self };
        let kept = all.init_cfg.rules.len() - all.added;
        all.init_cfg.rules.truncate(kept);
        all.rules.truncate(kept);
        all.keys.truncate(kept);
        all.remarks.retain(|remark| remark.rule.is_some_and(|rule| rule < kept));
        all.init_cfg.rules.extend(self.init_cfg.rules);
        all.rules.extend(self.rules);
        all.keys.append(kept, self.keys);
        let remarks = self.remarks.into_iter();
        all.remarks.extend(
            remarks.map(|remark| Remark { rule: remark.rule.map(|rule| kept + rule), ..remark }),
        );
        Self { extends: true, added: self.added, ..all }
    }

    /// The same, with its places in the texts of another config.
    #[must_use]
    pub(crate) fn in_texts(mut self, texts: &Arc<Sources>) -> Self {
        if let Some(first) = self.rules.first() {
            let (path, texts) = (first.home.path.clone(), Some(Arc::clone(texts)));
            let home = Arc::new(Home { path, texts });
            self.rules.iter_mut().for_each(|rule| rule.home = Arc::clone(&home));
        }
        self
    }

    /// The place of a rule, or of one of its overrides.
    #[must_use]
    pub fn place(&self, rule: usize, override_index: Option<usize>) -> Option<(Span, String)> {
        let placed = self.rules.get(rule)?;
        let mut segments: Vec<_> = placed.at.segment().into_iter().collect();
        let mut span = placed.at.span;
        if let Some(index) = override_index {
            let item = placed.overrides.get(index)?;
            segments.push(Segment::from("override"));
            segments.extend(item.segment());
            span = item.span;
        }
        Some((span, path(&placed.home.path, &segments)))
    }

    /// The name of the type of a rule, or of one of its overrides, if it stands for an initializer of another name:
    /// `kaiming_normal_`, `HeNormal`.
    ///
    /// ```
    /// use weight_init::config::json;
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::PlacedInitCfg;
    /// use weight_init_core::initializer::ALL;
    ///
    /// let text = r#"[{"type": "kaiming_normal_", "layer": "Linear"}, {"type": "Kaiming", "layer": "Conv2d"}]"#;
    /// let source = Source::new("rules.json", text);
    /// let rules = PlacedInitCfg::read(&json::parse(&source)?, &source, "$", ALL)?;
    /// assert_eq!(rules.init_cfg.rules[0].write.name(), "Kaiming");
    /// assert_eq!((rules.alias(0, None), rules.alias(1, None)), (Some("kaiming_normal_"), None));
    /// # Ok::<(), weight_init::diagnostic::Diagnostic>(())
    /// ```
    #[must_use]
    pub fn alias(&self, rule: usize, override_index: Option<usize>) -> Option<&'static str> {
        let placed = self.rules.get(rule)?;
        match override_index {
            None => placed.at.alias,
            Some(index) => placed.overrides.get(index)?.alias,
        }
    }

    /// What the place of a rule leads to: `model`, the texts that the model was read from, unless the rule has its own.
    #[must_use]
    pub fn texts<'a>(&'a self, rule: usize, model: &'a dyn Texts) -> &'a dyn Texts {
        let own = self.rules.get(rule).and_then(|rule| rule.home.texts.as_deref());
        own.map_or(model, |texts| texts as &dyn Texts)
    }
}

/// As the text of a description has it: the rules of the module and those that were added to them, which are then its own.
impl Serialize for PlacedInitCfg {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.keys.is_empty() {
            return self.init_cfg.serialize(serializer);
        }
        let mut rules = serde_json::to_value(&self.init_cfg).map_err(S::Error::custom)?;
        self.keys.put_into(&mut rules);
        rules.serialize(serializer)
    }
}

/// Places aside, and which rules were added.
impl PartialEq for PlacedInitCfg {
    fn eq(&self, other: &Self) -> bool {
        self.init_cfg == other.init_cfg && self.keys == other.keys
    }
}

impl PlacedRule {
    fn new(home: &Arc<Home>, at: (&Value, Item), rule: &Rule<Owned>, types: Types<'_>) -> Self {
        let (value, item) = at;
        let at = Item { alias: alias(value, &rule.write, types), ..item };
        let overrides = value.get("override").into_iter().flat_map(with_places);
        let overrides = overrides.zip(&rule.overrides).map(|((value, item), over)| {
            // Without a type of its own it is written as the rule.
            let alias = over.write.as_ref().map_or(at.alias, |write| alias(value, write, types));
            Item { alias, ..item }
        });
        Self { home: Arc::clone(home), at, overrides: overrides.collect() }
    }
}

impl Item {
    fn segment(self) -> Option<Segment> {
        self.number.map(Segment::from)
    }
}

/// The items of a list, or the value that stands in place of one, with their places.
fn with_places(value: &Value) -> impl Iterator<Item = (&Value, Item)> {
    let is_list = value.as_list().is_some();
    items(value).iter().enumerate().map(move |(number, item)| {
        (item, Item { number: is_list.then_some(number), span: item.span, alias: None })
    })
}

/// The name that a rule or override gives its type, if it stands for an initializer of another name.
fn alias(value: &Value, write: &Write<String>, types: Types<'_>) -> Option<&'static str> {
    match RuleType::named(value.get("type")?.as_str()?, types)? {
        RuleType::Initializer(of) if of.same_as.is_some() || of.name != write.name() => {
            Some(of.name)
        }
        _ => None,
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
fn truth(rule: usize, value: &Value) -> Option<Remark> {
    (value.get("bias")?.kind == Kind::Bool(true)).then(|| Remark {
        rule: Some(rule),
        says: "writes 1 to every bias, for a bias that is true is the number 1".to_owned(),
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
