//! The tensors of a struct by name, in the order in which it lends them.

use std::ops::ControlFlow;

use weight_init_core::layer_data::{DataVisitor, DataVisitorMut, LayerData, TensorMut, TensorRef};
use weight_init_core::{Buffer, Child, Layer, LayerVisitor, Param};

use crate::checkpoint::TensorInfo;

/// The parameters and buffers that a layer shows.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// Parameters and buffers that have memory of their own.
    pub(super) infos: Vec<TensorInfo>,
    /// Other names of tied parameters and the first name of each.
    pub(super) ties: Vec<(String, String)>,
    path: String,
}

impl Inventory {
    pub(super) fn of(layer: &dyn Layer) -> Self {
        let mut inventory = Self::default();
        let _ = layer.visit(&mut inventory);
        inventory
    }

    /// Whether the lent elements are those of the tensors that are shown; if not, the first tensor that differs.
    pub(super) fn check(&self, tensors: &[TensorRef<'_>]) -> Result<(), String> {
        let lent = |index: usize| tensors.get(index);
        for (index, info) in self.infos.iter().enumerate() {
            let TensorInfo { name, dtype, shape } = info;
            let elements = shape.iter().try_fold(1_usize, |n, dim| n.checked_mul(*dim));
            match lent(index) {
                Some(tensor) if tensor.dtype() == *dtype && elements == Some(tensor.len()) => {}
                Some(tensor) => {
                    return Err(format!(
                        "{name}: its memory holds {} elements of {}, its layer shows {} {shape:?}",
                        tensor.len(),
                        tensor.dtype().name(),
                        dtype.name()
                    ));
                }
                None => return Err(format!("{name}: its layer shows it, but lends no memory")),
            }
        }
        if tensors.len() > self.infos.len() {
            return Err(format!(
                "the layers lend {} tensors, but show {}",
                tensors.len(),
                self.infos.len()
            ));
        }
        Ok(())
    }

    fn name(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }
}

impl LayerVisitor for Inventory {
    fn param(&mut self, param: &Param<'_>) -> ControlFlow<()> {
        let name = self.name(param.name);
        match param.same_as {
            Some(first) => self.ties.push((name, first.to_owned())),
            None => {
                let shape = param.shape.dims().to_vec();
                self.infos.push(TensorInfo { name, dtype: param.dtype, shape });
            }
        }
        ControlFlow::Continue(())
    }

    fn buffer(&mut self, buffer: &Buffer<'_>) -> ControlFlow<()> {
        let (name, shape) = (self.name(buffer.name), buffer.shape.to_vec());
        self.infos.push(TensorInfo { name, dtype: buffer.dtype, shape });
        ControlFlow::Continue(())
    }

    fn child(&mut self, child: &Child<'_>) -> ControlFlow<()> {
        // The tensors of a tied layer were shown at its first path.
        if child.same_as.is_some() {
            return ControlFlow::Continue(());
        }
        let above = self.path.len();
        self.path = self.name(child.name);
        child.layer.visit(self)?;
        self.path.truncate(above);
        ControlFlow::Continue(())
    }
}

/// All tensors, to be read.
pub(super) fn tensors(layer: &dyn LayerData) -> Vec<TensorRef<'_>> {
    let mut lent = Lent(Vec::new());
    layer.data(&mut lent);
    lent.0
}

/// All tensors, to be written.
pub(super) fn tensors_mut(layer: &mut dyn LayerData) -> Vec<TensorMut<'_>> {
    let mut lent = Lent(Vec::new());
    layer.data_mut(&mut lent);
    lent.0
}

struct Lent<T>(Vec<T>);

impl<'a> DataVisitor<'a> for Lent<TensorRef<'a>> {
    fn param(&mut self, tensor: TensorRef<'a>) {
        self.0.push(tensor);
    }

    fn buffer(&mut self, tensor: TensorRef<'a>) {
        self.0.push(tensor);
    }

    fn child(&mut self, layer: &'a dyn LayerData) {
        layer.data(self);
    }
}

impl<'a> DataVisitorMut<'a> for Lent<TensorMut<'a>> {
    fn param(&mut self, tensor: TensorMut<'a>) {
        self.0.push(tensor);
    }

    fn buffer(&mut self, tensor: TensorMut<'a>) {
        self.0.push(tensor);
    }

    fn child(&mut self, layer: &'a mut dyn LayerData) {
        layer.data_mut(self);
    }
}
