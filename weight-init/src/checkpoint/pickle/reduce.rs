//! The few calls and persistent ids that PyTorch's files hold, read as descriptions of tensors.

use super::machine::Machine;
use super::stop::Stop;
use super::{Global, Object, Signs, Storage, Tensor, Unit, Value};

/// The longest key of a storage, in bytes; PyTorch counts.
const LONGEST_KEY: u32 = 1000;

impl Machine {
    /// The value that stands for the call of a function or class.
    pub(super) fn reduce(&mut self, function: Value, args: Value) -> Result<Value, Stop> {
        let global = match function {
            Value::Global(global) => global,
            Value::Foreign(_) => return Ok(function),
            _ => {
                let kind = self.kind(function);
                return Stop::fault(format!("it calls {kind}, which is no function"));
            }
        };
        let Some(Object::Tuple(args)) = self.object(args) else {
            return Stop::fault("a call is given no tuple of arguments");
        };
        let args: Vec<Value> = args.iter().take(16).copied().collect();
        match (global, args.as_slice()) {
            (Global::OrderedDict | Global::Counter, [])
            | (Global::DefaultDict, [] | [Value::None | Value::Global(_) | Value::Foreign(_)]) => {
                self.add(Object::Dict(Vec::new()))
            }
            (Global::OrderedDict, [items]) => self.dict_of_pairs(*items),
            (Global::Counter, [items]) if matches!(self.object(*items), Some(Object::Dict(_))) => {
                Ok(*items)
            }
            (Global::Set, []) => self.add(Object::List(Vec::new())),
            (Global::Set | Global::Size, [values]) => match self.object(*values) {
                Some(Object::Tuple(_) | Object::List(_)) => Ok(*values),
                _ => Stop::fault(format!("a set or shape is made of {}", self.kind(*values))),
            },
            (
                Global::ByteArray
                | Global::Encode
                | Global::Device
                | Global::Storage(_)
                | Global::Dtype(_)
                | Global::TensorClass,
                _,
            ) => Ok(Value::Opaque),
            (Global::Reconstruct, [class @ Value::Foreign(_), ..]) => Ok(*class),
            (Global::Reconstruct, _) => Ok(Value::Opaque),
            (Global::RebuildTensor, [storage, offset, shape, strides, rest @ ..]) => {
                let signs = self.signs(rest.get(2).copied());
                self.tensor(*storage, *offset, *shape, *strides, None, signs)
            }
            (
                Global::RebuildTensorV3,
                [storage, offset, shape, strides, _, _, dtype, rest @ ..],
            ) => {
                let signs = self.signs(rest.first().copied());
                self.tensor(*storage, *offset, *shape, *strides, Some(*dtype), signs)
            }
            (Global::RebuildParameter, [tensor @ Value::Foreign(_), ..]) => Ok(*tensor),
            (Global::RebuildParameter, [tensor, ..])
                if matches!(self.object(*tensor), Some(Object::Tensor(_))) =>
            {
                Ok(*tensor)
            }
            // A subclass of tensors: the same elements, by another class.
            (
                Global::RebuildFromType,
                [
                    inner @ (Value::Global(_) | Value::Foreign(_)),
                    Value::Global(Global::TensorClass) | Value::Foreign(_),
                    args,
                    _,
                ],
            ) if *inner != Value::Global(Global::RebuildFromType) => self.reduce(*inner, *args),
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
        signs: Signs,
    ) -> Result<Value, Stop> {
        if let Value::Foreign(_) = storage {
            return Ok(storage);
        }
        let Some(Object::Storage(storage)) = self.object(storage) else {
            return Stop::fault(format!(
                "a tensor is made of {}, not of a storage",
                self.kind(storage)
            ));
        };
        let storage = **storage;
        let dtype = match (dtype, storage.unit) {
            (Some(Value::Global(Global::Dtype(dtype))), _) | (None, Unit::Elements(dtype)) => dtype,
            (Some(foreign @ Value::Foreign(_)), _) => return Ok(foreign),
            (None, Unit::Unread(dtype)) => return self.keep(dtype.name()).map(Value::Foreign),
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
        let tensor = Tensor { storage, dtype, offset, shape, strides, signs };
        self.add(Object::Tensor(Box::new(tensor)))
    }

    /// The signs of a tensor whose metadata this is: `{'neg': True}`.
    fn signs(&self, metadata: Option<Value>) -> Signs {
        let Some(Object::Dict(items)) = metadata.and_then(|value| self.object(value)) else {
            return Signs::default();
        };
        let set = |wanted: &str| {
            items.iter().any(|(key, value)| {
                matches!(key, Value::Text(key) if self.is(*key, wanted))
                    && *value == Value::Bool(true)
            })
        };
        Signs { negated: set("neg"), conjugated: set("conj") }
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

    /// The storage that a persistent id names: `('storage', class, key, device, elements[, view])`, or a class with its source,
    /// `('module', class, file, source)`.
    pub(super) fn persistent(&mut self, id: Value) -> Result<Value, Stop> {
        if let Some(Object::Tuple(parts)) = self.object(id)
            && let [Value::Text(kind), class, ..] = &**parts
        {
            let is_foreign = matches!(class, Value::Foreign(_));
            if self.is(*kind, "module") || self.is(*kind, "storage") && is_foreign {
                return Ok(*class);
            }
        }
        let storage = self.storage(id)?;
        self.add(Object::Storage(Box::new(storage)))
    }

    fn storage(&self, id: Value) -> Result<Storage, Stop> {
        let wrong = || Stop::Fault("a persistent id is not that of a storage".to_owned());
        let Some(Object::Tuple(parts)) = self.object(id) else { return Err(wrong()) };
        let [
            Value::Text(kind),
            Value::Global(Global::Storage(unit)),
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
        if !self.is(*kind, "storage") {
            return Err(wrong());
        }
        if key.len > LONGEST_KEY {
            return Stop::fault(format!("the key of a storage has {} bytes", key.len));
        }
        let storage = Storage { key: *key, unit: *unit, len, begin: 0 };
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
