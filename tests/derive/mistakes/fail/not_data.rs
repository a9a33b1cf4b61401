use weight_init_core::Layer;

#[derive(Layer)]
struct Linear {
    #[layer(param, shape = [1])]
    weight: String,
}

#[derive(Layer)]
struct Rows {
    #[layer(param, shape = [1, 1])]
    weight: Vec<Vec<f32>>,
}

#[derive(Layer)]
struct Integers {
    #[layer(param)]
    weight: Box<[i32; 4]>,
}

fn main() {}
