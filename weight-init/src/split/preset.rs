//! The rules of families of models, and the short form that names one: `llama:tp=8,pp=2`.

use std::str::FromStr;

use weight_init_core::nearest;

use super::{Along, Segments, Split, SplitError, SplitRule, Stages};

/// Numbers that people give beside the name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) tp: Option<usize>,
    pub(crate) pp: Option<usize>,
    heads: Option<usize>,
    kv_heads: Option<usize>,
    /// Whether experts are dealt out whole.
    whole_experts: bool,
}

const KEYS: [&str; 5] = ["tp", "pp", "heads", "kv_heads", "experts"];

impl FromStr for Settings {
    type Err = SplitError;

    fn from_str(text: &str) -> Result<Self, SplitError> {
        let mut settings = Self::default();
        for part in text.split(',') {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let (key, value) = (key.trim(), value.trim());
            let number = || match value.parse() {
                Ok(number @ 1..) => Ok(Some(number)),
                _ => Err(SplitError::new(format!("{key}={value}: write a number from 1 on"))),
            };
            match key {
                "tp" => settings.tp = number()?,
                "pp" => settings.pp = number()?,
                "heads" => settings.heads = number()?,
                "kv_heads" => settings.kv_heads = number()?,
                "experts" => {
                    settings.whole_experts = match value {
                        "whole" => true,
                        "cut" => false,
                        _ => {
                            let message = format!("experts={value}: write 'cut' or 'whole'");
                            return Err(SplitError::new(message));
                        }
                    }
                }
                _ => {
                    let message = format!("'{key}' is none of {}", KEYS.join(", "));
                    return Err(did_you_mean(message, nearest(key, KEYS)));
                }
            }
        }
        Ok(settings)
    }
}

fn did_you_mean(message: String, name: Option<&str>) -> SplitError {
    SplitError::new(match name {
        Some(name) => format!("{message}; did you mean '{name}'?"),
        None => message,
    })
}

/// A family of models.
struct Preset {
    name: &'static str,
    rules: fn(&Settings) -> Vec<SplitRule>,
    first: &'static [&'static str],
    last: &'static [&'static str],
}

const PRESETS: [Preset; 4] = [
    Preset { name: "llama", rules: llama, first: &["*embed_tokens.weight"], last: LLAMA_LAST },
    Preset {
        name: "gpt_neox",
        rules: gpt_neox,
        first: &["*embed_in.weight"],
        last: &["*final_layer_norm.*", "*embed_out.weight"],
    },
    Preset { name: "mixtral", rules: mixtral, first: &["*embed_tokens.weight"], last: LLAMA_LAST },
    Preset {
        name: "deepseek",
        rules: deepseek,
        first: &["*embed_tokens.weight"],
        last: LLAMA_LAST,
    },
];

const LLAMA_LAST: &[&str] =
    &["norm.weight", "model.norm.weight", "*.model.norm.weight", "*lm_head.weight"];

/// A preset with its numbers: `NAME:tp=T[,pp=P][,heads=H][,kv_heads=K][,experts=cut|whole]`.
///
/// `llama` is also for its relatives with the same names (Mistral, Qwen, Gemma, Phi-3); `gpt_neox`, `mixtral` and `deepseek` are the
/// others. With `heads` and `kv_heads`, the model's `num_attention_heads` and `num_key_value_heads`, no head is ever cut, and a
/// matrix that is fused of query, key and value is cut in its three segments. `experts=whole` deals whole experts out to the ranks.
///
/// ```
/// use weight_init::split::Split;
///
/// let split: Split = "mixtral:tp=8,pp=2,heads=32,kv_heads=8".parse()?;
/// assert_eq!((split.tp, split.pp), (8, 2));
/// let error = "mixtrall:tp=8".parse::<Split>().unwrap_err();
/// assert!(error.to_string().ends_with("did you mean 'mixtral'?"));
/// # Ok::<(), weight_init::split::SplitError>(())
/// ```
impl FromStr for Split {
    type Err = SplitError;

    fn from_str(text: &str) -> Result<Self, SplitError> {
        let (name, settings) = text.split_once(':').unwrap_or((text, ""));
        let Some(preset) = PRESETS.iter().find(|preset| preset.name == name) else {
            let names = PRESETS.map(|preset| preset.name);
            let shown: String = name.chars().take(80).collect();
            let message = format!("'{shown}' is no preset ({}) and no file", names.join(", "));
            return Err(did_you_mean(message, nearest(name, names)));
        };
        if settings.is_empty() {
            let message = format!("say how many ranks there are: {name}:tp=8, or {name}:tp=8,pp=2");
            return Err(SplitError::new(message));
        }
        let settings: Settings = settings.parse()?;
        let globs = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        Ok(Self {
            name: name.to_owned(),
            tp: settings.tp.unwrap_or(1),
            pp: settings.pp.unwrap_or(1),
            rules: (preset.rules)(&settings),
            stages: Stages {
                layers: Some("layers".to_owned()),
                first: globs(preset.first),
                last: globs(preset.last),
            },
            is_preset: true,
        })
    }
}

impl Split {
    /// Takes numbers over those that it has.
    ///
    /// # Errors
    ///
    /// A text that is none of `tp=T` and `pp=P`, joined by commas.
    pub fn set(&mut self, settings: &str) -> Result<(), SplitError> {
        let settings: Settings = settings.parse()?;
        let given = Settings { tp: settings.tp, pp: settings.pp, ..Settings::default() };
        if settings != given {
            let message = "heads and experts stand in the rules of a file; beside its name, tp and pp alone do";
            return Err(SplitError::new(message.to_owned()));
        }
        self.tp = settings.tp.unwrap_or(self.tp);
        self.pp = settings.pp.unwrap_or(self.pp);
        Ok(())
    }
}

fn rule(params: &[&str], along: Along) -> SplitRule {
    SplitRule { params: params.iter().map(|glob| (*glob).to_owned()).collect(), along }
}

fn along(params: &[&str], dim: isize, segments: Segments, heads: &[Option<usize>]) -> SplitRule {
    // Of counts that are not all known, none counts.
    let heads = heads.iter().copied().collect::<Option<Vec<_>>>().unwrap_or_default();
    rule(params, Along::Dim { dim, segments, heads })
}

fn plain(params: &[&str], dim: isize) -> SplitRule {
    along(params, dim, Segments::One, &[])
}

fn llama(of: &Settings) -> Vec<SplitRule> {
    let (heads, kv_heads) = (of.heads, of.kv_heads.or(of.heads));
    let mut rules = vec![
        along(&["*.q_proj.weight", "*.q_proj.bias"], 0, Segments::One, &[heads]),
        along(
            &["*.k_proj.weight", "*.k_proj.bias", "*.v_proj.weight", "*.v_proj.bias"],
            0,
            Segments::One,
            &[kv_heads],
        ),
        plain(&["*.gate_proj.weight", "*.gate_proj.bias", "*.up_proj.weight", "*.up_proj.bias"], 0),
        along(&["*.gate_up_proj.weight", "*.gate_up_proj.bias"], 0, Segments::Equal(2), &[]),
        along(&["*.o_proj.weight"], 1, Segments::One, &[heads]),
        plain(&["*.down_proj.weight"], 1),
        plain(&["*embed_tokens.weight", "*lm_head.weight", "*lm_head.bias"], 0),
    ];
    if let (Some(_), Some(_)) = (heads, of.kv_heads) {
        let fused = ["*.qkv_proj.weight", "*.qkv_proj.bias"];
        rules.push(along(&fused, 0, Segments::One, &[heads, kv_heads, kv_heads]));
    }
    rules
}

/// The heads of a fused matrix lie one behind the other, each with its query, key and value: [heads, 3, head_dim].
fn gpt_neox(of: &Settings) -> Vec<SplitRule> {
    let fused = ["*.query_key_value.weight", "*.query_key_value.bias"];
    vec![
        along(&fused, 0, Segments::One, &[of.heads]),
        along(&["*.attention.dense.weight"], 1, Segments::One, &[of.heads]),
        plain(&["*.dense_h_to_4h.weight", "*.dense_h_to_4h.bias"], 0),
        plain(&["*.dense_4h_to_h.weight"], 1),
        plain(&["*embed_in.weight", "*embed_out.weight"], 0),
    ]
}

fn mixtral(of: &Settings) -> Vec<SplitRule> {
    let each = ["*.experts.*.w1.weight", "*.experts.*.w3.weight"];
    let mut rules = experts(of);
    if !of.whole_experts {
        rules.extend([plain(&each, 0), plain(&["*.experts.*.w2.weight"], 1)]);
    }
    rules.extend(llama(of));
    rules
}

/// Projections into the latent space of attention stand whole with every rank, as in Megatron and vLLM; those out of it are cut by
/// heads.
fn deepseek(of: &Settings) -> Vec<SplitRule> {
    let mut rules = experts(of);
    rules.push(along(&["*.q_b_proj.weight", "*.kv_b_proj.weight"], 0, Segments::One, &[of.heads]));
    rules.extend(llama(of));
    rules
}

/// Experts that stand in one tensor, [experts, out, in], or in one each.
fn experts(of: &Settings) -> Vec<SplitRule> {
    let (stacked, stacked_down) = ("*.experts.gate_up_proj", "*.experts.down_proj");
    if of.whole_experts {
        let number = Along::Number("experts".to_owned());
        return vec![plain(&[stacked, stacked_down], 0), rule(&["*.experts.*.weight"], number)];
    }
    vec![along(&[stacked], 1, Segments::Equal(2), &[]), plain(&[stacked_down], 2)]
}
