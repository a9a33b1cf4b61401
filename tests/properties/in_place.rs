//! `init_weights` of structs decides as the resolver does, which tells why, and writes the bits of the scalar reference.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::collection::vec;
use proptest::prelude::*;
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{self, Options, Plan, PlannedParam};
use weight_init_backends::Rayon;
use weight_init_core::in_place::{
    All, Elements, InitWeightsError, Initializers, LayerMut, LayerVisitorMut, init_weights,
    init_weights_with, initialize_with,
};
use weight_init_core::init_cfg::{InitCfg, Origin, Owned, Rules};
use weight_init_core::layer_data::{DataVisitor, DataVisitorMut, Element, LayerData};
use weight_init_core::resolve::{
    Call, Observer, Order, ParamVisit, Path, ResolveError, resolve, unmatched,
};
use weight_init_core::{Child, InitWeights, Layer, LayerVisitor, Param, Shape, Stream};
use weight_init_tests::tape::Tape;

use crate::cases;
use crate::net::Net;

const SEED: u64 = 7;
/// The value of elements that no rule has written.
const UNTOUCHED: f32 = -77.0;

/// The memory of a model's parameters, in its order.
#[derive(Clone, Debug, Default, PartialEq)]
struct Memory(Vec<Vec<f32>>);

/// A layer of a description together with memory.
struct Held<'a> {
    layer: &'a dyn Layer,
    is_root: bool,
    tied: bool,
    memory: &'a mut Memory,
    next: &'a mut usize,
}

impl Layer for Held<'_> {
    fn class(&self) -> &str {
        self.layer.class()
    }
    fn base(&self, index: usize) -> Option<&str> {
        self.layer.base(index)
    }
    fn init_weights(&self) -> InitWeights {
        self.layer.init_weights()
    }
    fn init_cfg(&self) -> Option<&dyn Rules> {
        self.layer.init_cfg()
    }
    fn alias(&self, index: usize) -> Option<(&str, &str)> {
        self.layer.alias(index)
    }
    fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
        self.layer.visit(visitor)
    }
}

impl<S: Initializers> LayerMut<S> for Held<'_> {
    fn visit_mut(&mut self, visitor: &mut dyn LayerVisitorMut<S>) -> ControlFlow<()> {
        if self.is_root {
            *self.next = 0;
        }
        let mut lend =
            Lend { tied: self.tied, memory: &mut *self.memory, next: &mut *self.next, visitor };
        self.layer.visit(&mut lend)
    }
}

impl LayerData for Held<'_> {
    fn data<'a>(&'a self, _: &mut dyn DataVisitor<'a>) {}

    fn data_mut<'a>(&'a mut self, visitor: &mut dyn DataVisitorMut<'a>) {
        // All parameters are in one place: the layers below lend nothing of their own.
        let owned = OwnMemory::count(self.layer);
        for data in self.memory.0.iter_mut().take(owned) {
            visitor.param(f32::tensor_mut(data));
        }
    }
}

/// The parameters that have memory of their own.
struct OwnMemory(usize);

impl OwnMemory {
    fn count(layer: &dyn Layer) -> usize {
        let mut owned = Self(0);
        let _ = layer.visit(&mut owned);
        owned.0
    }
}

impl LayerVisitor for OwnMemory {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        self.0 += usize::from(param.same_as.is_none());
        ControlFlow::Continue(())
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        if child.same_as.is_some() { ControlFlow::Continue(()) } else { child.layer.visit(self) }
    }
}

struct Lend<'a, S: Initializers> {
    tied: bool,
    memory: &'a mut Memory,
    next: &'a mut usize,
    visitor: &'a mut dyn LayerVisitorMut<S>,
}

impl<S: Initializers> LayerVisitor for Lend<'_, S> {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        if self.tied || param.same_as.is_some() {
            return ControlFlow::Continue(());
        }
        let data = &mut self.memory.0[*self.next];
        *self.next += 1;
        self.visitor.param(&Shape::new(param.shape.dims()), &mut Elements(data))
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        let mut held = Held {
            layer: child.layer,
            is_root: false,
            tied: self.tied || child.same_as.is_some(),
            memory: &mut *self.memory,
            next: &mut *self.next,
        };
        held.visit_mut(&mut *self.visitor)
    }
}

/// When and by what a parameter is written.
type Writer = Option<(Order, Origin<String>)>;

/// The last writer of every parameter over all paths, by its stream, and where its memory stands.
#[derive(Default)]
struct Expected {
    places: BTreeMap<u64, usize>,
    params: Vec<(u64, Vec<usize>, Writer)>,
}

impl Observer for Expected {
    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        let stream = visit.stream_id();
        let writer = visit.last_writer().map(|writer| (writer.order, writer.origin.to_owned()));
        if visit.is_tied() {
            if let Some(place) = self.places.get(&stream) {
                let before = &mut self.params[*place].2;
                if writer.as_ref().map(|w| w.0) > before.as_ref().map(|w| w.0) {
                    *before = writer;
                }
            }
        } else {
            self.places.insert(stream, self.params.len());
            self.params.push((stream, visit.param().shape.dims().to_vec(), writer));
        }
        ControlFlow::Continue(())
    }
}

fn expected(root: &dyn Layer, call: Call<'_>) -> Result<(Memory, Memory), InitWeightsError> {
    let mut found = Expected::default();
    resolve(root, call, &mut found).map_err(InitWeightsError::Resolve)?;
    let elements = |dims: &[usize]| dims.iter().product();
    let empty = found.params.iter().map(|(_, dims, _)| vec![UNTOUCHED; elements(dims)]).collect();
    let (empty, mut full) = (Memory(empty), Memory::default());
    let pretrained = |writer: &Writer| writer.as_ref().is_some_and(|w| w.1.is_pretrained());
    if found.params.iter().any(|(.., writer)| pretrained(writer)) {
        return Err(InitWeightsError::Pretrained);
    }
    for ((stream, dims, writer), memory) in found.params.iter().zip(&empty.0) {
        let mut memory = memory.clone();
        if let Some((_, Origin::Init(init))) = writer {
            let fill =
                init.fill::<f32>(&Shape::new(dims)).map_err(|_| InitWeightsError::Numbers)?;
            fill.write(Stream::with_id(SEED, *stream), 0, &mut memory);
        }
        full.0.push(memory);
    }
    Ok((empty, full))
}

fn compare(net: &Net) -> Result<(), TestCaseError> {
    let model = Model::read(&Source::new("model.json", net.to_json().to_string())).unwrap();
    let rules = net.initialize.as_ref();
    let rules: Option<InitCfg<Owned>> =
        rules.map(|(_, rules)| serde_json::from_value(rules.clone()).unwrap());
    let root = model.root();
    let call = || rules.as_ref().map_or(Call::InitWeights, |rules| Call::Initialize(rules));
    let expected = expected(&root, call());
    let empty = match &expected {
        Ok((empty, _)) => empty.clone(),
        // The largest number of parameters: the walk fails before they count.
        Err(_) => Memory(vec![vec![UNTOUCHED; 6]; 400]),
    };
    // One parameter at a time, and sixteen.
    for one in [true, false] {
        let (mut memory, mut next) = (empty.clone(), 0);
        let mut held =
            Held { layer: &root, is_root: true, tied: false, memory: &mut memory, next: &mut next };
        let found = match (&rules, one) {
            (Some(rules), _) => initialize_with::<All>(&mut held, rules, SEED),
            (None, true) => init_weights_with::<All>(&mut held, SEED),
            (None, false) => init_weights(&mut held, SEED),
        };
        match (&expected, found) {
            (Ok((_, full)), Ok(_)) => prop_assert_eq!(&memory, full),
            // A checkpoint that would be loaded, if only to be overwritten.
            (_, Err(InitWeightsError::Pretrained)) => prop_assert_eq!(&memory, &empty),
            (Err(InitWeightsError::Numbers), Err(error)) => {
                prop_assert_eq!(error, InitWeightsError::Numbers);
            }
            // Of several faults either may be found first.
            (Err(_), Err(_)) => prop_assert_eq!(&memory, &empty),
            (expected, found) => {
                let expected = expected.as_ref().map(drop);
                return Err(TestCaseError::fail(format!("{found:?}, not {expected:?}")));
            }
        }
    }
    Ok(())
}

/// Parameters as a plan makes them, and the rules that write nothing.
type Planned = (Memory, Memory, Vec<(String, usize)>);

fn planned(model: &Model, rules: Option<&InitCfg<Owned>>) -> Result<Planned, InitWeightsError> {
    let options = Options { initialize: rules, ..Options::default() };
    // Which of the faults it is, the plan says in words.
    let plan = Plan::new(model, &options)
        .map_err(|_| InitWeightsError::Resolve(ResolveError::MissingAttribute))?;
    let writes = |param: &PlannedParam| match &*param.writer {
        plan::Writer::Rule { origin, .. } => Some(origin.clone()),
        plan::Writer::Untouched(_) => None,
    };
    let is_pretrained = |origin: Origin<String>| origin.is_pretrained();
    if plan.params().iter().any(|param| writes(param).is_some_and(is_pretrained)) {
        return Err(InitWeightsError::Pretrained);
    }
    let (mut empty, mut full) = (Memory::default(), Memory::default());
    for param in plan.params() {
        let mut memory = vec![UNTOUCHED; param.shape.iter().product()];
        empty.0.push(memory.clone());
        if let Some(Origin::Init(init)) = writes(param) {
            let fill = init.fill::<f32>(&Shape::new(&param.shape));
            let fill = fill.map_err(|_| InitWeightsError::Numbers)?;
            fill.write(Stream::with_id(SEED, param.stream_id), 0, &mut memory);
        }
        full.0.push(memory);
    }
    let idle = plan.rules().iter().filter(|rule| rule.matched == 0);
    Ok((empty, full, idle.map(|rule| (rule.module.clone(), rule.rule)).collect()))
}

/// Compares the engine of all cores with the plan, and the rules that write nothing with those that core finds without
/// heap.
fn compare_engine(net: &Net) -> Result<(), TestCaseError> {
    let model = Model::read(&Source::new("model.json", net.to_json().to_string())).unwrap();
    let rules = net.initialize.as_ref();
    let rules: Option<InitCfg<Owned>> =
        rules.map(|(_, rules)| serde_json::from_value(rules.clone()).unwrap());
    let root = model.root();
    let expected = planned(&model, rules.as_ref());
    let empty = match &expected {
        Ok((empty, ..)) => empty.clone(),
        Err(_) => Memory(vec![vec![UNTOUCHED; 6]; 400]),
    };
    let (mut memory, mut next) = (empty.clone(), 0);
    let mut held =
        Held { layer: &root, is_root: true, tied: false, memory: &mut memory, next: &mut next };
    let mut rayon = Rayon::new();
    let found = match &rules {
        Some(rules) => rayon.initialize(&mut held, rules, SEED),
        None => rayon.init_weights(&mut held, SEED),
    };
    match (expected, found) {
        (Ok((_, full, idle)), Ok(done)) => {
            prop_assert_eq!(&memory, &full);
            prop_assert_eq!(done.written + done.kept, full.0.len());
            let told = done.unmatched.into_iter().map(|rule| (rule.module, rule.rule));
            prop_assert_eq!(told.collect::<Vec<_>>(), &idle[..]);
            if !net.has_ties() {
                let call =
                    rules.as_ref().map_or(Call::InitWeights, |rules| Call::Initialize(rules));
                let mut told = Vec::new();
                let mut tell =
                    |module: Path<'_>, rule: usize| told.push((module.to_string(), rule));
                unmatched(&root, call, &mut tell).unwrap();
                prop_assert_eq!(told, idle);
            }
        }
        (Err(InitWeightsError::Resolve(_)), Err(found)) => {
            prop_assert!(matches!(found.code(), InitWeightsError::Resolve(_)), "{found}");
            prop_assert_eq!(&memory, &empty);
        }
        (Err(InitWeightsError::Pretrained), Err(found)) => {
            prop_assert_eq!(found.code(), InitWeightsError::Pretrained);
            prop_assert_eq!(&memory, &empty);
        }
        // Numbers are lowered parameter by parameter, and the memory here is not the model's.
        (Err(_), Err(_)) => prop_assert_eq!(&memory, &empty),
        (expected, found) => {
            let expected = expected.map(drop);
            return Err(TestCaseError::fail(format!("{found:?}, not {expected:?}")));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(cases(6000))]

    #[test]
    fn all_cores_write_structs_as_plans_say(choices in vec(any::<u32>(), 0..700)) {
        compare_engine(&Net::random(&mut Tape::new(choices)))?;
    }

    #[test]
    fn structs_are_written_as_plans_say(choices in vec(any::<u32>(), 0..700)) {
        compare(&Net::random(&mut Tape::new(choices)))?;
    }

    /// The same where one tensor is the weight of one layer and the bias of another.
    #[test]
    fn also_of_weights_that_are_biases(choices in vec(any::<u32>(), 0..700)) {
        compare(&Net::with_weights_that_are_biases(&mut Tape::new(choices)))?;
    }
}
