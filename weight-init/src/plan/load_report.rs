use std::fmt;
use std::path::PathBuf;

use super::By;
use crate::diagnostic::escape;

/// What became of the checkpoint of a Pretrained rule, as PyTorch's `load_state_dict(strict=False)` tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadReport {
    /// The rule.
    pub by: By,
    /// The checkpoint as the rule names it, without the secrets of an address.
    pub checkpoint: String,
    /// The prefix of the names that are loaded.
    pub prefix: Option<String>,
    /// The keys that lead to the tensors in a PyTorch file, joined by dots; `None` if they are the file's own.
    pub key: Option<String>,
    /// The file that was read.
    pub file: PathBuf,
    /// Parameters and buffers that the checkpoint holds in the right shape.
    pub loaded: usize,
    /// Full names of those that it does not hold: they fall to the rule that would have won. As in mmengine, without
    /// the counters of batches (`num_batches_tracked`).
    pub missing: Vec<String>,
    /// Names in the checkpoint that the model has no parameter or buffer for.
    pub unexpected: Vec<String>,
    /// Those that it holds in another shape, or in a type that is not converted.
    pub mismatched: Vec<Mismatched>,
    /// Those whose element type is converted.
    pub converted: Vec<Converted>,
    /// What would make names match, where none does.
    pub advice: Option<Advice>,
}

/// How tensors of a checkpoint would meet their parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Advice {
    /// The checkpoint's names begin with what the model's do not, and a `prefix` of the rule takes it off.
    Prefix {
        /// The prefix, with its dot.
        prefix: String,
        /// How many tensors would be loaded.
        tensors: usize,
    },
    /// The model's names begin with what the checkpoint's do not: the rule belongs to another module.
    Module {
        /// Path of that module.
        path: String,
        /// How many tensors would be loaded.
        tensors: usize,
    },
}

impl fmt::Display for Advice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix { prefix, tensors } => {
                let prefix = escape(prefix);
                write!(
                    f,
                    "prefix='{prefix}' would match {tensors} tensors: in the checkpoint '{prefix}' stands before their \
                     names, and must be stripped"
                )
            }
            Self::Module { path, tensors } => write!(
                f,
                "a rule in the init_cfg of '{}' would match {tensors} tensors: in the checkpoint their names begin there",
                escape(path)
            ),
        }
    }
}

/// A tensor that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatched {
    /// Full name of the parameter or buffer.
    pub name: String,
    /// What the model has, in words.
    pub expected: String,
    /// What the checkpoint has, in words.
    pub found: String,
}

/// A tensor whose elements are converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// Full name of the parameter or buffer.
    pub name: String,
    /// Element type in the checkpoint.
    pub from: String,
    /// Element type in the model.
    pub to: String,
}

impl LoadReport {
    /// Whether model and checkpoint match exactly: nothing missing, unexpected, mismatched or converted.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        self.missing.is_empty()
            && self.unexpected.is_empty()
            && self.mismatched.is_empty()
            && self.converted.is_empty()
    }

    /// The key, if it is another one than mmengine's loader takes.
    pub(super) fn key_of_ours(&self) -> Option<&str> {
        self.key.as_deref().filter(|key| *key != "state_dict")
    }
}

/// A line with the numbers, and one for each kind of difference with the first few names.
impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: '{}'", self.by, escape(&self.checkpoint))?;
        if let Some(prefix) = &self.prefix {
            write!(f, ", prefix '{}'", escape(prefix))?;
        }
        if let Some(key) = self.key_of_ours() {
            write!(f, ", key '{}', which mmengine does not look for", escape(key))?;
        }
        write!(f, ": {} tensors loaded", self.loaded)?;
        if self.is_exact() {
            return f.write_str(", everything matches");
        }
        list(f, "missing in the checkpoint", &self.missing, |name| name.clone())?;
        list(f, "not in the model", &self.unexpected, |name| name.clone())?;
        list(f, "of another shape", &self.mismatched, |m| {
            format!("{} ({} in the model, {} in the checkpoint)", m.name, m.expected, m.found)
        })?;
        list(f, "converted", &self.converted, |c| format!("{} ({} to {})", c.name, c.from, c.to))?;
        match &self.advice {
            Some(advice) => write!(f, "\n  nothing matches; {advice}"),
            None => Ok(()),
        }
    }
}

fn list<T>(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    items: &[T],
    show: impl Fn(&T) -> String,
) -> fmt::Result {
    const SHOWN: usize = 6;
    if items.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = items.iter().take(SHOWN).map(|item| escape(&show(item))).collect();
    let more = if items.len() > SHOWN { ", ..." } else { "" };
    write!(f, "\n  {} {what}: {}{more}", items.len(), names.join(", "))
}
