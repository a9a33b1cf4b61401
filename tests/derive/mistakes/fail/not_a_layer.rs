use weight_init_core::Layer;

#[derive(Layer)]
struct Net {
    weight: f32,
}

fn main() {}
