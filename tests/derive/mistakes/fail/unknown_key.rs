use weight_init_core::Layer;

#[derive(Layer)]
#[layer(clas = "Conv2d")]
struct Conv {
    #[layer(parm)]
    weight: [f32; 3],
}

#[derive(Layer)]
struct Linear {
    #[layer(parm)]
    weight: [f32; 3],
}

fn main() {}
