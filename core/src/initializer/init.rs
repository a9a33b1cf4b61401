//! The list of the built-in initializers.

use core::fmt::Debug;
use core::marker::PhantomData;

use super::alias::ALIASES;
use super::lower::AnyFillOf;
use super::preset::PRESETS;
use super::shorthand::SHORTHANDS;
use super::{
    ArgError, Argument, Constant, Declared, Draw, FanConvention, FanCount, FanNeed, Fans,
    InitError, InitializerType, Lower, Read, Shape, Value,
};
use crate::line_fill::AnyFill;
use crate::{Fill, Float};

/// Lists the built-in initializers, each with its number in the binary form. A number never changes, and none is used
/// twice.
macro_rules! initializers {
    ($($number:literal $name:ident;)*) => {
        /// An initializer with its arguments: what a rule's `type` names.
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[non_exhaustive]
        #[allow(missing_docs, reason = "each variant is documented by the type it holds")]
        pub enum Init {
            $($name(super::$name),)*
            /// One of a type that the program registers.
            #[cfg(feature = "registry")]
            Registered(super::Registered),
        }

        $(impl BuiltIn for super::$name {
            const NUMBER: u8 = $number;

            fn into_init(self) -> Init {
                Init::$name(self)
            }

            #[inline]
            fn of(init: &Init) -> Option<&Self> {
                if let Init::$name(this) = init { Some(this) } else { None }
            }
        })*

        /// The types of the built-in initializers.
        const BUILT_IN: &[&InitializerType] = &[$(<super::$name as BuiltIn>::TYPE),*];

        impl Init {
            /// Its type: name, arguments, documentation.
            #[must_use]
            pub const fn declared(&self) -> &'static InitializerType {
                match self {
                    $(Self::$name(_) => <super::$name as BuiltIn>::TYPE,)*
                    #[cfg(feature = "registry")]
                    Self::Registered(this) => this.of(),
                }
            }

            /// The value of argument number `index`.
            #[must_use]
            pub fn get(&self, index: usize) -> Option<Value> {
                match self {
                    $(Self::$name(this) => this.get(index),)*
                    #[cfg(feature = "registry")]
                    Self::Registered(this) => this.get(index),
                }
            }

            /// Checks the arguments as far as they can be checked without a model.
            ///
            /// ```
            /// use weight_init_core::init_cfg::Init;
            /// use weight_init_core::initializer::Uniform;
            /// let error = Init::Uniform(Uniform { a: 2.0, b: 1.0 }).check().unwrap_err();
            /// assert_eq!(error.to_string(), "the lower bound a = 2 is above the upper bound b = 1");
            /// ```
            ///
            /// # Errors
            ///
            /// A number that is not finite, a negative scale, inverted bounds.
            pub fn check(&self) -> Result<(), ArgError> {
                match self {
                    $(Self::$name(this) => this.check(),)*
                    // It was checked when it was made, and cannot be changed.
                    #[cfg(feature = "registry")]
                    Self::Registered(_) => Ok(()),
                }
            }

            /// Whether the scale follows from the fans.
            pub(crate) const fn fan_need(&self) -> FanNeed {
                match self {
                    $(Self::$name(_) => <super::$name as Declared>::FANS,)*
                    #[cfg(feature = "registry")]
                    Self::Registered(this) => this.of().fans,
                }
            }

            /// How it counts the fans, if the scale follows from them.
            pub(crate) fn fan_count(&self) -> FanCount {
                match self {
                    $(Self::$name(this) => this.fan_count(),)*
                    #[cfg(feature = "registry")]
                    Self::Registered(_) => FanCount::TORCH,
                }
            }

            /// The convention by which it counts the fans.
            fn fan_convention(&self) -> FanConvention {
                match self {
                    $(Self::$name(this) => this.fan_convention(),)*
                    #[cfg(feature = "registry")]
                    Self::Registered(_) => FanConvention::Torch,
                }
            }

            /// The number in the binary form; `None` of a registered one, which has no binary form.
            #[must_use]
            pub const fn number(&self) -> Option<u8> {
                match self {
                    $(Self::$name(_) => Some($number),)*
                    #[cfg(feature = "registry")]
                    Self::Registered(_) => None,
                }
            }
        }

        impl Lower for Init {
            fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
                match self {
                    $(Self::$name(this) => this.lower(shape, draw),)*
                    #[cfg(feature = "registry")]
                    Self::Registered(this) => this.lower(shape, draw),
                }
            }
        }

        impl Known for AllInitializers {
            fn read<R: Read>(number: u8, from: &mut R) -> Option<Result<Init, R::Error>> {
                match number & !WITH_LATER {
                    $($number => Some(super::$name::read(from).map(Init::$name)),)*
                    _ => None,
                }
            }
        }
    };
}
initializers! {
    0 Constant;
    1 Xavier;
    2 Normal;
    3 TruncNormal;
    4 Uniform;
    5 Kaiming;
    6 Caffe2Xavier;
    // 7 and 8 are Pretrained, which is no initializer: behind the children, and in list order.
    9 VarianceScaling;
    10 Identity;
    11 Dirac;
    12 Orthogonal;
    13 DeltaOrthogonal;
    14 Sparse;
    15 DepthScaled;
    16 MupNormal;
    17 Siren;
    18 Fixup;
    19 TFixup;
    20 LSTMBias;
    21 MambaALog;
    22 MambaDtBias;
    23 Sinusoidal;
    24 Rotary;
    25 HiPPO;
}

/// Added to an initializer's number in the binary form where values of arguments follow that came
/// [later](Argument::later).
pub(crate) const WITH_LATER: u8 = 0x80;

/// The types that come with the crate: the built-in initializers, names for some of their constants such as `Zeros`, and the
/// names of PyTorch's functions such as `xavier_normal_`.
pub static ALL: &[&InitializerType] = &{
    const LISTS: [&[&InitializerType]; 4] = [BUILT_IN, PRESETS, SHORTHANDS, ALIASES];
    let mut all =
        [Constant::TYPE; { BUILT_IN.len() + PRESETS.len() + SHORTHANDS.len() + ALIASES.len() }];
    let (mut rest, mut list): (&mut [_], usize) = (&mut all, 0);
    while list < LISTS.len() {
        let (front, behind) = rest.split_at_mut(LISTS[list].len());
        front.copy_from_slice(LISTS[list]);
        (rest, list) = (behind, list + 1);
    }
    all
};

/// A built-in initializer: a variant of [`Init`].
pub trait BuiltIn: Declared + Lower {
    /// Its number in the binary form.
    const NUMBER: u8;
    /// Its type as configs see it.
    const TYPE: &'static InitializerType = &InitializerType::built_in::<Self>();

    /// It as a variant.
    fn into_init(self) -> Init;

    /// The content of a variant; `None` of another one.
    fn of(init: &Init) -> Option<&Self>;
}

/// A set of initializers that a binary init_cfg may name: a program links the decoders of these.
pub trait Known: Copy + Debug + PartialEq + 'static {
    /// The initializer of this number, with the values that `from` hands out; `None` if it is not in the set. A number
    /// with its highest bit set is that of the rest, and values of arguments that came later follow.
    fn read<R: Read>(number: u8, from: &mut R) -> Option<Result<Init, R::Error>>;
}

/// The set of all built-in initializers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AllInitializers;

impl Init {
    /// The name of the type.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.declared().name
    }

    /// The arguments with their values; one that came [later](Argument::later) only where it is not the default.
    ///
    /// ```
    /// use weight_init_core::init_cfg::Init;
    /// use weight_init_core::initializer::Kaiming;
    /// let init = Init::Kaiming(Kaiming::DEFAULT);
    /// let shown = init.arguments().map(|(argument, value)| format!("{}={}", argument.name, argument.shown(value)));
    /// assert_eq!(shown.collect::<Vec<_>>(), ["a=0", "mode=fan_out", "nonlinearity=relu", "distribution=normal"]);
    /// ```
    pub fn arguments(&self) -> impl Iterator<Item = (&'static Argument, Value)> {
        let of = self.declared();
        let values = (0..).map_while(|index| Some((index, self.get(index)?)));
        let all = of.arguments.iter().zip(values);
        all.filter(|(argument, (index, value))| {
            !argument.later || of.default(*index) != Some(*value)
        })
        .map(|(argument, (_, value))| (argument, value))
    }

    /// The numbers that this initializer gives a parameter of `shape`.
    ///
    /// # Errors
    ///
    /// A shape without fans where they are needed, or arguments that the element type cannot express;
    /// [`InitError::ByLines`] of an initializer that makes whole lines.
    pub fn fill<T: Float>(&self, shape: &Shape<'_>) -> Result<Fill<T>, InitError> {
        super::Initializer::fill(self, shape)
    }

    /// The same of any initializer: elements, or whole lines.
    ///
    /// # Errors
    ///
    /// A shape or arguments that it cannot use, or that the element type cannot express.
    pub fn any_fill<T: Float>(&self, shape: &Shape<'_>) -> Result<AnyFill<T>, InitError> {
        self.lower(shape, AnyFillOf(PhantomData))
    }

    /// Whether it fails on a weight of this shape for want of fans, whatever these are.
    pub(crate) fn lacks_dimensions(&self, shape: &Shape<'_>) -> bool {
        self.uses_fans(shape)
            && shape.dims().len() < 2
            && self.fan_convention() != FanConvention::Keras
    }

    fn uses_fans(&self, shape: &Shape<'_>) -> bool {
        match self.fan_need() {
            FanNeed::None => false,
            FanNeed::Always => true,
            FanNeed::UnlessEmpty => !shape.is_empty(),
        }
    }

    /// Whether a weight of `shape` has the fans that this initializer needs.
    ///
    /// mmengine fails on every write of such a weight, also on one that a later rule would overwrite; so do we.
    ///
    /// # Errors
    ///
    /// Fewer than two dimensions for Xavier and Kaiming (Kaiming skips weights without elements); parts or axes that the
    /// shape does not have.
    pub fn check_fans(&self, shape: &Shape<'_>) -> Result<Option<Fans>, InitError> {
        if !self.uses_fans(shape) {
            return Ok(None);
        }
        self.fan_count().fans(shape).map(Some)
    }
}
