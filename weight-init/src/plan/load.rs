//! Pretrained rules meet their checkpoints: what each holds, and what falls to the rules below.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use weight_init_core::init_cfg::{Init, Pretrained};
use weight_init_core::resolve::Part;
use weight_init_core::{DType, nearest};

use super::load_report::{Converted, LoadReport, Mismatched};
use super::{By, Held, Plan, PlanError, RulePlace, Stored, Write};
use crate::address::shown;
use crate::checkpoint::{StateDict, StoredType};

/// Why the checkpoints of a plan cannot be loaded.
#[derive(Debug)]
pub enum LoadError<E> {
    /// A checkpoint cannot be had or read.
    Open(E),
    /// A rule and its checkpoint do not go together.
    Plan(PlanError),
}

impl<E: fmt::Display> fmt::Display for LoadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(error) => error.fmt(f),
            Self::Plan(error) => error.fmt(f),
        }
    }
}

impl<E: std::error::Error> std::error::Error for LoadError<E> {}

impl Plan {
    /// Settles which parameters and buffers the checkpoints of the Pretrained rules hold; the others fall to the rule
    /// that would have won. Without it a plan believes that every checkpoint holds everything.
    ///
    /// `open` gets each checkpoint as the rules name it, once; `None` leaves the plan in its belief. Names are
    /// compared as mmengine's `load_checkpoint` does: those under `prefix`, or else all, without a leading `module.`.
    ///
    /// ```
    /// use std::convert::Infallible;
    /// use weight_init::diagnostic::Source;
    /// use weight_init::model::Model;
    /// use weight_init::plan::{Options, Plan};
    ///
    /// let source = Source::new("model.json", r#"{
    ///     "class": "Net", "init_weights": "module", "init_cfg": {"type": "Pretrained", "checkpoint": "net.pth"},
    ///     "params": [{"name": "weight", "shape": [2]}]}"#);
    /// let mut plan = Plan::new(&Model::read(&source)?, &Options::default())?;
    /// plan.load(|checkpoint| {
    ///     assert_eq!(checkpoint, "net.pth");
    ///     Ok::<_, Infallible>(None)
    /// })?;
    /// assert!(plan.loads().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `open` returns; a prefix with which no name of the checkpoint begins.
    pub fn load<E>(
        &mut self,
        mut open: impl FnMut(&str) -> Result<Option<Arc<StateDict>>, E>,
    ) -> Result<(), LoadError<E>> {
        if self.skip_pretrained {
            return Ok(());
        }
        let mut loads = BTreeMap::new();
        let mut checkpoints = HashMap::new();
        let params = self.params.iter().flat_map(|param| &param.writes);
        let buffers = self.buffers.iter().flat_map(|buffer| &buffer.writes);
        for write in params.chain(buffers) {
            let Init::Pretrained(pretrained) = &write.init else { continue };
            if loads.contains_key(&key(write)) {
                continue;
            }
            let name = pretrained.checkpoint.as_str();
            let checkpoint = match checkpoints.get(name) {
                Some(checkpoint) => Option::clone(checkpoint),
                None => {
                    let checkpoint = open(name).map_err(LoadError::Open)?;
                    checkpoints.insert(name.to_owned(), checkpoint.clone());
                    checkpoint
                }
            };
            if let Some(checkpoint) = checkpoint {
                let load = self.begin(write, pretrained, checkpoint).map_err(LoadError::Plan)?;
                loads.insert(key(write), load);
            }
        }
        for param in &mut self.params {
            let wanted = Wanted { name: &param.name, shape: &param.shape, dtype: param.dtype };
            param.writes.iter_mut().for_each(|write| wanted.look_up(write, &mut loads));
        }
        for buffer in &mut self.buffers {
            let wanted = Wanted { name: &buffer.name, shape: &buffer.shape, dtype: buffer.dtype };
            buffer.writes.iter_mut().for_each(|write| wanted.look_up(write, &mut loads));
        }
        self.loads = loads.into_values().map(Load::finish).collect();
        self.decide();
        Ok(())
    }

    fn begin(
        &self,
        write: &Write,
        pretrained: &Pretrained<String>,
        checkpoint: Arc<StateDict>,
    ) -> Result<Load, PlanError> {
        let (module, rule) = self
            .rules
            .get(write.rule)
            .map_or_else(|| (String::new(), 0), |rule| (rule.module.clone(), rule.rule));
        let names = names(&checkpoint, pretrained).map_err(|message| {
            let override_index = match write.part {
                Part::Override(index) => Some(index),
                Part::Layer | Part::Params(_) => None,
            };
            let place = RulePlace { module: module.clone(), rule, override_index };
            PlanError { message, place: Some(place) }
        })?;
        Ok(Load {
            names,
            asked: HashSet::new(),
            report: LoadReport {
                by: By { module, rule, part: write.part },
                checkpoint: shown(&pretrained.checkpoint).into_owned(),
                prefix: pretrained.prefix.clone(),
                file: checkpoint.path().to_owned(),
                loaded: 0,
                missing: Vec::new(),
                unexpected: Vec::new(),
                mismatched: Vec::new(),
                converted: Vec::new(),
            },
            checkpoint,
        })
    }
}

/// What of a rule is loaded: the rule and its part.
fn key(write: &Write) -> (usize, Part) {
    (write.rule, write.part)
}

/// A rule's checkpoint as the rule sees it.
struct Load {
    checkpoint: Arc<StateDict>,
    /// Numbers of its tensors by the names that parameters below the rule's module have.
    names: HashMap<String, usize>,
    /// Numbers of the tensors that a parameter or buffer asked for.
    asked: HashSet<usize>,
    report: LoadReport,
}

impl Load {
    fn finish(self) -> LoadReport {
        let Self { checkpoint, names, asked, mut report } = self;
        let mut unexpected: Vec<usize> =
            names.into_values().filter(|tensor| !asked.contains(tensor)).collect();
        unexpected.sort_unstable();
        let name = |tensor: usize| checkpoint.tensors().get(tensor).map(|t| t.name().to_owned());
        report.unexpected = unexpected.into_iter().filter_map(name).collect();
        report
    }
}

/// The tensors of a checkpoint by the names that the rule's module has for them.
fn names(
    checkpoint: &StateDict,
    pretrained: &Pretrained<String>,
) -> Result<HashMap<String, usize>, String> {
    // Of the classifiers of this zoo mmengine takes the backbone alone.
    let zoo = ["mmcls://", "mmpretrain://"];
    let of_classifier = zoo.iter().any(|scheme| pretrained.checkpoint.starts_with(scheme));
    let prefix = pretrained
        .prefix
        .as_ref()
        .map(|prefix| format!("{}.", prefix.strip_suffix('.').unwrap_or(prefix)));
    let cut = |name| {
        let name = if of_classifier { str::strip_prefix(name, "backbone.")? } else { name };
        match &prefix {
            Some(prefix) => name.strip_prefix(prefix.as_str()),
            None => Some(name.strip_prefix("module.").unwrap_or(name)),
        }
    };
    let tensors = checkpoint.tensors().iter().enumerate();
    let names: HashMap<_, _> = tensors
        .filter_map(|(index, tensor)| Some((cut(tensor.name())?.to_owned(), index)))
        .collect();
    match &pretrained.prefix {
        Some(prefix) if names.is_empty() => Err(no_such_prefix(checkpoint, pretrained, prefix)),
        _ => Ok(names),
    }
}

fn no_such_prefix(checkpoint: &StateDict, pretrained: &Pretrained<String>, prefix: &str) -> String {
    let mut starts: Vec<&str> = checkpoint
        .tensors()
        .iter()
        .filter_map(|tensor| tensor.name().split_once('.').map(|(start, _)| start))
        .collect();
    starts.sort_unstable();
    starts.dedup();
    let near = nearest(prefix, starts.iter().copied())
        .map_or_else(String::new, |near| format!("; did you mean '{near}'?"));
    let begin: Vec<_> = starts.iter().take(8).map(|start| format!("'{start}'")).collect();
    format!(
        "no name in the checkpoint '{}' begins with the prefix '{prefix}'; they begin with {}{near}",
        shown(&pretrained.checkpoint),
        begin.join(", ")
    )
}

/// A parameter or buffer that a checkpoint may hold.
struct Wanted<'w> {
    name: &'w str,
    shape: &'w [usize],
    dtype: DType,
}

impl Wanted<'_> {
    fn look_up(&self, write: &mut Write, loads: &mut BTreeMap<(usize, Part), Load>) {
        if !write.init.is_pretrained() {
            return;
        }
        let Some(load) = loads.get_mut(&key(write)) else { return };
        let found = load.names.get(&write.within).copied();
        let tensor =
            found.and_then(|tensor| Some((tensor, load.checkpoint.tensors().get(tensor)?)));
        let Some((number, tensor)) = tensor else {
            if !self.name.ends_with("num_batches_tracked") {
                load.report.missing.push(self.name.to_owned());
            }
            write.held = Held::Absent;
            return;
        };
        load.asked.insert(number);
        let same = tensor.shape().iter().copied().eq(self.shape.iter().map(|dim| *dim as u64));
        // As old versions of PyTorch saved scalars.
        let scalar = self.shape.is_empty() && tensor.shape() == [1];
        let dtype = match self.dtype {
            // Nothing is converted to an opaque type.
            DType::Opaque(_) if StoredType::of(self.dtype) == Some(tensor.dtype()) => {
                Some(self.dtype)
            }
            DType::Opaque(_) => None,
            _ => tensor.dtype().dtype(),
        };
        let Some(dtype) = dtype.filter(|_| same || scalar) else {
            let expected = format!("{} {:?}", self.dtype.name(), self.shape);
            let found = match dtype {
                Some(dtype) => format!("{} {:?}", dtype.name(), tensor.shape()),
                None => format!("{} {:?}", tensor.dtype(), tensor.shape()),
            };
            write.held = Held::Unfit(found.clone());
            load.report.mismatched.push(Mismatched { name: self.name.to_owned(), expected, found });
            return;
        };
        if dtype != self.dtype {
            load.report.converted.push(Converted {
                name: self.name.to_owned(),
                from: dtype.name().to_owned(),
                to: self.dtype.name().to_owned(),
            });
        }
        load.report.loaded += 1;
        load.checkpoint.announce(number);
        write.held =
            Held::Stored(Stored { checkpoint: Arc::clone(&load.checkpoint), tensor: number });
    }
}
