//! Every initializer that the crate has, by the list that configs know: one that is added comes here by itself.

use weight_init_core::initializer::{
    ALL, AnyFill, Argument, ArgumentKind, Axes, Init, InitializerType, Layout, Shape, Value,
};
use weight_init_core::{Fill, Stream};

use crate::bits::Bits;

/// An initializer, and a shape that it takes.
#[derive(Clone, Debug)]
pub struct Case {
    /// The name of the type, and the argument that has another value than its default.
    pub name: String,
    /// The initializer.
    pub init: Init,
    /// The dimensions.
    pub dims: &'static [usize],
    /// What they mean.
    pub layout: Layout,
}

impl Case {
    /// The shape.
    pub const fn shape(&self) -> Shape<'_> {
        Shape::new(self.dims).with_layout(self.layout)
    }

    /// Elements of the shape.
    pub fn elements(&self) -> usize {
        self.dims.iter().product()
    }

    /// What fills it.
    pub fn fill<T: Bits>(&self) -> AnyFill<T> {
        self.init.any_fill(&self.shape()).unwrap_or_else(|error| panic!("{self:?}: {error}"))
    }
}

/// Shapes of a kernel, a matrix and a vector, of some hundreds of elements.
pub const SMALL: [&[usize]; 3] = [&[12, 8, 3, 3], &[36, 30], &[96]];
/// The same of more elements than a thread takes.
pub const LARGE: [&[usize]; 3] = [&[320, 16, 3, 3], &[256, 180], &[46_080]];

/// Every type with its defaults, and with each other value of each of its choices and flags, on every one of the shapes that it
/// takes, in both layouts.
///
/// # Panics
///
/// A type that takes none of the shapes.
pub fn every(shapes: [&'static [usize]; 3]) -> Vec<Case> {
    let mut cases = Vec::new();
    for of in ALL {
        for (name, init) in variants(of) {
            let before = cases.len();
            for dims in shapes {
                for layout in [Layout::OutIn, Layout::InOut] {
                    let case = Case { name: name.clone(), init, dims, layout };
                    if init.any_fill::<f64>(&case.shape()).is_ok() {
                        cases.push(case);
                    }
                }
            }
            assert!(cases.len() > before, "{name} takes none of {shapes:?}");
        }
    }
    cases
}

/// A type with its defaults, and with each other value of each of its choices and flags.
fn variants(of: &'static InitializerType) -> Vec<(String, Init)> {
    let given: Vec<Option<Value>> =
        of.arguments.iter().map(|argument| argument.needed.then(|| sample(argument))).collect();
    let build = |values: &[Option<Value>]| {
        of.build(values).unwrap_or_else(|error| panic!("{}: {error:?}", of.name))
    };
    let mut variants = vec![(of.name.to_owned(), build(&given))];
    for (index, argument) in of.arguments.iter().enumerate() {
        for value in others(argument, of.default(index)) {
            let mut values = given.clone();
            values[index] = Some(value);
            let name = format!("{} {}={}", of.name, argument.name, argument.shown(value));
            variants.push((name, build(&values)));
        }
    }
    variants
}

/// A value that every argument of its kind takes.
fn sample(argument: &Argument) -> Value {
    match argument.kind {
        ArgumentKind::Number => Value::Number(0.3),
        ArgumentKind::Count => Value::Count(8),
        ArgumentKind::Flag => Value::Flag(true),
        ArgumentKind::Choice { .. } => Value::Choice(0),
        ArgumentKind::Axes => Value::Axes(Axes::NONE),
    }
}

/// The values of a choice or a flag but the default.
fn others(argument: &Argument, default: Option<Value>) -> Vec<Value> {
    let all: Vec<Value> = match argument.kind {
        ArgumentKind::Choice { names, .. } => {
            (0..names.len()).map(|place| Value::Choice(place as u8)).collect()
        }
        ArgumentKind::Flag => vec![Value::Flag(false), Value::Flag(true)],
        ArgumentKind::Axes => {
            [-1, 0].iter().filter_map(|axis| Axes::of(&[*axis])).map(Value::Axes).collect()
        }
        ArgumentKind::Number | ArgumentKind::Count => Vec::new(),
    };
    all.into_iter().filter(|value| Some(*value) != default).collect()
}

/// All elements of a tensor, as core's reference makes them: a [`Fill`] at once, lines one by one.
///
/// # Panics
///
/// Lines that take more scratch memory than they say.
pub fn reference<T: Bits>(fill: &AnyFill<T>, stream: Stream, elements: usize) -> Vec<T> {
    let mut out = vec![T::default(); elements];
    let fill = match fill {
        AnyFill::Elements(fill) => {
            Fill::write(fill, stream, 0, &mut out);
            return out;
        }
        AnyFill::Lines(fill) => fill,
    };
    let lines = fill.lines();
    let mut line = vec![T::default(); lines.length];
    let mut scratch = vec![T::Compute::default(); fill.scratch(1)];
    for number in 0..lines.count {
        let written = fill.write(stream, number as u64, &mut scratch, &mut line);
        assert_eq!(written, Ok(()), "{fill:?}");
        for (index, x) in line.iter().enumerate() {
            out[lines.number(number, index)] = *x;
        }
    }
    out
}
