use weight_init_core::Layer;

#[derive(Layer)]
struct Net {
    #[layer(stream = "old")]
    head: Head,
}

#[derive(Layer)]
struct Tied {
    #[layer(param, same_as = "embed.weight")]
    weight: (),
}

#[derive(Layer)]
struct Both {
    #[layer(param, buffer)]
    weight: [f32; 2],
}

#[derive(Layer)]
struct Layout {
    #[layer(param, layout = "inout")]
    weight: [f32; 2],
}

#[derive(Layer)]
struct Head;

fn main() {}
