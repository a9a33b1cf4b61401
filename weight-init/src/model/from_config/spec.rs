use weight_init_core::{DType, InitWeights, Layout};

use crate::model::{PlacedInitCfg, Values};

/// A layer as a builder of a [`Registry`](super::Registry) makes it.
///
/// ```
/// use weight_init::model::LayerSpec;
///
/// let linear = LayerSpec::new("Linear", &["Module"]).param("weight", &[10, 64]).param("bias", &[10]);
/// let head = LayerSpec::module("Head").child("fc", linear);
/// ```
#[derive(Clone, Debug, Default)]
pub struct LayerSpec {
    /// Name of the class.
    pub class: String,
    /// Names of its direct bases.
    pub bases: Vec<String>,
    /// Whether it has `init_weights`.
    pub init_weights: InitWeights,
    /// Own parameters, in the order of registration.
    pub params: Vec<TensorSpec>,
    /// Own buffers.
    pub buffers: Vec<TensorSpec>,
    /// Attributes that are another name of a layer below, and its relative path.
    pub aliases: Vec<(String, String)>,
    /// Layers below, by name.
    pub children: Vec<(String, ChildSpec)>,
    /// The row of its weight that the constructor of an embedding clears: its `padding_idx`, counted from the front.
    pub padding_row: Option<usize>,
    /// Its rules; those of the config stand in their place, or after them.
    pub(in crate::model) init_cfg: Option<PlacedInitCfg>,
}

/// A layer below another.
#[derive(Clone, Debug)]
pub enum ChildSpec {
    /// One of its own.
    New(Box<LayerSpec>),
    /// The very same layer as the one first met at this dotted path.
    SameAs(String),
}

/// A parameter or buffer.
#[derive(Clone, Debug)]
pub struct TensorSpec {
    /// Name in its layer.
    pub name: String,
    /// Dimensions.
    pub shape: Vec<usize>,
    /// Element type.
    pub dtype: DType,
    /// What the dimensions mean.
    pub layout: Layout,
    /// What the constructor puts in, where the class alone does not tell.
    pub value: Option<Values>,
    /// The name that seeds the values, so that a renamed layer keeps them.
    pub stream: Option<String>,
    /// The full name of the very same parameter, met before.
    pub same_as: Option<String>,
}

impl TensorSpec {
    /// An f32 tensor in PyTorch's layout, whose values go by its class.
    #[must_use]
    pub fn new(name: &str, shape: &[usize]) -> Self {
        Self {
            name: name.to_owned(),
            shape: shape.to_vec(),
            dtype: DType::F32,
            layout: Layout::default(),
            value: None,
            stream: None,
            same_as: None,
        }
    }
}

impl LayerSpec {
    /// A plain layer.
    #[must_use]
    pub fn new(class: &str, bases: &[&str]) -> Self {
        Self {
            class: class.to_owned(),
            bases: bases.iter().map(|base| (*base).to_owned()).collect(),
            ..Self::default()
        }
    }

    /// A module: mmengine's `BaseModule`, which has `init_weights`.
    #[must_use]
    pub fn module(class: &str) -> Self {
        Self { init_weights: InitWeights::Module, ..Self::new(class, &["BaseModule"]) }
    }

    /// With a parameter.
    #[must_use]
    pub fn param(mut self, name: &str, shape: &[usize]) -> Self {
        self.params.push(TensorSpec::new(name, shape));
        self
    }

    /// With a parameter that the constructor fills with a number.
    #[must_use]
    pub fn constant_param(mut self, name: &str, shape: &[usize], value: f64) -> Self {
        self.params
            .push(TensorSpec { value: Some(Values::All(value)), ..TensorSpec::new(name, shape) });
        self
    }

    /// With a buffer.
    #[must_use]
    pub fn buffer(mut self, tensor: TensorSpec) -> Self {
        self.buffers.push(tensor);
        self
    }

    /// With a layer below.
    #[must_use]
    pub fn child(mut self, name: &str, layer: Self) -> Self {
        self.children.push((name.to_owned(), ChildSpec::New(Box::new(layer))));
        self
    }

    /// With rules of its own, which run after those of the layers above, as a class' init_cfg does in mmengine. They are reached
    /// where this layer and every one above has `init_weights`.
    ///
    /// ```
    /// use weight_init::model::{LayerSpec, Model};
    /// use weight_init::plan::{Options, Plan};
    /// use weight_init::rules::Rules;
    ///
    /// let rules = Rules::from_json(r#"{"type": "Constant", "val": 0, "layer": "Linear"}"#)?;
    /// let linear = || LayerSpec::new("Linear", &["Module"]).param("weight", &[4, 4]);
    /// let block = LayerSpec::module("Block").init_cfg(rules.placed()).child("down", linear());
    /// let net = LayerSpec::module("Net").child("stem", linear()).child("block", block);
    /// let plan = Plan::new(&Model::from_spec(net)?, &Options::default())?;
    /// assert_eq!(plan.rules()[0].won, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn init_cfg(mut self, rules: PlacedInitCfg) -> Self {
        self.init_cfg = Some(rules);
        self
    }

    /// The layer and those below, counted.
    #[must_use]
    pub(super) fn layers(&self) -> usize {
        let below = self.children.iter().map(|(_, child)| match child {
            ChildSpec::New(layer) => layer.layers(),
            ChildSpec::SameAs(_) => 0,
        });
        1 + below.sum::<usize>()
    }

    /// With every floating-point tensor of its own, and of those below, in this type.
    #[must_use]
    pub(in crate::model) fn in_dtype(mut self, dtype: Option<DType>) -> Self {
        let Some(dtype) = dtype else { return self };
        for tensor in self.params.iter_mut().chain(&mut self.buffers) {
            if tensor.dtype.is_float() {
                tensor.dtype = dtype;
            }
        }
        for (_, child) in &mut self.children {
            if let ChildSpec::New(child) = child {
                **child = std::mem::take(&mut **child).in_dtype(Some(dtype));
            }
        }
        self
    }
}
