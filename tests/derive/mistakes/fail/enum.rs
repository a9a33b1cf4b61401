use weight_init_core::Layer;

#[derive(Layer)]
enum Net {
    A,
}

fn main() {}
