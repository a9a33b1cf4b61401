//! What a model asks for → its description.

use std::collections::HashMap;

use serde_json::{Value, json};
use weight_init::diagnostic::Source;
use weight_init::model::Model;

use crate::request::Request;
use crate::write::dtype;
use crate::{Error, classes, hint};

/// A layer, with the places of those below.
#[derive(Default)]
struct Layer<'r> {
    path: &'r str,
    tensors: Vec<(&'r str, &'r Request)>,
    children: Vec<usize>,
}

/// The tree of layers that names with dots stand for; `chosen` tells classes that are not to be guessed.
pub(crate) fn description<'r>(
    requests: impl Iterator<Item = &'r Request>,
    chosen: impl Fn(&str) -> Option<&'static str> + Copy,
) -> Value {
    let mut layers = vec![Layer::default()];
    let mut places = HashMap::from([("", 0)]);
    for request in requests {
        let (path, name) = request.name.rsplit_once('.').unwrap_or(("", &request.name));
        let place = place(path, &mut layers, &mut places);
        if let Some(layer) = layers.get_mut(place) {
            layer.tensors.push((name, request));
        }
    }
    layer(&layers, 0, chosen)
}

pub(crate) fn model(description: &Value) -> Result<Model, Error> {
    Ok(Model::read(&Source::new("the model's description", description.to_string()))?)
}

/// The place of the layer at a path, which is made with those above it where it is not there.
fn place<'r>(
    path: &'r str,
    layers: &mut Vec<Layer<'r>>,
    places: &mut HashMap<&'r str, usize>,
) -> usize {
    if let Some(place) = places.get(path) {
        return *place;
    }
    let above = path.rsplit_once('.').map_or("", |(above, _)| above);
    let above = self::place(above, layers, places);
    let place = layers.len();
    layers.push(Layer { path, ..Layer::default() });
    places.insert(path, place);
    if let Some(above) = layers.get_mut(above) {
        above.children.push(place);
    }
    place
}

fn layer(
    layers: &[Layer<'_>],
    place: usize,
    chosen: impl Fn(&str) -> Option<&'static str> + Copy,
) -> Value {
    let Some(Layer { path, tensors, children }) = layers.get(place) else { return Value::Null };
    let class = chosen(path).unwrap_or_else(|| classes::guess(path, tensors));
    let described = |buffers: bool| {
        let tensors = tensors.iter().filter(|(name, _)| classes::is_buffer(name) == buffers);
        tensors.map(|(name, request)| tensor(name, request)).collect::<Vec<_>>()
    };
    let children = children.iter().map(|child| layer(layers, *child, chosen));
    json!({
        "name": path.rsplit('.').next(),
        "class": class,
        "bases": classes::bases(class),
        "params": described(false),
        "buffers": described(true),
        "children": children.collect::<Vec<_>>(),
    })
}

fn tensor(name: &str, request: &Request) -> Value {
    let dtype = dtype(request.dtype).map(weight_init_core::DType::name);
    let mut tensor = json!({"name": name, "shape": request.shape, "dtype": dtype});
    if let Some(hint) = request.hint {
        tensor["constructor"] = hint::constructor(hint, &request.shape);
        tensor["by"] = "candle's hint".into();
    }
    tensor
}
