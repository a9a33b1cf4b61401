use std::collections::HashMap;
use std::path::Path;

use serde::Serialize;
use weight_init::create::STREAM_VERSION;
use weight_init::model::Values;
use weight_init::model::constructor::Content;
use weight_init::plan::{
    ConstructorDefault, Options, Plan, PlannedBuffer, PlannedParam, Warning, Writer,
};
use weight_init::report::{Explanation, LookResult, Words};
use weight_init::run::{BackendKind, Filler};
use weight_init_core::Shape;
use weight_init_core::init_cfg::{Init, Origin};

use super::distribution::Distribution;
use super::formula::formula;
use super::interner::{Interner, once};
use super::samples::{Histogram, histogram};
use super::spectrum::{Spectrum, spectrum};
use crate::args::ReportArgs;
use crate::failure::Failure;
use crate::input::Input;

/// Parameters whose samples are each their own; of more, those of one distribution and shape share the samples of the first.
const MOST_WITH_OWN_SAMPLES: usize = 1500;
/// Histograms, at most.
const MOST_HISTOGRAMS: usize = 4000;
/// Singular values take a millisecond or so.
const MOST_SPECTRA: usize = 1500;

/// All that the page shows. What parameters have in common is held once, and named by its place.
#[derive(Debug, Serialize)]
pub(super) struct Data<'p> {
    model: String,
    version: &'static str,
    seed: String,
    stream_version: &'static str,
    dtype: Option<&'static str>,
    digest: String,
    classes: Interner<&'p str>,
    shapes: Interner<&'p [usize]>,
    texts: Interner<String>,
    writers: Interner<WriterRow>,
    scales: Vec<Scale>,
    looks: Interner<LookRow>,
    lists: Interner<Vec<usize>>,
    histograms: Vec<Histogram>,
    spectra: Vec<Spectrum>,
    params: Vec<ParamRow<'p>>,
    /// Other names of parameters, with their places.
    ties: Vec<(&'p str, &'p str)>,
    /// Name, class, shape, element type, content.
    buffers: Vec<(&'p str, usize, usize, &'static str, String)>,
    rules: Vec<RuleRow<'p>>,
    warnings: Vec<&'p Warning>,
    /// What became of checkpoints.
    loads: Vec<String>,
}

/// Name; places of class and shape; element type; places of writer, scale, list of looks, verdict, histogram and spectrum;
/// [flags](flag). An array, for there may be a hundred thousand.
type ParamRow<'p> = (
    &'p str,
    usize,
    usize,
    &'static str,
    usize,
    Option<usize>,
    Option<usize>,
    Option<usize>,
    Option<usize>,
    Option<usize>,
    u8,
);

mod flag {
    /// Nobody knows what is in it.
    pub(super) const UNKNOWN: u8 = 1;
    /// The model's own code may write it in a way that nobody describes.
    pub(super) const OWN_CODE: u8 = 2;
}

#[derive(Debug, PartialEq, Eq, Hash, Serialize)]
struct WriterRow {
    initializer: String,
    by: String,
    /// The initializer's function.
    family: String,
    kind: WriterKind,
    rule: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
enum WriterKind {
    Rule,
    Constructor,
    Description,
    OwnCode,
    Unknown,
}

/// What an initializer makes of a shape.
#[derive(Debug, Serialize)]
struct Scale {
    /// fan_in and fan_out.
    fans: Option<[u64; 2]>,
    formula: String,
    distribution: Option<Distribution>,
    words: Option<String>,
}

/// Place of the rule, what came of the look, and its line of the explanation.
type LookRow = (Option<usize>, &'static str, String);

#[derive(Debug, Serialize)]
struct RuleRow<'p> {
    module: &'p str,
    rule: usize,
    #[serde(rename = "type")]
    type_name: &'p str,
    reached: bool,
    matched: usize,
    won: usize,
}

impl<'p> Data<'p> {
    pub(super) fn of(
        args: &ReportArgs,
        input: &Input,
        plan: &'p Plan,
        options: &Options<'_>,
    ) -> Result<Self, Failure> {
        let rules = plan.rules().iter();
        let mut data = Self {
            model: name(&args.model.model),
            version: env!("CARGO_PKG_VERSION"),
            seed: args.seed.to_string(),
            stream_version: STREAM_VERSION,
            dtype: args.dtype.map(|dtype| dtype.name()),
            digest: plan.digest(),
            classes: Interner::default(),
            shapes: Interner::default(),
            texts: Interner::default(),
            writers: Interner::default(),
            scales: Vec::new(),
            looks: Interner::default(),
            lists: Interner::default(),
            histograms: Vec::new(),
            spectra: Vec::new(),
            params: Vec::with_capacity(plan.params().len()),
            ties: plan.ties().iter().map(|(name, first)| (&**name, &**first)).collect(),
            buffers: Vec::with_capacity(plan.buffers().len()),
            rules: rules
                .map(|rule| RuleRow {
                    module: &rule.module,
                    rule: rule.rule,
                    type_name: rule.type_name,
                    reached: rule.reached,
                    matched: rule.matched,
                    won: rule.won,
                })
                .collect(),
            warnings: plan.warnings().iter().collect(),
            loads: plan.loads().iter().map(ToString::to_string).collect(),
        };
        let places: HashMap<_, _> =
            plan.rules().iter().enumerate().map(|(at, it)| ((&*it.module, it.rule), at)).collect();
        let mut maker = Maker {
            places,
            shares: plan.params().len() > MOST_WITH_OWN_SAMPLES,
            seed: args.seed,
            filler: BackendKind::Simd.start(None)?,
            scales: HashMap::new(),
            histograms: HashMap::new(),
            spectra: HashMap::new(),
        };
        let mut params = plan.params().iter();
        let each = |explanation: Option<Explanation>| {
            if let Some(param) = params.next() {
                maker.param(&mut data, param, explanation.as_ref());
            }
        };
        Explanation::each(plan, &input.model, options, each)
            .map_err(|error| input.fault(&error))?;
        for buffer in plan.buffers() {
            let class = data.classes.place(&buffer.class);
            let shape = data.shapes.place(&buffer.shape);
            data.buffers.push((&buffer.name, class, shape, buffer.dtype.name(), content(buffer)));
        }
        Ok(data)
    }

    /// The name of the model's file.
    pub(super) fn model(&self) -> &str {
        &self.model
    }

    fn distribution(&self, scale: Option<usize>) -> Option<Distribution> {
        self.scales.get(scale?)?.distribution
    }
}

/// Place of a scale, and an element type.
type Key = (usize, &'static str);

/// What is known while rows are made.
struct Maker<'p> {
    /// Places of rules.
    places: HashMap<(&'p str, usize), usize>,
    /// Whether parameters share samples.
    shares: bool,
    seed: u64,
    filler: Filler,
    /// Scales by writer and shape; layouts of one shape and writer may differ.
    scales: HashMap<(usize, usize, weight_init_core::Layout), usize>,
    /// Histograms and spectra that are shared, by scale and element type.
    histograms: HashMap<Key, Option<usize>>,
    spectra: HashMap<Key, Option<usize>>,
}

impl<'p> Maker<'p> {
    fn param(
        &mut self,
        data: &mut Data<'p>,
        param: &'p PlannedParam,
        explanation: Option<&Explanation>,
    ) {
        let class = data.classes.place(&param.class);
        let shape = data.shapes.place(&param.shape);
        let dtype = param.dtype.name();
        let row = self.writer(param);
        let is_unknown = row.kind == WriterKind::Unknown;
        let writer = data.writers.place(row);
        let scale = self.scale(data, param, writer, shape);
        let list = explanation.map(|it| self.looks(data, it));
        let verdict = explanation.map(|it| data.texts.place(it.verdict()));
        let mut flags = if is_unknown { flag::UNKNOWN } else { 0 };
        if explanation.is_some_and(|it| it.note().is_some()) {
            flags |= flag::OWN_CODE;
        }
        let histogram = self.histogram(data, param, scale);
        let spectrum = self.spectrum(data, param, scale);
        data.params.push((
            &param.name,
            class,
            shape,
            dtype,
            writer,
            scale,
            list,
            verdict,
            histogram,
            spectrum,
            flags,
        ));
    }

    fn writer(&self, param: &PlannedParam) -> WriterRow {
        let Words { initializer, by } = param.words();
        let (kind, rule) = match &*param.writer {
            Writer::Rule { by, .. } => {
                (WriterKind::Rule, self.places.get(&(&*by.module, by.rule)).copied())
            }
            Writer::Untouched(ConstructorDefault::Init(_)) => (WriterKind::Constructor, None),
            Writer::Untouched(ConstructorDefault::Values(_)) => (WriterKind::Description, None),
            Writer::Untouched(ConstructorDefault::Recorded(it)) => match it.unknown() {
                Some(_) => (WriterKind::Unknown, None),
                None => (WriterKind::OwnCode, None),
            },
            Writer::Untouched(ConstructorDefault::Unknown | ConstructorDefault::Kept) => {
                (WriterKind::Unknown, None)
            }
        };
        let family = match kind {
            WriterKind::Unknown => "unknown",
            _ => initializer.split(['(', ',', ':']).next().unwrap_or_default(),
        };
        WriterRow { family: family.to_owned(), initializer, by, kind, rule }
    }

    fn looks(&self, data: &mut Data<'p>, explanation: &Explanation) -> usize {
        let looks = explanation.looks().map(|look| {
            let rule = self.places.get(&(look.module(), look.rule())).copied();
            let result = match look.result() {
                LookResult::Wins => "wins",
                LookResult::Overwritten => "overwritten",
                LookResult::No => "no",
            };
            data.looks.place((rule, result, look.to_string()))
        });
        let list = looks.collect();
        data.lists.place(list)
    }

    fn scale(
        &mut self,
        data: &mut Data<'p>,
        param: &PlannedParam,
        writer: usize,
        shape: usize,
    ) -> Option<usize> {
        let init = initializer(param)?;
        Some(*self.scales.entry((writer, shape, param.layout)).or_insert_with(|| {
            let shape = Shape::new(&param.shape).with_layout(param.layout);
            let fans = init.check_fans(&shape).ok().flatten();
            let distribution = Distribution::of(init, &shape);
            data.scales.push(Scale {
                fans: fans.map(|fans| [fans.fan_in, fans.fan_out]),
                formula: formula(init, &shape, fans),
                distribution,
                words: distribution.and_then(|it| it.in_words()),
            });
            data.scales.len() - 1
        }))
    }

    fn histogram(
        &mut self,
        data: &mut Data<'p>,
        param: &PlannedParam,
        scale: Option<usize>,
    ) -> Option<usize> {
        let (place, theory) = (data.params.len(), data.distribution(scale));
        let key = self.key(param, scale)?;
        let make = || histogram(place, param, theory, self.seed, &mut self.filler);
        once(&mut self.histograms, key, &mut data.histograms, MOST_HISTOGRAMS, make)
    }

    fn spectrum(
        &mut self,
        data: &mut Data<'p>,
        param: &PlannedParam,
        scale: Option<usize>,
    ) -> Option<usize> {
        let (place, theory) = (data.params.len(), data.distribution(scale));
        if matches!(theory, Some(Distribution::Constant { .. })) {
            return None;
        }
        let key = self.key(param, scale)?;
        let make = || spectrum(place, param, self.seed, &mut self.filler);
        once(&mut self.spectra, key, &mut data.spectra, MOST_SPECTRA, make)
    }

    /// Parameters of one key share what is shown of their values; a place without a key has its own. `None` if it would share,
    /// and nothing says with what.
    fn key(&self, param: &PlannedParam, scale: Option<usize>) -> Option<Option<Key>> {
        let key = scale.map(|scale| (scale, param.dtype.name()));
        if self.shares { key.map(Some) } else { Some(None) }
    }
}

/// A file's name without its folder: the page is the same on every machine, and tells nothing of this one.
fn name(path: &Path) -> String {
    match path.file_name() {
        Some(name) if path.as_os_str() != "-" => name.to_string_lossy().into_owned(),
        _ => "model".to_owned(),
    }
}

/// The initializer that decides all elements of a parameter, if one does.
fn initializer(param: &PlannedParam) -> Option<&Init> {
    match &*param.writer {
        Writer::Rule { origin: Origin::Init(init), .. } => Some(init),
        Writer::Untouched(ConstructorDefault::Init(default)) => Some(&default.init),
        Writer::Untouched(ConstructorDefault::Recorded(recorded)) if recorded.parts.is_empty() => {
            match &recorded.base.content {
                Content::Init(init) => Some(init),
                _ => None,
            }
        }
        _ => None,
    }
}

/// What is in a buffer, in words.
fn content(buffer: &PlannedBuffer) -> String {
    match (&buffer.stored, &buffer.value, &buffer.constructor) {
        (Some(_), ..) => "loaded from a checkpoint".to_owned(),
        (None, Some(Values::All(x)), _) => format!("{x}"),
        (None, Some(Values::Computed(_)), _) => "computed by its constructor".to_owned(),
        (None, Some(_), _) => "given values".to_owned(),
        (None, None, Some(_)) => "the model's own code".to_owned(),
        (None, None, None) => "unknown".to_owned(),
    }
}
