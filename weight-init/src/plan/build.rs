mod lately;
mod names;
mod rules;
mod writes;

use std::ops::ControlFlow;
use std::sync::Arc;

use foldhash::HashMap;
use weight_init_core::init_cfg::Origin;
use weight_init_core::resolve::{
    BufferVisit, Call, Matcher, ModuleVisit, Observer, ParamVisit, Part, Path, Problem, resolve,
};
use weight_init_core::{DType, Layer};

use self::lately::Lately;
use self::names::Names;
use super::matcher::Tables;
use super::own_code::{Collector, Own};
use super::plain::PlainCounts;
use super::write::in_program_order;
use super::{
    ConstructorDefault, Options, Plan, PlanError, PlannedBuffer, PlannedParam, PlannedRule,
    RulePlace, Warning, Write, Writer,
};
use crate::model::classes::{BufferDefault, buffer_default, param_default};
use crate::model::{Model, Trail, Values};
use crate::pool::Pool;

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
    tables: Tables,
    plain: PlainCounts,
    remarks: Vec<Warning>,
    ties: Vec<(String, String)>,
    own_code: Collector,
    trail: Trail,
    /// Place of every parameter by its first name.
    by_name: Names,
    /// And of every buffer.
    buffers_by_name: Names,
    /// Every module by its first path.
    modules: HashMap<String, Module>,
    /// Names of classes and paths of modules.
    texts: Pool<str>,
    shapes: Pool<[usize]>,
    /// What the parts of rules write: by the place of the rule, and whether to a bias.
    origins: HashMap<(usize, Part, bool), Arc<Origin<String>>>,
    /// Room for the writes to a parameter on one path, in program order.
    found: Vec<Write>,
    /// Room for the groups of plain rules among them.
    groups: Vec<usize>,
    /// The writes to parameters on other paths than the first, by the place of the parameter.
    tied: HashMap<usize, Vec<Write>>,
    /// Room for a path.
    path: String,
    /// What constructors gave the parameters that were met last.
    defaults: Lately<Writer>,
    /// What was written to them.
    writes: Lately<[Write]>,
    problem: Option<PlanError>,
}

#[derive(Clone, Copy)]
struct Module {
    /// The place of the table of its rules, if it has any.
    table: Option<usize>,
    /// The place of its first rule.
    first_rule: usize,
    ran: bool,
}

impl Observer for Builder<'_> {
    fn module(&mut self, visit: &ModuleVisit<'_>) -> bool {
        let path = visit.first_path().to_string();
        let first_rule = self.rules.len();
        let reached = visit.is_reached();
        let known = self.modules.get(&path).copied();
        let mut module = known.unwrap_or(Module { table: None, first_rule, ran: false });
        if let (None, Some(rules)) = (known, visit.rules()) {
            self.add_rules(&path, rules);
            module.table = Some(self.tables.add(visit.layer(), rules, first_rule));
            self.add_remarks(&path, visit);
        }
        if let Some(table) = module.table {
            self.tables.visit(visit.id(), table);
        }
        if reached && !module.ran {
            let rules = self.rules.iter_mut().skip(module.first_rule);
            rules.take_while(|rule| rule.module == path).for_each(|rule| rule.reached = true);
        }
        self.modules.insert(path, Module { ran: module.ran || reached, ..module });
        !module.ran
    }

    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        let name = self.text(visit.first_path());
        self.find_writes(visit);
        let own_writes = self.own_writes(visit, &name);
        let init_weights = self.model.and_then(|model| self.own_code.init_weights(model, visit));
        let own = Own::of(init_weights, own_writes);
        let names = self.params.iter().map(|param| &*param.name);
        let first = if visit.is_tied() { self.by_name.place(&name, names) } else { None };
        let first = first.and_then(|index| Some((index, self.params.get_mut(index)?)));
        if visit.is_tied() {
            // A struct may show another name of a parameter before the parameter itself: it is only a name.
            if let Some((index, param)) = first {
                self.plain.extend(index, &self.groups);
                let through: Arc<str> = layer_of(&visit.path().to_string()).into();
                self.found.iter_mut().for_each(|it| it.through = Some(Arc::clone(&through)));
                self.tied.entry(index).or_default().append(&mut self.found);
                if let Some(own) = own {
                    param.own.get_or_insert_default().extend(*own);
                }
                if let (None, Some(model)) = (param.constructor, self.model) {
                    let path = visit.path().to_string();
                    let layer = layer_of(&path);
                    let lineage = self.trail.lineage(model, layer, visit.lineage());
                    let above = lineage.get(1..).unwrap_or_default();
                    param.constructor = self.own_code.constructor(layer_of(layer), above);
                }
            }
            self.ties.push((visit.path().to_string(), name));
            return ControlFlow::Continue(());
        }
        let param = visit.param();
        let (default, constructor) = match self.model {
            Some(model) => self.constructed(model, visit, &name),
            None => (ConstructorDefault::Kept, None),
        };
        let default = self.defaults.share(Writer::Untouched(default), PartialEq::eq, Arc::new);
        let writes = self.share_writes(&name);
        self.plain.push(&self.groups);
        let custom = visit.customs().next();
        self.params.push(PlannedParam {
            class: self.texts.share(visit.layer().class()),
            shape: self.shapes.share(param.shape.dims()),
            layout: param.shape.layout(),
            dtype: self.dtype(param.dtype),
            stream_id: visit.stream_id(),
            writer: Arc::clone(&default),
            default,
            constructor,
            own,
            overwriter: None,
            stored: None,
            custom: custom.map(|custom| self.texts.share(&custom.first_path.to_string())),
            writes,
            name,
        });
        ControlFlow::Continue(())
    }

    fn buffer(&mut self, visit: &BufferVisit<'_>) -> ControlFlow<()> {
        let name = self.text(visit.first_path());
        let buffer = visit.buffer();
        let writes = self.buffer_writes(visit);
        if visit.is_tied() {
            let names = self.buffers.iter().map(|buffer| &*buffer.name);
            let first = self.buffers_by_name.place(&name, names);
            if let Some(buffer) = first.and_then(|index| self.buffers.get_mut(index)) {
                buffer.writes.extend(writes);
            }
            self.ties.push((visit.path().to_string(), name));
            return ControlFlow::Continue(());
        }
        let described = self.model.and_then(|model| model.value(&name)).cloned();
        let constructor = self.model.and_then(|model| model.constructor(&name)).cloned();
        let value = described.or_else(|| {
            if constructor.is_some() {
                return None;
            }
            let layers = visit.lineage().take(1);
            let lineage = self.trail.lineage(self.model?, layer_of(&name), layers);
            Some(match buffer_default(&lineage, buffer.name)? {
                BufferDefault::Constant(x) => Values::All(x),
                default => Values::Computed(default),
            })
        });
        self.buffers.push(PlannedBuffer {
            class: self.texts.share(visit.layer().class()),
            shape: self.shapes.share(buffer.shape),
            dtype: self.dtype(buffer.dtype),
            value,
            constructor,
            stored: None,
            assumed: false,
            writes,
            position: self.params.len(),
            name,
        });
        ControlFlow::Continue(())
    }

    fn matcher(&self) -> Option<&dyn Matcher> {
        Some(&self.tables)
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
            // At its exact length: a plan of a million parameters takes hundreds of megabytes.
            params: Vec::with_capacity(model.map_or(0, Model::own_params)),
            buffers: Vec::new(),
            rules: Vec::new(),
            tables: Tables::default(),
            plain: PlainCounts::default(),
            remarks: Vec::new(),
            ties: model.map(|model| model.buffer_ties().to_vec()).unwrap_or_default(),
            own_code: Collector::default(),
            trail: Trail::default(),
            by_name: Names::default(),
            buffers_by_name: Names::default(),
            modules: HashMap::default(),
            texts: Pool::default(),
            shapes: Pool::default(),
            origins: HashMap::default(),
            found: Vec::new(),
            groups: Vec::new(),
            tied: HashMap::default(),
            path: String::new(),
            defaults: Lately::default(),
            writes: Lately::default(),
            problem: None,
        }
    }

    /// A path as a string of its exact length.
    fn text(&mut self, path: Path<'_>) -> String {
        self.path.clear();
        // Nothing fails to be written to a string.
        let _ = path.write_to(&mut self.path);
        self.path.clone()
    }

    fn dtype(&self, own: DType) -> DType {
        self.options.dtype.filter(|_| own.is_float()).unwrap_or(own)
    }

    /// What the constructors of a described model give a parameter, and the constructor above its layer that may change that.
    fn constructed(
        &mut self,
        model: &Model,
        visit: &ParamVisit<'_>,
        name: &str,
    ) -> (ConstructorDefault, Option<usize>) {
        let layer = layer_of(name);
        let lineage = self.trail.lineage(model, layer, visit.lineage());
        let above = lineage.get(1..).unwrap_or_default();
        let constructor = self.own_code.constructor(layer_of(layer), above);
        let default = match (model.value(name), model.constructor(name)) {
            (Some(values), _) => ConstructorDefault::Values(values.clone()),
            (None, Some(recorded)) => ConstructorDefault::Recorded(Arc::clone(recorded)),
            (None, None) => param_default(&lineage, visit.param().name)
                .map_or(ConstructorDefault::Unknown, ConstructorDefault::Init),
        };
        (default, constructor)
    }

    /// Puts the writes in program order and names the winners.
    fn finish(mut self) -> Plan {
        self.plain.tell(&self.tables, &mut self.rules);
        for (index, through) in std::mem::take(&mut self.tied) {
            if let Some(PlannedParam { name, writes, .. }) = self.params.get_mut(index) {
                let mut all = [&**writes, &through].concat();
                in_program_order(&mut all, layer_of(name));
                *writes = all.into();
            }
        }
        for param in &mut self.params {
            if let Some(own) = &mut param.own {
                own.writes.sort_by_key(|(order, _)| *order);
            }
        }
        for buffer in &mut self.buffers {
            buffer.writes.sort_by_key(|write| write.order);
        }
        let Self { params, buffers, rules, remarks, ties, own_code, options, model, .. } = self;
        let mut plan = Plan {
            params,
            buffers,
            rules,
            warnings: Vec::new(),
            remarks,
            own_code: own_code.found,
            ties,
            loads: Vec::new(),
            skip_pretrained: options.skip_pretrained,
            bare: options.initialize.is_some(),
            live: model.is_none(),
        };
        plan.decide();
        plan
    }
}

/// The path of the layer that shows a parameter of this name.
fn layer_of(param: &str) -> &str {
    param.rsplit_once('.').map_or("", |(layer, _)| layer)
}
