//! Initializers of types that a program registers.

use core::fmt;

use super::{
    Argument, ArgumentKind, Axes, Declared, Draw, InitError, InitializerType, Lower,
    MOST_OF_YOUR_OWN, Shape, Value, custom, types,
};
use crate::fill::Diagonal;
use crate::line_fill::{Computed, Lines};

/// Values without their kinds, one word each.
pub(super) type Words = [u64; MOST_OF_YOUR_OWN];

/// An initializer of a registered type: the type, and the values of its arguments.
#[derive(Clone, Copy)]
pub struct Registered {
    of: &'static InitializerType,
    words: Words,
}

impl Registered {
    pub(super) fn new<I: Declared>(of: &'static InitializerType, this: &I) -> Self {
        Self { of, words: core::array::from_fn(|index| this.get(index).map_or(0, word)) }
    }

    pub(super) const fn of_words(of: &'static InitializerType, words: Words) -> Self {
        Self { of, words }
    }

    /// The type.
    #[must_use]
    pub const fn of(&self) -> &'static InitializerType {
        self.of
    }

    pub(super) fn get(&self, index: usize) -> Option<Value> {
        Some(value(self.of.arguments.get(index)?, *self.words.get(index)?))
    }

    pub(super) fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
        if let Some(custom) = self.of.custom {
            return custom::stands_for(custom, self, shape)?.lower(shape, draw);
        }
        match (self.of.lower)(&self.words, shape)? {
            Numbers::Constant(value) => draw.constant(value),
            Numbers::Uniform { a, b } => draw.uniform(a, b),
            Numbers::Normal { mean, std } => draw.normal(mean, std),
            Numbers::TruncNormal { mean, std, a, b } => draw.trunc_normal(mean, std, a, b),
            Numbers::Diagonal { value, on } => draw.diagonal(value, on),
            Numbers::Orthogonal { gain, lines } => draw.orthogonal(gain, lines),
            Numbers::Sparse { zeros, std, lines } => draw.sparse(zeros, std, lines),
            Numbers::Computed { of, lines } => draw.computed(of, lines),
        }
    }
}

/// The same type, which is one static, and the same values.
impl PartialEq for Registered {
    fn eq(&self, other: &Self) -> bool {
        core::ptr::eq(self.of, other.of) && self.words == other.words
    }
}

impl fmt::Debug for Registered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(self.of.name);
        for (index, argument) in self.of.arguments.iter().enumerate() {
            if let Some(value) = self.get(index) {
                shown.field(argument.name, &format_args!("{}", argument.shown(value)));
            }
        }
        shown.finish()
    }
}

pub(super) const fn word(value: Value) -> u64 {
    match value {
        Value::Number(x) => x.to_bits(),
        Value::Count(n) => n,
        Value::Flag(flag) => flag as u64,
        Value::Choice(place) => place as u64,
        Value::Axes(axes) => axes.to_bits() as u64,
    }
}

const fn value(argument: &Argument, word: u64) -> Value {
    match argument.kind {
        ArgumentKind::Number => Value::Number(f64::from_bits(word)),
        ArgumentKind::Count => Value::Count(word),
        ArgumentKind::Flag => Value::Flag(word != 0),
        ArgumentKind::Choice { .. } => Value::Choice(word as u8),
        ArgumentKind::Axes => Value::Axes(Axes::from_bits(word as u32)),
    }
}

/// The numbers that an initializer of this type and these values gives a parameter of this shape.
pub(super) fn lower<I: Declared + Lower>(
    words: &Words,
    shape: &Shape<'_>,
) -> Result<Numbers, InitError> {
    let mut values = [None; MOST_OF_YOUR_OWN];
    for ((slot, argument), word) in values.iter_mut().zip(I::ARGUMENTS).zip(words) {
        *slot = Some(value(argument, *word));
    }
    // The words were made of a checked initializer of the type.
    types::build::<I>(&values).unwrap_or(I::DEFAULT).lower(shape, Keep)
}

/// Of a type whose initializers are no [`Registered`] ones.
pub(super) fn none(_: &Words, _: &Shape<'_>) -> Result<Numbers, InitError> {
    Ok(Numbers::Constant(0.0))
}

/// Numbers of a distribution before they are rounded to an element type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Numbers {
    Constant(f64),
    Uniform { a: f64, b: f64 },
    Normal { mean: f64, std: f64 },
    TruncNormal { mean: f64, std: f64, a: f64, b: f64 },
    Diagonal { value: f64, on: Diagonal },
    Orthogonal { gain: f64, lines: Lines },
    Sparse { zeros: usize, std: f64, lines: Lines },
    Computed { of: Computed, lines: Lines },
}

/// Keeps the numbers.
struct Keep;

impl Draw for Keep {
    type Output = Numbers;
    type Error = InitError;

    fn constant(self, value: f64) -> Result<Numbers, InitError> {
        Ok(Numbers::Constant(value))
    }

    fn uniform(self, a: f64, b: f64) -> Result<Numbers, InitError> {
        Ok(Numbers::Uniform { a, b })
    }

    fn normal(self, mean: f64, std: f64) -> Result<Numbers, InitError> {
        Ok(Numbers::Normal { mean, std })
    }

    fn trunc_normal(self, mean: f64, std: f64, a: f64, b: f64) -> Result<Numbers, InitError> {
        Ok(Numbers::TruncNormal { mean, std, a, b })
    }

    fn diagonal(self, value: f64, on: Diagonal) -> Result<Numbers, InitError> {
        Ok(Numbers::Diagonal { value, on })
    }

    fn orthogonal(self, gain: f64, lines: Lines) -> Result<Numbers, InitError> {
        Ok(Numbers::Orthogonal { gain, lines })
    }

    fn sparse(self, zeros: usize, std: f64, lines: Lines) -> Result<Numbers, InitError> {
        Ok(Numbers::Sparse { zeros, std, lines })
    }

    fn computed(self, of: Computed, lines: Lines) -> Result<Numbers, InitError> {
        Ok(Numbers::Computed { of, lines })
    }
}
