//! ResNet-18, a vision transformer and Llama of candle-transformers beside the file that the command writes for the same
//! description; maps, element types, checkpoints and mistakes.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::collections::HashMap;
use std::path::Path;

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::{Module, VarBuilder, VarMap};
use candle_transformers::models::{llama, resnet, vit};
use serde_json::Value;
use weight_init::create::Recipe;
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan, Writer};
use weight_init::run::BackendKind;
use weight_init_candle::{Report, Rules, WeightInit, build, description, init, init_cfg};

/// Every way in which a rule can name something.
const RULES: &str = r#"[
    {"type": "Kaiming", "layer": "_ConvNd", "bias": 0.25},
    {"type": "TruncNormal", "std": 0.02, "a": -0.04, "b": 0.04, "layer": ["Linear", "Embedding"], "bias": 0},
    {"type": "Constant", "val": 1, "layer": ["_BatchNorm", "LayerNorm", "RMSNorm"]},
    {"type": "Normal", "std": 0.001, "params": ["fc.*", "lm_head.*", "classifier.*", "*.cls_token"]}
]"#;

fn resnet18(vb: VarBuilder<'static>) -> Result<candle_nn::Func<'static>> {
    resnet::resnet18(10, vb)
}

fn small_vit(vb: VarBuilder<'static>) -> Result<vit::Model> {
    let config = vit::Config {
        hidden_size: 32,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        intermediate_size: 64,
        image_size: 16,
        patch_size: 4,
        ..vit::Config::vit_base_patch16_224()
    };
    vit::Model::new(&config, 10, vb)
}

fn small_llama(vb: VarBuilder<'static>) -> Result<llama::Llama> {
    let config = llama::Config {
        hidden_size: 32,
        intermediate_size: 64,
        vocab_size: 50,
        num_hidden_layers: 2,
        num_attention_heads: 4,
        num_key_value_heads: 2,
        ..llama::Config::config_7b_v1(false)
    };
    llama::Llama::load(vb, &config)
}

/// The bits of all elements, with the element type and the shape.
type Bits = (DType, Vec<usize>, Vec<u64>);

fn bits(tensor: &Tensor) -> Bits {
    let flat = tensor.flatten_all().unwrap();
    let bits = match tensor.dtype() {
        DType::F64 => flat.to_vec1::<f64>().unwrap().iter().map(|x| x.to_bits()).collect(),
        DType::F32 => flat.to_vec1::<f32>().unwrap().iter().map(|x| x.to_bits().into()).collect(),
        DType::F16 => {
            let numbers = flat.to_vec1::<weight_init_core::f16>().unwrap();
            numbers.iter().map(|x| x.to_bits().into()).collect()
        }
        DType::BF16 => {
            let numbers = flat.to_vec1::<weight_init_core::bf16>().unwrap();
            numbers.iter().map(|x| x.to_bits().into()).collect()
        }
        other => panic!("{other:?}"),
    };
    (tensor.dtype(), tensor.dims().to_vec(), bits)
}

fn all_bits<'t>(
    tensors: impl IntoIterator<Item = (&'t String, &'t Tensor)>,
) -> HashMap<String, Bits> {
    tensors.into_iter().map(|(name, tensor)| (name.clone(), bits(tensor))).collect()
}

fn vars(map: &VarMap) -> HashMap<String, Bits> {
    let vars = map.data().lock().unwrap();
    all_bits(vars.iter().map(|(name, var)| (name, var.as_tensor())))
}

fn model(description: &Value) -> Model {
    Model::read(&Source::new("model.json", description.to_string())).unwrap()
}

/// The file that the command writes for a description and rules.
fn write_file(description: &Value, rules: Option<&Rules>, seed: u64, path: &Path) {
    let model = model(description);
    let options = Options { initialize: rules.map(Rules::init_cfg), ..Options::default() };
    let plan = Plan::new(&model, &options).unwrap();
    let recipe = Recipe { seed, ..Recipe::default() };
    recipe.create(&plan, path, &mut BackendKind::Simd.start(None).unwrap(), &mut |_| ()).unwrap();
}

fn file(description: &Value, rules: Option<&Rules>, seed: u64) -> HashMap<String, Bits> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    write_file(description, rules, seed, &path);
    all_bits(&candle_core::safetensors::load(&path, &Device::Cpu).unwrap())
}

fn by_rules(report: &Report) -> usize {
    let params = report.plan().params().iter();
    params.filter(|param| matches!(*param.writer, Writer::Rule { .. })).count()
}

/// Builds a model in a type, compares with the command's file, and returns what was reported.
fn same_as_the_file<M>(
    dtype: DType,
    mut make: impl FnMut(VarBuilder<'static>) -> Result<M>,
) -> (M, Report) {
    let rules = init_cfg(RULES).unwrap();
    let map = VarMap::new();
    let (made, report) = build(&map, dtype, &Device::Cpu, &rules, 42, &mut make).unwrap();
    let written = vars(&map);
    assert!(written.values().all(|it| it.0 == dtype));
    assert_eq!(written.len(), report.plan().params().len() + report.plan().buffers().len());
    let described = description(dtype, &Device::Cpu, &mut make).unwrap();
    assert!(written == file(&described, Some(&rules), 42), "the bits of the file");

    let described = model(&described);
    let other = VarMap::new();
    let init = WeightInit::new(&rules, 42).model(&described);
    init.build(&other, dtype, &Device::Cpu, &mut make).unwrap();
    assert!(vars(&other) == written, "by the description");
    (made, report)
}

#[test]
fn a_resnet_has_the_bits_of_the_command() {
    let (net, report) = same_as_the_file(DType::F32, resnet18);
    assert_eq!((report.plan().params().len(), by_rules(&report)), (62, 62));
    assert!(report.warnings().is_empty(), "{:?}", report.warnings());
    let output = net.forward(&Tensor::ones((1, 3, 32, 32), DType::F32, &Device::Cpu).unwrap());
    assert_eq!(output.unwrap().dims(), [1, 10]);
    let table = report.to_string();
    assert!(table.contains("kaiming_normal(") && table.contains("62 written by rules"), "{table}");
    assert!(report.by_candle().is_empty());
}

#[test]
fn a_vision_transformer_has_the_bits_of_the_command_in_every_element_type() {
    for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
        let (_, report) = same_as_the_file(dtype, small_vit);
        let hinted: Vec<_> = report
            .plan()
            .params()
            .iter()
            .filter(|param| !matches!(*param.writer, Writer::Rule { .. }))
            .map(|param| &*param.name)
            .collect();
        assert_eq!(hinted, ["vit.embeddings.position_embeddings"]);
    }
}

#[test]
fn a_llama_has_the_bits_of_the_command_in_every_element_type() {
    for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
        let (_, report) = same_as_the_file(dtype, small_llama);
        assert_eq!(by_rules(&report), report.plan().params().len());
        let class = |name: &str| {
            let mut params = report.plan().params().iter();
            params.find(|param| param.name == name).unwrap().class.to_string()
        };
        assert_eq!(class("model.embed_tokens.weight"), "Embedding");
        assert_eq!(class("model.layers.1.input_layernorm.weight"), "RMSNorm");
        assert_eq!(class("model.layers.1.self_attn.q_proj.weight"), "Linear");
    }
}

#[test]
fn layers_that_no_rule_writes_draw_candles_hints_from_the_seed() {
    let layers = |vb: VarBuilder<'static>| -> Result<()> {
        candle_nn::linear(300, 200, vb.pp("fc"))?;
        candle_nn::embedding(100, 50, vb.pp("table"))?;
        candle_nn::conv_transpose2d(4, 6, 2, Default::default(), vb.pp("up"))?;
        candle_nn::lstm(3, 4, Default::default(), vb.pp("rnn"))?;
        candle_nn::batch_norm(5, 1e-5, vb.pp("bn"))?;
        vb.get_with_hints_dtype(3, "steps", candle_nn::Init::Const(7.0), DType::U32)?;
        Ok(())
    };
    let once = |seed| {
        let map = VarMap::new();
        let init = WeightInit::new(None, seed);
        let (_, report) = init.build(&map, DType::F32, &Device::Cpu, layers).unwrap();
        (map, report)
    };
    let (map, report) = once(1);
    assert_eq!(report.by_candle(), ["steps"]);
    assert!(report.to_string().contains("by candle itself: steps"));
    let vars = map.data().lock().unwrap();
    let tensor = |name: &str| vars[name].as_tensor().clone();
    let numbers = |name: &str| tensor(name).flatten_all().unwrap().to_vec1::<f32>().unwrap();
    let std = |name: &str| {
        let squares = numbers(name).iter().map(|x| f64::from(x * x)).sum::<f64>();
        (squares / numbers(name).len() as f64).sqrt()
    };
    assert!((std("fc.weight") / (2.0 / 300.0_f64).sqrt() - 1.0).abs() < 0.02);
    assert!((std("table.weight") - 1.0).abs() < 0.05);
    assert!(numbers("fc.bias").iter().all(|x| x.abs() <= 1.0 / 300.0_f32.sqrt()));
    assert_eq!(numbers("bn.running_var"), [1.0; 5]);
    let classes: Vec<_> = report.plan().params().iter().map(|it| it.class.to_string()).collect();
    for class in ["Linear", "Embedding", "ConvTranspose2d", "LSTM", "BatchNorm"] {
        assert!(classes.iter().any(|it| it == class), "{class}: {classes:?}");
    }
    let (again, _) = once(1);
    let (other, _) = once(2);
    let again = again.data().lock().unwrap()["fc.weight"].as_tensor().clone();
    let other = other.data().lock().unwrap()["fc.weight"].as_tensor().clone();
    assert_eq!(bits(&tensor("fc.weight")), bits(&again));
    assert_ne!(bits(&tensor("fc.weight")), bits(&other));
}

fn pair(vb: VarBuilder<'static>) -> Result<[candle_nn::Linear; 2]> {
    let a = candle_nn::linear(4, 3, vb.pp("a"))?;
    Ok([a, candle_nn::linear(3, 4, vb.pp("b"))?])
}

#[test]
fn names_in_another_order_get_the_same_values() {
    let rules = init_cfg(r#"{"type": "Xavier", "layer": "Linear", "bias": 0.5, "override": {"name": "a", "type": "Uniform", "a": 2, "b": 3}}"#).unwrap();
    let (there, back) = (VarMap::new(), VarMap::new());
    build(&there, DType::F32, &Device::Cpu, &rules, 3, pair).unwrap();
    let turned = |vb: VarBuilder<'static>| -> Result<_> {
        let b = candle_nn::linear(3, 4, vb.pp("b"))?;
        Ok([candle_nn::linear(4, 3, vb.pp("a"))?, b])
    };
    build(&back, DType::F32, &Device::Cpu, &rules, 3, turned).unwrap();
    assert_eq!(vars(&there), vars(&back));
}

#[test]
fn a_map_is_initialized_in_place_and_twice_the_same() {
    let rules = init_cfg(RULES).unwrap();
    let map = VarMap::new();
    let net = small_vit(VarBuilder::from_varmap(&map, DType::F32, &Device::Cpu)).unwrap();
    let before = vars(&map);
    let report = init(&map, &rules, 42).unwrap();
    let once = vars(&map);
    init(&map, &rules, 42).unwrap();
    assert_eq!(vars(&map), once);

    let built = VarMap::new();
    build(&built, DType::F32, &Device::Cpu, &rules, 42, small_vit).unwrap();
    let built = vars(&built);
    let mut kept = 0;
    for param in report.plan().params() {
        let rule = matches!(*param.writer, Writer::Rule { .. });
        kept += usize::from(!rule);
        let expected = if rule { &built } else { &before };
        assert_eq!(once[&param.name], expected[&param.name], "{}", param.name);
    }
    assert_eq!(kept, 1);
    // The model holds the variables that were written.
    let image = Tensor::ones((1, 3, 16, 16), DType::F32, &Device::Cpu).unwrap();
    let fresh = VarMap::new();
    let (same, _) = build(&fresh, DType::F32, &Device::Cpu, &rules, 42, small_vit).unwrap();
    let kept = before["vit.embeddings.position_embeddings"].clone();
    assert_eq!(kept, vars(&fresh)["vit.embeddings.position_embeddings"], "zeros both");
    assert_eq!(bits(&net.forward(&image).unwrap()), bits(&same.forward(&image).unwrap()));
}

#[test]
fn a_built_map_keeps_its_variables_when_it_is_built_again() {
    let rules = init_cfg(r#"{"type": "Normal", "layer": "Linear"}"#).unwrap();
    let map = VarMap::new();
    let ([a, _], _) = build(&map, DType::F32, &Device::Cpu, &rules, 1, pair).unwrap();
    let first = bits(a.weight());
    build(&map, DType::F32, &Device::Cpu, &rules, 2, pair).unwrap();
    assert_ne!(bits(a.weight()), first, "the first model sees the new values");
    assert_eq!(bits(a.weight()), vars(&map)["a.weight"]);
    let error = build(&map, DType::F64, &Device::Cpu, &rules, 1, pair).unwrap_err().to_string();
    assert!(error.contains("'a.weight' is F32 [3, 4] in the map"), "{error}");
}

#[test]
fn layers_of_one_model_may_have_element_types_of_their_own() {
    let rules = init_cfg(r#"{"type": "Normal", "layer": "Linear", "bias": 0.1}"#).unwrap();
    let mixed = |vb: VarBuilder<'static>| -> Result<()> {
        candle_nn::linear(4, 3, vb.pp("a"))?;
        candle_nn::linear(3, 4, vb.to_dtype(DType::F32).pp("b"))?;
        Ok(())
    };
    let map = VarMap::new();
    build(&map, DType::BF16, &Device::Cpu, &rules, 1, mixed).unwrap();
    let described = description(DType::BF16, &Device::Cpu, mixed).unwrap();
    assert_eq!(vars(&map), file(&described, Some(&rules), 1));
    assert_eq!((vars(&map)["a.bias"].0, vars(&map)["b.bias"].0), (DType::BF16, DType::F32));
}

#[test]
fn a_description_gives_what_its_constructors_give_and_checks_names_and_shapes() {
    let text = r#"{"class": "Net", "children": [
        {"name": "fc", "class": "Linear", "params": [{"name": "weight", "shape": [3, 4]}, {"name": "bias", "shape": [3]}]},
        {"name": "own", "class": "Mine", "params": [{"name": "scale", "shape": [2]}, {"name": "spare", "shape": [2]}]},
        {"name": "head", "class": "Linear", "params": [{"name": "weight", "same_as": "fc.weight"}]}]}"#;
    let model = Model::read(&Source::new("net.json", text)).unwrap();
    let init = WeightInit::new(None, 5).model(&model);
    let map = VarMap::new();
    let net = |vb: VarBuilder<'static>| -> Result<()> {
        assert!(vb.contains_tensor("fc.weight") && !vb.contains_tensor("fc.gamma"));
        candle_nn::linear(4, 3, vb.pp("fc"))?;
        candle_nn::linear_no_bias(4, 3, vb.pp("head"))?;
        vb.get_with_hints(2, "own.scale", candle_nn::Init::Const(0.5))?;
        Ok(())
    };
    let (_, report) = init.build(&map, DType::F32, &Device::Cpu, net).unwrap();
    let vars = map.data().lock().unwrap();
    let numbers =
        |name: &str| vars[name].as_tensor().flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert_eq!(numbers("own.scale"), [0.5; 2], "candle's hint");
    assert_eq!(numbers("head.weight"), numbers("fc.weight"));
    // PyTorch's Linear, not candle's.
    assert!(numbers("fc.weight").iter().all(|x| x.abs() <= 0.5));
    let table = report.to_string();
    assert!(table.contains("where the description does not say: own.scale, own.spare"), "{table}");
    assert_eq!(report.not_asked_for(), ["own.spare"]);

    let fails = |name: &'static str, shape: (usize, usize)| {
        let plan = init.plan(DType::F32, &Device::Cpu, |vb| vb.get(shape, name));
        plan.unwrap_err().to_string()
    };
    assert!(fails("fc.wieght", (3, 4)).contains("did you mean 'fc.weight'?"));
    let error = fails("fc.weight", (4, 3));
    assert!(
        error.contains("'fc.weight' has the shape [3, 4], and [4, 3] was asked for"),
        "{error}"
    );
}

#[test]
fn checkpoints_fill_what_they_hold_and_tell_what_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trained.safetensors");
    let other = init_cfg(r#"{"type": "Uniform", "a": 5, "b": 6, "layer": "Linear"}"#).unwrap();
    write_file(&description(DType::F32, &Device::Cpu, pair).unwrap(), Some(&other), 9, &path);
    let rules = init_cfg(&format!(
        r#"[{{"type": "Constant", "val": 2, "layer": "Linear", "bias": 2}}, {{"type": "Pretrained", "checkpoint": {path:?}}}]"#
    ))
    .unwrap();

    let map = VarMap::new();
    build(&map, DType::F32, &Device::Cpu, &rules, 1, pair).unwrap();
    let trained = all_bits(&candle_core::safetensors::load(&path, &Device::Cpu).unwrap());
    assert_eq!(vars(&map), trained);
    // In place, and converted.
    let half = VarMap::new();
    pair(VarBuilder::from_varmap(&half, DType::F16, &Device::Cpu)).unwrap();
    init(&half, &rules, 1).unwrap();
    let rounded = weight_init_core::f16::from_f32(f32::from_bits(trained["a.bias"].2[0] as u32));
    assert_eq!(vars(&half)["a.bias"].2[0], u64::from(rounded.to_bits()));

    let wider = |vb: VarBuilder<'static>| {
        let a = candle_nn::linear(4, 3, vb.pp("a"))?;
        Ok::<_, candle_core::Error>([a, candle_nn::linear(3, 5, vb.pp("b"))?])
    };
    let map = VarMap::new();
    let init = WeightInit::new(&rules, 1);
    let (_, report) = init.build(&map, DType::F32, &Device::Cpu, wider).unwrap();
    let fallen = map.data().lock().unwrap()["b.bias"].as_tensor().to_vec1::<f32>().unwrap();
    assert_eq!(fallen, [2.0; 5], "the rule below");
    let table = report.to_string();
    let mismatch = "b.weight (float32 [5, 3] in the model, float32 [4, 3] in the checkpoint)";
    assert!(table.contains(mismatch), "{table}");
    let error = init.strict().build(&VarMap::new(), DType::F32, &Device::Cpu, wider).unwrap_err();
    assert!(error.to_string().contains(mismatch), "{error}");

    let rules = init_cfg(r#"{"type": "Pretrained", "checkpoint": "nowhere.pth"}"#).unwrap();
    let error = build(&map, DType::F32, &Device::Cpu, &rules, 1, wider).unwrap_err().to_string();
    assert!(error.contains("nowhere.pth"), "{error}");
}

#[test]
fn mistakes_are_named_with_their_place_and_the_nearest_name_before_anything_is_written() {
    let map = VarMap::new();
    let fails = |rules: &str| {
        let rules = init_cfg(rules).unwrap();
        let init = WeightInit::new(&rules, 1).strict();
        let error = init.build(&map, DType::F32, &Device::Cpu, resnet18).err().unwrap();
        assert!(map.data().lock().unwrap().is_empty());
        error.to_string()
    };
    let error = init_cfg(r#"{"type": "Kaimin", "layer": "Conv2d"}"#).unwrap_err().to_string();
    assert!(error.ends_with("did you mean 'Kaiming'?"), "{error}");

    let error = fails(r#"{"type": "Kaiming", "layer": "Conv2"}"#);
    assert!(error.contains("did you mean 'Conv2d'?"), "{error}");
    let error = fails(r#"{"type": "Kaiming", "params": "layer9.*"}"#);
    assert!(error.contains("matches no parameter"), "{error}");
    let error = fails(
        "{\"type\": \"Kaiming\", \"layer\": \"Conv2d\",\n \"override\": {\"name\": \"layr1\", \"type\": \"Constant\", \"val\": 1}}",
    );
    assert!(error.contains("did you mean 'layer1'?") && error.contains("init_cfg:2:14"), "{error}");

    let rules = init_cfg(r#"{"type": "Kaiming", "layer": "Conv2d"}"#).unwrap();
    let (_, report) = build(&map, DType::F32, &Device::Cpu, &rules, 1, resnet18).unwrap();
    let error = report.explain("layer1.0.conv1.wieght").unwrap_err().to_string();
    assert!(error.contains("did you mean 'layer1.0.conv1.weight'?"), "{error}");
    let why = report.explain("layer1.0.conv1.weight").unwrap();
    assert!(why.contains("=> the model itself, rule 0"), "{why}");

    let mut calls = 0;
    let unsteady = |vb: VarBuilder<'static>| {
        calls += 1;
        candle_nn::linear(2, 2, vb.pp(format!("fc{calls}")))
    };
    let error = build(&VarMap::new(), DType::F32, &Device::Cpu, &rules, 1, unsteady).unwrap_err();
    assert!(error.to_string().contains("did you mean 'fc1."), "{error}");
}

#[test]
fn classes_that_are_guessed_wrong_can_be_said() {
    let norms = |vb: VarBuilder<'static>| -> Result<()> {
        candle_nn::layer_norm(6, 1e-5, vb.pp("norm"))?;
        candle_nn::group_norm(2, 6, 1e-5, vb.pp("gn"))?;
        Ok(())
    };
    let rules =
        init_cfg(r#"{"type": "Constant", "val": 0.5, "layer": "GroupNorm", "bias": 0.5}"#).unwrap();
    let map = VarMap::new();
    let init = WeightInit::new(&rules, 1).classes(|path| (path == "gn").then_some("GroupNorm"));
    init.build(&map, DType::F32, &Device::Cpu, norms).unwrap();
    let vars = map.data().lock().unwrap();
    let numbers = |name: &str| vars[name].as_tensor().to_vec1::<f32>().unwrap();
    assert_eq!((numbers("gn.weight"), numbers("norm.weight")), (vec![0.5; 6], vec![1.0; 6]));
}
