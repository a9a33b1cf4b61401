use std::error::Error;
use std::thread;

use weight_init::config::read_source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan, Unknown};
use weight_init::run::{BackendKind, Filler, fill_whole};
use weight_init_backends::{Backend, Rayon};
use weight_init_core::initializer::{Initializer, Kaiming, Shape};
use weight_init_core::{Fill, FillError, Float, Stream, bf16};

use crate::seconds;

/// Ourselves, into memory that is there; and memset.
pub struct Ours {
    singles: Vec<f32>,
    brains: Vec<bf16>,
    threads: usize,
    rayon: Rayon,
    model: Model,
    whole: Filler,
    whole_memory: Vec<Vec<u64>>,
}

impl Ours {
    pub fn new(elements: usize, threads: usize, model: &str) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            singles: vec![1.0; elements],
            brains: vec![bf16::ONE; elements],
            threads,
            rayon: Rayon::with_threads(threads)?,
            model: Model::read(&read_source(model)?)?,
            whole: BackendKind::Rayon.start(Some(threads))?,
            whole_memory: Vec::new(),
        })
    }

    pub fn run(&mut self, case: &str) -> Result<Option<f64>, Box<dyn Error>> {
        if case == "model_f32" {
            return self.model().map(Some);
        }
        let (initializer, dtype) = case.rsplit_once('_').ok_or("expected INITIALIZER_DTYPE")?;
        Ok(match dtype {
            "f32" => fill(initializer, &mut self.rayon, &mut self.singles)?,
            "bf16" => fill(initializer, &mut self.rayon, &mut self.brains)?,
            _ => None,
        })
    }

    /// Resolves the whole model and fills it.
    fn model(&mut self) -> Result<f64, Box<dyn Error>> {
        let (model, whole, memory) = (&self.model, &mut self.whole, &mut self.whole_memory);
        let options = Options { skip_pretrained: true, ..Options::default() };
        if memory.is_empty() {
            let plan = Plan::new(model, &options)?;
            let tensors = plan.tensors(Unknown::Zeros)?;
            *memory = (tensors.iter())
                .map(|tensor| vec![1; tensor.bytes().div_ceil(8) as usize])
                .collect();
        }
        let mut result = Ok(());
        let seconds = seconds(|| {
            result = (|| {
                let plan = Plan::new(model, &options)?;
                Ok::<_, Box<dyn Error>>(fill_whole(&plan.tensors(Unknown::Zeros)?, 42, whole, memory)?)
            })();
        });
        result.map(|()| seconds)
    }

    /// As many bytes as the case has, by as many threads.
    pub fn memset(&mut self, case: &str) -> Option<f64> {
        let bytes = if case.ends_with("_bf16") { 2 } else { 4 } * self.singles.len();
        // SAFETY: any bytes are numbers, and half the memory or all of it is within the memory.
        let memory = unsafe { std::slice::from_raw_parts_mut(self.singles.as_mut_ptr().cast::<u8>(), bytes) };
        let share = bytes.div_ceil(self.threads);
        Some(seconds(|| {
            thread::scope(|scope| {
                for part in memory.chunks_mut(share) {
                    scope.spawn(|| std::hint::black_box(part).fill(std::hint::black_box(1)));
                }
            });
        }))
    }
}

fn fill<T: Float>(
    initializer: &str,
    rayon: &mut Rayon,
    out: &mut [T],
) -> Result<Option<f64>, Box<dyn Error>> {
    let fill: Result<Fill<T>, FillError> = match initializer {
        "uniform" => Fill::uniform(-0.05, 0.05),
        "normal" => Fill::normal(0.0, 0.02),
        "trunc_normal" => Fill::trunc_normal(0.0, 0.02, -0.04, 0.04),
        "kaiming_normal" => {
            let shape = [out.len() / 1024, 1024];
            Ok(Kaiming::DEFAULT.fill(&Shape::new(&shape))?)
        }
        _ => return Ok(None),
    };
    let (fill, stream) = (fill?, Stream::new(42, "fc.weight"));
    let mut result = Ok(());
    let seconds = seconds(|| result = rayon.fill(&fill, stream, 0, out));
    result?;
    Ok(Some(seconds))
}
