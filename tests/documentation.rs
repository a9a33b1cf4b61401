//! The examples of OpenMMLab's documentation of init_cfg have the results that it states.
//!
//! They are those of MMDetection's tutorial "Weight initialization", MMCV's "Weight initialization" and MMEngine's
//! `initialize`, each as a config that is evaluated, built and resolved. Where a comment in them differs from what
//! mmengine 0.10 does, the test follows mmengine and says so. The table of initializers and the schema in docs/ are what they declare.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use weight_init::config::{Config, Format};
use weight_init::diagnostic::{Diagnostic, Source};
use weight_init::model::{Model, Registry};
use weight_init::plan::{Options, Plan, Writer};
use weight_init::reference::Reference;
use weight_init_core::init_cfg::{Init, Origin};
use weight_init_core::initializer::ALL;

/// FooNet of the tutorial, with an init_cfg.
fn foo_net(init_cfg: &str) -> Result<Plan, Diagnostic> {
    plan(&format!(
        "model = dict(type='Module', class_name='FooNet', init_cfg={init_cfg},
            feat=dict(type='Conv1d', in_channels=3, out_channels=1, kernel_size=3),
            reg=dict(type='Conv2d', in_channels=3, out_channels=3, kernel_size=3),
            cls=dict(type='Linear', in_features=1, out_features=2))"
    ))
}

fn plan(config: &str) -> Result<Plan, Diagnostic> {
    let config = Config::parse(Source::new("config.py", config), Format::Python)?;
    let model = Model::from_config(&config, &Registry::standard())?;
    Plan::new(&model, &Options::default())
        .map_err(|error| weight_init::plan::locate(&error, &model, &config.sources))
}

/// The source of each parameter: a constant, "PyTorch", or a checkpoint.
fn values(plan: &Plan) -> Vec<(String, String)> {
    let written = plan.params().iter().map(|param| {
        let value = match &*param.writer {
            Writer::Rule { origin: Origin::Init(Init::Constant(constant)), .. } => {
                constant.val.to_string()
            }
            Writer::Rule { origin: Origin::Init(init), .. } => format!("{init:?}"),
            Writer::Rule { origin: Origin::Pretrained(pretrained), .. } => {
                pretrained.checkpoint.clone()
            }
            Writer::Untouched(_) => "PyTorch".to_owned(),
        };
        (param.name.clone(), value)
    });
    written.collect()
}

#[track_caller]
fn assert_values(plan: Result<Plan, Diagnostic>, expected: &[(&str, &str)]) {
    let found = values(&plan.unwrap());
    let found: Vec<_> = found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert!(found == expected, "UPDATE_DOCS=1 writes docs/init_cfg.schema.json anew");
}

#[test]
fn layer_names_one_kind() {
    assert_values(
        foo_net("dict(type='Constant', layer='Linear', val=1, bias=2)"),
        &[
            ("feat.weight", "PyTorch"),
            ("feat.bias", "PyTorch"),
            ("reg.weight", "PyTorch"),
            ("reg.bias", "PyTorch"),
            ("cls.weight", "1"),
            ("cls.bias", "2"),
        ],
    );
}

#[test]
fn layer_names_many_kinds_with_the_same_configuration() {
    assert_values(
        foo_net("dict(type='Constant', layer=['Conv1d', 'Conv2d', 'Linear'], val=1)"),
        &[
            ("feat.weight", "1"),
            ("feat.bias", "0"),
            ("reg.weight", "1"),
            ("reg.bias", "0"),
            ("cls.weight", "1"),
            ("cls.bias", "0"),
        ],
    );
}

#[test]
fn a_list_of_rules_gives_kinds_different_configurations() {
    assert_values(
        foo_net(
            "[dict(type='Constant', layer='Conv1d', val=1),
              dict(type='Constant', layer='Conv2d', val=2),
              dict(type='Constant', layer='Linear', val=3)]",
        ),
        &[
            ("feat.weight", "1"),
            ("feat.bias", "0"),
            ("reg.weight", "2"),
            ("reg.bias", "0"),
            ("cls.weight", "3"),
            ("cls.bias", "0"),
        ],
    );
}

/// The tutorial's comment says that `cls`, too, gets 1 and 2; mmengine leaves a Linear alone that `layer` does not name.
#[test]
fn an_override_with_a_type_has_arguments_of_its_own() {
    assert_values(
        foo_net(
            "dict(type='Constant', layer=['Conv1d', 'Conv2d'], val=1, bias=2,
                  override=dict(type='Constant', name='reg', val=3, bias=4))",
        ),
        &[
            ("feat.weight", "1"),
            ("feat.bias", "2"),
            ("reg.weight", "3"),
            ("reg.bias", "4"),
            ("cls.weight", "PyTorch"),
            ("cls.bias", "PyTorch"),
        ],
    );
}

#[test]
fn without_layer_only_the_override_is_initialized() {
    assert_values(
        foo_net("dict(type='Constant', val=1, bias=2, override=dict(name='reg'))"),
        &[
            ("feat.weight", "PyTorch"),
            ("feat.bias", "PyTorch"),
            ("reg.weight", "1"),
            ("reg.bias", "2"),
            ("cls.weight", "PyTorch"),
            ("cls.bias", "PyTorch"),
        ],
    );
}

#[test]
fn without_layer_and_override_nothing_is_initialized() {
    let plan = foo_net("dict(type='Constant', val=1, bias=2)").unwrap();
    assert!(values(&plan).iter().all(|(_, value)| value == "PyTorch"));
    assert_eq!(plan.warnings().len(), 1);
}

#[test]
fn an_override_without_name_is_invalid() {
    let error = foo_net(
        "dict(type='Constant', layer=['Conv1d', 'Conv2d'], val=1, bias=2,
              override=dict(type='Constant', val=3, bias=4))",
    )
    .unwrap_err();
    assert!(error.message().contains("name"), "{error}");
    assert_eq!((error.line(), error.path()), (Some(2), "$.model.init_cfg.override"));
}

#[test]
fn an_override_with_name_and_arguments_but_no_type_is_invalid() {
    let error = foo_net(
        "dict(type='Constant', layer=['Conv1d', 'Conv2d'], val=1, bias=2,
              override=dict(name='reg', val=3, bias=4))",
    )
    .unwrap_err();
    assert!(error.message().contains("type"), "{error}");
    assert_eq!(error.line(), Some(2));
    assert!(error.path().starts_with("$.model.init_cfg.override"), "{error}");
}

#[test]
fn pretrained_covers_the_model() {
    let plan = foo_net("dict(type='Pretrained', checkpoint='torchvision://resnet50')").unwrap();
    assert!(values(&plan).iter().all(|(_, value)| value == "torchvision://resnet50"));
}

/// MMCV's FooModel: components with and without an init_cfg of their own.
#[test]
fn children_beat_their_parents() {
    assert_values(
        plan(
            "
def conv1d(): return dict(type='Conv1d', in_channels=4, out_channels=1, kernel_size=4)
def linear(): return dict(type='Linear', in_features=3, out_features=4)

model = dict(
    type='Module', class_name='FooModel',
    init_cfg=[
        dict(type='Constant', val=1, bias=2, layer='Linear',
             override=dict(type='Constant', name='reg', val=3, bias=4)),
        dict(type='Constant', val=13, bias=14, layer='Conv1d'),
    ],
    component1=dict(type='Module', class_name='FooConv1d', conv1d=conv1d()),
    component2=dict(
        type='Module', class_name='FooConv2d', init_cfg=dict(type='Constant', val=5, bias=6, layer='Conv2d'),
        conv2d=dict(type='Conv2d', in_channels=3, out_channels=1, kernel_size=3)),
    component3=dict(type='Module', class_name='FooLinear', linear=linear()),
    component4=dict(
        type='Module', class_name='FooLinearConv1d', init_cfg=dict(type='Constant', val=9, bias=10, layer='Linear'),
        linear=linear(), conv1d=conv1d()),
    reg=linear())
",
        ),
        &[
            ("component1.conv1d.weight", "13"),
            ("component1.conv1d.bias", "14"),
            ("component2.conv2d.weight", "5"),
            ("component2.conv2d.bias", "6"),
            ("component3.linear.weight", "1"),
            ("component3.linear.bias", "2"),
            ("component4.linear.weight", "9"),
            ("component4.linear.bias", "10"),
            ("component4.conv1d.weight", "13"),
            ("component4.conv1d.bias", "14"),
            ("reg.weight", "3"),
            ("reg.bias", "4"),
        ],
    );
}

#[test]
fn containers_carry_an_init_cfg_of_their_own() {
    for container in ["Sequential", "ModuleList"] {
        assert_values(
            plan(&format!(
                "
seq = [dict(type='Linear', in_features=1, out_features=2), dict(type='Conv1d', in_channels=3, out_channels=1, kernel_size=3)]
model = dict(
    type='Module', init_cfg=dict(type='Constant', val=0, bias=0, layer=['Linear', 'Conv1d']),
    layers=dict(type='{container}', modules=seq, init_cfg=dict(type='Constant', layer='Conv1d', val=1, bias=2)))
"
            )),
            &[
                ("layers.0.weight", "0"),
                ("layers.0.bias", "0"),
                ("layers.1.weight", "1"),
                ("layers.1.bias", "2"),
            ],
        );
    }
}

/// A model whose parts inherit, as configs have them: the child's init_cfg is merged, or replaced with `_delete_`.
#[test]
fn an_init_cfg_is_inherited_from_a_base_config() {
    let folder = tempfile::tempdir().unwrap();
    let base = "model = dict(type='Linear', in_features=1, out_features=2)
wrapped = dict(type='Module', init_cfg=dict(type='Constant', val=1, bias=2, layer='Linear'), fc=model)";
    std::fs::write(folder.path().join("base.py"), base).unwrap();
    for (child, expected) in [
        ("model = dict(init_cfg=dict(val=5))", [("fc.weight", "5"), ("fc.bias", "2")]),
        (
            "model = dict(init_cfg=dict(_delete_=True, type='Constant', val=7, layer='Linear'))",
            [("fc.weight", "7"), ("fc.bias", "0")],
        ),
    ] {
        let path = folder.path().join("child.py");
        std::fs::write(
            folder.path().join("mid.py"),
            "_base_ = 'base.py'\nmodel = dict(_delete_=True, **_base_.wrapped)",
        )
        .unwrap();
        std::fs::write(&path, format!("_base_ = ['mid.py']\n{child}")).unwrap();
        let config = Config::read(&path, None).unwrap();
        let model = Model::from_config(&config, &Registry::standard()).unwrap();
        assert_values(Ok(Plan::new(&model, &Options::default()).unwrap()), &expected);
    }
}

/// The table of docs/initializers.md is what the initializers declare; `UPDATE_DOCS=1` writes it.
#[test]
fn the_table_of_initializers_is_made_of_their_declarations() {
    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/initializers.md");
    const BEGIN: &str = "<!-- made of the declarations by UPDATE_DOCS=1 cargo test -p weight-init-tests --test documentation -->\n";
    const END: &str = "<!-- until here -->\n";
    let text = std::fs::read_to_string(PATH).unwrap();
    let (front, rest) = text.split_once(BEGIN).unwrap();
    let (table, behind) = rest.split_once(END).unwrap();
    let expected = Reference::new(ALL).to_markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, [front, BEGIN, &expected, END, behind].concat()).unwrap();
        return;
    }
    assert_eq!(table, expected);
}

/// The schema of an init_cfg for editors is made of the declarations; `UPDATE_DOCS=1` writes it.
#[test]
fn the_schema_is_made_of_the_declarations() {
    const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/init_cfg.schema.json");
    let expected = Reference::new(ALL).to_json_schema();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PATH, serde_json::to_string_pretty(&expected).unwrap() + "\n").unwrap();
        return;
    }
    let found: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(PATH).unwrap()).unwrap();
    assert!(found == expected, "UPDATE_DOCS=1 writes docs/init_cfg.schema.json anew");
}

#[test]
fn the_citation_names_this_version() {
    let citation = include_str!("../CITATION.cff");
    assert!(citation.contains(concat!("\nversion: ", env!("CARGO_PKG_VERSION"), "\n")));
}
