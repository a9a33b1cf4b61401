//! Layers that hold others: mmengine's under their plain names, PyTorch's under `nn.`.
//!
//! mmengine's are modules: their init_cfg is applied, and `init_weights` goes on into what they hold. It does not go
//! through PyTorch's.

use weight_init_core::{DType, InitWeights};

use crate::diagnostic::Diagnostic;
use crate::model::Values;
use crate::model::from_config::{Arguments, LayerSpec, Registry, TensorSpec};
use crate::value::Value;

pub(super) fn register(registry: &mut Registry) {
    for class in ["Sequential", "ModuleList", "ModuleDict"] {
        registry.register(class, move |arguments| {
            let layer = LayerSpec {
                bases: vec!["BaseModule".to_owned(), class.to_owned()],
                ..LayerSpec::module(class)
            };
            held(arguments, layer)
        });
        registry.register(format!("nn.{class}"), move |arguments| {
            held(arguments, LayerSpec::new(class, &["Module"]))
        });
    }
    registry.register("Module", |arguments| named(arguments, LayerSpec::module("Module")));
    registry.register("BaseModule", |arguments| named(arguments, LayerSpec::module("BaseModule")));
    registry
        .register("nn.Module", |arguments| named(arguments, LayerSpec::new("Module", &["Module"])));
}

/// `modules`: a list, whose layers are called 0, 1, …, or a dict with their names.
fn held(arguments: &mut Arguments<'_, '_>, mut layer: LayerSpec) -> Result<LayerSpec, Diagnostic> {
    for (name, inner) in arguments.layers("modules")? {
        layer = layer.child(&name, inner);
    }
    class_of(arguments, layer)
}

/// Every argument that is not one of its own names a layer.
fn named(arguments: &mut Arguments<'_, '_>, layer: LayerSpec) -> Result<LayerSpec, Diagnostic> {
    let mut layer = class_of(arguments, layer)?;
    layer.params = tensors(arguments, "params", true)?;
    layer.buffers = tensors(arguments, "buffers", false)?;
    for name in arguments.rest() {
        let inner = arguments.layer(name)?;
        layer = layer.child(name, inner);
    }
    Ok(layer)
}

/// `class_name` and `bases` say what class the layer is to be taken for, `aliases` other names of layers below.
fn class_of(
    arguments: &mut Arguments<'_, '_>,
    mut layer: LayerSpec,
) -> Result<LayerSpec, Diagnostic> {
    if let Some(class) = arguments.string_if_given("class_name")? {
        class.clone_into(&mut layer.class);
    }
    if let Some(bases) = arguments.get("bases") {
        let names = bases
            .as_list()
            .and_then(|items| items.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
        let Some(names) = names else {
            return Err(
                arguments.fault("bases", "expected a list of the names of direct base classes")
            );
        };
        layer.bases = names.into_iter().map(str::to_owned).collect();
    }
    if let Some(aliases) = arguments.get("aliases") {
        let entries = aliases.as_dict().unwrap_or_default();
        let pairs = entries
            .iter()
            .map(|entry| Some((entry.key.to_string(), entry.value.as_str()?.to_owned())));
        match (aliases.as_dict(), pairs.collect::<Option<Vec<_>>>()) {
            (Some(_), Some(pairs)) => layer.aliases = pairs,
            _ => {
                return Err(arguments
                    .fault("aliases", "expected a dict of names and the paths they lead to"));
            }
        }
    }
    if arguments.bool_or("custom", false)? && layer.init_weights == InitWeights::Module {
        layer.init_weights = InitWeights::Custom;
    }
    Ok(layer)
}

/// Own tensors: for each name its shape, or a dict of `shape`, `dtype`, `value` and, of a parameter, `stream`.
fn tensors(
    arguments: &mut Arguments<'_, '_>,
    key: &str,
    params: bool,
) -> Result<Vec<TensorSpec>, Diagnostic> {
    let Some(value) = arguments.get(key) else { return Ok(Vec::new()) };
    let Some(entries) = value.as_dict() else {
        return Err(arguments.fault(key, "expected a dict of names and shapes"));
    };
    let mut tensors = Vec::with_capacity(entries.len());
    for entry in entries {
        let (name, value) = (&*entry.key, &entry.value);
        let fault = |message: String| arguments.fault(key, format!("'{name}': {message}"));
        let Some(fields) = value.as_dict() else {
            let shape = arguments.as_sizes(key, value, None)?;
            tensors.push(TensorSpec::new(name, &shape));
            continue;
        };
        let known = ["shape", "dtype", "value", "stream"];
        if let Some(unknown) = fields.iter().find(|field| !known.contains(&&*field.key)) {
            return Err(fault(format!(
                "unknown key '{}'; allowed are {}",
                unknown.key,
                known.join(", ")
            )));
        }
        let Some(shape) = value.get("shape") else {
            return Err(fault("the key 'shape' is missing".to_owned()));
        };
        let mut tensor = TensorSpec::new(name, &arguments.as_sizes(key, shape, None)?);
        if let Some(dtype) = value.get("dtype") {
            match dtype.as_str().and_then(DType::from_name) {
                Some(dtype) => tensor.dtype = dtype,
                None => return Err(fault("'dtype' is no element type".to_owned())),
            }
        }
        if let Some(number) = value.get("value").filter(|value| !value.is_null()) {
            match number.as_float() {
                Some(number) => tensor.value = Some(Values::All(number)),
                None => return Err(fault("'value' is one number for all elements".to_owned())),
            }
        }
        if let Some(stream) = value.get("stream") {
            match stream.as_str() {
                Some(stream) if params => tensor.stream = Some(stream.to_owned()),
                _ => return Err(fault("'stream' is the name that seeds a parameter".to_owned())),
            }
        }
        tensors.push(tensor);
    }
    Ok(tensors)
}
