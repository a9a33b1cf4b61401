//! What a model's code asks a builder for.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use candle_core::{DType as CandleDType, Device, Result, Shape, Tensor, Var, bail};
use candle_nn::var_builder::SimpleBackend;
use candle_nn::{Init, VarBuilder};

use crate::Error;
use crate::write::{dtype, locked};

/// A variable that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) dtype: CandleDType,
    /// What the layer would have candle put in; a map that is there has none.
    pub(crate) hint: Option<Init>,
}

/// All variables that a model asks for, each once.
#[derive(Debug, Default)]
pub(crate) struct Requests(Vec<Request>);

impl Requests {
    /// What a function asks for that makes a model, in its order; it gets zeros, which take no memory. `names`: those of a
    /// description, if there is one.
    pub(crate) fn of<M, E: fmt::Display>(
        dtype: CandleDType,
        device: &Device,
        names: Option<Arc<HashSet<String>>>,
        mut make: impl FnMut(VarBuilder<'static>) -> std::result::Result<M, E>,
    ) -> std::result::Result<Self, Error> {
        let requests = Arc::new(Mutex::default());
        let zeros = Zeros { requests: Arc::clone(&requests), names: Names::new(names) };
        let backend: Box<dyn SimpleBackend> = Box::new(zeros);
        make(VarBuilder::from_backend(backend, dtype, device.clone()))
            .map_err(|error| Error::new(error.to_string()))?;
        let requests = std::mem::take(&mut *locked(&requests));
        Ok(Self(requests))
    }

    /// The variables of a map, in an order that does not depend on it: by layers, numbers as numbers.
    pub(crate) fn of_vars(vars: &HashMap<String, Var>) -> Self {
        let request = |(name, var): (&String, &Var)| {
            let (shape, dtype) = (var.dims().to_vec(), var.dtype());
            Request { name: name.clone(), shape, dtype, hint: None }
        };
        let mut requests: Vec<_> = vars.iter().map(request).collect();
        requests.sort_by_cached_key(|request| {
            let piece = |piece: &str| match piece.parse() {
                Ok(number) => (false, number, String::new()),
                Err(_) => (piece == "bias", u64::MAX, piece.to_owned()),
            };
            request.name.split('.').map(piece).collect::<Vec<_>>()
        });
        Self(requests)
    }

    /// Those of floating-point elements, which an initializer can write.
    pub(crate) fn floats(&self) -> impl Iterator<Item = &Request> + Clone {
        self.0.iter().filter(|request| dtype(request.dtype).is_some())
    }

    /// The names of the others.
    pub(crate) fn others(&self) -> impl Iterator<Item = &str> {
        let others = self.0.iter().filter(|request| dtype(request.dtype).is_none());
        others.map(|request| request.name.as_str())
    }
}

/// The names that a builder says are there: those of a description, or those that were asked for so far, as candle's own
/// builder over a map does.
#[derive(Debug)]
pub(crate) struct Names {
    described: Option<Arc<HashSet<String>>>,
    asked: Mutex<HashSet<String>>,
}

impl Names {
    pub(crate) fn new(described: Option<Arc<HashSet<String>>>) -> Self {
        Self { described, asked: Mutex::default() }
    }

    /// Whether the name is asked for the first time.
    pub(crate) fn ask(&self, name: &str) -> bool {
        locked(&self.asked).insert(name.to_owned())
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        match &self.described {
            Some(described) => described.contains(name),
            None => locked(&self.asked).contains(name),
        }
    }
}

/// Answers with zeros, and keeps what was asked for.
struct Zeros {
    requests: Arc<Mutex<Vec<Request>>>,
    names: Names,
}

impl SimpleBackend for Zeros {
    fn get(
        &self,
        shape: Shape,
        name: &str,
        hint: Init,
        dtype: CandleDType,
        device: &Device,
    ) -> Result<Tensor> {
        if self.names.ask(name) {
            let (name, shape) = (name.to_owned(), shape.dims().to_vec());
            locked(&self.requests).push(Request { name, shape, dtype, hint: Some(hint) });
        }
        Tensor::zeros((), dtype, device)?.broadcast_as(shape)
    }

    fn get_unchecked(&self, name: &str, _: CandleDType, _: &Device) -> Result<Tensor> {
        bail!("'{name}' is asked for without a shape, which a model in the making has to give")
    }

    fn contains_tensor(&self, name: &str) -> bool {
        self.names.contains(name)
    }
}
