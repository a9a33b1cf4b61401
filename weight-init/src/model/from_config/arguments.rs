use weight_init_core::{DType, nearest};

use super::spec::LayerSpec;
use super::{Builder, MAX_LAYERS};
use crate::diagnostic::Diagnostic;
use crate::model::row;
use crate::value::{Segment, Value};

/// The arguments that a config gives a class.
///
/// Each method asks for one by name; what nobody asked for is an error, with the nearest name that was asked for.
#[derive(Debug)]
pub struct Arguments<'a, 'b> {
    builder: &'a mut Builder<'b>,
    value: &'b Value,
    class: &'a str,
    known: Vec<String>,
}

/// The largest of a size, a kernel or a count of layers: what fits PyTorch's signed indices.
const MAX_SIZE: i128 = i64::MAX as i128;

impl<'a, 'b> Arguments<'a, 'b> {
    pub(super) fn new(builder: &'a mut Builder<'b>, value: &'b Value, class: &'a str) -> Self {
        Self { builder, value, class, known: Vec::new() }
    }

    /// The class, as the config names it.
    #[must_use]
    pub fn class(&self) -> &str {
        self.class
    }

    /// The value of an argument; `None` if it is not given. Null is a value.
    pub fn get(&mut self, name: &str) -> Option<&'b Value> {
        self.known.push(name.to_owned());
        self.value.get(name)
    }

    /// The names of the arguments that nobody has asked for yet, in the order of the config.
    pub(in crate::model) fn rest(&self) -> Vec<&'b str> {
        let entries = self.value.as_dict().unwrap_or_default();
        let names = entries.iter().map(|entry| &*entry.key);
        names.filter(|name| !self.is_known(name)).collect()
    }

    fn is_known(&self, name: &str) -> bool {
        name == "type" || name == "init_cfg" || self.known.iter().any(|known| known == name)
    }

    /// An argument that must be given.
    fn needed(&mut self, name: &str) -> Result<&'b Value, Diagnostic> {
        let class = self.class.to_owned();
        self.get(name).ok_or_else(|| {
            let message = format!("{class} needs the argument '{name}'");
            let error = self.builder.error(self.value, message);
            let given = self.rest();
            match nearest(name, given.iter().copied()) {
                Some(near) => error.help(format!("is '{near}' meant for it?")),
                None => error,
            }
        })
    }

    /// A size from 0 that must be given.
    ///
    /// # Errors
    ///
    /// If it is missing or no size; as of the other methods.
    pub fn size(&mut self, name: &str) -> Result<usize, Diagnostic> {
        let value = self.needed(name)?;
        self.as_size(name, value)
    }

    /// A size from 0, or what stands in for it.
    ///
    /// # Errors
    ///
    /// If it is no size.
    pub fn size_or(&mut self, name: &str, default: usize) -> Result<usize, Diagnostic> {
        match self.get(name) {
            Some(value) => self.as_size(name, value),
            None => Ok(default),
        }
    }

    /// A size that may be left out or null.
    ///
    /// # Errors
    ///
    /// If it is no size.
    pub fn size_if_given(&mut self, name: &str) -> Result<Option<usize>, Diagnostic> {
        match self.get(name) {
            Some(value) if !value.is_null() => self.as_size(name, value).map(Some),
            _ => Ok(None),
        }
    }

    /// The number of a row of `count`, counted from the end if negative; `None` if it is left out or null. The answer is
    /// counted from the front.
    ///
    /// # Errors
    ///
    /// If it is no integer or there is no such row.
    pub fn row(&mut self, name: &str, count: usize) -> Result<Option<usize>, Diagnostic> {
        let Some(value) = self.get(name).filter(|value| !value.is_null()) else { return Ok(None) };
        let Some(index) = value.as_int() else {
            return Err(self.wrong(name, value, "the number of a row (an integer)"));
        };
        match row(index, count) {
            Some(row) => Ok(Some(row)),
            None => Err(self.at(name, value, format!("{index} is no row of {count}"))),
        }
    }

    /// Sizes: a list, or one number that stands for `count` of them.
    ///
    /// # Errors
    ///
    /// If it is missing, no such list, or of another length.
    pub fn sizes(&mut self, name: &str, count: usize) -> Result<Vec<usize>, Diagnostic> {
        let value = self.needed(name)?;
        self.as_sizes(name, value, Some(count))
    }

    /// Sizes: a list of any length, or one number, which is a list of one.
    ///
    /// # Errors
    ///
    /// If it is missing or no such list.
    pub fn shape(&mut self, name: &str) -> Result<Vec<usize>, Diagnostic> {
        let value = self.needed(name)?;
        self.as_sizes(name, value, None)
    }

    pub(in crate::model) fn as_sizes(
        &self,
        name: &str,
        value: &'b Value,
        count: Option<usize>,
    ) -> Result<Vec<usize>, Diagnostic> {
        let Some(items) = value.as_list() else {
            return Ok(vec![self.as_size(name, value)?; count.unwrap_or(1)]);
        };
        if let Some(count) = count
            && items.len() != count
        {
            return Err(self.fault(
                name,
                format!("expected {count} sizes or one for all, found {}", items.len()),
            ));
        }
        items.iter().map(|item| self.as_size(name, item)).collect()
    }

    fn as_size(&self, name: &str, value: &Value) -> Result<usize, Diagnostic> {
        match value.as_int() {
            Some(int) if (0..=MAX_SIZE).contains(&int) => {
                Ok(usize::try_from(int).unwrap_or(usize::MAX))
            }
            Some(int) => Err(self.at(
                name,
                value,
                format!("{int} is no size; sizes are integers from 0 to 2^63 - 1"),
            )),
            None => Err(self.wrong(name, value, "a size (an integer from 0)")),
        }
    }

    /// A truth value, or what stands in for it.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn bool_or(&mut self, name: &str, default: bool) -> Result<bool, Diagnostic> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => match (value.as_bool(), value.as_int()) {
                (Some(bool), _) => Ok(bool),
                (None, Some(int @ (0 | 1))) => Ok(int == 1),
                _ => Err(self.wrong(name, value, "true or false")),
            },
        }
    }

    /// A number, or what stands in for it.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn number_or(&mut self, name: &str, default: f64) -> Result<f64, Diagnostic> {
        match self.get(name) {
            None => Ok(default),
            Some(value) => value.as_float().ok_or_else(|| self.wrong(name, value, "a number")),
        }
    }

    /// A string that may be left out or null.
    ///
    /// # Errors
    ///
    /// If it is none.
    pub fn string_if_given(&mut self, name: &str) -> Result<Option<&'b str>, Diagnostic> {
        match self.get(name) {
            Some(value) if !value.is_null() => match value.as_str() {
                Some(string) => Ok(Some(string)),
                None => Err(self.wrong(name, value, "a string")),
            },
            _ => Ok(None),
        }
    }

    /// PyTorch's `dtype`: `float16`, `torch.bfloat16`; `None` if it is left out or null.
    ///
    /// # Errors
    ///
    /// If it is no element type.
    pub fn dtype(&mut self, name: &str) -> Result<Option<DType>, Diagnostic> {
        let Some(text) = self.string_if_given(name)? else { return Ok(None) };
        let short = text.strip_prefix("torch.").unwrap_or(text);
        let alias = match short {
            "half" => "float16",
            "float" => "float32",
            "double" => "float64",
            other => other,
        };
        match DType::from_name(alias) {
            Some(dtype) => Ok(Some(dtype)),
            None => {
                let names = DType::ALL.map(DType::name);
                Err(self.fault(
                    name,
                    format!("'{text}' is no element type; allowed are {}", names.join(", ")),
                ))
            }
        }
    }

    /// Passes over arguments that say nothing about parameters.
    pub fn ignore(&mut self, names: &[&str]) {
        self.known.extend(names.iter().map(|name| (*name).to_owned()));
    }

    /// The layer that the argument is the config of.
    ///
    /// # Errors
    ///
    /// If it is missing or no config of a layer.
    pub fn layer(&mut self, name: &str) -> Result<LayerSpec, Diagnostic> {
        let value = self.needed(name)?;
        self.build(&[Segment::from(name)], value)
    }

    /// Counts the layers of so many copies, which the argument asks for, among those of the model.
    pub(in crate::model) fn count_copies(
        &mut self,
        name: &str,
        layer: &LayerSpec,
        count: usize,
    ) -> Result<(), Diagnostic> {
        let layers = layer.layers().saturating_mul(count);
        self.builder.layers = self.builder.layers.saturating_add(layers);
        if self.builder.layers > MAX_LAYERS {
            let message = format!("the model has more than {MAX_LAYERS} layers");
            return Err(self.fault(name, message));
        }
        Ok(())
    }

    /// The layers that the argument is a list of configs of, or a dict with a name for each; none if it is left out.
    ///
    /// # Errors
    ///
    /// If it is no list or dict of configs of layers.
    pub fn layers(&mut self, name: &str) -> Result<Vec<(String, LayerSpec)>, Diagnostic> {
        let Some(value) = self.get(name) else { return Ok(Vec::new()) };
        let at = Segment::from(name);
        if let Some(items) = value.as_list() {
            let layers = items.iter().enumerate().map(|(index, item)| {
                Ok((index.to_string(), self.build(&[at.clone(), Segment::from(index)], item)?))
            });
            return layers.collect();
        }
        match value.as_dict() {
            Some(entries) => {
                let layers = entries.iter().map(|entry| {
                    let path = [at.clone(), Segment::from(&*entry.key)];
                    Ok((entry.key.to_string(), self.build(&path, &entry.value)?))
                });
                layers.collect()
            }
            None if value.is_null() => Ok(Vec::new()),
            None => Err(self.wrong(name, value, "a list of layers, or a dict of them by name")),
        }
    }

    pub(super) fn build(
        &mut self,
        at: &[Segment],
        value: &'b Value,
    ) -> Result<LayerSpec, Diagnostic> {
        let depth = self.builder.open.len();
        self.builder.open.extend_from_slice(at);
        let layer = self.builder.layer(value);
        if layer.is_ok() {
            self.builder.open.truncate(depth);
        }
        layer
    }

    /// An error about an argument.
    #[must_use]
    pub fn fault(&self, name: &str, message: impl Into<String>) -> Diagnostic {
        self.at(name, self.value.get(name).unwrap_or(self.value), message)
    }

    fn at(&self, name: &str, value: &Value, message: impl Into<String>) -> Diagnostic {
        self.builder.error_at(value, name, message)
    }

    fn wrong(&self, name: &str, value: &Value, expected: &str) -> Diagnostic {
        self.at(name, value, format!("expected {expected}, found {}", value.kind_name()))
    }

    pub(super) fn refuse_unknown(&self) -> Result<(), Diagnostic> {
        let entries = self.value.as_dict().unwrap_or_default();
        let Some(unknown) = entries.iter().find(|entry| !self.is_known(&entry.key)) else {
            return Ok(());
        };
        let message = format!("{} has no argument '{}'", self.class, unknown.key);
        let place = self.builder.place(&unknown.key);
        let error = Diagnostic::new(self.builder.texts, unknown.key_span, message).at(place);
        Err(match nearest(&unknown.key, self.known.iter().map(String::as_str)) {
            Some(near) => error.help(format!("did you mean '{near}'?")),
            None => error,
        })
    }
}
