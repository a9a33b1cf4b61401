//! The types of YAML 1.1 (<https://yaml.org/type/>) as PyYAML has them.
//!
//! | scalar | is |
//! |---|---|
//! | `yes`, `no`, `on`, `off`, `true`, `false` | a truth value, in small letters, in capitals or with a first capital |
//! | `0b101`, `017`, `0x1F`, `1_000`, `1:30` | an integer; the last two are 1000 and 90 |
//! | `1.5`, `1.`, `.5`, `1.5e+3`, `1:30.5`, `.inf`, `.nan` | a float; an exponent needs a point before it and a sign |
//! | `~`, `null` and nothing | null |
//! | `2001-12-14` and times | a string here, as the other formats have no dates |

use super::{begin, float, integer};
use crate::value::Kind;

/// The value of a plain scalar.
pub(super) fn plain(text: &str) -> Result<Kind, String> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Ok(Kind::Null),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Ok(Kind::Bool(true))
        }
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Ok(Kind::Bool(false))
        }
        "=" | "<<" => Err(format!("'{text}' is a value in quotes alone")),
        text if is_float(text) => real(text).map(Kind::Float),
        text if is_integer(text) => integer(whole(text), text),
        text => Ok(Kind::Str(text.into())),
    }
}

/// The value of a scalar with a tag; `None` if it does not fit.
pub(super) fn tagged(tag: &str, text: &str) -> Result<Option<Kind>, String> {
    match tag {
        "null" => Ok(matches!(text, "" | "~" | "null" | "Null" | "NULL").then_some(Kind::Null)),
        "bool" => Ok(match text.to_ascii_lowercase().as_str() {
            "yes" | "true" | "on" => Some(Kind::Bool(true)),
            "no" | "false" | "off" => Some(Kind::Bool(false)),
            _ => None,
        }),
        "int" if is_integer(text) => integer(whole(text), text).map(Some),
        "float" if is_float(text) => real(text).map(|float| Some(Kind::Float(float))),
        "float" => {
            // A number that needs the tag: 1, 1e-4.
            let digits = text.replace('_', "");
            let number = digits
                .trim_start_matches(['-', '+'])
                .starts_with(|c: char| c.is_ascii_digit() || c == '.');
            Ok(digits
                .parse::<f64>()
                .ok()
                .filter(|float| number && float.is_finite())
                .map(Kind::Float))
        }
        _ => Ok(None),
    }
}

/// Text without a sign, and whether that was `-`.
fn unsigned(text: &str) -> (bool, &str) {
    (text.starts_with('-'), text.strip_prefix(['-', '+']).unwrap_or(text))
}

fn all(text: &str, of: &str) -> bool {
    text.chars().all(|c| of.contains(c))
}

const DIGITS: &str = "0123456789_";

/// Parts of sixty behind each `:`.
fn is_sixties(parts: &str) -> bool {
    let is_part =
        |part: &str| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    parts.split(':').all(is_part)
}

fn is_integer(text: &str) -> bool {
    let (_, digits) = unsigned(text);
    let starts = |with: &str| digits.starts_with(|c: char| with.contains(c));
    if let Some(bits) = digits.strip_prefix("0b") {
        return !bits.is_empty() && all(bits, "01_");
    }
    if let Some(hex) = digits.strip_prefix("0x") {
        return !hex.is_empty() && all(hex, "0123456789abcdefABCDEF_");
    }
    if let Some((first, sixties)) = digits.split_once(':') {
        return starts("123456789") && all(first, DIGITS) && is_sixties(sixties);
    }
    digits == "0"
        || starts("123456789") && all(digits, DIGITS)
        || starts("0") && all(&digits[1..], "01234567_")
}

/// The value of an integer; nothing beyond 128 bits.
fn whole(text: &str) -> Option<i128> {
    let (negative, digits) = unsigned(text);
    let digits = digits.replace('_', "");
    let value = if let Some(bits) = digits.strip_prefix("0b") {
        i128::from_str_radix(bits, 2).ok()
    } else if let Some(hex) = digits.strip_prefix("0x") {
        i128::from_str_radix(hex, 16).ok()
    } else if digits.contains(':') {
        digits
            .split(':')
            .try_fold(0_i128, |value, part| value.checked_mul(60)?.checked_add(part.parse().ok()?))
    } else if digits.len() > 1 && digits.starts_with('0') {
        i128::from_str_radix(&digits, 8).ok()
    } else {
        digits.parse().ok()
    };
    value.and_then(|value| if negative { value.checked_neg() } else { Some(value) })
}

fn is_float(text: &str) -> bool {
    let (_, digits) = unsigned(text);
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let Some((first, rest)) = digits.split_once('.') else { return false };
    if let Some((first, sixties)) = first.split_once(':') {
        return first.starts_with(|c: char| c.is_ascii_digit())
            && all(first, DIGITS)
            && is_sixties(sixties)
            && all(rest, DIGITS);
    }
    let (fraction, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], Some(&rest[at + 1..])),
        None => (rest, None),
    };
    let exponent = exponent.is_none_or(|exponent| {
        exponent.strip_prefix(['-', '+']).is_some_and(|digits| {
            !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
        })
    });
    let mantissa = if first.is_empty() {
        // A float that begins with its point has no sign.
        digits == text
            && fraction.starts_with(|c: char| c.is_ascii_digit())
            && all(fraction, DIGITS)
    } else {
        first.starts_with(|c: char| c.is_ascii_digit())
            && all(first, DIGITS)
            && all(fraction, DIGITS)
    };
    mantissa && exponent
}

fn real(text: &str) -> Result<f64, String> {
    let (negative, digits) = unsigned(text);
    let digits = digits.replace('_', "").to_ascii_lowercase();
    let value = match digits.as_str() {
        ".inf" => f64::INFINITY,
        ".nan" => f64::NAN,
        sixties if sixties.contains(':') => {
            let mut value = 0.0;
            let mut base = 1.0;
            for part in sixties.rsplit(':') {
                value += float(part)? * base;
                base *= 60.0;
            }
            value
        }
        digits => float(digits)?,
    };
    if value.is_infinite() && digits != ".inf" {
        return Err(format!("found {}, which is beyond the range of a float", begin(text)));
    }
    Ok(if negative { -value } else { value })
}
