//! A plan as its JSON says it, and when two writers of a parameter agree.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use weight_init::plan::Plan;

/// A dict in the order of its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Ordered<T>(pub Vec<(String, T)>);

impl<T> Ordered<T> {
    /// The value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&T> {
        self.0.iter().find(|(k, _)| k == key).map(|(_, value)| value)
    }

    /// The keys.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Ordered<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Entries<T> {
            type Value = Ordered<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a dict")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Ordered(entries))
            }
        }
        deserializer.deserialize_map(Entries(PhantomData))
    }
}

/// The writer of a parameter: the name of an initializer and its arguments.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct Written {
    /// As PyTorch's function, without its underscore.
    pub init: String,
    /// Its arguments.
    #[serde(default)]
    pub args: BTreeMap<String, Value>,
}

impl Written {
    /// Whether both name the same initializer with the same arguments, numbers within 10⁻¹². Truth values are the numbers 0
    /// and 1.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        let number = |x: &Value| x.as_f64().or_else(|| x.as_bool().map(|x| f64::from(u8::from(x))));
        let same = |(a, b): (&Value, &Value)| match (number(a), number(b)) {
            (Some(a), Some(b)) => (a - b).abs() <= 1e-12 * b.abs().max(1.0),
            _ => a == b,
        };
        self.init == other.init
            && self.args.keys().eq(other.args.keys())
            && self.args.values().zip(other.args.values()).all(same)
    }
}

/// A plan as `plan --format json` prints it.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct PlanJson {
    /// Parameters in model order.
    pub params: Ordered<ParamJson>,
    /// Every rule.
    pub rules: Vec<RuleJson>,
    /// Rules that are probably not meant so.
    pub warnings: Vec<WarningJson>,
}

/// A parameter of a plan.
#[derive(Clone, Debug, serde::Deserialize)]
pub struct ParamJson {
    /// The writer.
    #[serde(flatten)]
    pub written: Written,
    /// Dimensions.
    pub shape: Vec<usize>,
    /// Element type.
    pub dtype: String,
    /// The rule, unless it is untouched.
    pub by: Option<ByJson>,
    /// The module above whose class has its own `init_weights`.
    #[serde(default, rename = "custom_init_weights")]
    pub custom: Option<String>,
    /// The constructor's values, where no rule writes.
    pub default: Option<Written>,
    /// The class whose own code may write it after everything that the plan says.
    #[serde(default)]
    pub may_be_overwritten_by: Option<String>,
}

/// Where a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
pub struct ByJson {
    /// Path of the module.
    pub module: String,
    /// Number of the rule.
    pub rule: usize,
    /// Number of the override.
    #[serde(rename = "override")]
    pub override_index: Option<usize>,
    /// Number of the glob.
    #[serde(default)]
    pub params: Option<usize>,
}

/// How a rule fared.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct RuleJson {
    /// Path of the module.
    pub module: String,
    /// Number of the rule.
    pub rule: usize,
    /// Parameters that it writes at some time.
    pub matched: usize,
    /// Parameters that it writes last.
    pub won: usize,
}

/// A warning of a plan.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct WarningJson {
    /// Its kind.
    pub kind: String,
    /// The module that it is about.
    pub module: String,
    /// The sentence.
    pub message: String,
}

impl PlanJson {
    /// The plan, by way of its text.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        serde_json::from_str(&serde_json::to_string(plan).unwrap()).unwrap()
    }
}
