use weight_init_core::Layer;

#[derive(Layer)]
struct Linear {
    #[layer(param, shape = [1])]
    weight: String,
}

fn main() {}
