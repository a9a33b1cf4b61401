//! Types that a program registers.

use std::string::{String, ToString};
use std::vec::Vec;

use super::super::*;
use crate::initializer;
use crate::initializer::{
    ALL, Distribution, Draw, FanMode, InitError, Initializer, InitializerType, Lower, Shape, fans,
};
use crate::{Fill, FillError, f16};

initializer! {
    /// Variance `scale/(layers·fan)`.
    struct Lecun {
        /// Factor of the variance.
        scale: f64 = 1.0, NotNegative;
        /// Which fan scales the variance.
        mode: FanMode = FanMode::FanIn, Any;
        /// Layers of the model.
        layers: u64 = 1, Any;
        /// Normal or uniform.
        distribution: Distribution = Distribution::Normal, Any;
    }
    fans: Always;
}

impl Lower for Lecun {
    fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        let fan = fans(shape).map_err(InitError::from)?.get(self.mode);
        let variance = self.scale / (fan * self.layers) as f64;
        draw.around_zero(self.distribution, libm::sqrt(variance))
    }
}

initializer! {
    /// Zero, or as it was.
    struct Odd {
        /// No number as for others.
        mode: bool = false, Any, needed;
    }
}

impl Lower for Odd {
    fn lower<D: Draw>(&self, _: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        draw.constant(f64::from(u8::from(self.mode)))
    }
}

static LECUN: InitializerType = InitializerType::new::<Lecun>();
static ODD: InitializerType = InitializerType::new::<Odd>();

fn read(json: &str) -> Result<InitCfg<Owned>, String> {
    let types: Vec<_> = ALL.iter().copied().chain([&LECUN, &ODD]).collect();
    InitCfg::deserialize_with(&types, &mut serde_json::Deserializer::from_str(json))
        .map_err(|error| error.to_string())
}

#[test]
fn one_is_read_drawn_and_written_like_the_others() {
    let json = r#"{"scale": 4, "mode": "FAN_OUT", "type": "Lecun", "layers": 2, "layer": "Linear", "bias": 0.5}"#;
    let cfg = read(json).unwrap();
    let Write::Init(init, bias) = cfg.rules[0].write else { panic!("it is no checkpoint") };
    assert_eq!(bias, Bias::Value(0.5));
    let shape = Shape::new(&[8, 4]);
    assert_eq!(init.fill::<f32>(&shape), Ok(Fill::normal(0.0, 0.5).unwrap()));
    let typed = Lecun { scale: 4.0, mode: FanMode::FanOut, layers: 2, ..Lecun::DEFAULT };
    assert_eq!(init.fill::<f64>(&shape), typed.fill(&shape));
    assert!(init.check_fans(&Shape::new(&[8])).is_err());
    assert_eq!(
        std::format!("{init:?}"),
        "Registered(Lecun { scale: 4, mode: fan_out, layers: 2, distribution: normal })"
    );
    let text = serde_json::to_string(&cfg).unwrap();
    assert_eq!(
        text,
        r#"{"type":"Lecun","scale":4.0,"mode":"fan_out","layers":2,"distribution":"normal","bias":0.5,"layer":"Linear"}"#
    );
    assert_eq!(read(&text).unwrap(), cfg);
    let cfg = read(r#"{"type": "Normal", "override": {"name": "fc", "type": "Lecun"}}"#).unwrap();
    assert!(matches!(
        cfg.rules[0].overrides[0].write,
        Some(Write::Init(Init::Registered(init), _)) if init.of().name == "Lecun"
    ));
}

#[test]
fn an_argument_in_front_of_the_type_may_mean_something_else_to_each() {
    for json in [r#"{"mode": true, "type": "Odd"}"#, r#"{"type": "Odd", "mode": true}"#] {
        let Write::Init(init, _) = read(json).unwrap().rules[0].write else { panic!("{json}") };
        assert_eq!(init.fill::<f32>(&Shape::new(&[3])), Ok(Fill::Constant(1.0)));
    }
    assert!(read(r#"{"mode": "fan_in", "type": "Kaiming"}"#).is_ok());
}

#[test]
fn faults_are_told_as_those_of_the_others() {
    let cases = [
        (r#"{"type": "Lecunn"}"#, "'Lecunn' is not an initializer; allowed are 'Constant'"),
        (r#"{"type": "Lecunn"}"#, "'Lecun', 'Odd', 'Pretrained'; did you mean 'Lecun'?"),
        (
            r#"{"type": "Lecun", "scal": 1}"#,
            "unknown key 'scal' of a Lecun rule; allowed are 'type', 'layer', 'params', 'override', 'scale', 'mode', \
             'layers', 'distribution', 'bias', 'bias_prob'; did you mean 'scale'?",
        ),
        (r#"{"type": "Lecun", "scale": -1}"#, "'scale' is -1, but it must not be negative"),
        (r#"{"scale": -1, "type": "Lecun"}"#, "'scale' is -1, but it must not be negative"),
        (r#"{"type": "Lecun", "layers": 1.5}"#, "expected a whole number from 0"),
        (r#"{"type": "Lecun", "layers": -1}"#, "expected a whole number from 0"),
        (
            r#"{"type": "Lecun", "mode": "fan_avg"}"#,
            "'fan_avg' is not a mode; allowed are 'fan_in', 'fan_out'",
        ),
        (r#"{"mode": "fan_avg", "type": "Lecun"}"#, "'fan_avg' is not a mode"),
        (r#"{"mode": 3, "type": "Odd"}"#, "expected true or false"),
        (r#"{"type": "Odd"}"#, "Odd needs the argument 'mode'"),
        (r#"{"layers": 1, "type": "Normal"}"#, "unknown key 'layers' of a Normal rule"),
    ];
    for (json, expected) in cases {
        let error = read(json).unwrap_err();
        assert!(error.contains(expected), "{json}: {error}");
    }
    let unregistered = serde_json::from_str::<InitCfg<Owned>>(r#"{"type": "Lecun"}"#);
    assert!(unregistered.is_err());
}

#[test]
fn it_has_no_binary_form() {
    let cfg = read(r#"{"type": "Lecun"}"#).unwrap();
    assert!(postcard::to_allocvec(&cfg).is_err());
}

#[test]
fn what_the_element_type_cannot_express_is_an_error() {
    let cfg = read(r#"{"type": "Lecun", "scale": 1e38}"#).unwrap();
    let Write::Init(init, _) = cfg.rules[0].write else { panic!("it is no checkpoint") };
    let fault = init.fill::<f16>(&Shape::new(&[8, 4]));
    assert!(matches!(fault, Err(InitError::Fill(FillError::Overflow { .. }))), "{fault:?}");
}

#[test]
fn an_init_is_small() {
    assert_eq!(size_of::<Init>(), 48);
}
