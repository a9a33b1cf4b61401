use std::collections::{HashMap, HashSet};
use std::fmt;

use weight_init_backends::{Backend, LineBackend, Rayon};
use weight_init_core::layer_data::{LayerData, TensorRef};
use weight_init_core::line_fill::AnyFill;
use weight_init_core::{Float, bf16, f16};

use super::inventory::{Inventory, tensors};
use crate::create::{Difference, element, indices};
use crate::plan::{LowerError, Options, Plan, PlanError, Tensor, Unknown, Writer};

/// Elements that are made anew and compared at a time.
const PIECE: usize = 1 << 20;

/// Why a struct cannot be checked.
#[derive(Debug)]
pub enum VerifyError {
    /// Rules and struct do not go together.
    Plan(PlanError),
    /// An initializer cannot be carried out.
    Lower(LowerError),
    /// The struct lends other tensors than it shows.
    Memory(String),
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plan(error) => error.fmt(f),
            Self::Lower(error) => error.fmt(f),
            Self::Memory(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for VerifyError {}

/// Makes every parameter that a rule writes once more and compares it with what the struct holds, bit for bit; `None` if
/// nothing differs, else the first difference. Parameters that no rule touches, and buffers, may hold anything.
///
/// # Errors
///
/// See [`VerifyError`].
pub fn verify(model: &dyn LayerData, seed: u64) -> Result<Option<Difference>, VerifyError> {
    let plan = Plan::of_layer(model, &Options::default()).map_err(VerifyError::Plan)?;
    let (inventory, held) = (Inventory::of(model), tensors(model));
    inventory.check(&held).map_err(VerifyError::Memory)?;
    let planned = plan.tensors(Unknown::Zeros).map_err(VerifyError::Lower)?;
    let planned: HashMap<_, _> = planned.iter().map(|tensor| (tensor.name, tensor)).collect();
    let written = plan.params().iter().filter(|param| matches!(*param.writer, Writer::Rule { .. }));
    let written: HashSet<_> = written.map(|param| param.name.as_str()).collect();
    let mut check = Check { seed, rayon: Rayon::new() };
    let by_name = inventory.infos.iter().map(|info| info.name.as_str());
    for (name, held) in by_name.zip(&held).filter(|(name, _)| written.contains(name)) {
        let Some(tensor) = planned.get(name) else { continue };
        let difference = match held {
            TensorRef::F32(held) => check.first_difference::<f32>(tensor, held),
            TensorRef::F64(held) => check.first_difference::<f64>(tensor, held),
            TensorRef::F16(held) => check.first_difference::<f16>(tensor, held),
            TensorRef::BF16(held) => check.first_difference::<bf16>(tensor, held),
        };
        if let Some(difference) = difference.map_err(VerifyError::Lower)? {
            return Ok(Some(difference));
        }
    }
    Ok(None)
}

struct Check {
    seed: u64,
    rayon: Rayon,
}

impl Check {
    fn first_difference<T: Float + bytemuck::Pod>(
        &mut self,
        tensor: &Tensor<'_>,
        held: &[T],
    ) -> Result<Option<Difference>, LowerError> {
        let Some((fill, stream)) = tensor.fill::<T>(self.seed)? else { return Ok(None) };
        let piece = if tensor.is_made_whole() { held.len().max(1) } else { PIECE };
        let mut expected = vec![T::default(); held.len().min(piece)];
        for (first, held) in (0..).step_by(piece).zip(held.chunks(piece)) {
            let expected = expected.get_mut(..held.len()).unwrap_or_default();
            let Ok(()) = match &fill {
                AnyFill::Elements(fill) => self.rayon.fill(fill, stream, first, expected),
                AnyFill::Lines(fill) => self.rayon.fill_lines(fill, stream, first, expected),
            };
            let differs = |(a, b): (&T, &T)| bytemuck::bytes_of(a) != bytemuck::bytes_of(b);
            let Some(at) = expected.iter().zip(held).position(differs) else { continue };
            let number = first + at as u64;
            let show = |elements: &[T]| elements.get(at).map_or_else(String::new, show::<T>);
            return Ok(Some(Difference::Element {
                name: tensor.name.to_owned(),
                element: number,
                index: indices(number, tensor.shape),
                expected: show(expected),
                found: show(held),
            }));
        }
        Ok(None)
    }
}

/// An element as a number and its bits.
fn show<T: Float + bytemuck::Pod>(number: &T) -> String {
    let mut bytes = bytemuck::bytes_of(number).to_vec();
    if cfg!(target_endian = "big") {
        bytes.reverse();
    }
    element(T::DTYPE, &bytes)
}
