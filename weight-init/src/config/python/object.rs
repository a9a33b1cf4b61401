//! The value of a Python expression.

#![warn(clippy::arithmetic_side_effects, reason = "integers of a config are as large as it likes")]

use std::rc::Rc;

use super::heap::{ClassId, DictId, FunctionId, IterId, ListId, SetId};
use super::text::Str;

/// A Python object. Containers live on the [`Heap`](super::heap::Heap), so that several names can mean the same one.
#[derive(Clone, Debug)]
pub(in crate::config) enum Object {
    None,
    Ellipsis,
    Bool(bool),
    Int(i128),
    Float(f64),
    Str(Str),
    List(ListId),
    Tuple(ListId),
    Dict(DictId),
    Set(SetId),
    Range(Rc<Range>),
    /// An iterator of `zip`, `enumerate`, `reversed`, `map` or a generator: consumed once.
    Iter(IterId),
    Function(FunctionId),
    /// A function or type of Python itself.
    Builtin(Builtin),
    /// A method and what it is called on.
    Method(Rc<Method>),
    /// A module of Python's library, by its name.
    Module(&'static str),
    /// A class of the config.
    Class(ClassId),
    /// An object that an import of other code would give: kept as its dotted name.
    Opaque(Str, Origin),
    /// A member of Python's library that is not evaluated, by its dotted name: no value.
    Unevaluated(Str),
}

/// How a name of other code came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) enum Origin {
    /// In a config that inherits by `_base_`: the object itself, which is one wherever it is imported.
    Eager,
    /// mmengine's `LazyObject` of a name, or `LazyAttr`: each import and each attribute is another.
    Lazy,
    /// mmengine's `LazyObject` of a module.
    LazyModule,
}

/// A method and what it is called on.
#[derive(Debug)]
pub(in crate::config) struct Method {
    pub(in crate::config) object: Object,
    pub(in crate::config) name: &'static str,
}

/// `range(start, stop, step)`; the step is not 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct Range {
    pub(in crate::config) start: i128,
    pub(in crate::config) stop: i128,
    pub(in crate::config) step: i128,
}

/// Names every built-in once: as a variant and as Python writes it.
macro_rules! builtins {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// A function or type that needs no import.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(in crate::config) enum Builtin {
            $($variant),*
        }

        impl Builtin {
            pub(in crate::config) const ALL: &[Self] = &[$(Self::$variant),*];

            pub(in crate::config) const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),*
                }
            }

            /// A built-in name, or one of a module by its dotted name.
            pub(in crate::config) fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

builtins! {
    Abs = "abs", All = "all", Any = "any", Bool = "bool", Chr = "chr", Dict = "dict", Divmod = "divmod",
    Enumerate = "enumerate", Filter = "filter", Float = "float", Format = "format", Frozenset = "frozenset",
    Getattr = "getattr", Hasattr = "hasattr", Int = "int", Isinstance = "isinstance", Iter = "iter", Len = "len",
    List = "list", Map = "map", Max = "max", Min = "min", Next = "next", Ord = "ord", Pow = "pow", Print = "print",
    Range = "range", Repr = "repr", Reversed = "reversed", Round = "round", Set = "set", Sorted = "sorted",
    Str = "str", Sum = "sum", Tuple = "tuple", Zip = "zip",
    Deepcopy = "copy.deepcopy", Copy = "copy.copy", OrderedDict = "collections.OrderedDict",
    FromKeys = "dict.fromkeys", Globals = "globals", Locals = "locals", Vars = "vars",
    Acos = "math.acos", Asin = "math.asin", Atan = "math.atan", Atan2 = "math.atan2", Ceil = "math.ceil",
    Comb = "math.comb", CopySign = "math.copysign", Cos = "math.cos", Cosh = "math.cosh", Degrees = "math.degrees",
    Exp = "math.exp", Expm1 = "math.expm1", Fabs = "math.fabs", Factorial = "math.factorial", Floor = "math.floor",
    Fmod = "math.fmod", Gcd = "math.gcd", Hypot = "math.hypot", IsClose = "math.isclose", IsFinite = "math.isfinite",
    IsInf = "math.isinf", IsNan = "math.isnan", IsSqrt = "math.isqrt", Lcm = "math.lcm", Log = "math.log",
    Log10 = "math.log10", Log1p = "math.log1p", Log2 = "math.log2", MathPow = "math.pow", Perm = "math.perm",
    Prod = "math.prod", Radians = "math.radians", Sin = "math.sin", Sinh = "math.sinh", Sqrt = "math.sqrt",
    Tan = "math.tan", Tanh = "math.tanh", Trunc = "math.trunc",
    PathJoin = "os.path.join", PathBasename = "os.path.basename", PathDirname = "os.path.dirname",
    PathSplitext = "os.path.splitext", Chain = "itertools.chain", Product = "itertools.product",
}

impl Range {
    /// How many numbers it has.
    pub(in crate::config) const fn len(self) -> u128 {
        let Self { start, stop, step } = self;
        let (low, high) = if step > 0 { (start, stop) } else { (stop, start) };
        if low >= high {
            return 0;
        }
        // The step is not 0, and the quotient below the largest number.
        let gaps = high.abs_diff(low).saturating_sub(1).checked_div(step.unsigned_abs());
        match gaps {
            Some(gaps) => gaps.saturating_add(1),
            None => 0,
        }
    }

    /// Whether it has this number.
    pub(in crate::config) const fn contains(self, int: i128) -> bool {
        let Self { start, stop, step } = self;
        let within = if step > 0 { start <= int && int < stop } else { stop < int && int <= start };
        within
            && match start.abs_diff(int).checked_rem(step.unsigned_abs()) {
                Some(rest) => rest == 0,
                None => false,
            }
    }

    /// Number `index`, which must be below the length.
    pub(in crate::config) const fn get(self, index: usize) -> Object {
        Object::Int(self.start.wrapping_add(self.step.wrapping_mul(index as i128)))
    }
}

impl Object {
    /// The name of its type, as Python's messages write it.
    pub(in crate::config) const fn type_name(&self) -> &'static str {
        match self {
            Self::None => "NoneType",
            Self::Ellipsis => "ellipsis",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Float(_) => "float",
            Self::Str(_) => "str",
            Self::List(_) => "list",
            Self::Tuple(_) => "tuple",
            Self::Dict(_) => "dict",
            Self::Set(_) => "set",
            Self::Range(_) => "range",
            Self::Iter(_) => "iterator",
            Self::Function(_) | Self::Builtin(_) => "function",
            Self::Method(_) => "method",
            Self::Module(_) => "module",
            Self::Class(_) => "class",
            Self::Opaque(..) | Self::Unevaluated(_) => "imported name",
        }
    }

    /// A number, with a truth value counted as 0 or 1.
    pub(in crate::config) const fn as_int(&self) -> Option<i128> {
        match self {
            Self::Bool(bool) => Some(*bool as i128),
            Self::Int(int) => Some(*int),
            _ => None,
        }
    }

    pub(in crate::config) const fn as_float(&self) -> Option<f64> {
        match (self, self.as_int()) {
            (Self::Float(float), _) => Some(*float),
            (_, Some(int)) => Some(int as f64),
            _ => None,
        }
    }
}
