//! Boxes and `Option`s of parameters, buffers and layers, also of type parameters.
use weight_init_core::tensor::Row;
use weight_init_core::{Float, Layer};

#[derive(Layer)]
struct Linear<T: Float + Row<Element = T>, const N: usize> {
    #[layer(param)]
    weight: Option<Box<[[T; N]; 2]>>,
    #[layer(param, shape = [N])]
    bias: Option<Vec<T>>,
    #[layer(param, shape = [self.rows.as_ref().map_or(0, Vec::len), 2])]
    rows: Option<Vec<[T; 2]>>,
    #[layer(buffer)]
    mean: Option<[T; N]>,
}

#[derive(Layer)]
struct Net<T: Float + Row<Element = T>, L: Layer> {
    first: Box<Linear<T, 3>>,
    second: Option<Box<L>>,
    more: Vec<Linear<T, 4>>,
}

/// Holds layers of its own kind.
#[derive(Layer)]
struct Chain<T: Float + Row<Element = T>> {
    link: Linear<T, 1>,
    next: Option<Box<Chain<T>>>,
}

fn lends(_: &mut dyn weight_init_core::layer_data::LayerData) {}

fn linear<const N: usize>() -> Linear<f64, N> {
    Linear { weight: None, bias: Some(vec![0.0; N]), rows: None, mean: None }
}

fn main() {
    lends(&mut Net { first: Box::new(linear()), second: Some(Box::new(linear::<2>())), more: vec![] });
    lends(&mut Chain { link: linear(), next: Some(Box::new(Chain { link: linear(), next: None })) });
}
