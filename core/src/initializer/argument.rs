//! Arguments of initializers as data: names, kinds, checks, and values without their Rust types.

use core::fmt;

use super::{Axes, Check};

/// One argument of an initializer, as the initializer's file declares it.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// The key in a dict.
    pub name: &'static str,
    /// The values that it can have.
    pub kind: ArgumentKind,
    /// Whether a rule must give it.
    pub needed: bool,
    /// Whether it came to the initializer after others had its binary form: it is encoded, and shown, where it is not the
    /// default.
    pub later: bool,
    /// The check of a number or a whole number.
    pub check: Check,
    /// The documentation of the field, line by line.
    pub doc: &'static [&'static str],
}

/// The values that an argument can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Numbers.
    Number,
    /// Whole numbers from 0.
    Count,
    /// True and false.
    Flag,
    /// One of a closed set of names.
    Choice {
        /// What the names are, with its article: `a mode`.
        what: &'static str,
        /// The names in the order of their numbers.
        names: &'static [&'static str],
        /// Whether upper and lower case are alike.
        any_case: bool,
    },
    /// Dimensions of a weight: a number or a list of numbers.
    Axes,
}

/// The value of an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number(f64),
    /// A whole number from 0.
    Count(u64),
    /// True or false.
    Flag(bool),
    /// One of a closed set of names, by its place in the set.
    Choice(u8),
    /// Dimensions of a weight.
    Axes(Axes),
}

impl Argument {
    /// A value of this argument as a dict spells it: the name of a choice, not its number.
    ///
    /// ```
    /// use weight_init_core::initializer::{Declared, Kaiming};
    /// let mode = &Kaiming::ARGUMENTS[1];
    /// let value = Kaiming::DEFAULT.get(1).expect("there is one");
    /// assert_eq!((mode.name, mode.shown(value).to_string().as_str()), ("mode", "fan_out"));
    /// ```
    #[must_use]
    pub const fn shown(&self, value: Value) -> Shown {
        Shown { kind: self.kind, value }
    }
}

impl Value {
    /// A number or a whole number as what a [`Check`] tests; `None` of others.
    #[must_use]
    #[inline]
    pub const fn as_number(self) -> Option<f64> {
        match self {
            Self::Number(x) => Some(x),
            Self::Count(n) => Some(n as f64),
            Self::Flag(_) | Self::Choice(_) | Self::Axes(_) => None,
        }
    }
}

/// A value in words.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    kind: ArgumentKind,
    value: Value,
}

impl Shown {
    /// The name, if the value is a choice.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        match (self.value, self.kind) {
            (Value::Choice(place), ArgumentKind::Choice { names, .. }) => {
                names.get(usize::from(place)).copied()
            }
            _ => None,
        }
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            Value::Number(x) => x.fmt(f),
            Value::Count(n) => n.fmt(f),
            Value::Flag(flag) => flag.fmt(f),
            Value::Axes(axes) => axes.fmt(f),
            Value::Choice(place) => match self.name() {
                Some(name) => f.write_str(name),
                None => place.fmt(f),
            },
        }
    }
}

/// A Rust type that an argument can have: `f64`, `u64`, `bool`, and the closed sets of names.
pub trait ArgumentType: Copy + 'static {
    /// The values.
    const KIND: ArgumentKind;

    /// This one without its type.
    fn value(self) -> Value;

    /// The one that a value means; `None` if the value is of another kind.
    fn of(value: Value) -> Option<Self>;
}

macro_rules! argument_types {
    ($($type:ident $kind:ident;)*) => {$(
        impl ArgumentType for $type {
            const KIND: ArgumentKind = ArgumentKind::$kind;

            fn value(self) -> Value {
                Value::$kind(self)
            }

            fn of(value: Value) -> Option<Self> {
                if let Value::$kind(value) = value { Some(value) } else { None }
            }
        }
    )*};
}
argument_types! {
    f64 Number;
    u64 Count;
    bool Flag;
    Axes Axes;
}

/// Declares a closed set of names: the enum, its list, its names, and its values as those of an argument.
///
/// `what` is the set in messages, with its article; `any case` lets a name be spelt in upper and lower case.
macro_rules! choice {
    (
        $(#[$attribute:meta])*
        pub enum $type:ident: $what:literal $(, any $case:ident)? {
            $($(#[$doc:meta])* $variant:ident = $name:literal,)*
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$doc])* $variant,)*
        }

        impl $type {
            /// Every one, in the order of the declaration.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// As an init_cfg spells it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }

            /// The one of this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                let any_case = choice!(@any_case $($case)?);
                let is = |own: &str| own == name || any_case && own.eq_ignore_ascii_case(name);
                Self::ALL.into_iter().find(|choice| is(choice.name()))
            }
        }

        impl $crate::initializer::ArgumentType for $type {
            const KIND: $crate::initializer::ArgumentKind = $crate::initializer::ArgumentKind::Choice {
                what: $what,
                names: &[$($name),*],
                any_case: choice!(@any_case $($case)?),
            };

            fn value(self) -> $crate::initializer::Value {
                $crate::initializer::Value::Choice(self as u8)
            }

            fn of(value: $crate::initializer::Value) -> Option<Self> {
                let $crate::initializer::Value::Choice(place) = value else { return None };
                Self::ALL.get(usize::from(place)).copied()
            }
        }
    };
    (@any_case) => { false };
    (@any_case case) => { true };
}
pub(super) use choice;
