//! `init_weights` of people's own structs by a backend: the parameters of all layers as one job.
//!
//! The model is resolved once, every initializer is lowered to its [`Fill`](weight_init_core::Fill), then a second walk lends the memory of all
//! parameters. Every error is found before anything is written. The bits are those of
//! [`in_place::init_weights`](weight_init_core::in_place::init_weights), which does the same without heap on one lane.

mod error;
mod observe;
mod unmatched;

use core::convert::Infallible;
use std::vec::Vec;

use weight_init_core::init_cfg::{Init, Origin, Rules};
use weight_init_core::layer_data::{DataVisitorMut, LayerData, TensorMut};
use weight_init_core::line_fill::AnyFill;
use weight_init_core::resolve::Call;
use weight_init_core::{Float, Shape, Stream, bf16, f16};

pub use self::error::StructError;
use self::observe::{Decided, Decisions};
pub use self::unmatched::UnmatchedRule;
use crate::{Job, LineBackend, LineJob, LineJobs, Simd};

/// A report: which parameters of a struct were written, and which rules matched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Initialized {
    /// Parameters that a rule writes.
    pub written: usize,
    /// Parameters that no rule touches: they hold what they held.
    pub kept: usize,
    /// Rules that write no parameter; most often a name in them is misspelt.
    pub unmatched: Vec<UnmatchedRule>,
}

/// The fills of a struct's parameters, by element type.
#[derive(Debug, Default)]
pub struct Jobs<'a> {
    /// Of `f32`.
    pub singles: Vec<Job<'a, f32>>,
    /// Of `f64`.
    pub doubles: Vec<Job<'a, f64>>,
    /// Of `f16`.
    pub halves: Vec<Job<'a, f16>>,
    /// Of `bf16`.
    pub brains: Vec<Job<'a, bf16>>,
    /// Those that are made line by line.
    pub lines: LineJobs<'a>,
}

impl Jobs<'_> {
    /// Carries them out, each element type as one.
    ///
    /// # Errors
    ///
    /// What the backend's device may refuse.
    pub fn run<B, E>(&mut self, backend: &mut B) -> Result<(), E>
    where
        B: LineBackend<f32, Memory = [f32], Error = E>
            + LineBackend<f64, Memory = [f64], Error = E>
            + LineBackend<f16, Memory = [f16], Error = E>
            + LineBackend<bf16, Memory = [bf16], Error = E>,
    {
        backend.fill_all(&mut self.singles)?;
        backend.fill_all(&mut self.doubles)?;
        backend.fill_all(&mut self.halves)?;
        backend.fill_all(&mut self.brains)?;
        self.lines.run(backend)
    }
}

/// Decides every parameter of the model and lends the memory of those that a rule writes: mmengine's
/// `model.init_weights()` as fills for any backend of main memory. Nothing is written yet.
///
/// [`Rayon::init_weights`](crate::Rayon::init_weights) does this and runs the fills.
///
/// # Errors
///
/// See [`StructError`].
///
/// ```
/// use weight_init_backends::{Embedded, structs::jobs};
/// use weight_init_core::Layer;
/// use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
/// use weight_init_core::initializer::Kaiming;
///
/// static INIT_CFG: InitCfg<Borrowed<'static>> =
///     InitCfg { rules: &[Rule { layers: &["Linear"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) }] };
///
/// #[derive(Layer)]
/// #[layer(init_cfg = &INIT_CFG)]
/// struct Linear {
///     #[layer(param)]
///     weight: [[f32; 8]; 4],
/// }
///
/// let mut linear = Linear { weight: [[0.0; 8]; 4] };
/// let (mut jobs, done) = jobs(&mut linear, 42)?;
/// assert_eq!((jobs.singles.len(), done.written), (1, 1));
/// jobs.run(&mut Embedded)?;
/// assert!(linear.weight.as_flattened().iter().all(|w| *w != 0.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn jobs(model: &mut dyn LayerData, seed: u64) -> Result<(Jobs<'_>, Initialized), StructError> {
    lend(model, Call::InitWeights, seed)
}

/// As [`jobs`], of mmengine's `initialize(model, init_cfg)`: these rules on the root alone, no module's own.
///
/// # Errors
///
/// See [`StructError`].
pub fn jobs_of_rules<'a>(
    model: &'a mut dyn LayerData,
    rules: &dyn Rules,
    seed: u64,
) -> Result<(Jobs<'a>, Initialized), StructError> {
    lend(model, Call::Initialize(rules), seed)
}

impl Simd {
    /// As [`Rayon::init_weights`](crate::Rayon::init_weights), on one core.
    ///
    /// # Errors
    ///
    /// See [`StructError`].
    pub fn init_weights(
        &mut self,
        model: &mut dyn LayerData,
        seed: u64,
    ) -> Result<Initialized, StructError> {
        let (mut jobs, done) = jobs(model, seed)?;
        let Ok(()): Result<(), Infallible> = jobs.run(self);
        Ok(done)
    }
}

#[cfg(feature = "rayon")]
impl crate::Rayon {
    /// Does what mmengine's `model.init_weights()` does, on all cores: each parameter is written by its last writer, once;
    /// those that no rule touches stay as they are.
    ///
    /// # Errors
    ///
    /// See [`StructError`].
    ///
    /// ```
    /// use weight_init_backends::Rayon;
    /// use weight_init_core::Layer;
    /// use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
    /// use weight_init_core::initializer::Kaiming;
    ///
    /// static INIT_CFG: InitCfg<Borrowed<'static>> =
    ///     InitCfg { rules: &[Rule { layers: &["Liner"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) }] };
    ///
    /// #[derive(Layer)]
    /// #[layer(init_cfg = &INIT_CFG)]
    /// struct Linear {
    ///     #[layer(param)]
    ///     weight: Box<[[f32; 8]; 4]>,
    /// }
    ///
    /// let mut linear = Linear { weight: Box::new([[0.0; 8]; 4]) };
    /// let done = Rayon::new().init_weights(&mut linear, 42)?;
    /// assert_eq!(done.written, 0);
    /// assert_eq!(
    ///     done.unmatched[0].to_string(),
    ///     "rule 0 (Kaiming) of the model itself writes no parameter: no layer is a 'Liner'; did you mean 'Linear'?",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn init_weights(
        &mut self,
        model: &mut dyn LayerData,
        seed: u64,
    ) -> Result<Initialized, StructError> {
        let (mut jobs, done) = jobs(model, seed)?;
        let Ok(()): Result<(), Infallible> = jobs.run(self);
        Ok(done)
    }

    /// Does what mmengine's `initialize(model, init_cfg)` does: these rules on the root alone, no module's own.
    ///
    /// # Errors
    ///
    /// See [`StructError`].
    pub fn initialize(
        &mut self,
        model: &mut dyn LayerData,
        rules: &dyn Rules,
        seed: u64,
    ) -> Result<Initialized, StructError> {
        let (mut jobs, done) = jobs_of_rules(model, rules, seed)?;
        let Ok(()): Result<(), Infallible> = jobs.run(self);
        Ok(done)
    }
}

fn lend<'a>(
    model: &'a mut dyn LayerData,
    call: Call<'_>,
    seed: u64,
) -> Result<(Jobs<'a>, Initialized), StructError> {
    let Decisions { params, unmatched } = observe::decide(&*model, call)?;
    let mut collect = Collect {
        params: params.iter(),
        seed,
        jobs: Jobs::default(),
        done: Initialized { unmatched, ..Initialized::default() },
        error: None,
    };
    model.data_mut(&mut collect);
    if let Some(error) = collect.error {
        return Err(error);
    }
    match collect.params.next() {
        Some(param) => Err(StructError::elements(&param.name, "is not lent by its layer")),
        None => Ok((collect.jobs, collect.done)),
    }
}

/// Pairs the memory of each parameter with what was decided for it.
struct Collect<'a, 'd> {
    params: core::slice::Iter<'d, Decided>,
    seed: u64,
    jobs: Jobs<'a>,
    done: Initialized,
    error: Option<StructError>,
}

impl<'a> DataVisitorMut<'a> for Collect<'a, '_> {
    fn param(&mut self, tensor: TensorMut<'a>) {
        if self.error.is_some() {
            return;
        }
        self.error = self.add(tensor).err();
    }

    fn child(&mut self, layer: &'a mut dyn LayerData) {
        if self.error.is_none() {
            layer.data_mut(self);
        }
    }
}

impl<'a> Collect<'a, '_> {
    fn add(&mut self, tensor: TensorMut<'a>) -> Result<(), StructError> {
        let Some(param) = self.params.next() else {
            return Err(StructError::elements("", "more parameters are lent than shown"));
        };
        param.check(&tensor.as_ref())?;
        // A checkpoint was refused.
        let Some(Origin::Init(init)) = &param.origin else {
            self.done.kept += 1;
            return Ok(());
        };
        self.done.written += 1;
        let Jobs { singles, doubles, halves, brains, lines } = &mut self.jobs;
        let seed = self.seed;
        match tensor {
            TensorMut::F32(out) => add(singles, &mut lines.singles, param, init, seed, out),
            TensorMut::F64(out) => add(doubles, &mut lines.doubles, param, init, seed, out),
            TensorMut::F16(out) => add(halves, &mut lines.halves, param, init, seed, out),
            TensorMut::BF16(out) => add(brains, &mut lines.brains, param, init, seed, out),
        }
    }
}

fn add<'a, T: Float>(
    jobs: &mut Vec<Job<'a, T>>,
    lines: &mut Vec<LineJob<'a, T>>,
    param: &Decided,
    init: &Init,
    seed: u64,
    out: &'a mut [T],
) -> Result<(), StructError> {
    let shape = Shape::new(&param.dims).with_layout(param.layout);
    let fill = init.any_fill(&shape).map_err(|error| StructError::init(&param.name, error))?;
    let stream = Stream::with_id(seed, param.stream);
    match fill {
        AnyFill::Elements(fill) => jobs.push(Job { fill, stream, first: 0, out }),
        AnyFill::Lines(fill) => lines.push(LineJob { fill, stream, first: 0, out }),
    }
    Ok(())
}
