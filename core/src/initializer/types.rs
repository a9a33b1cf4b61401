//! Types of initializers as configs see them: the built-in ones, and those that a program registers.

use core::fmt;

use super::alias::Alias;
use super::{ArgError, Argument, ArgumentType, BuiltIn, Declared, FanNeed, Init, Read, Value};
#[cfg(feature = "registry")]
use super::{Custom, InitError, Lower, Shape, registered};

/// The most arguments that an initializer has.
pub const MOST_ARGUMENTS: usize = 8;
/// The most arguments that an initializer of a type has that a program registers.
pub const MOST_OF_YOUR_OWN: usize = 4;

/// The keys that rules and overrides have themselves, so that no argument may have their names.
pub(crate) const KEYS_OF_RULES: [&str; 13] = [
    "type",
    "name",
    "layer",
    "params",
    "override",
    "bias",
    "bias_prob",
    "checkpoint",
    "prefix",
    "map_location",
    "_scope_",
    "key",
    "extend",
];

/// Whether an argument has the name of a key that rules have themselves.
const fn is_taken(arguments: &[Argument]) -> bool {
    let mut argument = 0;
    while argument < arguments.len() {
        let mut key = 0;
        while key < KEYS_OF_RULES.len() {
            if same(arguments[argument].name.as_bytes(), KEYS_OF_RULES[key].as_bytes()) {
                return true;
            }
            key += 1;
        }
        argument += 1;
    }
    false
}

/// Whether bytes are equal, where no constant can compare them.
const fn same(a: &[u8], b: &[u8]) -> bool {
    match (a, b) {
        ([], []) => true,
        ([x, a @ ..], [y, b @ ..]) => *x == *y && same(a, b),
        _ => false,
    }
}

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
    /// Whether the name is that of another library's function for an initializer of another type.
    pub is_alias: bool,
    default: fn(usize) -> Option<Value>,
    make: fn(&'static Self, &[Option<Value>]) -> Result<Init, BuildError>,
    /// The numbers that values give a parameter of this shape, of a type that a program registers.
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

    /// Another library's name, with arguments of its own, for an initializer of another type.
    pub(super) const fn alias<I: Alias>() -> Self {
        Self { is_alias: true, ..Self::shorthand::<I>() }
    }

    /// A name with arguments of its own for an initializer of another type.
    pub(super) const fn shorthand<I: Alias>() -> Self {
        Self::declared::<I>(|_, values| {
            let init = build::<I>(values)?.expand();
            init.check().map_err(BuildError::Argument)?;
            Ok(init)
        })
    }

    const fn declared<I: Declared>(
        make: fn(&'static Self, &[Option<Value>]) -> Result<Init, BuildError>,
    ) -> Self {
        assert!(I::ARGUMENTS.len() <= MOST_ARGUMENTS, "an initializer has at most eight arguments");
        assert!(
            !is_taken(I::ARGUMENTS),
            "an argument has the name of a key that rules have themselves"
        );
        Self {
            name: I::NAME,
            function: I::FUNCTION,
            arguments: I::ARGUMENTS,
            doc: I::DOC,
            fans: I::FANS,
            same_as: I::SAME_AS,
            is_alias: false,
            default: |index| I::DEFAULT.get(index),
            make,
            #[cfg(feature = "registry")]
            lower: registered::none,
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
    ///
    /// An argument that has the name of a key of every rule, such as `layer` or `bias`, is refused by the compiler:
    ///
    /// ```compile_fail
    /// # use weight_init_core::initializer::{Draw, InitializerType, Lower, Shape};
    /// weight_init_core::initializer! {
    ///     /// Every element `bias`.
    ///     pub struct Flat {
    ///         /// The value.
    ///         bias: f64 = 1.0, Finite;
    ///     }
    /// }
    /// # impl Lower for Flat {
    /// #     fn lower<D: Draw>(&self, _: &Shape<'_>, draw: D) -> Result<D::Output, D::Error> {
    /// #         draw.constant(self.bias)
    /// #     }
    /// # }
    /// static FLAT: InitializerType = InitializerType::new::<Flat>();
    /// ```
    #[cfg(feature = "registry")]
    #[must_use]
    pub const fn new<I: Declared + Lower>() -> Self {
        Self {
            lower: registered::lower::<I>,
            ..Self::declared::<I>(|of, values| {
                Ok(Init::Registered(super::Registered::new(of, &build::<I>(values)?)))
            })
        }
    }

    /// A type that is made while the program runs, of its name, arguments, documentation line by line, and what it does; see
    /// [`Custom`]. `None` of more than [`MOST_OF_YOUR_OWN`] arguments.
    #[cfg(feature = "registry")]
    #[must_use]
    pub const fn custom(
        name: &'static str,
        arguments: &'static [Argument],
        doc: &'static [&'static str],
        fans: FanNeed,
        custom: &'static dyn Custom,
    ) -> Option<Self> {
        if arguments.len() > MOST_OF_YOUR_OWN {
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
