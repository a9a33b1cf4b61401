//! Without the standard library, and with the core under another name.
#![no_std]
extern crate std;

use weight_init_core as wi;

#[derive(wi::Layer)]
#[layer(crate = wi, class = "Dense", bases("Module", "Other"), custom)]
struct Linear<'a, const N: usize>(
    #[layer(param, rename = "weight", shape = [N, 2])] &'a mut [wi::f16],
    #[layer(param, rename = "bias")] [f64; N],
);

#[derive(wi::Layer)]
#[layer(crate = wi)]
struct Empty;

fn main() {
    let mut data = [wi::f16::ZERO; 6];
    let linear = Linear(&mut data, [0.0; 3]);
    assert_eq!(wi::Layer::class(&linear), "Dense");
    assert_eq!(wi::Layer::base(&linear, 1), Some("Other"));
    assert_eq!(wi::Layer::init_weights(&linear), wi::InitWeights::Custom);
    assert_eq!(wi::Layer::class(&Empty), "Empty");
}
