//! Any bytes as an init_cfg in compact form (postcard, as firmware keeps it): an error, or rules that a struct of weights
//! takes with the same result and the same bits from a fixed home, from the heap, and as one job.
#![no_main]

use std::panic::Location;

use libfuzzer_sys::fuzz_target;
use weight_init_backends::{Embedded, structs::jobs_of_rules};
use weight_init_core::Layer;
use weight_init_core::in_place::{All, Written, initialize_with};
use weight_init_core::init_cfg::{Fixed, InitCfg, Owned, Rules};

#[derive(Clone, Debug, Default, PartialEq, Layer)]
struct Conv2d {
    #[layer(param, shape = [4, 2, 3, 1])]
    weight: [f32; 24],
    #[layer(param)]
    bias: [f32; 4],
}

#[derive(Clone, Debug, Default, PartialEq, Layer)]
struct Linear {
    #[layer(param)]
    weight: [[f64; 3]; 2],
    #[layer(param)]
    bias: [f64; 2],
}

#[derive(Clone, Debug, Default, PartialEq, Layer)]
struct BatchNorm2d {
    #[layer(param)]
    weight: [f32; 4],
    #[layer(param)]
    bias: [f32; 4],
}

#[derive(Clone, Debug, Default, PartialEq, Layer)]
struct Block {
    conv: Conv2d,
    norm: BatchNorm2d,
}

#[derive(Clone, Debug, Default, PartialEq, Layer)]
struct Net {
    #[layer(container = "Sequential")]
    layers: [Block; 2],
    fc: Linear,
    head: Linear,
    #[layer(param)]
    pos_embed: [f32; 5],
}

fuzz_target!(|bytes: &[u8]| {
    let owned = postcard::from_bytes::<InitCfg<Owned>>(bytes).ok();
    let fixed = postcard::from_bytes::<InitCfg<Fixed<'_, 4, 3, 2>>>(bytes).ok();
    let Some(owned) = owned else {
        assert!(fixed.is_none(), "a fixed home takes what the heap refuses");
        return;
    };
    let from_heap = in_place(&owned);
    if let Some(fixed) = fixed {
        assert!(
            same(&from_heap, &in_place(&fixed)),
            "a fixed home gives another result than the heap"
        );
    }
    let mut net = Net::default();
    let as_one = jobs_of_rules(&mut net, &owned, 42).map(|(mut jobs, done)| {
        jobs.run::<_, std::convert::Infallible>(&mut Embedded)
            .map(|()| Written { written: done.written, kept: done.kept })
    });
    match (from_heap, as_one) {
        (Some((done, written)), Ok(Ok(as_one))) => {
            assert_eq!(done, as_one);
            assert!(bits(&written) == bits(&net), "a job gives other bits");
        }
        (None, Err(_)) => {}
        (alone, together) => panic!("{}: {alone:?} and {together:?}", Location::caller()),
    }
});

fn in_place(rules: &dyn Rules) -> Option<(Written, Net)> {
    let mut net = Net::default();
    let done = initialize_with::<All>(&mut net, rules, 42).ok()?;
    Some((done, net))
}

fn same(a: &Option<(Written, Net)>, b: &Option<(Written, Net)>) -> bool {
    match (a, b) {
        (Some((done, net)), Some((other, second))) => done == other && bits(net) == bits(second),
        (None, None) => true,
        _ => false,
    }
}

/// All numbers: `f64` tells every `f32` from every other.
fn bits(net: &Net) -> Vec<u64> {
    let blocks = net.layers.iter().flat_map(|block| {
        let singles = block.conv.weight.iter().chain(&block.conv.bias);
        singles.chain(&block.norm.weight).chain(&block.norm.bias)
    });
    let singles = blocks.chain(&net.pos_embed).map(|x| f64::from(*x));
    let doubles = [&net.fc, &net.head]
        .into_iter()
        .flat_map(|linear| linear.weight.as_flattened().iter().chain(&linear.bias));
    singles.chain(doubles.copied()).map(f64::to_bits).collect()
}
