//! The checkpoints that Pretrained rules name, in burn's layout.

use std::collections::HashMap;
use std::sync::Arc;

use weight_init::checkpoint::StateDict;
use weight_init::plan::Plan;
use weight_init_core::Layout;

use crate::Error;

/// How checkpoints differ from the module.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Checkpoints {
    /// The module's name for a tensor.
    pub(crate) name: Option<fn(&str) -> String>,
    /// Whether matrices are `[in, out]` there, too.
    pub(crate) in_out: bool,
}

/// By the name of every parameter, whether it is a matrix `[in, out]`.
pub(crate) fn matrices(plan: &Plan) -> HashMap<String, bool> {
    let is_in_out = |layout, shape: &[usize]| layout == Layout::InOut && shape.len() == 2;
    let params = plan.params().iter();
    let mut matrices: HashMap<_, _> =
        params.map(|param| (param.name.clone(), is_in_out(param.layout, &param.shape))).collect();
    for (tied, first) in plan.ties() {
        let is_in_out = matrices.get(first).copied().unwrap_or_default();
        matrices.insert(tied.clone(), is_in_out);
    }
    matrices
}

impl Checkpoints {
    /// Opens a file, or with the feature `fetch` whatever the command finds by a name.
    pub(crate) fn open(
        self,
        name: &str,
        key: Option<&str>,
        matrices: &HashMap<String, bool>,
    ) -> Result<Arc<StateDict>, Error> {
        #[cfg(feature = "fetch")]
        let opened = weight_init::fetch::Fetch::from_env()
            .and_then(|fetch| fetch.open(name, key, &mut |_| ()))
            .map_err(|error| Error::new(error.to_string()));
        #[cfg(not(feature = "fetch"))]
        let opened = StateDict::open_key(name, key).map_err(|error| Error::new(error.to_string()));
        let mut opened = opened?;
        if let Some(name) = self.name {
            opened = opened.renamed(name);
        }
        if !self.in_out {
            opened = opened.transposed(|name| is_in_out(name, matrices));
        }
        Ok(Arc::new(opened))
    }
}

/// Whether a tensor is a parameter's that is `[in, out]`: the one whose name is the longest end of the tensor's, as a rule may
/// strip what stands before it.
fn is_in_out(name: &str, matrices: &HashMap<String, bool>) -> bool {
    let ends = std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, end)| end));
    ends.filter_map(|end| matrices.get(end)).next().copied().unwrap_or_default()
}
