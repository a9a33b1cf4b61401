//! Layers that hold others of one kind: what a field of layers becomes under `#[derive(Layer)]`.

use core::fmt;
use core::ops::ControlFlow;

use crate::init_cfg::{InitCfg, Rules, Storage};
use crate::layer::{Child, InitWeights, Layer, LayerVisitor};

/// Several layers as one, called 0, 1, … as in PyTorch's `ModuleList` and `Sequential`.
pub struct Container<'a, L> {
    /// `ModuleList` or `Sequential`.
    pub class: &'static str,
    /// Rules of its own make it mmengine's, which is a module; without it is PyTorch's plain layer.
    pub rules: Option<&'a dyn Rules>,
    /// The layers.
    pub layers: &'a [L],
}

impl<L> Container<'_, L> {
    const PLAIN: &'static [&'static str] = &["Module"];
}

impl<L: Layer> Layer for Container<'_, L> {
    fn class(&self) -> &str {
        self.class
    }

    fn base(&self, index: usize) -> Option<&str> {
        match self.rules {
            Some(_) => ["BaseModule", self.class].get(index).copied(),
            None => Self::PLAIN.get(index).copied(),
        }
    }

    fn init_weights(&self) -> InitWeights {
        if self.rules.is_some() { InitWeights::Module } else { InitWeights::None }
    }

    fn init_cfg(&self) -> Option<&dyn Rules> {
        self.rules
    }

    fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
        for (index, layer) in self.layers.iter().enumerate() {
            visitor.child(&Child::new(Number::new(index).as_str(), layer))?;
        }
        ControlFlow::Continue(())
    }
}

impl<L> fmt::Debug for Container<'_, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}", self.class, self.layers.len())
    }
}

/// Layers by name, in the order of their keys: PyTorch's `ModuleDict`.
#[cfg(feature = "alloc")]
#[derive(Debug)]
pub struct ContainerMap<'a, K, L>(pub &'a alloc::collections::BTreeMap<K, L>);

#[cfg(feature = "alloc")]
impl<K: AsRef<str>, L: Layer> Layer for ContainerMap<'_, K, L> {
    fn class(&self) -> &str {
        "ModuleDict"
    }

    fn base(&self, index: usize) -> Option<&str> {
        ["Module"].get(index).copied()
    }

    fn visit(&self, visitor: &mut dyn LayerVisitor) -> ControlFlow<()> {
        self.0.iter().try_for_each(|(name, layer)| visitor.child(&Child::new(name.as_ref(), layer)))
    }
}

/// A number in decimal digits.
struct Number {
    digits: [u8; 20],
    start: usize,
}

impl Number {
    fn new(mut number: usize) -> Self {
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
            start = at;
            if number == 0 {
                break;
            }
        }
        Self { digits, start }
    }

    fn as_str(&self) -> &str {
        let digits = self.digits.get(self.start..).unwrap_or_default();
        core::str::from_utf8(digits).unwrap_or_default()
    }
}

/// Types that a field or attribute may give as the rules of a layer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no init_cfg",
    note = "an init_cfg is an `InitCfg<..>`, an `Option` of one, or a reference to one"
)]
pub trait AsRules {
    /// The rules, if there are any.
    fn as_rules(&self) -> Option<&dyn Rules>;
}

impl<S: Storage> AsRules for InitCfg<S> {
    fn as_rules(&self) -> Option<&dyn Rules> {
        Some(self)
    }
}

impl<R: AsRules> AsRules for Option<R> {
    fn as_rules(&self) -> Option<&dyn Rules> {
        self.as_ref()?.as_rules()
    }
}

impl<R: AsRules + ?Sized> AsRules for &R {
    fn as_rules(&self) -> Option<&dyn Rules> {
        (**self).as_rules()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_digits() {
        for number in [0, 7, 10, 12345, usize::MAX] {
            assert_eq!(Number::new(number).as_str(), std::format!("{number}"));
        }
    }
}
