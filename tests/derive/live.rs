//! Plans, explanations, checks and checkpoints of live structs.

use weight_init::checkpoint::{SafetensorsFile, SafetensorsWriter, Sink, TensorInfo};
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan};
use weight_init::report::Explanation;
use weight_init::structs::{init_weights, load, save, verify};
use weight_init_core::init_cfg::{Borrowed, Init, InitCfg, Rule};
use weight_init_core::initializer::Normal;
use weight_init_core::{DType, Layer};

use crate::zoo::{DESCRIPTION, net, weights};

#[test]
fn a_struct_has_the_plan_of_its_description() {
    let (net, options) = (net(), Options::default());
    let model = Model::read(&Source::new("net.json", DESCRIPTION)).unwrap();
    let described = Plan::new(&model, &options).unwrap();
    let live = Plan::of_layer(&net, &options).unwrap();
    assert_eq!(live.table(None).to_string(), described.table(None).to_string());
    // The struct shows this name before the parameter itself.
    assert_eq!(live.ties(), [("tied".to_owned(), "cls.weight".to_owned())]);
    assert_eq!(serde_json::to_value(&live).unwrap(), serde_json::to_value(&described).unwrap());
    for param in live.params() {
        let live = Explanation::of_layer(&live, &net, &options, &param.name).unwrap();
        let described = Explanation::new(&described, &model, &options, &param.name).unwrap();
        let live = live.to_string().replace("\n  also known as tied", "");
        assert_eq!(live, described.to_string());
    }
    let error = Explanation::of_layer(&live, &net, &options, "cls.wieght").unwrap_err();
    assert!(error.to_string().ends_with("did you mean 'cls.weight'?"), "{error}");
}

#[test]
fn a_changed_element_is_found_wherever_it_is() {
    let mut net = net();
    init_weights(&mut net, 42).unwrap();
    assert_eq!(verify(&net, 42).unwrap(), None);
    assert!(verify(&net, 43).unwrap().is_some());
    let norm = net.blocks[0].norm.as_mut().unwrap();
    norm.running_mean[2] = 5.0;
    assert_eq!(verify(&net, 42).unwrap(), None, "a buffer may hold anything");
    net.class_head.weight[11] = 0.0;
    let difference = verify(&net, 42).unwrap().unwrap().to_string();
    assert!(difference.starts_with("cls.weight: element 11, at [3, 2], expected "), "{difference}");
    assert!(difference.ends_with(", found 0.0 (0x0000000000000000)"), "{difference}");
}

#[test]
fn what_a_struct_holds_goes_to_a_file_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let mut from = net();
    init_weights(&mut from, 42).unwrap();
    from.blocks[0].norm.as_mut().unwrap().running_mean = [1.5; 8];
    save(&from, &path).unwrap();

    let file = SafetensorsFile::open(&path).unwrap();
    for (name, bytes) in weights(&from) {
        let mut found = vec![0; bytes.len()];
        file.read_at(file.tensor(name).unwrap(), 0, &mut found).unwrap();
        assert!(bytes == found, "{name}");
    }
    assert_eq!(file.tensors().len(), 18);
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(file.metadata(), [pair("format", "pt"), pair("tied", "cls.weight")]);

    let mut to = net();
    load(&mut to, &path).unwrap();
    assert!(weights(&to) == weights(&from));
    assert_eq!(to.blocks[0].norm.as_ref().unwrap().running_mean, [1.5; 8]);
}

static RULES: InitCfg<Borrowed<'static>> = InitCfg {
    rules: &[Rule {
        layers: &["Linear"],
        ..Rule::new(Init::Normal(Normal { mean: 0.0, std: 1.0 }))
    }],
};

#[derive(Debug, PartialEq, Layer)]
#[layer(init_cfg = &RULES)]
struct Linear {
    #[layer(param, shape = [self.weight.len() / 2, 2])]
    weight: Vec<f32>,
    #[layer(param, shape = [2])]
    bias: Option<Vec<f32>>,
    #[layer(param, shape = [3])]
    scale: Vec<f32>,
}

fn linear(bias: bool) -> Linear {
    Linear { weight: vec![9.0; 6], bias: bias.then(|| vec![9.0; 2]), scale: vec![9.0; 3] }
}

#[test]
fn a_file_that_does_not_fit_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("linear.safetensors");
    let file = |tensors: &[(&str, DType, &[usize])]| {
        let infos = tensors.iter().map(|(name, dtype, shape)| TensorInfo {
            name: (*name).to_owned(),
            dtype: *dtype,
            shape: shape.to_vec(),
        });
        let infos: Vec<_> = infos.collect();
        let none: [(&str, &str); 0] = [];
        let mut writer = SafetensorsWriter::create(&path, &none, &infos).unwrap();
        let bytes: u64 = infos.iter().filter_map(TensorInfo::byte_len).sum();
        writer.write(&vec![0; bytes as usize]).unwrap();
        writer.finish().unwrap();
    };
    let (weight, scale) = (("weight", DType::F32, &[3, 2][..]), ("scale", DType::F32, &[3][..]));
    for (tensors, bias, message) in [
        (
            vec![weight, ("scal", DType::F32, &[3])],
            false,
            "scale: the file does not have it; it has 'scal'",
        ),
        (
            vec![("weight", DType::F32, &[2, 3]), scale],
            false,
            "weight: the struct holds float32 [3, 2], the file float32 [2, 3]",
        ),
        (
            vec![("weight", DType::F64, &[3, 2]), scale],
            false,
            "weight: the struct holds float32 [3, 2], the file float64 [3, 2]",
        ),
        (vec![weight, scale], true, "bias: the file does not have it"),
        (
            vec![weight, scale, ("bias", DType::F32, &[2])],
            false,
            "bias: the file has it, but the struct does not",
        ),
    ] {
        file(&tensors);
        let mut linear = linear(bias);
        let error = load(&mut linear, &path).unwrap_err().to_string();
        assert!(error.ends_with(message), "{error}");
        assert_eq!(linear, self::linear(bias));
    }
}

#[test]
fn what_is_no_tensor_is_refused_where_it_is_wanted() {
    #[derive(Debug, Layer)]
    struct Texts {
        #[layer(param, shape = [2])]
        labels: Vec<f32>,
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/data/checkpoints/objects.npz");
    let error = load(&mut Texts { labels: vec![9.0; 2] }, path).unwrap_err().to_string();
    let message = "labels: the file has an array with elements of type '<U3', which is not read";
    assert!(error.ends_with(message), "{error}");
}

#[test]
fn parameters_that_no_rule_touches_are_kept() {
    let mut linear = linear(true);
    let options = Options::default();
    let plan = Plan::of_layer(&linear, &options).unwrap();
    let table = plan.table(None).to_string();
    let row = table.lines().find(|line| line.starts_with("scale")).unwrap();
    assert!(row.contains("kept") && row.ends_with("no rule"), "{row}");
    let why = Explanation::of_layer(&plan, &linear, &options, "scale").unwrap().to_string();
    assert!(
        why.contains("kept: no rule writes it; it holds what the program put into it"),
        "{why}"
    );
    assert_eq!(serde_json::to_value(&plan).unwrap()["params"]["scale"]["default"]["init"], "kept");
    init_weights(&mut linear, 1).unwrap();
    linear.scale[0] = 3.0;
    assert_eq!(verify(&linear, 1).unwrap(), None);
}
