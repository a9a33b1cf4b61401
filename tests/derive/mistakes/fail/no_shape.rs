use weight_init_core::Layer;

#[derive(Layer)]
struct Linear {
    #[layer(param)]
    weight: Vec<f32>,
}

fn main() {}
