//! Values → variables.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytemuck::{Pod, Zeroable};
use candle_core::{DType as CandleDType, Device, Var, WithDType};
use candle_nn::VarMap;
use weight_init::plan::{Lowered, Tensor, Unknown};
use weight_init::run::{BackendKind, Filler, Piece, fill_pieces};
use weight_init_core::{DType, Shape, bf16, f16};

use crate::request::{Request, Requests};
use crate::{Error, Report, hint};

/// Gives every variable that was asked for its value, in a map.
pub(crate) fn vars(
    report: &Report,
    requests: &Requests,
    seed: u64,
    varmap: &VarMap,
    device: &Device,
) -> Result<HashMap<String, Var>, Error> {
    let tensors = report.plan().tensors(Unknown::Zeros)?;
    let tensors: HashMap<_, _> = tensors.iter().map(|tensor| (tensor.name, tensor)).collect();
    let unknown: HashMap<_, _> = report.unknown().collect();
    let writer = Writer::new(seed)?;
    let mut vars = HashMap::new();
    for request in requests.floats() {
        let Some(&tensor) = tensors.get(report.first_name(&request.name)) else { continue };
        let var = match (request.hint, unknown.get(tensor.name)) {
            (Some(hint), Some(stream_id)) => {
                let init = hint::initializer(hint, tensor.shape);
                let (shape, stream_id) = (Shape::new(tensor.shape), *stream_id);
                let source = Lowered::Init { init, shape, stream_id };
                writer.put(request, &Tensor { source, ..tensor.clone() }, varmap, device)?
            }
            _ => writer.put(request, tensor, varmap, device)?,
        };
        vars.insert(request.name.clone(), var);
    }
    Ok(vars)
}

/// Fills tensors in main memory, and hands them to candle's devices.
#[derive(Debug)]
pub(crate) struct Writer {
    seed: u64,
    filler: Mutex<Filler>,
}

impl Writer {
    pub(crate) fn new(seed: u64) -> Result<Self, Error> {
        Ok(Self { seed, filler: Mutex::new(BackendKind::Auto.start(None)?) })
    }

    /// Gives a variable the tensor's values.
    pub(crate) fn set(&self, var: &Var, tensor: &Tensor<'_>) -> Result<(), Error> {
        let filled = self.var(tensor, var.dtype(), var.device())?;
        Ok(var.set(filled.as_tensor())?)
    }

    /// The map's variable of a name with the tensor's values; one that is there stays the same for those who hold it.
    fn put(
        &self,
        request: &Request,
        tensor: &Tensor<'_>,
        varmap: &VarMap,
        device: &Device,
    ) -> Result<Var, Error> {
        let Request { name, shape, dtype, .. } = request;
        let mut known = locked(varmap.data());
        if let Some(var) = known.get(name) {
            if var.dims() != shape || var.dtype() != *dtype {
                let (dims, of) = (var.dims(), var.dtype());
                return Err(Error::new(format!(
                    "'{name}' is {of:?} {dims:?} in the map, and {dtype:?} {shape:?} was asked for"
                )));
            }
            self.set(var, tensor)?;
            return Ok(var.clone());
        }
        let var = self.var(tensor, *dtype, device)?;
        known.insert(name.clone(), var.clone());
        Ok(var)
    }

    fn var(&self, tensor: &Tensor<'_>, dtype: CandleDType, device: &Device) -> Result<Var, Error> {
        match dtype {
            CandleDType::F64 => self.filled::<f64>(tensor, DType::F64, device),
            CandleDType::F32 => self.filled::<f32>(tensor, DType::F32, device),
            CandleDType::F16 => self.filled::<f16>(tensor, DType::F16, device),
            CandleDType::BF16 => self.filled::<bf16>(tensor, DType::BF16, device),
            other => Err(Error::new(format!(
                "'{}' has elements of type {other:?}, which no initializer writes",
                tensor.name
            ))),
        }
    }

    fn filled<T: Pod + Zeroable + WithDType>(
        &self,
        tensor: &Tensor<'_>,
        dtype: DType,
        device: &Device,
    ) -> Result<Var, Error> {
        let (name, elements) = (tensor.name, tensor.elements());
        let elements = usize::try_from(elements).map_err(|_| {
            Error::new(format!("{name}: {elements} elements do not fit into memory"))
        })?;
        let mut data = vec![<T as Zeroable>::zeroed(); elements];
        let tensor = Tensor { dtype, ..tensor.clone() };
        let piece = Piece { tensor: &tensor, first: 0, bytes: bytemuck::cast_slice_mut(&mut data) };
        fill_pieces([piece], self.seed, &mut locked(&self.filler))?;
        Ok(Var::from_vec(data, tensor.shape, device)?)
    }
}

/// `None`: elements that no sample can be.
pub(crate) fn dtype(dtype: CandleDType) -> Option<DType> {
    Some(match dtype {
        CandleDType::F64 => DType::F64,
        CandleDType::F32 => DType::F32,
        CandleDType::F16 => DType::F16,
        CandleDType::BF16 => DType::BF16,
        _ => return None,
    })
}

/// What a panic elsewhere left behind is whole: each value is put in at once.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
