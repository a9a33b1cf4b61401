//! Pretrained rules meet their checkpoints: what each holds, and what falls to the rules below.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use weight_init_core::DType;
use weight_init_core::init_cfg::{Origin, Pretrained};
use weight_init_core::resolve::Part;

use super::load_names::Cut;
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
    /// `open` gets each checkpoint as the rules name it, with their `key` if they have one, once; `None` leaves the plan in
    /// its belief. Names are compared as mmengine's `load_checkpoint` does: those under `prefix`, or else all, without a
    /// leading `module.`.
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
    /// plan.load(|checkpoint, key| {
    ///     assert_eq!((checkpoint, key), ("net.pth", None));
    ///     Ok::<_, Infallible>(None)
    /// })?;
    /// assert!(plan.loads().is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What `open` returns; a prefix with which no name of the checkpoint begins; a parameter that the checkpoint holds as
    /// something that is not read.
    pub fn load<E>(
        &mut self,
        mut open: impl FnMut(&str, Option<&str>) -> Result<Option<Arc<StateDict>>, E>,
    ) -> Result<(), LoadError<E>> {
        if self.skip_pretrained {
            return Ok(());
        }
        let mut loads = BTreeMap::new();
        let mut checkpoints = HashMap::new();
        let params = self.params.iter().flat_map(|param| &*param.writes);
        let buffers = self.buffers.iter().flat_map(|buffer| &buffer.writes);
        for write in params.chain(buffers) {
            let Origin::Pretrained(pretrained) = &*write.origin else { continue };
            if loads.contains_key(&key(write)) {
                continue;
            }
            let name = (pretrained.checkpoint.clone(), self.key_of(write));
            let checkpoint = match checkpoints.get(&name) {
                Some(checkpoint) => Option::clone(checkpoint),
                None => {
                    let checkpoint = open(&name.0, name.1.as_deref()).map_err(LoadError::Open)?;
                    checkpoints.insert(name, checkpoint.clone());
                    checkpoint
                }
            };
            if let Some(checkpoint) = checkpoint {
                let load = self.begin(write, pretrained, checkpoint).map_err(LoadError::Plan)?;
                loads.insert(key(write), load);
            }
        }
        if loads.is_empty() {
            self.loads.clear();
            return Ok(());
        }
        for param in &mut self.params {
            let wanted = Wanted { name: &param.name, shape: &param.shape, dtype: param.dtype };
            if param.writes.iter().all(|write| write.loading.is_none()) {
                continue;
            }
            let writes = Arc::make_mut(&mut param.writes);
            writes.iter_mut().try_for_each(|write| wanted.look_up(write, &mut loads))?;
        }
        for buffer in &mut self.buffers {
            let wanted = Wanted { name: &buffer.name, shape: &buffer.shape, dtype: buffer.dtype };
            let writes = &mut buffer.writes;
            writes.iter_mut().try_for_each(|write| wanted.look_up(write, &mut loads))?;
        }
        self.loads = loads.into_values().map(Load::finish).collect();
        self.decide();
        Ok(())
    }

    /// The key that the rule has for its checkpoint.
    fn key_of(&self, write: &Write) -> Option<String> {
        let rule = self.rules.get(write.rule)?;
        match write.part() {
            Part::Override(index) => rule.overrides.get(index)?.key.clone(),
            Part::Layer | Part::Params(_) => rule.key.clone(),
        }
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
        let override_index = match write.part() {
            Part::Override(index) => Some(index),
            Part::Layer | Part::Params(_) => None,
        };
        let place = RulePlace { module: module.clone(), rule, override_index };
        let cut = Cut::of(pretrained);
        let names = cut
            .names(&checkpoint, pretrained)
            .map_err(|message| PlanError { message, place: Some(place.clone()) })?;
        let unread = checkpoint.unread().iter().enumerate();
        let unread = unread
            .filter_map(|(index, unread)| Some((cut.name(unread.name())?.to_owned(), index)))
            .collect();
        Ok(Load {
            place,
            cut,
            names,
            unread,
            asked: HashSet::new(),
            lacking: HashMap::new(),
            report: LoadReport {
                by: By { module, rule, part: write.part() },
                checkpoint: shown(&pretrained.checkpoint).into_owned(),
                prefix: pretrained.prefix.clone(),
                key: checkpoint.key().map(str::to_owned),
                advice: None,
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
    (write.rule, write.part())
}

/// A rule's checkpoint as the rule sees it.
struct Load {
    checkpoint: Arc<StateDict>,
    /// Where the rule stands.
    place: RulePlace,
    cut: Cut,
    /// Numbers of its tensors by the names that parameters below the rule's module have.
    names: HashMap<String, usize>,
    /// Numbers of what is not read, by the same names.
    unread: HashMap<String, usize>,
    /// Numbers of the tensors that a parameter or buffer asked for.
    asked: HashSet<usize>,
    /// Shapes of the parameters and buffers that it does not hold, by the same names.
    lacking: HashMap<String, Vec<u64>>,
    report: LoadReport,
}

impl Load {
    fn finish(self) -> LoadReport {
        let Self { checkpoint, cut, names, asked, lacking, mut report, .. } = self;
        if asked.is_empty() {
            report.advice = cut.advice(&checkpoint, &report.by.module, &lacking);
        }
        let mut unexpected: Vec<usize> =
            names.into_values().filter(|tensor| !asked.contains(tensor)).collect();
        unexpected.sort_unstable();
        let name = |tensor: usize| checkpoint.tensors().get(tensor).map(|t| t.name().to_owned());
        report.unexpected = unexpected.into_iter().filter_map(name).collect();
        report
    }
}

/// A parameter or buffer that a checkpoint may hold.
struct Wanted<'w> {
    name: &'w str,
    shape: &'w [usize],
    dtype: DType,
}

impl Wanted<'_> {
    fn look_up<E>(
        &self,
        write: &mut Write,
        loads: &mut BTreeMap<(usize, Part), Load>,
    ) -> Result<(), LoadError<E>> {
        let Some(load) = loads.get_mut(&key(write)) else { return Ok(()) };
        let Some(loading) = &mut write.loading else { return Ok(()) };
        let found = load.names.get(&loading.within).copied();
        let tensor =
            found.and_then(|tensor| Some((tensor, load.checkpoint.tensors().get(tensor)?)));
        let Some((number, tensor)) = tensor else {
            let unread = load.unread.get(&loading.within);
            if let Some(unread) = unread.and_then(|index| load.checkpoint.unread().get(*index)) {
                let message = format!(
                    "the checkpoint '{}' holds '{}' as {}, which is not read: nothing in a file is run",
                    load.report.checkpoint,
                    unread.name(),
                    unread.what()
                );
                let place = Some(load.place.clone());
                return Err(LoadError::Plan(PlanError { message, place }));
            }
            let shape = self.shape.iter().map(|dim| *dim as u64).collect();
            load.lacking.insert(loading.within.clone(), shape);
            if !self.name.ends_with("num_batches_tracked") {
                load.report.missing.push(self.name.to_owned());
            }
            loading.held = Held::Absent;
            return Ok(());
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
            loading.held = Held::Unfit(found.clone());
            load.report.mismatched.push(Mismatched { name: self.name.to_owned(), expected, found });
            return Ok(());
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
        loading.held =
            Held::Stored(Stored { checkpoint: Arc::clone(&load.checkpoint), tensor: number });
        Ok(())
    }
}
