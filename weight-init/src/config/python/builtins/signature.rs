//! Arguments of built-in functions.

use super::super::object::Builtin;

/// How many arguments without a name, and which with one (`*`: any). An argument that is not listed is refused, never ignored.
pub(super) const fn of(builtin: Builtin) -> (usize, &'static [&'static str]) {
    match builtin {
        Builtin::Dict | Builtin::OrderedDict => (1, &["*"]),
        Builtin::Print => (usize::MAX, &["*"]),
        Builtin::Min | Builtin::Max => (usize::MAX, &["key", "default"]),
        Builtin::Map
        | Builtin::Filter
        | Builtin::Zip
        | Builtin::Chain
        | Builtin::PathJoin
        | Builtin::Gcd
        | Builtin::Lcm
        | Builtin::Hypot => (usize::MAX, &[]),
        Builtin::Product => (usize::MAX, &["repeat"]),
        Builtin::Sorted => (1, &["key", "reverse"]),
        Builtin::Sum => (2, &["start"]),
        Builtin::Prod => (1, &["start"]),
        Builtin::Enumerate => (2, &["start"]),
        Builtin::Int => (2, &["base"]),
        Builtin::Round => (2, &["ndigits"]),
        Builtin::Range | Builtin::Getattr => (3, &[]),
        Builtin::IsClose => (2, &["rel_tol", "abs_tol"]),
        Builtin::Globals | Builtin::Locals => (0, &[]),
        Builtin::Atan2
        | Builtin::Comb
        | Builtin::CopySign
        | Builtin::Divmod
        | Builtin::Fmod
        | Builtin::Format
        | Builtin::FromKeys
        | Builtin::Hasattr
        | Builtin::Isinstance
        | Builtin::Log
        | Builtin::MathPow
        | Builtin::Next
        | Builtin::Perm
        | Builtin::Pow => (2, &[]),
        _ => (1, &[]),
    }
}
