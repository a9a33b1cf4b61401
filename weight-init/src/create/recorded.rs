use std::fmt;

use weight_init_core::DType;

use super::{Recipe, STREAM_VERSION, keys};
use crate::plan::{Plan, Unknown};

/// The recipe in a file's metadata. It is the file's claim, and proves nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    seed: Option<u64>,
    stream_version: Option<String>,
    plan: Option<String>,
    options: [Option<String>; OPTIONS.len()],
}

/// Options of the command that decide values, with their keys in the metadata.
const OPTIONS: [(&str, &str); 3] =
    [("--dtype", keys::DTYPE), ("--unknown", keys::UNKNOWN), ("--pretrained", keys::PRETRAINED)];

/// How a file says that it was made, where that is another way than it is compared by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecipeDifference {
    /// An option of the command.
    Option {
        /// Its name: `--dtype`.
        option: &'static str,
        /// Its value when the file was made; `None`: it was not given.
        recorded: Option<String>,
        /// Its value now.
        asked: Option<String>,
    },
    /// Another version of the random stream.
    StreamVersion {
        /// The version that the file names.
        recorded: String,
    },
    /// Another plan: another model, other rules.
    Plan {
        /// SHA-256 of the plan that the file names.
        recorded: String,
        /// SHA-256 of the plan that it is compared with.
        compared: String,
    },
}

impl Recorded {
    /// Reads the recipe from the texts of a file's metadata.
    ///
    /// ```
    /// use weight_init::create::{Recipe, Recorded};
    ///
    /// let text = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    /// let recorded = Recorded::of_metadata(&[text("weight_init.seed", "42"), text("weight_init.dtype", "bfloat16")]);
    /// assert_eq!(recorded.seed(), Some(42));
    /// let differences = recorded.differences(&Recipe { seed: 42, ..Recipe::default() });
    /// assert_eq!(
    ///     differences[0].to_string(),
    ///     "it was made with --dtype bf16; pass --dtype bf16 to compare so"
    /// );
    /// ```
    #[must_use]
    pub fn of_metadata(metadata: &[(String, String)]) -> Self {
        let get = |key: &str| {
            metadata.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
        };
        Self {
            seed: get(keys::SEED).and_then(|seed| seed.parse().ok()),
            stream_version: get(keys::STREAM_VERSION).map(shortened),
            plan: get(keys::PLAN).map(shortened),
            options: OPTIONS.map(|(_, key)| get(key).map(|value| as_typed(key, value))),
        }
    }

    /// The seed that the file names.
    #[must_use]
    pub const fn seed(&self) -> Option<u64> {
        self.seed
    }

    /// Where the recipe that the file names is not this one, the seed apart.
    #[must_use]
    pub fn differences(&self, recipe: &Recipe) -> Vec<RecipeDifference> {
        let metadata = recipe.options();
        let asked = OPTIONS.map(|(_, key)| {
            let found = metadata.iter().find(|(known, _)| *known == key);
            found.map(|(_, value)| as_typed(key, value))
        });
        let mut differences = Vec::new();
        if let Some(recorded) = self.stream_version.clone().filter(|found| found != STREAM_VERSION)
        {
            differences.push(RecipeDifference::StreamVersion { recorded });
        }
        for (((option, _), recorded), asked) in OPTIONS.iter().zip(&self.options).zip(asked) {
            // A file that names no seed was not made by this tool, and names no options.
            if *recorded != asked && (self.seed.is_some() || recorded.is_some()) {
                let recorded = recorded.clone();
                differences.push(RecipeDifference::Option { option, recorded, asked });
            }
        }
        differences
    }

    /// Whether the file was made by another plan.
    #[must_use]
    pub fn plan_difference(&self, plan: &Plan) -> Option<RecipeDifference> {
        let (recorded, compared) = (self.plan.clone()?, plan.digest());
        (recorded != compared).then_some(RecipeDifference::Plan { recorded, compared })
    }

    /// Whether the file names its plan.
    #[must_use]
    pub const fn has_plan(&self) -> bool {
        self.plan.is_some()
    }
}

/// The first characters of a text that may be anything.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The value of an option as it is typed.
fn as_typed(key: &str, value: &str) -> String {
    let typed = match key {
        keys::DTYPE => ["f32", "f64", "f16", "bf16"].into_iter().find(|name| {
            DType::from_name(name).is_some_and(|dtype| Some(dtype) == DType::from_name(value))
        }),
        keys::UNKNOWN => Unknown::from_name(value).map(Unknown::name),
        _ => None,
    };
    typed.map_or_else(|| shortened(value), str::to_owned)
}

impl fmt::Display for RecipeDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { option, recorded: Some(value), asked: None } => {
                write!(f, "it was made with {option} {value}; pass {option} {value} to compare so")
            }
            Self::Option { option, recorded: Some(value), asked: Some(asked) } => {
                write!(f, "it was made with {option} {value}, not {option} {asked}")
            }
            Self::Option { option, recorded: None, asked } => {
                let asked = asked.as_deref().unwrap_or_default();
                write!(f, "it was made without {option}; leave {option} {asked} out to compare so")
            }
            Self::StreamVersion { recorded } => write!(
                f,
                "it was made with version {recorded} of the random stream; this is version {STREAM_VERSION}"
            ),
            Self::Plan { recorded, compared } => write!(
                f,
                "every bit is the same, but it was made by another plan (SHA-256 {recorded}; this one has {compared}): by \
                 another model, by other rules or by another version"
            ),
        }
    }
}

/// The options as they are typed, for a line that says what was compared.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {}, stream version {STREAM_VERSION}", self.seed)?;
        let options = self.options();
        for (option, key) in OPTIONS {
            if let Some((_, value)) = options.iter().find(|(known, _)| *known == key) {
                write!(f, ", {option} {}", as_typed(key, value))?;
            }
        }
        Ok(())
    }
}
