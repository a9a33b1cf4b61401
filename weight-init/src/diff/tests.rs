use super::*;

fn item(name: &str, shape: &[u64], initializer: &str, by: &str) -> Item {
    let writer = ItemWriter { initializer: initializer.to_owned(), by: by.to_owned() };
    let writer = Some(writer).filter(|writer| !writer.initializer.is_empty());
    Item {
        name: name.to_owned(),
        shape: shape.to_vec(),
        dtype: "float32".to_owned(),
        writer,
        std: None,
    }
}

fn kinds(a: &[Item], b: &[Item]) -> Vec<(Kind, String, String, String)> {
    let changes = Diff::new(a, b);
    changes
        .changes()
        .map(|change| (change.kind, change.name.to_owned(), change.from, change.to))
        .collect()
}

fn bare(name: &str, shape: &[u64]) -> Item {
    item(name, shape, "", "")
}

#[test]
fn a_prefix_renames_everything() {
    let names = ["conv1.weight", "bn1.weight", "bn1.bias", "bn2.weight", "bn2.bias"];
    let shape = |name: &str| if name.starts_with("conv") { vec![8, 3, 3, 3] } else { vec![8] };
    let a = names.map(|name| bare(name, &shape(name)));
    let b = names.map(|name| bare(&format!("backbone.{name}"), &shape(name)));
    let found = kinds(&a, &b);
    assert!(
        found
            .iter()
            .all(|(kind, name, from, _)| *kind == Kind::Renamed
                && *name == format!("backbone.{from}"))
    );
    assert_eq!(found.len(), names.len());
}

#[test]
fn what_is_ambiguous_is_not_renamed() {
    let a = [bare("x.weight", &[8]), bare("y.weight", &[8]), bare("z.weight", &[8])];
    let b = [bare("p.weight", &[8]), bare("z.weight", &[8])];
    let found: Vec<_> = kinds(&a, &b).into_iter().map(|(kind, name, ..)| (kind, name)).collect();
    let expected =
        [(Kind::Removed, "x.weight"), (Kind::Removed, "y.weight"), (Kind::Added, "p.weight")];
    assert_eq!(found, expected.map(|(kind, name)| (kind, name.to_owned())));
    // Behind other neighbours it is another parameter.
    let (a, b) = ([bare("z", &[1]), bare("x", &[8])], [bare("p", &[8]), bare("z", &[1])]);
    assert!(kinds(&a, &b).iter().all(|(kind, ..)| *kind != Kind::Renamed));
    // `bias` and `weight` of one shape keep their roles.
    let a = [bare("a.weight", &[8]), bare("a.bias", &[8])];
    let b = [bare("b.bias", &[8]), bare("b.weight", &[8])];
    let found = kinds(&a, &b);
    assert!(
        found.iter().all(|(kind, _, from, to)| *kind == Kind::Renamed && from[1..] == to[1..]),
        "{found:?}"
    );
}

/// mmdet 3 has the transformer of Deformable DETR beside the head; in mmdet 2 it stood in it, and behind the neck.
#[test]
fn a_module_that_moves_is_renamed() {
    let layer = |path: &str, attention: &str, layer: usize| {
        let name = |rest: &str| format!("{path}.layers.{layer}.{rest}");
        [
            bare(&name(&format!("{attention}.value_proj.weight")), &[256, 256]),
            bare(&name(&format!("{attention}.value_proj.bias")), &[256]),
            bare(&name("norms.0.weight"), &[256]),
        ]
    };
    let transformer = |path: &str, attention: &str, point: &str| -> Vec<Item> {
        let layers = (0..2).flat_map(|at| layer(path, attention, at));
        layers.chain([bare(point, &[2, 256])]).collect()
    };
    let neck = [bare("neck.weight", &[4]), bare("neck.bias", &[4])];
    let head = [bare("bbox_head.cls.weight", &[80, 256])];
    let old = transformer("bbox_head.encoder", "attentions.0", "bbox_head.points.weight");
    let new = transformer("encoder", "self_attn", "points_fc.weight");
    let a = [neck.to_vec(), head.to_vec(), old.clone()].concat();
    let b = [new.clone(), neck.to_vec(), head.to_vec()].concat();
    let found = kinds(&a, &b);
    let expected: Vec<_> = new.iter().zip(&old).map(|(new, old)| (&new.name, &old.name)).collect();
    assert!(found.iter().all(|(kind, ..)| *kind == Kind::Renamed), "{found:?}");
    assert_eq!(found.iter().map(|(_, name, from, _)| (name, from)).collect::<Vec<_>>(), expected);
    // A layer fewer: which is which is not known.
    let b = b.into_iter().filter(|item| !item.name.contains("layers.1")).collect::<Vec<_>>();
    assert!(kinds(&a, &b).iter().any(|(kind, ..)| *kind == Kind::Removed));
}

#[test]
fn writers_shapes_and_scales() {
    let mut a = item("w", &[8, 4], "kaiming_normal(a=0)", "(model), rule 0");
    let mut b = item("w", &[8, 8], "kaiming_normal(a=0)", "(model), rule 1");
    (a.std, b.std) = (Some(0.5), Some(0.25));
    let found: Vec<_> = kinds(&[a.clone()], &[b]).into_iter().map(|found| found.0).collect();
    assert_eq!(found, [Kind::Shape, Kind::Rule, Kind::Scale]);
    let b = item("w", &[8, 4], "normal(mean=0, std=1)", "(model), rule 1");
    let found = kinds(&[a.clone()], &[b]);
    let (from, to) = ("kaiming_normal(a=0)".to_owned(), "normal(mean=0, std=1)".to_owned());
    assert_eq!(found, [(Kind::Initializer, "w".to_owned(), from, to)]);
    assert!(
        Diff::new(&[a.clone()], &[bare("w", &[8, 4])]).is_equal(),
        "a checkpoint has no writers"
    );
    assert!(Diff::new(&[a.clone()], &[a]).is_equal());
}

#[test]
fn alike_changes_are_one_row() {
    let side = |initializer: &str| -> Vec<Item> {
        let conv = |n: u64| {
            item(&format!("layer{n}.conv.weight"), &[n, 3, 3, 3], initializer, "(model), rule 0")
        };
        (1..=48)
            .map(conv)
            .chain([item("fc.weight", &[2, 2], "constant(val=1)", "fc, rule 0")])
            .collect()
    };
    let (a, b) = (side("kaiming_normal(a=0)"), side("trunc_normal(std=0.02)"));
    let diff = Diff::new(&a, &b);
    assert_eq!(
        diff.table(None, false).to_string(),
        "change       parameter               from                 to\n\
         initializer  layer*.conv.weight ×48  kaiming_normal(a=0)  trunc_normal(std=0.02)\n\
         \n\
         initializer 48, equal 1\n"
    );
    assert_eq!(diff.table(None, true).to_string().lines().count(), 1 + 48 + 2);
    let json = serde_json::to_value(&diff).unwrap();
    assert_eq!(json["equal"], 1);
    assert_eq!(json["changes"][47]["name"], "layer48.conv.weight");
}

#[test]
fn a_saved_plan_is_the_plan() {
    use crate::config::{Config, Format};
    use crate::diagnostic::Source;
    use crate::model::{Model, Registry};
    use crate::plan::{Options, Plan};

    for name in ["retinanet_r50_fpn.json", "resnet50.py"] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
        let config = Config::read(&path, None).unwrap();
        let model = Model::from_config(&config, &Registry::standard()).unwrap();
        let plan = Plan::new(&model, &Options::default()).unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        let saved = Config::parse(Source::new("plan.json", text), Format::Json).unwrap();
        let mut items = items_of_plan(&plan);
        items.iter_mut().for_each(|item| item.std = None);
        assert_eq!(items_of_saved_plan(&saved.value).unwrap(), items);
        assert!(items_of_saved_plan(&config.value).is_none());
    }
}

#[test]
fn values_of_two_files() {
    use crate::checkpoint::{SafetensorsWriter, Sink as _, StateDict, TensorInfo};
    use weight_init_core::DType;

    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, dtype: DType, bytes: &[u8]| {
        let path = folder.path().join(name);
        let shape = vec![bytes.len() / dtype.size()];
        let info = TensorInfo { name: "w".into(), dtype, shape };
        let mut writer = SafetensorsWriter::create(&path, &[("seed", "1")], &[info]).unwrap();
        writer.write(bytes).unwrap();
        writer.finish().unwrap();
        StateDict::open(&path).unwrap()
    };
    let floats = |values: &[f32]| values.iter().flat_map(|x| x.to_le_bytes()).collect::<Vec<u8>>();
    // More than a chunk of them.
    let mut values = vec![1.0_f32; 300_000];
    let a = file("a", DType::F32, &floats(&values));
    (values[0], values[299_999]) = (1.5, -1.0);
    let b = file("b", DType::F32, &floats(&values));
    values[7] = f32::NAN;
    let c = file("c", DType::F32, &floats(&values));
    let compared = |a, b| compare_values(a, b, &[(0, 0)], &|_| ()).unwrap()[0];
    assert_eq!(compared(&a, &a), Values::Equal);
    assert_eq!(compared(&a, &b), Values::Different { elements: 2, largest: Some(2.0) });
    assert_eq!(compared(&b, &c), Values::Different { elements: 1, largest: Some(f64::INFINITY) });
    let narrow: Vec<u8> = vec![0x3f80_u16; 300_000].iter().flat_map(|x| x.to_le_bytes()).collect();
    assert_eq!(compared(&a, &file("d", DType::BF16, &narrow)), Values::Equal);
}
