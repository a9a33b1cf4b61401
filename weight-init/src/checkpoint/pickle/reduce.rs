//! What calls and persistent ids stand for: the few that PyTorch's files hold, as descriptions of tensors.

use super::machine::{Machine, Stop};
use super::{Global, Object, Storage, Tensor, Value};

impl Machine {
    /// What the call of a known function makes.
    pub(super) fn reduce(&mut self, function: Value, args: Value) -> Result<Value, Stop> {
        let Value::Global(global) = function else {
            return Stop::fault(format!("it calls {}, which is no function", self.kind(function)));
        };
        let Some(Object::Tuple(args)) = self.object(args) else {
            return Stop::fault("a call is given no tuple of arguments");
        };
        let args: Vec<Value> = args.iter().take(16).copied().collect();
        match (global, args.as_slice()) {
            (Global::OrderedDict, []) => self.add(Object::Dict(Vec::new())),
            (Global::OrderedDict, [items]) => self.dict_of_pairs(*items),
            (Global::Set | Global::Size, [values]) => match self.object(*values) {
                Some(Object::Tuple(_) | Object::List(_)) => Ok(*values),
                _ => Stop::fault(format!("a set or shape is made of {}", self.kind(*values))),
            },
            (Global::ByteArray | Global::Encode | Global::Device, _) => Ok(Value::Opaque),
            (Global::RebuildTensor, [storage, offset, shape, strides, ..]) => {
                self.tensor(*storage, *offset, *shape, *strides, None)
            }
            (Global::RebuildTensorV3, [storage, offset, shape, strides, _, _, dtype, ..]) => {
                self.tensor(*storage, *offset, *shape, *strides, Some(*dtype))
            }
            (Global::RebuildParameter, [tensor, ..])
                if matches!(self.object(*tensor), Some(Object::Tensor(_))) =>
            {
                Ok(*tensor)
            }
            (
                Global::RebuildFromType,
                [Value::Global(inner), Value::Global(Global::TensorClass), args, _],
            ) if !matches!(inner, Global::RebuildFromType) => {
                self.reduce(Value::Global(*inner), *args)
            }
            _ => Stop::fault(format!(
                "{global:?} is called with {} arguments that it does not take",
                args.len()
            )),
        }
    }

    fn dict_of_pairs(&mut self, items: Value) -> Result<Value, Stop> {
        let wrong = || Stop::Fault("a dict is not made of pairs".to_owned());
        let Some(Object::List(items)) = self.object(items) else { return Err(wrong()) };
        let pairs = items.iter().map(|item| match self.object(*item) {
            Some(Object::Tuple(pair)) if pair.len() == 2 => Ok((pair[0], pair[1])),
            Some(Object::List(pair)) if pair.len() == 2 => Ok((pair[0], pair[1])),
            _ => Err(wrong()),
        });
        let pairs: Vec<_> = pairs.collect::<Result<_, _>>()?;
        self.add(Object::Dict(pairs))
    }

    fn tensor(
        &mut self,
        storage: Value,
        offset: Value,
        shape: Value,
        strides: Value,
        dtype: Option<Value>,
    ) -> Result<Value, Stop> {
        let Some(Object::Storage(storage)) = self.object(storage) else {
            return Stop::fault(format!(
                "a tensor is made of {}, not of a storage",
                self.kind(storage)
            ));
        };
        let storage = **storage;
        let dtype = match (dtype, storage.dtype) {
            (Some(Value::Global(Global::Dtype(dtype))), _) | (None, Some(dtype)) => dtype,
            _ => return Stop::fault("a tensor has no element type"),
        };
        let Value::Int(offset) = offset else {
            return Stop::fault("the offset of a tensor is no number");
        };
        let Ok(offset) = u64::try_from(offset) else {
            return Stop::fault(format!(
                "a tensor begins {offset} elements from the start of its storage"
            ));
        };
        let (shape, strides) = (self.extents(shape)?, self.extents(strides)?);
        if shape.len() != strides.len() {
            return Stop::fault(format!(
                "a tensor has {} dimensions, but {} strides",
                shape.len(),
                strides.len()
            ));
        }
        self.add(Object::Tensor(Box::new(Tensor { storage, dtype, offset, shape, strides })))
    }

    fn extents(&self, values: Value) -> Result<Vec<u64>, Stop> {
        let values: &[Value] = match self.object(values) {
            Some(Object::Tuple(values)) => values,
            Some(Object::List(values)) => values,
            _ => return Stop::fault(format!("a shape is {}", self.kind(values))),
        };
        if values.len() > 64 {
            return Stop::fault(format!(
                "a tensor has {} dimensions; at most 64 are read",
                values.len()
            ));
        }
        let extent = |value: &Value| match value {
            Value::Int(extent) => u64::try_from(*extent)
                .map_err(|_| Stop::Fault(format!("an extent or stride of a tensor is {extent}"))),
            _ => Stop::fault(format!("an extent of a tensor is {}", self.kind(*value))),
        };
        values.iter().map(extent).collect()
    }

    /// The storage that a persistent id names: `('storage', class, key, device, elements[, view])`.
    pub(super) fn storage(&self, id: Value) -> Result<Storage, Stop> {
        let wrong = || Stop::Fault("a persistent id is not that of a storage".to_owned());
        let Some(Object::Tuple(parts)) = self.object(id) else { return Err(wrong()) };
        let [
            Value::Text(kind),
            Value::Global(Global::Storage(dtype)),
            Value::Text(key),
            _,
            Value::Int(len),
            rest @ ..,
        ] = &**parts
        else {
            return Err(wrong());
        };
        let len = u64::try_from(*len)
            .map_err(|_| Stop::Fault("a storage has a negative size".to_owned()))?;
        if self.text(*kind) != "storage" {
            return Err(wrong());
        }
        let storage = Storage { key: *key, dtype: *dtype, len, begin: 0 };
        match rest {
            [] | [Value::None] => Ok(storage),
            [view] => {
                let Some(Object::Tuple(view)) = self.object(*view) else { return Err(wrong()) };
                let [_, Value::Int(begin), Value::Int(len)] = **view else { return Err(wrong()) };
                match (u64::try_from(begin), u64::try_from(len)) {
                    (Ok(begin), Ok(count))
                        if begin.checked_add(count).is_some_and(|end| end <= storage.len) =>
                    {
                        Ok(Storage { begin, len: count, ..storage })
                    }
                    _ => Stop::fault("a view of a storage reaches beyond it"),
                }
            }
            _ => Err(wrong()),
        }
    }
}
