use core::ops::ControlFlow;
use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use super::*;
use crate::init_cfg::{Bias, Borrowed, Init, InitCfg, Origin, Override, Rule, Rules, Write};
use crate::initializer::{Constant, Kaiming};
use crate::layer::{Child, InitWeights, Layer, LayerVisitor, Param};
use crate::{DType, Shape};

/// A layer with a 1-D weight, and whatever a test needs.
#[derive(Default)]
struct Node {
    class: &'static str,
    base: Option<&'static str>,
    module: bool,
    cfg: Option<InitCfg<Borrowed<'static>>>,
    alias: Option<(&'static str, &'static str)>,
    params: &'static [&'static str],
    children: Vec<(&'static str, Self)>,
    /// Name of a child, the child that it is once more, and that one's path.
    tie: Option<(&'static str, usize, &'static str)>,
}

impl Layer for Node {
    fn class(&self) -> &str {
        self.class
    }
    fn base(&self, index: usize) -> Option<&str> {
        self.base.filter(|_| index == 0)
    }
    fn init_weights(&self) -> InitWeights {
        if self.module { InitWeights::Module } else { InitWeights::None }
    }
    fn init_cfg(&self) -> Option<&dyn Rules> {
        self.cfg.as_ref().map(|cfg| cfg as &dyn Rules)
    }
    fn alias(&self, index: usize) -> Option<(&str, &str)> {
        self.alias.filter(|_| index == 0)
    }
    fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
        for name in self.params {
            visitor.param(&Param::new(name, Shape::new(&[4]), DType::F32))?;
        }
        for (name, child) in &self.children {
            visitor.child(&Child::new(name, child))?;
        }
        if let Some((name, child, path)) = self.tie {
            visitor.child(&Child {
                same_as: Some(path),
                ..Child::new(name, &self.children[child].1)
            })?;
        }
        ControlFlow::Continue(())
    }
}

/// `path: value by module` of every visit, `path: -` where nothing writes, and the problem.
#[derive(Default)]
struct Log {
    ran: Vec<String>,
    visits: Vec<String>,
    problem: Option<String>,
}

impl Observer for Log {
    fn module(&mut self, visit: &ModuleVisit<'_>) -> bool {
        let path = visit.first_path().to_string();
        let first = !self.ran.contains(&path);
        if visit.is_reached() {
            self.ran.push(path);
        }
        first
    }
    fn param(&mut self, visit: &ParamVisit<'_>) -> ControlFlow<()> {
        let writer = match visit.last_writer() {
            Some(Considered {
                module,
                origin: Origin::Init(Init::Constant(Constant { val })),
                ..
            }) => {
                format!("{val} by '{module}'")
            }
            Some(other) => format!("{other:?}"),
            None => "-".to_string(),
        };
        self.visits.push(format!("{}: {writer}", visit.path()));
        ControlFlow::Continue(())
    }
    fn problem(&mut self, problem: &Problem<'_>) {
        self.problem = Some(problem.to_string());
    }
}

const fn constant(val: f64) -> Rule<Borrowed<'static>> {
    Rule::new(Init::Constant(Constant { val }))
}

fn run(root: &Node, call: Call<'_>) -> Vec<String> {
    let mut log = Log::default();
    resolve(root, call, &mut log).unwrap();
    log.visits
}

fn norm() -> Node {
    Node {
        class: "BatchNorm2d",
        base: Some("_BatchNorm"),
        params: &["weight", "bias", "scale"],
        ..Node::default()
    }
}

#[test]
fn a_base_matches_and_only_weight_and_bias_are_touched() {
    const CFG: InitCfg<Borrowed<'_>> =
        InitCfg { rules: &[Rule { layers: &["_BatchNorm"], ..constant(1.0) }] };
    let root = Node {
        class: "Net",
        module: true,
        cfg: Some(CFG),
        children: vec![("bn", norm())],
        ..Node::default()
    };
    assert_eq!(
        run(&root, Call::InitWeights),
        ["bn.weight: 1 by ''", "bn.bias: 0 by ''", "bn.scale: -"]
    );
}

#[test]
fn the_deeper_module_wins_and_a_plain_layer_cuts_it_off() {
    const OUTER: InitCfg<Borrowed<'_>> =
        InitCfg { rules: &[Rule { layers: &["_BatchNorm"], ..constant(1.0) }] };
    const INNER: InitCfg<Borrowed<'_>> =
        InitCfg { rules: &[Rule { layers: &["_BatchNorm"], ..constant(2.0) }] };
    let block = || Node {
        class: "Block",
        module: true,
        cfg: Some(INNER),
        children: vec![("bn", norm())],
        ..Node::default()
    };
    let plain = Node { class: "Sequential", children: vec![("0", block())], ..Node::default() };
    let children = vec![("block", block()), ("plain", plain)];
    let root = Node { class: "Net", module: true, cfg: Some(OUTER), children, ..Node::default() };
    let visits = run(&root, Call::InitWeights);
    assert!(visits.contains(&"block.bn.weight: 2 by 'block'".to_string()), "{visits:?}");
    assert!(visits.contains(&"plain.0.bn.weight: 1 by ''".to_string()), "{visits:?}");
    let bare = run(&root, Call::Initialize(&OUTER));
    assert!(bare.contains(&"block.bn.weight: 1 by ''".to_string()), "{bare:?}");
}

#[test]
fn an_override_covers_a_sub_tree_through_an_alias() {
    const CFG: InitCfg<Borrowed<'_>> = InitCfg {
        rules: &[Rule {
            overrides: &[Override {
                name: "norm3",
                write: Some(Write::Init(Init::Constant(Constant { val: 0.0 }), Bias::Value(7.0))),
            }],
            ..constant(1.0)
        }],
    };
    let block = Node { class: "Wrap", children: vec![("bn", norm())], ..Node::default() };
    let root = Node {
        class: "Net",
        module: true,
        cfg: Some(CFG),
        alias: Some(("norm3", "wrap.bn")),
        children: vec![("wrap", block)],
        ..Node::default()
    };
    assert_eq!(
        run(&root, Call::InitWeights),
        ["wrap.bn.weight: 0 by ''", "wrap.bn.bias: 7 by ''", "wrap.bn.scale: -"]
    );
}

#[test]
fn params_write_what_they_name_by_full_path() {
    const CFG: InitCfg<Borrowed<'_>> =
        InitCfg { rules: &[Rule { params: &["*.b?.sca*"], ..constant(3.0) }] };
    let root = Node {
        class: "Net",
        module: true,
        cfg: Some(CFG),
        children: vec![("bn", norm())],
        ..Node::default()
    };
    assert_eq!(
        run(&root, Call::InitWeights)[2],
        "bn.scale: 3 by ''",
        "a leading `*.` may stand for nothing"
    );
    let root = Node { class: "Net", children: vec![("a", root)], ..Node::default() };
    assert!(
        run(&root, Call::InitWeights).iter().all(|visit| visit.ends_with('-')),
        "the root is plain, so nothing runs"
    );
    let root = Node { module: true, ..root };
    assert_eq!(run(&root, Call::InitWeights)[2], "a.bn.scale: 3 by 'a'");
}

#[test]
fn params_write_a_bias_by_the_initializer_itself() {
    const CFG: InitCfg<Borrowed<'_>> = InitCfg {
        rules: &[Rule {
            params: &["bn.bias"],
            layers: &["_BatchNorm"],
            write: Write::Init(Init::Constant(Constant { val: 3.0 }), Bias::Value(7.0)),
            ..constant(3.0)
        }],
    };
    let children = vec![("bn", norm()), ("other", norm())];
    let root = Node { class: "Net", module: true, cfg: Some(CFG), children, ..Node::default() };
    let visits = run(&root, Call::InitWeights);
    assert_eq!(visits[..2], ["bn.weight: 3 by ''", "bn.bias: 3 by ''"]);
    assert_eq!(visits[4], "other.bias: 7 by ''", "what `layer` names keeps mmengine's meaning");
}

#[test]
fn a_leading_star_and_dot_may_stand_for_nothing() {
    let matches = |glob, text: &str| matches_backwards(text.bytes().rev(), glob);
    for (glob, text, expected) in [
        ("*.pos_embed", "pos_embed", true),
        ("*.pos_embed", "a.b.pos_embed", true),
        ("*.pos_embed", "xpos_embed", false),
        ("*.pos_embed", "", false),
        ("*.*", "a", true),
        ("*.a*b", "ab.b", true),
        ("*.a*b", "b.b", false),
        ("*.", "", true),
        ("*.", "a", false),
        (".a", "a", false),
        ("?.a", "a", false),
        ("x*.a", "a", false),
        ("**.a", "a", false),
        ("*", "", true),
    ] {
        assert_eq!(matches(glob, text), expected, "{glob} on '{text}'");
    }
}

#[test]
fn a_tied_module_runs_once_and_at_the_first_path_that_reaches_it() {
    const OUTER: InitCfg<Borrowed<'_>> =
        InitCfg { rules: &[Rule { layers: &["_BatchNorm"], ..constant(1.0) }] };
    const INNER: InitCfg<Borrowed<'_>> =
        InitCfg { rules: &[Rule { layers: &["_BatchNorm"], ..constant(2.0) }] };
    let block = Node {
        class: "Block",
        module: true,
        cfg: Some(INNER),
        children: vec![("bn", norm())],
        ..Node::default()
    };
    let root = Node {
        class: "Net",
        module: true,
        cfg: Some(OUTER),
        children: vec![("a", block)],
        tie: Some(("b", 0, "a")),
        ..Node::default()
    };
    let visits = run(&root, Call::InitWeights);
    assert_eq!(visits[0], "a.bn.weight: 2 by 'a'");
    assert_eq!(
        visits[3], "b.bn.weight: 1 by ''",
        "on the second path only the root writes, and earlier than a did"
    );
}

#[test]
fn faults_name_their_place() {
    const MISSING: InitCfg<Borrowed<'_>> = InitCfg {
        rules: &[Rule { overrides: &[Override { name: "bm", write: None }], ..constant(1.0) }],
    };
    const FANS: InitCfg<Borrowed<'_>> = InitCfg {
        rules: &[Rule { layers: &["BatchNorm2d"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) }],
    };
    const BIAS: InitCfg<Borrowed<'_>> = InitCfg {
        rules: &[Rule { params: &["*.bias"], ..Rule::new(Init::Kaiming(Kaiming::DEFAULT)) }],
    };
    for (cfg, expected) in [
        (BIAS, "rule 0 of the model itself writes bn.bias of shape [4] by Kaiming: "),
        (
            MISSING,
            "override 0 of rule 0 of the model itself names 'bm', which the module does not have; did you mean 'bn'?",
        ),
        (FANS, "rule 0 of the model itself writes bn.weight of shape [4] by Kaiming: "),
    ] {
        let root = Node {
            class: "Net",
            module: true,
            cfg: Some(cfg),
            children: vec![("bn", norm())],
            ..Node::default()
        };
        let mut log = Log::default();
        assert!(resolve(&root, Call::InitWeights, &mut log).is_err());
        let problem = log.problem.unwrap();
        assert!(problem.starts_with(expected), "{problem}");
    }
}

#[test]
fn sharing_within_sharing_is_bounded() {
    let mut node = Node { class: "Leaf", ..Node::default() };
    for _ in 0..40 {
        node = Node {
            class: "Twice",
            children: vec![("a", node)],
            tie: Some(("b", 0, "a")),
            ..Node::default()
        };
    }
    assert_eq!(
        resolve(&node, Call::InitWeights, &mut Log::default()),
        Err(ResolveError::TooManyPaths)
    );
}
