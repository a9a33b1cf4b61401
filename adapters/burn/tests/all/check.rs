//! What a module holds, and what the command writes.

use std::collections::HashMap;
use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::{Tensor, TensorData};
use safetensors::SafeTensors;
use weight_init::create::Recipe;
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan, Unknown};
use weight_init::run::BackendKind;
use weight_init_burn::Rules;

/// What a parameter is: its path, whether it is initialized, its shape.
pub(crate) type Looks = Vec<(String, ParamId, bool, Vec<usize>)>;

#[derive(Default)]
struct Collect {
    path: Vec<String>,
    looks: Looks,
    values: HashMap<String, TensorData>,
    /// Whether values are read, which initializes what is lazy.
    reads: bool,
}

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let path = self.path.join(".");
        let shape = param.lazy_shape().to_vec();
        self.looks.push((path.clone(), param.id, param.is_initialized(), shape));
        if self.reads {
            self.values.insert(path, param.val().to_data());
        }
    }
}

pub(crate) fn looks<M: Module>(module: &M) -> Looks {
    let mut collect = Collect::default();
    module.visit(&mut collect);
    collect.looks
}

pub(crate) fn values<M: Module>(module: &M) -> HashMap<String, TensorData> {
    let mut collect = Collect { reads: true, ..Collect::default() };
    module.visit(&mut collect);
    collect.values
}

/// Tensors of the file that the command writes: shape and bytes by name.
pub(crate) fn file(
    description: &serde_json::Value,
    rules: &Rules,
    seed: u64,
) -> HashMap<String, (Vec<usize>, Vec<u8>)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    write_file(description, Some(rules), seed, &path);
    let bytes = std::fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.tensors()
        .into_iter()
        .map(|(name, it)| (name, (it.shape().to_vec(), it.data().to_vec())))
        .collect()
}

/// What the command writes; without rules, by those of the description's own layers.
pub(crate) fn write_file(
    description: &serde_json::Value,
    rules: Option<&Rules>,
    seed: u64,
    path: &Path,
) {
    let model = Model::read(&Source::new("model.json", description.to_string())).unwrap();
    let options = Options { initialize: rules.map(Rules::init_cfg), ..Options::default() };
    let plan = Plan::new(&model, &options).unwrap();
    let recipe = Recipe { seed, unknown: Unknown::Zeros, ..Recipe::default() };
    recipe.create(&plan, path, &mut BackendKind::Auto.start(None).unwrap(), &mut |_| ()).unwrap();
}
