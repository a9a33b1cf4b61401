//! A module → a model: its layers, and what is known of each parameter.

use std::collections::HashMap;

use burn_core::module::{Module, ModuleVisitor, Param, ParamId};
use burn_core::tensor::{DType as BurnDType, Tensor};
use weight_init::model::{LayerSpec, Model, TensorSpec};
use weight_init_core::DType;

use crate::Error;
use crate::classes;

/// What was seen of a module.
pub(crate) struct Seen {
    pub(crate) model: Model,
    pub(crate) params: HashMap<ParamId, Known>,
}

/// What was seen of a parameter or buffer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Its first name in the model.
    pub(crate) name: String,
    /// Fields that hold it.
    pub(crate) uses: usize,
    /// Whether it is lazy, and the value that it loads is the transpose of the one that it has: burn's `LinearLayout::Col`.
    pub(crate) loads_transposed: bool,
}

impl Seen {
    /// `complete` adds to the layers what the module does not show.
    pub(crate) fn of<M: Module>(
        module: &M,
        in_out: &[String],
        complete: impl FnOnce(LayerSpec) -> Result<LayerSpec, Error>,
    ) -> Result<Self, Error> {
        let mut visitor = Visitor::new(in_out);
        module.visit(&mut visitor);
        let Visitor { mut layers, mut params, .. } = visitor;
        tie(&mut layers, 0, "", &mut params);
        let model = Model::from_spec(complete(spec(&mut layers, 0))?)?;
        Ok(Self { model, params })
    }
}

/// A layer, with the places of those below.
#[derive(Default)]
struct Layer {
    spec: LayerSpec,
    /// Of each parameter.
    ids: Vec<ParamId>,
    /// Of each buffer.
    buffer_ids: Vec<ParamId>,
    children: Vec<(String, usize)>,
}

struct Visitor<'v> {
    layers: Vec<Layer>,
    /// The fields on the way to here.
    fields: Vec<Field>,
    params: HashMap<ParamId, Known>,
    in_out: &'v [String],
}

/// A field of a layer, or an item of a list.
struct Field {
    of: usize,
    name: String,
    /// The layer that it is, once something was met in it.
    layer: Option<usize>,
}

impl<'v> Visitor<'v> {
    fn new(in_out: &'v [String]) -> Self {
        Self { layers: vec![Layer::default()], fields: Vec::new(), params: HashMap::new(), in_out }
    }

    /// The layer that is being visited.
    fn here(&mut self) -> usize {
        let Some(Field { of, name, layer }) = self.fields.last_mut() else { return 0 };
        let place = *layer.get_or_insert_with(|| {
            // A field may be met in several pieces.
            let known = self.layers.get(*of).map(|layer| layer.children.as_slice());
            let known = known.unwrap_or_default().iter().find(|(child, _)| child == name);
            known.map_or(self.layers.len(), |(_, place)| *place)
        });
        if place == self.layers.len() {
            self.layers.push(Layer::default());
            if let Some(parent) = self.layers.get_mut(*of) {
                parent.children.push((name.clone(), place));
            }
        }
        place
    }
}

impl ModuleVisitor for Visitor<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        let of = self.here();
        let class = classes::class(container);
        if let Some(layer) = self.layers.get_mut(of) {
            layer.spec.class = class.to_owned();
            layer.spec.bases =
                classes::bases(class).iter().map(|base| (*base).to_owned()).collect();
        }
        self.fields.push(Field { of, name: name.to_owned(), layer: None });
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.fields.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (of, field) = match self.fields.last() {
            Some(field) => (field.of, field.name.clone()),
            // The module is a parameter itself.
            None => (0, "weight".to_owned()),
        };
        let Some(dtype) = dtype(dtype_of(param)) else { return };
        let Some(layer) = self.layers.get_mut(of) else { return };
        let loads_transposed = D == 2 && !param.is_initialized() && transposes_on_load(param);
        let mut shape = param.lazy_shape().to_vec();
        if loads_transposed {
            shape.reverse();
        }
        let class = &layer.spec.class;
        let name = classes::param(class, &field);
        let layout = classes::layout(class, D, self.in_out);
        let tensor = TensorSpec { dtype, layout, ..TensorSpec::new(name, &shape) };
        if field.starts_with("running_") {
            layer.spec.buffers.push(tensor);
            layer.buffer_ids.push(param.id);
            self.params.entry(param.id).or_default();
            return;
        }
        layer.spec.params.push(tensor);
        layer.ids.push(param.id);
        let known = Known { loads_transposed, ..Known::default() };
        self.params.entry(param.id).or_insert(known);
    }
}

/// The element type that a parameter has, or will have when it is first used.
pub(crate) fn dtype_of<const D: usize>(param: &Param<Tensor<D>>) -> BurnDType {
    match param.is_initialized() {
        true => param.base().dtype(),
        false => param.lazy_device().settings().float_dtype.into(),
    }
}

/// `None`: quantized, which is nothing to initialize.
fn dtype(dtype: BurnDType) -> Option<DType> {
    Some(match dtype {
        BurnDType::F64 => DType::F64,
        BurnDType::F32 | BurnDType::Flex32 => DType::F32,
        BurnDType::F16 => DType::F16,
        BurnDType::BF16 => DType::BF16,
        _ => return None,
    })
}

/// Whether a lazy matrix is transposed when a record is loaded: found out on two elements, for the mapper is private.
fn transposes_on_load<const D: usize>(param: &Param<Tensor<D>>) -> bool {
    let mut shape = [1; D];
    if let Some(last) = shape.last_mut() {
        *last = 2;
    }
    let probe = Tensor::<D>::zeros(shape, &param.lazy_device());
    let loaded = param.clone().transform_for_load(probe, param.id);
    loaded.lazy_shape().to_vec().first() == Some(&2)
}

/// Ties the parameters of one id to the first of them in the order of a model: a layer's own before those below.
fn tie(layers: &mut [Layer], place: usize, path: &str, params: &mut HashMap<ParamId, Known>) {
    let full =
        |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let Some(layer) = layers.get_mut(place) else { return };
    for (tensor, id) in layer.spec.params.iter_mut().zip(&layer.ids) {
        let Some(known) = params.get_mut(id) else { continue };
        if known.uses == 0 {
            known.name = full(&tensor.name);
        } else {
            tensor.same_as = Some(known.name.clone());
        }
        known.uses += 1;
    }
    for (tensor, id) in layer.spec.buffers.iter().zip(&layer.buffer_ids) {
        let Some(known) = params.get_mut(id).filter(|known| known.uses == 0) else { continue };
        known.name = full(&tensor.name);
        known.uses = 1;
    }
    for (name, child) in layer.children.clone() {
        tie(layers, child, &full(&name), params);
    }
}

fn spec(layers: &mut Vec<Layer>, place: usize) -> LayerSpec {
    let Layer { spec: mut own, children, .. } =
        layers.get_mut(place).map(std::mem::take).unwrap_or_default();
    for (name, child) in children {
        own = own.child(&name, spec(layers, child));
    }
    own
}
