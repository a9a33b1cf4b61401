use super::*;
use crate::f16;

#[path = "leaf.rs"]
#[allow(clippy::approx_constant, clippy::type_complexity, reason = "generated")]
mod leaf;

/// Difference in units in the last place.
fn ulps(a: f64, b: f64) -> u64 {
    a.to_bits().abs_diff(b.to_bits())
}

#[test]
fn gains_are_pytorchs() {
    for &(name, param, expected) in leaf::GAIN {
        let nonlinearity = Nonlinearity::from_name(name).expect(name);
        assert_eq!(gain(nonlinearity, param), expected, "{name} {param}");
    }
    for nonlinearity in Nonlinearity::ALL {
        assert_eq!(Nonlinearity::from_name(nonlinearity.name()), Some(nonlinearity));
    }
}

#[test]
fn fans_are_pytorchs() {
    for &(dims, expected) in leaf::FANS {
        let found = fans(&Shape::new(dims));
        match expected {
            Some((fan_in, fan_out)) => assert_eq!(found, Ok(Fans { fan_in, fan_out }), "{dims:?}"),
            None => assert_eq!(found, Err(FanError::TooFewDimensions { found: dims.len() })),
        }
    }
}

#[test]
fn fans_follow_the_layout() {
    let keras = Shape::new(&[3, 5, 16, 32]).with_layout(Layout::InOut);
    let torch = Shape::new(&[32, 16, 3, 5]);
    assert_eq!(fans(&keras), fans(&torch));
    let row = Shape::new(&[5, 3]).with_layout(Layout::InOut);
    assert_eq!(fans(&row), Ok(Fans { fan_in: 5, fan_out: 3 }));
    let huge = Shape::new(&[1, usize::MAX, usize::MAX]);
    assert_eq!(fans(&huge), Err(FanError::Overflow));
    assert_eq!(huge.num_elements(), None);
    assert_eq!(Shape::new(&[usize::MAX, usize::MAX, 0]).num_elements(), Some(0));
    assert_eq!(Shape::new(&[]).num_elements(), Some(1));
}

#[test]
fn scales_are_pytorchs() {
    for &(dims, gain, std, bound) in leaf::XAVIER {
        let shape = Shape::new(dims);
        let fill = |distribution| {
            Xavier { gain, distribution, ..Xavier::DEFAULT }.fill(&shape).expect("legal")
        };
        assert_eq!(fill(Distribution::Normal), Fill::<f64>::normal(0.0, std).expect("legal"));
        // The golden bound was computed as √3·gain·√(2/sum), PyTorch's is √3·(gain·√(2/sum)).
        let Fill::<f64>::Uniform(uniform) = fill(Distribution::Uniform) else {
            panic!("not uniform");
        };
        assert!(ulps(uniform.b(), bound) <= 1, "{dims:?} {gain}");
        assert_eq!(uniform.a(), -uniform.b());
    }
    for &(dims, mode, nonlinearity, a, std, bound) in leaf::KAIMING {
        let shape = Shape::new(dims);
        for (distribution, expected) in [
            (Distribution::Normal, Fill::<f64>::normal(0.0, std)),
            (Distribution::Uniform, Fill::uniform(-bound, bound)),
        ] {
            let kaiming = Kaiming {
                a,
                mode: FanMode::from_name(mode).expect(mode),
                nonlinearity: Nonlinearity::from_name(nonlinearity).expect(nonlinearity),
                distribution,
                ..Kaiming::DEFAULT
            };
            assert_eq!(Ok(kaiming.fill(&shape).expect("legal")), expected, "{dims:?} {kaiming:?}");
        }
    }
}

#[test]
fn bias_of_a_probability() {
    for &(p, expected) in leaf::BIAS {
        let found = bias_from_prob(p);
        assert!(found == expected || ulps(found, expected) <= 2, "{p}: {found}, not {expected}");
    }
    assert_eq!(bias_from_prob(0.5), 0.0);
    assert_eq!(bias_from_prob(0.0), f64::NEG_INFINITY);
    assert!(bias_from_prob(-0.1).is_nan());
}

#[test]
fn defaults_are_mmengines() {
    assert_eq!(Constant::default(), Constant { val: 0.0 });
    assert_eq!(Uniform::default(), Uniform { a: 0.0, b: 1.0 });
    assert_eq!(Normal::default(), Normal { mean: 0.0, std: 1.0 });
    let TruncNormal { mean, std, a, b } = TruncNormal::default();
    assert_eq!([mean, std, a, b], [0.0, 1.0, -2.0, 2.0]);
    assert_eq!(Xavier::default().distribution, Distribution::Normal);
    assert_eq!(Kaiming::default().mode, FanMode::FanOut);
    assert_eq!(Kaiming::default().nonlinearity, Nonlinearity::Relu);
    assert_eq!(Kaiming::default().distribution, Distribution::Normal);
}

#[test]
fn zero_dimensions() {
    let empty = Shape::new(&[0, 5]);
    for shape in [empty, Shape::new(&[0])] {
        let fill: Fill<f32> = Kaiming::default().fill(&shape).expect("skipped");
        assert_eq!(fill, Fill::Constant(0.0));
        assert_eq!(Caffe2Xavier.fill(&shape), Ok(Fill::<f32>::Constant(0.0)));
    }
    let fill: Result<Fill<f32>, _> = Xavier::default().fill(&empty);
    assert_eq!(fill, Ok(Fill::normal(0.0, 0.6324555320336759).expect("legal")));
    let fill: Result<Fill<f32>, _> = Xavier::default().fill(&Shape::new(&[0, 0]));
    assert_eq!(fill, Err(InitError::ZeroFans));
    let fill: Result<Fill<f32>, _> = Xavier::default().fill(&Shape::new(&[5]));
    assert_eq!(fill, Err(InitError::Fan(FanError::TooFewDimensions { found: 1 })));
}

#[test]
fn initializers_are_objects_and_errors_speak() {
    let initializers: [&dyn Initializer<f16>; 3] =
        [&Constant { val: 1e5 }, &Xavier::default(), &Uniform { a: 1.0, b: 0.0 }];
    let shape = Shape::new(&[7]);
    let messages = initializers.map(|i| std::format!("{}", i.fill(&shape).expect_err("illegal")));
    assert_eq!(
        messages,
        [
            "val is 100000, beyond the range of float16 (up to 65504)",
            "fan_in and fan_out need a shape of two or more dimensions, this one has 1",
            "the lower bound a = 1 is above the upper bound b = 0",
        ]
    );
}
