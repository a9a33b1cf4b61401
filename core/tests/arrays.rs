//! Structs of other crates' arrays get the bits of nested arrays.

#![cfg(all(feature = "derive", feature = "ndarray", feature = "nalgebra"))]

use nalgebra::{Matrix2x3, SVector};
use ndarray::Array2;
use weight_init_core::Layer;
use weight_init_core::in_place::init_weights;
use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
use weight_init_core::initializer::Kaiming;
use weight_init_core::tensor::ParamData;

static RULES: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[Rule { layers: &["Linear"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) }],
};

#[test]
fn a_struct_of_arrays_gets_the_bits_of_nested_ones() {
    #[derive(Layer)]
    #[layer(init_cfg = &RULES, class = "Linear")]
    struct Nested {
        #[layer(param)]
        weight: [[f32; 3]; 2],
    }

    #[derive(Layer)]
    #[layer(init_cfg = &RULES, class = "Linear")]
    struct Arrays {
        #[layer(param, shape = [2, 3])]
        weight: Array2<f32>,
    }

    let mut nested = Nested { weight: [[0.0; 3]; 2] };
    let mut arrays = Arrays { weight: Array2::zeros((2, 3)) };
    assert_eq!(init_weights(&mut nested, 7).map(|done| done.written), Ok(1));
    assert_eq!(init_weights(&mut arrays, 7).map(|done| done.written), Ok(1));
    assert_eq!(arrays.weight.elements(), nested.weight.as_flattened());
    arrays.weight = Array2::zeros((3, 2)).reversed_axes();
    assert!(init_weights(&mut arrays, 7).is_err());
}

#[test]
fn a_struct_of_matrices_gets_the_bits_of_what_lies_alike() {
    #[derive(Layer)]
    #[layer(init_cfg = &RULES, class = "Linear")]
    struct Nested {
        #[layer(param, layout = "in_out")]
        weight: [[f32; 2]; 3],
        #[layer(param)]
        bias: [f32; 2],
    }

    #[derive(Layer)]
    #[layer(init_cfg = &RULES, class = "Linear")]
    struct Matrices {
        #[layer(param, layout = "in_out")]
        weight: Matrix2x3<f32>,
        #[layer(param)]
        bias: SVector<f32, 2>,
    }

    let mut nested = Nested { weight: [[0.0; 2]; 3], bias: [1.0; 2] };
    let mut matrices = Matrices { weight: Matrix2x3::zeros(), bias: SVector::zeros() };
    matrices.bias.fill(1.0);
    assert_eq!(init_weights(&mut nested, 7).map(|done| done.written), Ok(2));
    assert_eq!(init_weights(&mut matrices, 7).map(|done| done.written), Ok(2));
    assert_eq!(matrices.weight.elements(), nested.weight.as_flattened());
    assert_eq!(matrices.weight[(1, 2)], nested.weight[2][1]);
    assert_eq!(matrices.bias.elements(), nested.bias);
}
