use std::error::Error;

use burn::backend::NdArray;
use burn::module::Initializer;
use burn::tensor::Tensor;
use candle_core::{DType, Device};
use candle_nn::Init;
use rand::SeedableRng;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, Normal, Uniform};

use crate::seconds;

/// Other crates. burn and candle make new memory each time, as they always do.
pub struct Peers {
    memory: Vec<f32>,
    random: SmallRng,
}

impl Peers {
    pub fn new(elements: usize) -> Self {
        Self { memory: vec![1.0; elements], random: SmallRng::seed_from_u64(42) }
    }

    pub fn run(&mut self, peer: &str, case: &str) -> Result<Option<f64>, Box<dyn Error>> {
        match peer {
            "rand_distr" => self.rand_distr(case),
            "burn" => Ok(self.burn(case)),
            "candle" => self.candle(case),
            _ => Ok(None),
        }
    }

    /// On one thread: the ziggurat.
    fn rand_distr(&mut self, case: &str) -> Result<Option<f64>, Box<dyn Error>> {
        Ok(match case {
            "uniform_f32" => Some(self.sample(&Uniform::new(-0.05, 0.05)?)),
            "normal_f32" => Some(self.sample(&Normal::new(0.0, 0.02)?)),
            _ => None,
        })
    }

    fn sample(&mut self, distribution: &impl Distribution<f32>) -> f64 {
        let (memory, random) = (&mut self.memory, &mut self.random);
        seconds(|| memory.iter_mut().for_each(|element| *element = distribution.sample(random)))
    }

    fn burn(&self, case: &str) -> Option<f64> {
        let initializer = match case {
            "uniform_f32" => Initializer::Uniform { min: -0.05, max: 0.05 },
            "normal_f32" => Initializer::Normal { mean: 0.0, std: 0.02 },
            "kaiming_normal_f32" => Initializer::KaimingNormal { gain: 2f64.sqrt(), fan_out_only: true },
            _ => return None,
        };
        let rows = self.memory.len() / 1024;
        let device = Default::default();
        Some(seconds(|| -> Tensor<NdArray, 2> {
            initializer.init_with([rows, 1024], Some(1024), Some(rows), &device).into_value()
        }))
    }

    fn candle(&self, case: &str) -> Result<Option<f64>, Box<dyn Error>> {
        let (initializer, dtype) = match case {
            "uniform_f32" => (Init::Uniform { lo: -0.05, up: 0.05 }, DType::F32),
            "uniform_bf16" => (Init::Uniform { lo: -0.05, up: 0.05 }, DType::BF16),
            "normal_f32" => (Init::Randn { mean: 0.0, stdev: 0.02 }, DType::F32),
            "normal_bf16" => (Init::Randn { mean: 0.0, stdev: 0.02 }, DType::BF16),
            "kaiming_normal_f32" => (candle_nn::init::DEFAULT_KAIMING_NORMAL, DType::F32),
            _ => return Ok(None),
        };
        let shape = (self.memory.len() / 1024, 1024);
        let mut made = None;
        let seconds = seconds(|| made = Some(initializer.var(shape, dtype, &Device::Cpu)));
        made.transpose()?;
        Ok(Some(seconds))
    }
}
