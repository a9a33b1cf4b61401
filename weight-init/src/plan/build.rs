use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use weight_init_core::init_cfg::{Init, Pretrained, Rules};
use weight_init_core::resolve::{
    BufferVisit, Call, Considered, ModuleVisit, Observer, Outcome, ParamVisit, Problem, resolve,
};
use weight_init_core::{DType, Layer};

use super::{
    ConstructorDefault, Held, Options, Plan, PlanError, PlannedBuffer, PlannedOverride,
    PlannedParam, PlannedRule, RulePlace, Write, Writer,
};
use crate::model::defaults::{BufferDefault, LayerFacts, buffer_default, param_default};
use crate::model::{Model, Values};

/// `model`: the description, if `root` is one; other layers hold what their own constructors gave them.
pub(super) fn build(
    root: &dyn Layer,
    model: Option<&Model>,
    options: &Options<'_>,
) -> Result<Plan, PlanError> {
    let mut builder = Builder::new(model, options);
    let call = match options.initialize {
        Some(rules) => Call::Initialize(rules),
        None => Call::InitWeights,
    };
    let resolved = resolve(root, call, &mut builder);
    resolved.map_err(|error| {
        builder.problem.take().unwrap_or_else(|| PlanError::new(error.to_string()))
    })?;
    Ok(builder.finish())
}

struct Builder<'b> {
    model: Option<&'b Model>,
    options: &'b Options<'b>,
    params: Vec<PlannedParam>,
    buffers: Vec<PlannedBuffer>,
    rules: Vec<PlannedRule>,
    ties: Vec<(String, String)>,
    /// Place of every parameter by its first name.
    by_name: HashMap<String, usize>,
    /// And of every buffer.
    buffers_by_name: HashMap<String, usize>,
    /// Every module by its first path: the place of its first rule, and whether it has run.
    modules: HashMap<String, Module>,
    problem: Option<PlanError>,
}

#[derive(Clone, Copy)]
struct Module {
    first_rule: usize,
    ran: bool,
}

impl Observer for Builder<'_> {
    fn module(&mut self, visit: &ModuleVisit<'_>) -> bool {
        let path = visit.first_path().to_string();
        let first_rule = self.rules.len();
        let reached = visit.is_reached();
        let known = self.modules.get(&path).copied();
        let module = known.unwrap_or(Module { first_rule, ran: false });
        if let (None, Some(rules)) = (known, visit.rules()) {
            self.add_rules(&path, rules);
        }
        if reached && !module.ran {
            let rules = self.rules.iter_mut().skip(module.first_rule);
            rules.take_while(|rule| rule.module == path).for_each(|rule| rule.reached = true);
        }
        self.modules.insert(path, Module { ran: module.ran || reached, ..module });
        !module.ran
    }

    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        let name = visit.first_path().to_string();
        let mut writes = self.writes(visit);
        let first = self.by_name.get(&name).and_then(|index| self.params.get_mut(*index));
        if visit.is_tied() {
            // A struct may show another name of a parameter before the parameter itself: it is only a name.
            if let Some(param) = first {
                let through: Arc<str> = layer_of(&visit.path().to_string()).into();
                writes.iter_mut().for_each(|write| write.through = Some(Arc::clone(&through)));
                param.writes.extend(writes);
            }
            self.ties.push((visit.path().to_string(), name));
            return ControlFlow::Continue(());
        }
        let param = visit.param();
        self.by_name.insert(name.clone(), self.params.len());
        self.params.push(PlannedParam {
            class: visit.layer().class().to_owned(),
            shape: param.shape.dims().to_vec(),
            layout: param.shape.layout(),
            dtype: self.dtype(param.dtype),
            stream_id: visit.stream_id(),
            default: self.constructor_default(visit, &name),
            writer: Writer::Untouched(ConstructorDefault::Unknown),
            stored: None,
            custom: visit.custom().map(|path| path.to_string()),
            writes,
            name,
        });
        ControlFlow::Continue(())
    }

    fn buffer(&mut self, visit: &BufferVisit<'_>) -> ControlFlow<()> {
        let name = visit.first_path().to_string();
        let mut writes = Vec::new();
        visit.considered(&mut |considered| writes.extend(self.write(considered)));
        if visit.is_tied() {
            let first =
                self.buffers_by_name.get(&name).and_then(|index| self.buffers.get_mut(*index));
            if let Some(buffer) = first {
                buffer.writes.extend(writes);
            }
            return ControlFlow::Continue(());
        }
        let buffer = visit.buffer();
        let described = self.model.and_then(|model| model.value(&name)).cloned();
        let value = described.or_else(|| {
            self.model?;
            Some(match buffer_default(&facts(visit.lineage()), buffer.name)? {
                BufferDefault::Constant(x) => Values::All(x),
                default => Values::Computed(default),
            })
        });
        self.buffers_by_name.insert(name.clone(), self.buffers.len());
        self.buffers.push(PlannedBuffer {
            class: visit.layer().class().to_owned(),
            shape: buffer.shape.to_vec(),
            dtype: self.dtype(buffer.dtype),
            value,
            stored: None,
            writes,
            position: self.params.len(),
            name,
        });
        ControlFlow::Continue(())
    }

    fn problem(&mut self, problem: &Problem<'_>) {
        let place = match problem {
            Problem::MissingAttribute { module, rule, index, .. } => Some(RulePlace {
                module: module.to_string(),
                rule: *rule,
                override_index: Some(*index),
            }),
            Problem::Shape { module, rule, .. } => {
                Some(RulePlace { module: module.to_string(), rule: *rule, override_index: None })
            }
            Problem::TooManyPaths => None,
        };
        self.problem = Some(PlanError { message: problem.to_string(), place });
    }
}

impl<'b> Builder<'b> {
    fn new(model: Option<&'b Model>, options: &'b Options<'b>) -> Self {
        Self {
            model,
            options,
            params: Vec::new(),
            buffers: Vec::new(),
            rules: Vec::new(),
            ties: Vec::new(),
            by_name: HashMap::new(),
            buffers_by_name: HashMap::new(),
            modules: HashMap::new(),
            problem: None,
        }
    }

    fn add_rules(&mut self, module: &str, rules: &dyn Rules) {
        for (rule, write) in rules.writes().enumerate() {
            let overrides = rules.override_names(rule);
            self.rules.push(PlannedRule {
                module: module.to_owned(),
                rule,
                type_name: write.init.type_name().name(),
                reached: false,
                matched: 0,
                won: 0,
                overrides: overrides
                    .map(|name| PlannedOverride { name: name.to_owned(), won: 0 })
                    .collect(),
            });
        }
    }

    /// The writes of rules to a parameter on one path.
    fn writes(&self, visit: &ParamVisit<'_>) -> Vec<Write> {
        let mut writes = Vec::new();
        visit.considered(&mut |considered| writes.extend(self.write(considered)));
        writes
    }

    fn write(&self, considered: &Considered<'_>) -> Option<Write> {
        if considered.outcome != Outcome::Writes {
            return None;
        }
        let module = self.modules.get(&considered.module.to_string())?;
        let pretrained = considered.init.is_pretrained();
        Some(Write {
            order: considered.order,
            rule: module.first_rule + considered.rule,
            part: considered.part,
            init: to_owned(&considered.init),
            through: None,
            within: if pretrained { considered.within.to_string() } else { String::new() },
            held: Held::Assumed,
        })
    }

    fn dtype(&self, own: DType) -> DType {
        self.options.dtype.filter(|_| own.is_float()).unwrap_or(own)
    }

    fn constructor_default(&self, visit: &ParamVisit<'_>, name: &str) -> ConstructorDefault {
        let Some(model) = self.model else { return ConstructorDefault::Kept };
        if let Some(values) = model.value(name) {
            return ConstructorDefault::Values(values.clone());
        }
        match param_default(&facts(visit.lineage()), visit.param().name) {
            Some(init) => ConstructorDefault::Init(init),
            None => ConstructorDefault::Unknown,
        }
    }

    /// Puts the writes in program order and names the winners.
    fn finish(mut self) -> Plan {
        for param in &mut self.params {
            param.writes.sort_by_key(|write| write.order);
            let first = layer_of(&param.name).to_owned();
            param.writes.dedup_by(|later, earlier| {
                // A checkpoint may hold a tied parameter under each of its names; the last that it holds counts.
                let same = later.order == earlier.order && !later.init.is_pretrained();
                if same && !stands_below(later, earlier, &first) {
                    std::mem::swap(later, earlier);
                }
                same
            });
        }
        for buffer in &mut self.buffers {
            buffer.writes.sort_by_key(|write| write.order);
        }
        let Self { params, buffers, rules, ties, options, .. } = self;
        let mut plan = Plan {
            params,
            buffers,
            rules,
            warnings: Vec::new(),
            ties,
            loads: Vec::new(),
            skip_pretrained: options.skip_pretrained,
            bare: options.initialize.is_some(),
        };
        plan.decide();
        plan
    }
}

/// The path of the layer that shows a parameter of this name.
fn layer_of(param: &str) -> &str {
    param.rsplit_once('.').map_or("", |(layer, _)| layer)
}

/// Whether, of two writes of one rule through two layers, the later met layer stands below the other one. A rule is
/// applied to the layers below a layer before the layer itself, as PyTorch's `apply` does it.
fn stands_below(later: &Write, earlier: &Write, first: &str) -> bool {
    let path = |write: &Write| write.through.as_deref().unwrap_or(first).to_owned();
    let (later, earlier) = (path(later), path(earlier));
    earlier.is_empty() && !later.is_empty()
        || later.strip_prefix(&earlier).is_some_and(|rest| rest.starts_with('.'))
}

fn facts<'a>(lineage: impl Iterator<Item = (&'a str, &'a dyn Layer)>) -> Vec<LayerFacts<'a>> {
    lineage.map(|(name, layer)| LayerFacts::new(name, layer)).collect()
}

pub(super) fn to_owned(init: &Init<&str>) -> Init<String> {
    match *init {
        Init::Constant(i) => Init::Constant(i),
        Init::Xavier(i) => Init::Xavier(i),
        Init::Normal(i) => Init::Normal(i),
        Init::TruncNormal(i) => Init::TruncNormal(i),
        Init::Uniform(i) => Init::Uniform(i),
        Init::Kaiming(i) => Init::Kaiming(i),
        Init::Caffe2Xavier(i) => Init::Caffe2Xavier(i),
        Init::Pretrained(p) => Init::Pretrained(Pretrained {
            checkpoint: p.checkpoint.to_owned(),
            prefix: p.prefix.map(str::to_owned),
            map_location: p.map_location.map(str::to_owned),
        }),
    }
}
