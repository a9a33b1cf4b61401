//! How a model is cut for tensor and pipeline parallelism: which part of each tensor each rank has.
//!
//! A [`Split`] is rules: globs of names, and along which dimension their tensors are cut. It is parsed from a preset such as
//! `llama:tp=8,pp=2`, or it comes from a [file](Split::of_config). [`Split::divide`] holds it against the tensors of a plan.

mod error;
mod glob;
mod preset;
mod read;
mod rule;
mod slice;
mod stages;

use std::collections::HashMap;
use std::fmt;

use sha2::{Digest, Sha256};

pub use self::error::{SplitError, SplitWarning};
pub use self::rule::{Along, Segments, SplitRule};
pub use self::slice::Slice;
pub use self::stages::Stages;
use crate::plan::Tensor;
pub use crate::window::Cut;
use weight_init_core::resolve::glob_matches;

/// Rules that say which part of each tensor each rank has.
///
/// Of the rules whose globs match a tensor the first decides. A tensor that no rule matches stands whole with every rank of its stage.
///
/// ```
/// use weight_init::diagnostic::Source;
/// use weight_init::model::Model;
/// use weight_init::plan::{Options, Plan, Unknown};
/// use weight_init::split::Split;
///
/// let source = Source::new("model.json", r#"{"class": "Attention", "children": [
///     {"name": "q_proj", "class": "Linear", "params": [{"name": "weight", "shape": [8, 4]}]},
///     {"name": "norm", "class": "LayerNorm", "params": [{"name": "weight", "shape": [4]}]}]}"#);
/// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
/// let split: Split = "llama:tp=2".parse()?;
/// let division = split.divide(&plan.tensors(Unknown::Refuse)?, plan.ties())?;
/// assert_eq!(division.ranks()[1].name(), "tp-01-of-02");
/// let cut = division.ranks()[1].slices()[0].cut.as_ref().ok_or("cut")?;
/// assert_eq!((cut.dim, cut.ranges.as_slice()), (0, &[4..8][..]));
/// assert_eq!(division.whole(), ["norm.weight"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// What people call it: `llama`, or the name of a file.
    pub name: String,
    /// Ranks that share each tensor.
    pub tp: usize,
    /// Stages that the layers are dealt out to.
    pub pp: usize,
    /// The rules, in order.
    pub rules: Vec<SplitRule>,
    /// How the layers are dealt out.
    pub stages: Stages,
    /// Whether it is a preset, whose globs need not match.
    pub(crate) is_preset: bool,
}

/// What each rank has.
#[derive(Clone, Debug)]
pub struct Division {
    ranks: Vec<Rank>,
    whole: Vec<String>,
    warnings: Vec<SplitWarning>,
}

/// One rank.
#[derive(Clone, Debug)]
pub struct Rank {
    name: String,
    slices: Vec<Slice>,
    ties: Vec<(String, String)>,
}

impl Rank {
    /// The name of its folder: `tp-03-of-08`, with stages `tp-03-of-08-pp-00-of-02`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it has, in the order of the tensors.
    #[must_use]
    pub fn slices(&self) -> &[Slice] {
        &self.slices
    }

    /// Other names of its tensors, each with the one that it has here.
    #[must_use]
    pub fn ties(&self) -> &[(String, String)] {
        &self.ties
    }
}

impl Division {
    /// The ranks: those of the first stage, then those of the next.
    #[must_use]
    pub fn ranks(&self) -> &[Rank] {
        &self.ranks
    }

    /// Names of the tensors that no rule matches, so that each rank of their stage has them whole.
    #[must_use]
    pub fn whole(&self) -> &[String] {
        &self.whole
    }

    /// The first half of the SHA-256 of all slices, in hexadecimal.
    pub(crate) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for rank in &self.ranks {
            hash.update(format!("{}\0{:?}\n", rank.name, rank.slices));
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What is probably not meant.
    #[must_use]
    pub fn warnings(&self) -> &[SplitWarning] {
        &self.warnings
    }
}

/// `llama:tp=8,pp=2`.
impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:tp={}", self.name, self.tp)?;
        if self.pp > 1 { write!(f, ",pp={}", self.pp) } else { Ok(()) }
    }
}

/// More ranks than anybody has.
pub(crate) const MOST_RANKS: usize = 4096;

impl Split {
    /// Cuts the tensors of a plan; `ties` are the other names of some of them, each with the first.
    ///
    /// Stage `s` of `P` has of `N` layers those from ⌊s·N/P⌋ to ⌊(s + 1)·N/P⌋ − 1. A tied tensor stands in each stage that one of its
    /// names belongs to.
    ///
    /// # Errors
    ///
    /// A tensor that a rule cuts along a dimension that it does not have, or that is no multiple of the ranks, segments or heads;
    /// fewer layers than stages; rules of which none matches.
    pub fn divide(
        &self,
        tensors: &[Tensor<'_>],
        ties: &[(String, String)],
    ) -> Result<Division, SplitError> {
        self.check_ranks()?;
        let mut found = Found::new(self, tensors);
        let matched: Vec<_> = tensors.iter().map(|tensor| found.rule(tensor.name)).collect();
        let warnings = found.warnings()?;
        let layers = self.stages.layers(tensors.iter().map(|tensor| tensor.name), self.pp)?;
        let mut others: HashMap<&str, Vec<usize>> = HashMap::new();
        for (tie, (_, first)) in ties.iter().enumerate() {
            others.entry(first).or_default().push(tie);
        }
        let numbers = rule::Numbers::of(tensors, &matched);
        let mut ranks = Vec::new();
        for pp in 0..self.pp {
            for tp in 0..self.tp {
                let mut rank =
                    Rank { name: self.folder(tp, pp), slices: Vec::new(), ties: Vec::new() };
                for (place, (tensor, rule)) in tensors.iter().zip(&matched).enumerate() {
                    let others = others.get(tensor.name).map(Vec::as_slice).unwrap_or_default();
                    let other = |tie: &usize| ties.get(*tie).map_or("", |(name, _)| name);
                    let tie = match layers.holds(tensor.name, pp) {
                        true => None,
                        false => match others.iter().find(|tie| layers.is_of(other(tie), pp)) {
                            Some(tie) => Some(*tie),
                            None => continue,
                        },
                    };
                    let cut = match rule.map(|rule| rule.part(tensor, tp, self.tp, &numbers)) {
                        None => None,
                        Some(part) => match part? {
                            rule::Part::None => continue,
                            rule::Part::Whole => None,
                            rule::Part::Cut(cut) => Some(cut),
                        },
                    };
                    let slice = Slice { tensor: place, cut, tie };
                    let name = slice.name(tensor, ties);
                    let here = others.iter().filter(|tie| layers.holds(other(tie), pp));
                    let here = here.map(other).filter(|other| *other != name);
                    rank.ties.extend(here.map(|other| (other.to_owned(), name.to_owned())));
                    rank.slices.push(slice);
                }
                ranks.push(rank);
            }
        }
        let unmatched = tensors.iter().zip(&matched).filter(|(_, rule)| rule.is_none());
        let whole = unmatched.map(|(tensor, _)| tensor.name.to_owned()).collect();
        Ok(Division { ranks, whole, warnings })
    }

    /// Whether a rule says how many heads there are, so that none is cut.
    #[must_use]
    pub fn knows_heads(&self) -> bool {
        let knows =
            |rule: &SplitRule| matches!(&rule.along, Along::Dim { heads, .. } if !heads.is_empty());
        self.rules.iter().any(knows)
    }

    /// Whether it is a preset.
    #[must_use]
    pub const fn is_preset(&self) -> bool {
        self.is_preset
    }

    fn check_ranks(&self) -> Result<(), SplitError> {
        match self.tp.checked_mul(self.pp) {
            Some(1..=MOST_RANKS) => Ok(()),
            _ => Err(SplitError::new(format!(
                "{self}: tp · pp is the number of ranks, from 1 to {MOST_RANKS}"
            ))),
        }
    }

    fn folder(&self, tp: usize, pp: usize) -> String {
        let name = format!("tp-{tp:02}-of-{:02}", self.tp);
        if self.pp > 1 { format!("{name}-pp-{pp:02}-of-{:02}", self.pp) } else { name }
    }
}

/// Which rule matches which tensor.
struct Found<'s> {
    split: &'s Split,
    names: Vec<&'s str>,
    /// Of each rule and each of its globs, whether it matches a tensor.
    used: Vec<Vec<bool>>,
}

impl<'s> Found<'s> {
    fn new(split: &'s Split, tensors: &[Tensor<'s>]) -> Self {
        let used = split.rules.iter().map(|rule| vec![false; rule.params.len()]).collect();
        Self { split, names: tensors.iter().map(|tensor| tensor.name).collect(), used }
    }

    /// The first rule that matches.
    fn rule(&mut self, name: &str) -> Option<&'s SplitRule> {
        let mut first = None;
        for (rule, used) in self.split.rules.iter().zip(&mut self.used) {
            for (glob, used) in rule.params.iter().zip(used) {
                // Of later rules too: they are of use for another tensor, or in vain.
                if (first.is_none() || !*used) && glob_matches(glob, name) {
                    *used = true;
                    first = first.or(Some(rule));
                }
            }
        }
        first
    }

    /// Globs that match nothing; an error if none matches anything.
    fn warnings(&self) -> Result<Vec<SplitWarning>, SplitError> {
        let globs = self.split.rules.iter().zip(&self.used).enumerate();
        let unused = globs.flat_map(|(rule, (of, used))| {
            let unused = of.params.iter().zip(used).filter(|(_, used)| !**used);
            unused.map(move |(glob, _)| (rule, glob.clone()))
        });
        let unused: Vec<_> = unused.collect();
        let is_used = self.used.iter().flatten().any(|used| *used);
        if !is_used && !self.names.is_empty() && !self.split.rules.is_empty() {
            return Err(SplitError::nothing_matches(self.split, &self.names));
        }
        if self.split.is_preset {
            return Ok(Vec::new());
        }
        let warning = |(rule, glob): (usize, String)| {
            let nearest = glob::nearest(&glob, &self.names);
            SplitWarning { file: self.split.name.clone(), rule, glob, nearest }
        };
        Ok(unused.into_iter().map(warning).collect())
    }
}
