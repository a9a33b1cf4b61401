//! A builder's backend that hands out variables whose values are decided.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use candle_core::{DType as CandleDType, Device, Result, Shape, Tensor, Var, bail};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder, VarMap};
use weight_init_core::nearest;

use crate::request::Names;
use crate::write::dtype;

/// `names`: those of a description, if there is one.
pub(crate) fn builder(
    vars: HashMap<String, Var>,
    names: Option<Arc<HashSet<String>>>,
    varmap: &VarMap,
    dtype: CandleDType,
    device: &Device,
) -> VarBuilder<'static> {
    let decided = Decided { vars, names: Names::new(names), varmap: varmap.clone() };
    let backend: Box<dyn SimpleBackend> = Box::new(decided);
    VarBuilder::from_backend(backend, dtype, device.clone())
}

struct Decided {
    vars: HashMap<String, Var>,
    names: Names,
    varmap: VarMap,
}

impl SimpleBackend for Decided {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        hint: Init,
        of: CandleDType,
        device: &Device,
    ) -> Result<Tensor> {
        self.names.ask(name);
        if dtype(of).is_none() {
            return self.varmap.get(shape, name, hint, of, device);
        }
        let Some(var) = self.vars.get(name) else {
            let near = nearest(name, self.vars.keys().map(String::as_str));
            let near = near.map(|near| format!("; did you mean '{near}'?")).unwrap_or_default();
            bail!("the model asks for '{name}' only when it is made the second time{near}");
        };
        if var.shape() != &shape {
            bail!("'{name}' has the shape {:?}, and {:?} was asked for", var.dims(), shape.dims());
        }
        Ok(var.as_tensor().clone())
    }

    fn get_unchecked(&self, name: &str, _: CandleDType, _: &Device) -> Result<Tensor> {
        match self.vars.get(name) {
            Some(var) => Ok(var.as_tensor().clone()),
            None => bail!("'{name}' is asked for without a shape, and was not asked for before"),
        }
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}
