//! Values → the parameters of a module.

use std::any::Any;
use std::collections::HashMap;

use burn_core::module::{ModuleMapper, Param, ParamId};
use burn_core::tensor::{DType, Element, Tensor, TensorData};
use bytemuck::{Pod, Zeroable};
use weight_init::plan;
use weight_init::run::{Filler, Piece, fill_pieces};
use weight_init_core::{bf16, f16};

use crate::Error;
use crate::see::{Known, dtype_of};

/// Replaces the values of parameters, one after the other: no more than one is in memory twice.
pub(crate) struct Writer<'w> {
    params: &'w HashMap<ParamId, Known>,
    tensors: HashMap<&'w str, &'w plan::Tensor<'w>>,
    seed: u64,
    backend: Filler,
    /// The values of tied parameters, which have one tensor for all.
    shared: HashMap<ParamId, Box<dyn Any>>,
    /// The first thing that went wrong; nothing is written from then on.
    error: Option<Error>,
}

impl<'w> Writer<'w> {
    pub(crate) fn new(
        params: &'w HashMap<ParamId, Known>,
        tensors: &'w [plan::Tensor<'w>],
        seed: u64,
        backend: Filler,
    ) -> Self {
        let tensors = tensors.iter().map(|tensor| (tensor.name, tensor)).collect();
        Self { params, tensors, seed, backend, shared: HashMap::new(), error: None }
    }

    pub(crate) fn finish(self) -> Result<(), Error> {
        self.error.map_or(Ok(()), Err)
    }

    fn value<const D: usize>(
        &mut self,
        param: &Param<Tensor<D>>,
        known: &Known,
        tensor: &plan::Tensor<'_>,
    ) -> Result<Tensor<D>, Error> {
        let dtype = dtype_of(param);
        let transposed = known.loads_transposed;
        let data = match dtype {
            DType::F64 => self.data::<f64>(tensor, transposed)?,
            DType::F16 => self.data::<f16>(tensor, transposed)?,
            DType::BF16 => self.data::<bf16>(tensor, transposed)?,
            _ => self.data::<f32>(tensor, transposed)?,
        };
        let device = param.lazy_device();
        Ok(device.memory_persistent_allocations(data, |data| {
            Tensor::<D>::from_data(data, (&device, dtype))
        }))
    }

    fn data<T: Pod + Zeroable + Element>(
        &mut self,
        tensor: &plan::Tensor<'_>,
        transposed: bool,
    ) -> Result<TensorData, Error> {
        let mut shape = tensor.shape.to_vec();
        let elements = usize::try_from(tensor.elements()).map_err(|_| {
            Error::new(format!(
                "{}: {} elements do not fit into memory",
                tensor.name,
                tensor.elements()
            ))
        })?;
        let mut data = vec![T::zeroed(); elements];
        let piece = Piece { tensor, first: 0, bytes: bytemuck::cast_slice_mut(&mut data) };
        fill_pieces([piece], self.seed, &mut self.backend)?;
        if let (true, &[rows, columns]) = (transposed, &*shape) {
            data = transpose(&data, rows, columns);
            shape.reverse();
        }
        Ok(TensorData::new(data, shape))
    }
}

impl ModuleMapper for Writer<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let (params, None) = (self.params, &self.error) else { return param };
        let Some(known) = params.get(&param.id) else { return param };
        let Some(tensor) = self.tensors.get(&*known.name).copied() else { return param };
        let shared = self.shared.get(&param.id).and_then(|value| value.downcast_ref::<Tensor<D>>());
        let value = match shared.cloned() {
            Some(value) => value,
            None => match self.value(&param, known, tensor) {
                Ok(value) => value,
                Err(error) => {
                    self.error = Some(error);
                    return param;
                }
            },
        };
        if known.uses > 1 {
            self.shared.insert(param.id, Box::new(value.clone()));
        }
        let id = param.id;
        if !param.is_initialized() {
            // The initializer of a lazy parameter never runs, and its mappers stay.
            return param.transform_for_load(value, id);
        }
        let tracks = param.base().is_require_grad();
        let (id, _, mapper) = param.consume();
        Param::from_mapped_value(id, value.set_require_grad(tracks), mapper)
    }
}

/// The transpose of a row-major matrix.
fn transpose<T: Copy>(data: &[T], rows: usize, columns: usize) -> Vec<T> {
    (0..columns)
        .flat_map(|column| data.iter().skip(column).step_by(columns.max(1)).take(rows))
        .copied()
        .collect()
}
