//! Initializers that Python registers: functions that choose a built-in initializer by arguments and shape.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyList;
use weight_init::config::json;
use weight_init::diagnostic::Source;
use weight_init::model::{PlacedInitCfg, Registry};
use weight_init_core::init_cfg::{Init, Write};
use weight_init_core::initializer::{
    ALL, Argument, ArgumentKind, Axes, Check, Custom, FanNeed, InitError, InitializerType, Layout,
    Shape, Value, fans,
};

/// Those that are registered; each lives as long as the process, as rules that name it may.
static REGISTERED: Mutex<Vec<&'static InitializerType>> = Mutex::new(Vec::new());

/// The standard classes and initializers, and those that Python registers.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::standard();
    for of in REGISTERED.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        registry.register_initializer(of);
    }
    registry
}

/// An argument as Python declares it: name, kind (`number`, `count`, `flag` or `choice`), names of a choice, default.
type Declared<'py> = (String, String, Vec<String>, Option<Bound<'py, PyAny>>);

/// Registers a type of initializers, or replaces the one of that name.
///
/// `function` takes the values of the arguments, the dimensions, and fan_in and fan_out if it `needs_fans`; it returns a rule of a
/// built-in initializer as JSON.
#[pyfunction]
pub(crate) fn register_initializer(
    name: &str,
    doc: Vec<String>,
    arguments: Vec<Declared<'_>>,
    needs_fans: bool,
    function: Py<PyAny>,
) -> PyResult<()> {
    let mut declared = Vec::new();
    let mut defaults = Vec::new();
    for (name, kind, names, default) in arguments {
        let kind = match kind.as_str() {
            "number" => ArgumentKind::Number,
            "count" => ArgumentKind::Count,
            "flag" => ArgumentKind::Flag,
            _ => ArgumentKind::Choice {
                what: "a name",
                names: kept(names.into_iter().map(|name| text(&name)).collect()),
                any_case: false,
            },
        };
        let needed = default.is_none();
        defaults.push(default.map(|default| value(kind, &default)).transpose()?);
        declared.push(Argument {
            name: text(&name),
            kind,
            needed,
            later: false,
            check: Check::Finite,
            doc: &[],
        });
    }
    let name = text(name);
    let arguments = kept(declared);
    let custom =
        Function { name, arguments, defaults, needs_fans, function, known: Mutex::default() };
    let custom: &'static Function = Box::leak(Box::new(custom));
    let doc = kept(doc.iter().map(|line| text(line)).collect());
    let need = if needs_fans { FanNeed::Always } else { FanNeed::None };
    let of = InitializerType::custom(name, arguments, doc, need, custom)
        .ok_or_else(|| PyValueError::new_err("an initializer has at most four arguments"))?;
    let mut registered = REGISTERED.lock().unwrap_or_else(PoisonError::into_inner);
    registered.retain(|known| known.name != name);
    registered.push(Box::leak(Box::new(of)));
    Ok(())
}

/// A text that lives as long as the process.
fn text(text: &str) -> &'static str {
    Box::leak(text.into())
}

/// A list that lives as long as the process.
fn kept<T>(items: Vec<T>) -> &'static [T] {
    Vec::leak(items)
}

fn value(kind: ArgumentKind, default: &Bound<'_, PyAny>) -> PyResult<Value> {
    Ok(match kind {
        ArgumentKind::Number => Value::Number(default.extract()?),
        ArgumentKind::Count => Value::Count(default.extract()?),
        ArgumentKind::Flag => Value::Flag(default.extract()?),
        ArgumentKind::Choice { names, .. } => {
            let name: String = default.extract()?;
            let place = names.iter().position(|known| **known == *name);
            let place = place.and_then(|place| u8::try_from(place).ok());
            Value::Choice(
                place.ok_or_else(|| PyValueError::new_err(format!("'{name}' is no choice")))?,
            )
        }
        ArgumentKind::Axes => Value::Axes(
            Axes::of(&default.extract::<Vec<i64>>()?)
                .ok_or_else(|| PyValueError::new_err("more dimensions than four"))?,
        ),
    })
}

/// A function of Python.
struct Function {
    name: &'static str,
    arguments: &'static [Argument],
    defaults: Vec<Option<Value>>,
    needs_fans: bool,
    function: Py<PyAny>,
    /// What it has said: it is asked once for each set of values and each shape.
    known: Mutex<HashMap<Asked, Result<Init, &'static str>>>,
}

/// Values and dimensions, and whether the input's stand in front of the output's.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Asked {
    values: Vec<u64>,
    dims: Vec<usize>,
    in_out: bool,
}

impl Custom for Function {
    fn default(&self, index: usize) -> Option<Value> {
        self.defaults.get(index).copied().flatten()
    }

    fn init(&self, values: &[Value], shape: &Shape<'_>) -> Result<Init, InitError> {
        let fans = if self.needs_fans { Some(fans(shape)?) } else { None };
        let asked = Asked {
            values: values.iter().map(|value| word(*value)).collect(),
            dims: shape.dims().to_vec(),
            in_out: shape.layout() == Layout::InOut,
        };
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).copied();
        let said = known.unwrap_or_else(|| {
            let fans = fans.map(|fans| (fans.fan_in, fans.fan_out));
            let said = self.call(values, shape.dims(), fans).map_err(|message| text(&message));
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            *known.entry(asked).or_insert(said)
        });
        said.map_err(InitError::Custom)
    }
}

impl Function {
    fn call(
        &self,
        values: &[Value],
        dims: &[usize],
        fans: Option<(u64, u64)>,
    ) -> Result<Init, String> {
        let rule: String = Python::attach(|py| {
            let given = PyList::empty(py);
            for (argument, value) in self.arguments.iter().zip(values) {
                match (*value, argument.shown(*value).name()) {
                    (_, Some(name)) => given.append(name)?,
                    (Value::Number(x), _) => given.append(x)?,
                    (Value::Count(n), _) => given.append(n)?,
                    (Value::Flag(flag), _) => given.append(flag)?,
                    (Value::Choice(place), None) => given.append(place)?,
                    (Value::Axes(axes), _) => given.append(axes.iter().collect::<Vec<_>>())?,
                }
            }
            self.function.call1(py, (given, dims.to_vec(), fans))?.extract(py)
        })
        .map_err(|error: PyErr| format!("the function '{}' raised {error}", self.name))?;
        let fault =
            |error: String| format!("the function '{}' returned {rule}: {error}", self.name);
        let source = Source::new(self.name, rule.as_str());
        let value = json::parse(&source).map_err(|error| fault(error.message().to_owned()))?;
        let rules = PlacedInitCfg::read(&value, &source, "$", ALL)
            .map_err(|error| fault(error.message().to_owned()))?;
        match rules.init_cfg.rules.as_slice() {
            [rule] => match rule.write {
                Write::Init(init, _) => Ok(init),
                Write::Pretrained(_) => Err(fault("a checkpoint is no distribution".to_owned())),
            },
            _ => Err(fault("expected one initializer".to_owned())),
        }
    }
}

fn word(value: Value) -> u64 {
    match value {
        Value::Number(x) => x.to_bits(),
        Value::Count(n) => n,
        Value::Flag(flag) => flag.into(),
        Value::Choice(place) => place.into(),
        Value::Axes(axes) => axes.to_bits().into(),
    }
}
