//! Types of initializers as configs see them: the built-in ones, and those that a program registers.

use core::fmt;

use super::{
    ArgError, Argument, ArgumentType, BuiltIn, Declared, FanNeed, Init, Lower, Read, Value,
};
#[cfg(feature = "registry")]
use super::{Custom, InitError, Shape, registered};

/// The most arguments that an initializer has.
pub const MOST_ARGUMENTS: usize = 4;

/// A type of initializers as configs see it: its declaration as data, and how an initializer is made of values.
///
/// [`ALL`](super::ALL) holds the built-in ones. With the feature `registry`, one of your own is a static made by
/// [`new`](Self::new), which goes into the list that
/// [`InitCfg::deserialize_with`](crate::init_cfg::InitCfg::deserialize_with) takes.
pub struct InitializerType {
    /// The name that a rule's `type` has.
    pub name: &'static str,
    /// The name in plans ([`Declared::FUNCTION`]).
    pub function: &'static str,
    /// Its arguments.
    pub arguments: &'static [Argument],
    /// Its documentation, line by line.
    pub doc: &'static [&'static str],
    /// Whether the scale follows from the fans.
    pub fans: FanNeed,
    /// The initializer of another type that this one is ([`Declared::SAME_AS`]).
    pub same_as: Option<Init>,
    default: fn(usize) -> Option<Value>,
    make: fn(&'static Self, &[Option<Value>]) -> Result<Init, BuildError>,
    /// The numbers that values give a parameter of this shape.
    #[cfg(feature = "registry")]
    pub(super) lower: fn(&registered::Words, &Shape<'_>) -> Result<registered::Numbers, InitError>,
    /// What takes the place of `default` and `lower`, of a type that is made while the program runs.
    #[cfg(feature = "registry")]
    pub(super) custom: Option<&'static dyn Custom>,
}

/// Why values make no initializer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BuildError {
    /// This argument must be given.
    Missing(&'static str),
    /// This one is never right.
    Argument(ArgError),
}

impl InitializerType {
    /// The type of a built-in initializer.
    pub(super) const fn built_in<I: BuiltIn>() -> Self {
        Self::declared::<I>(|_, values| build::<I>(values).map(BuiltIn::into_init))
    }

    const fn declared<I: Declared + Lower>(
        make: fn(&'static Self, &[Option<Value>]) -> Result<Init, BuildError>,
    ) -> Self {
        assert!(I::ARGUMENTS.len() <= MOST_ARGUMENTS, "an initializer has at most four arguments");
        Self {
            name: I::NAME,
            function: I::FUNCTION,
            arguments: I::ARGUMENTS,
            doc: I::DOC,
            fans: I::FANS,
            same_as: I::SAME_AS,
            default: |index| I::DEFAULT.get(index),
            make,
            #[cfg(feature = "registry")]
            lower: registered::lower::<I>,
            #[cfg(feature = "registry")]
            custom: None,
        }
    }

    /// The type of an initializer of your own, for a static.
    ///
    /// ```
    /// # use weight_init_core::initializer::{Draw, InitError, Lower, Shape, fans};
    /// use weight_init_core::initializer::InitializerType;
    /// # weight_init_core::initializer! {
    /// #     /// Variance `scale/fan_in`.
    /// #     pub struct Lecun {
    /// #         /// Factor of the variance.
    /// #         scale: f64 = 1.0, NotNegative;
    /// #     }
    /// #     fans: Always;
    /// # }
    /// # impl Lower for Lecun {
    /// #     fn lower<D: Draw>(&self, shape: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
    /// #         let fan_in = fans(shape).map_err(InitError::from)?.fan_in as f64;
    /// #         draw.normal(0.0, (self.scale / fan_in).sqrt())
    /// #     }
    /// # }
    ///
    /// // `Lecun` as `initializer!` declares it.
    /// static LECUN: InitializerType = InitializerType::new::<Lecun>();
    /// assert_eq!(LECUN.arguments[0].name, "scale");
    /// ```
    #[cfg(feature = "registry")]
    #[must_use]
    pub const fn new<I: Declared + Lower>() -> Self {
        Self::declared::<I>(|of, values| {
            Ok(Init::Registered(super::Registered::new(of, &build::<I>(values)?)))
        })
    }

    /// A type that is made while the program runs, of its name, arguments, documentation line by line, and what it does; see
    /// [`Custom`]. `None` of more than [`MOST_ARGUMENTS`] arguments.
    #[cfg(feature = "registry")]
    #[must_use]
    pub const fn custom(
        name: &'static str,
        arguments: &'static [Argument],
        doc: &'static [&'static str],
        fans: FanNeed,
        custom: &'static dyn Custom,
    ) -> Option<Self> {
        if arguments.len() > MOST_ARGUMENTS {
            return None;
        }
        let (function, custom) = (name, Some(custom));
        let make = super::custom::build;
        // Its own `default` and `lower` are never asked.
        let base = Self::built_in::<super::Constant>();
        Some(Self { name, function, arguments, doc, fans, make, custom, same_as: None, ..base })
    }

    /// A name for constants of a built-in initializer.
    pub(super) const fn preset<I: BuiltIn>(
        name: &'static str,
        doc: &'static [&'static str],
        same_as: Init,
        make: fn(&'static Self, &[Option<Value>]) -> Result<Init, BuildError>,
    ) -> Self {
        let same_as = Some(same_as);
        Self { name, function: name, arguments: &[], doc, same_as, make, ..Self::built_in::<I>() }
    }

    /// The default of argument number `index`.
    #[must_use]
    pub fn default(&self, index: usize) -> Option<Value> {
        #[cfg(feature = "registry")]
        if let Some(custom) = self.custom {
            return custom.default(index);
        }
        (self.default)(index)
    }

    /// The initializer of these values in the order of the arguments, with defaults where there is none.
    ///
    /// # Errors
    ///
    /// An argument that is needed and missing, or wrong whatever the model.
    pub fn build(&'static self, values: &[Option<Value>]) -> Result<Init, BuildError> {
        (self.make)(self, values)
    }
}

/// Makes an initializer of values by place, as a dict gave them.
pub(super) fn build<I: Declared>(values: &[Option<Value>]) -> Result<I, BuildError> {
    let this = I::read(&mut Given { values, arguments: I::ARGUMENTS, next: 0 })?;
    this.check().map_err(BuildError::Argument)?;
    Ok(this)
}

struct Given<'v> {
    values: &'v [Option<Value>],
    arguments: &'static [Argument],
    next: usize,
}

impl Read for Given<'_> {
    type Error = BuildError;

    fn next<A: ArgumentType>(&mut self, default: Option<A>) -> Result<A, BuildError> {
        let place = self.next;
        self.next += 1;
        let given = self.values.get(place).copied().flatten().and_then(A::of);
        let name = self.arguments.get(place).map_or("", |argument| argument.name);
        given.or(default).ok_or(BuildError::Missing(name))
    }
}

impl fmt::Debug for InitializerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
