//! Firmware's initialization on the computer that simulates it: the same bits.
//!
//! `cargo run -p weight-init-backends --example microcontroller`
//!
//! The module `device` uses neither heap nor operating system; in firmware it is the same, called from the entry point.
//! `tests/firmware` has one that runs on emulated Cortex-M0, Cortex-M4F and RISC-V.

/// The part that runs on the device.
mod device {
    use weight_init_backends::embedded::init_weights;
    use weight_init_core::Layer;
    use weight_init_core::in_place::{InitWeightsError, KaimingNormal};
    use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
    use weight_init_core::initializer::{Constant, Kaiming};

    /// In flash.
    static INIT_CFG: InitCfg<Borrowed<'static>> = InitCfg {
        rules: &[
            Rule { layers: &["Conv1d", "Linear"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) },
            Rule { layers: &["BatchNorm1d"], ..Rule::new(Init::Constant(Constant { val: 1.0 })) },
        ],
    };

    #[derive(Layer)]
    pub(crate) struct Conv1d {
        #[layer(param)]
        weight: [[[f32; 5]; 3]; 8],
        #[layer(param)]
        bias: [f32; 8],
    }

    #[derive(Layer)]
    pub(crate) struct BatchNorm1d {
        #[layer(param)]
        weight: [f32; 8],
        #[layer(param)]
        bias: [f32; 8],
    }

    #[derive(Layer)]
    pub(crate) struct Linear {
        #[layer(param)]
        pub(crate) weight: [[f32; 8]; 4],
        #[layer(param)]
        bias: [f32; 4],
    }

    /// Gestures out of three axes of an accelerometer.
    #[derive(Layer)]
    #[layer(init_cfg = &INIT_CFG)]
    pub(crate) struct GestureNet {
        conv: Conv1d,
        norm: BatchNorm1d,
        pub(crate) fc: Linear,
    }

    /// In RAM, before it is initialized.
    pub(crate) const ZERO: GestureNet = GestureNet {
        conv: Conv1d { weight: [[[0.0; 5]; 3]; 8], bias: [0.0; 8] },
        norm: BatchNorm1d { weight: [0.0; 8], bias: [0.0; 8] },
        fc: Linear { weight: [[0.0; 8]; 4], bias: [0.0; 4] },
    };

    /// Links what the rules above need, and no other initializer.
    pub(crate) fn start(net: &mut GestureNet, seed: u64) -> Result<usize, InitWeightsError> {
        init_weights::<(KaimingNormal,)>(net, seed).map(|done| done.written)
    }
}

use weight_init_backends::{Backend, Embedded};
use weight_init_core::initializer::{Initializer, Kaiming};
use weight_init_core::{Shape, Stream};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut net = device::ZERO;
    let written = device::start(&mut net, 42)?;
    println!("{written} parameters written; fc.weight[0]: {:?}", net.fc.weight[0]);

    // The server's own way to the same parameter: an initializer, a shape and a name.
    let fill = Kaiming::DEFAULT.fill(&Shape::new(&[4, 8]))?;
    let mut expected = [[0.0_f32; 8]; 4];
    Embedded.fill(&fill, Stream::new(42, "fc.weight"), 0, expected.as_flattened_mut())?;
    assert_eq!(
        net.fc.weight.map(|row| row.map(f32::to_bits)),
        expected.map(|row| row.map(f32::to_bits))
    );
    println!("the same bits as on the server");
    Ok(())
}
