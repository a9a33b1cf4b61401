//! Declarations of initializers: what [`initializer!`](crate::initializer!) makes of one file.

use core::fmt::Debug;

use super::{ArgError, Argument, ArgumentType, FanConvention, FanCount, Init, Value};

/// The declaration of an initializer: its name, arguments, checks and documentation.
///
/// [`initializer!`](crate::initializer!) implements it. The tables are reached by text formats and reports alone, so that
/// firmware does not link them.
pub trait Declared: Copy + Debug + PartialEq + 'static {
    /// The name that a rule's `type` has.
    const NAME: &'static str;
    /// The name in plans, most often that of PyTorch's function. An argument in braces stands for the name of its choice:
    /// `xavier_{distribution}`.
    const FUNCTION: &'static str;
    /// Its arguments, in the order of the binary form.
    const ARGUMENTS: &'static [Argument];
    /// The documentation, line by line.
    const DOC: &'static [&'static str];
    /// Whether the scale follows from the fans.
    const FANS: FanNeed;
    /// The initializer of another type that this one is whatever the arguments; plans show that one.
    const SAME_AS: Option<Init>;
    /// Every argument at its default.
    const DEFAULT: Self;

    /// The value of argument number `index`.
    fn get(&self, index: usize) -> Option<Value>;

    /// An initializer of the values that `from` hands out.
    ///
    /// # Errors
    ///
    /// Those of `from`.
    fn read<R: Read>(from: &mut R) -> Result<Self, R::Error>;

    /// How it counts the fans, if the scale follows from them.
    fn fan_count(&self) -> FanCount {
        FanCount::TORCH
    }

    /// The convention of [`fan_count`](Self::fan_count), without the rest.
    #[inline]
    fn fan_convention(&self) -> FanConvention {
        FanConvention::Torch
    }

    /// Checks the values as far as they can be checked without a model.
    ///
    /// # Errors
    ///
    /// The first argument that is never right.
    fn check(&self) -> Result<(), ArgError>;
}

/// Hands out the values of arguments, in the order of their declaration.
pub trait Read {
    /// Why there is no value.
    type Error;

    /// The next value; `default`: what stands for it if it is missing, `None` of an argument that is needed.
    ///
    /// # Errors
    ///
    /// A value that is needed and missing, or of another kind.
    fn next<A: ArgumentType>(&mut self, default: Option<A>) -> Result<A, Self::Error>;

    /// The next value of an argument that came [later](Argument::later).
    ///
    /// # Errors
    ///
    /// A value of another kind.
    fn later<A: ArgumentType>(&mut self, default: A) -> Result<A, Self::Error> {
        self.next(Some(default))
    }
}

/// Whether the scale of an initializer follows from the fans of the weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanNeed {
    /// It does not: every shape will do.
    None,
    /// It does: a shape of fewer than two dimensions is an error.
    Always,
    /// It does, but a weight without elements is left alone, whatever its shape.
    UnlessEmpty,
}

/// Declares an initializer: its struct, and with it the dict, the binary form, the checks, the tables and the texts.
///
/// The parts, in this order:
///
/// - documentation: the first paragraph is the line in tables, best the formula; then the paper;
/// - `pub struct Name { argument: type = default, check; … }`: the type is `f64`, `u64`, `bool` or a closed set of names
///   ([`Distribution`], [`FanMode`](super::FanMode), [`Nonlinearity`](super::Nonlinearity)); the check is the name of a
///   [`Check`](super::Check); `, needed` behind it marks an argument that a rule must give, `, later` one that was added
///   when others had the binary form ([`Argument::later`]); those come last. At most
///   [`MOST_ARGUMENTS`](super::MOST_ARGUMENTS), of a type that a program registers [`MOST_OF_YOUR_OWN`](super::MOST_OF_YOUR_OWN);
/// - `function: "…";` the name in plans ([`Declared::FUNCTION`]); without it the name of the struct;
/// - `fans: Always;` or `fans: UnlessEmpty;` ([`FanNeed`]) if the scale follows from the fans;
/// - `count(this) { … }`: the [`FanCount`], of an initializer that has an argument `fan`, and others for it;
/// - `same_as: …;` the initializer of another type that this one is ([`Declared::SAME_AS`]);
/// - `check(this) { … }`: a check of several arguments together, which gives `Result<(), ArgError>`.
///
/// [`Lower`](super::Lower) says what it draws.
///
/// ```
/// use weight_init_core::initializer::{Declared, Draw, InitError, Initializer, Lower, Shape, fans};
/// use weight_init_core::{Fill, initializer};
///
/// initializer! {
///     /// Variance `scale/fan_in`.
///     ///
///     /// Yann LeCun, Léon Bottou, Genevieve Orr, Klaus-Robert Müller: *Efficient BackProp*, 1998.
///     pub struct Lecun {
///         /// Factor of the variance.
///         scale: f64 = 1.0, NotNegative;
///     }
///     fans: Always;
/// }
///
/// impl Lower for Lecun {
///     fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
///         let fan_in = fans(shape).map_err(InitError::from)?.fan_in as f64;
///         draw.normal(0.0, (self.scale / fan_in).sqrt())
///     }
/// }
///
/// let fill: Fill<f32> = Lecun::DEFAULT.fill(&Shape::new(&[8, 4])).unwrap();
/// assert_eq!(fill, Fill::normal(0.0, 0.5).unwrap());
/// let error = Lecun { scale: -1.0 }.check().unwrap_err();
/// assert_eq!(error.to_string(), "'scale' is -1, but it must not be negative");
/// ```
///
/// [`Distribution`]: super::Distribution
#[macro_export]
macro_rules! initializer {
    (
        $(#[doc = $doc:literal])*
        $vis:vis struct $name:ident {$(
            $(#[doc = $field_doc:literal])*
            $field:ident: $type:ty = $default:expr, $check:ident $(, $mark:ident)?;
        )*}
        $(function: $function:literal;)?
        $(fans: $fans:ident;)?
        $(count($counted:ident) $count:block)?
        $(same_as: $same_as:expr;)?
        $(check($this:ident) $together:block)?
    ) => {
        $crate::initializer! {
            @struct $vis [$(#[doc = $doc])*] $name $($(#[doc = $field_doc])* $field: $type,)*
        }

        impl $name {
            /// Every argument at its default.
            $vis const DEFAULT: Self = Self { $($field: $default),* };
        }

        impl Default for $name {
            fn default() -> Self {
                Self::DEFAULT
            }
        }

        impl $crate::initializer::Declared for $name {
            const NAME: &'static str = stringify!($name);
            const FUNCTION: &'static str = $crate::initializer!(@or $($function)?, stringify!($name));
            const ARGUMENTS: &'static [$crate::initializer::Argument] = &[$(
                $crate::initializer::Argument {
                    name: stringify!($field),
                    kind: <$type as $crate::initializer::ArgumentType>::KIND,
                    needed: $crate::initializer!(@needed $($mark)?),
                    later: $crate::initializer!(@later $($mark)?),
                    check: $crate::initializer::Check::$check,
                    doc: &[$($field_doc),*],
                },
            )*];
            const DOC: &'static [&'static str] = &[$($doc),*];
            const FANS: $crate::initializer::FanNeed = $crate::initializer!(
                @or $($crate::initializer::FanNeed::$fans)?, $crate::initializer::FanNeed::None
            );
            const SAME_AS: Option<$crate::initializer::Init> =
                $crate::initializer!(@or $(Some($same_as))?, None);
            const DEFAULT: Self = Self::DEFAULT;

            fn get(&self, index: usize) -> Option<$crate::initializer::Value> {
                let values: &[$crate::initializer::Value] =
                    &[$($crate::initializer::ArgumentType::value(self.$field)),*];
                values.get(index).copied()
            }

            #[allow(unused_variables, reason = "an initializer without arguments reads none")]
            fn read<R: $crate::initializer::Read>(from: &mut R) -> Result<Self, R::Error> {
                Ok(Self {$(
                    $field: $crate::initializer!(@read from, $default $(, $mark)?)?,
                )*})
            }

            $(
                fn fan_count(&self) -> $crate::initializer::FanCount {
                    let $counted = self;
                    $count
                }

                fn fan_convention(&self) -> $crate::initializer::FanConvention {
                    self.fan
                }
            )?

            fn check(&self) -> Result<(), $crate::initializer::ArgError> {
                $(
                    if let Some(x) =
                        $crate::initializer::ArgumentType::value(self.$field).as_number()
                    {
                        $crate::initializer::Check::$check.argument(stringify!($field), x)?;
                    }
                )*
                $({
                    let $this = self;
                    $together?;
                })?
                Ok(())
            }
        }
    };
    (@struct $vis:vis [$($doc:tt)*] $name:ident) => {
        $($doc)*
        #[derive(Clone, Copy, Debug, PartialEq)]
        $vis struct $name;
    };
    (@struct $vis:vis [$($doc:tt)*] $name:ident $($(#[$field_doc:meta])* $field:ident: $type:ty,)+) => {
        $($doc)*
        // Whole words: a copy of an enum of initializers with bytes beside its tag would link `memcpy` into small firmware.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[repr(align(8))]
        $vis struct $name {
            $($(#[$field_doc])* $vis $field: $type,)*
        }
    };
    (@or , $default:expr) => { $default };
    (@or $given:expr, $default:expr) => { $given };
    (@needed) => { false };
    (@needed needed) => { true };
    (@needed later) => { false };
    (@later) => { false };
    (@later needed) => { false };
    (@later later) => { true };
    (@read $from:ident, $default:expr) => { $from.next(Some($default)) };
    (@read $from:ident, $default:expr, needed) => { $from.next(None) };
    (@read $from:ident, $default:expr, later) => { $from.later($default) };
}
