//! The core schema of YAML 1.2 (<https://yaml.org/spec/1.2.2/#103-core-schema>).

use super::{float, integer};
use crate::value::Kind;

/// The value of a plain scalar.
pub(super) fn plain(text: &str) -> Result<Kind, String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let negative = text.starts_with('-');
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Kind::Null),
        "true" | "True" | "TRUE" => return Ok(Kind::Bool(true)),
        "false" | "False" | "FALSE" => return Ok(Kind::Bool(false)),
        ".nan" | ".NaN" | ".NAN" => return Ok(Kind::Float(f64::NAN)),
        _ => {}
    }
    if matches!(digits, ".inf" | ".Inf" | ".INF") {
        return Ok(Kind::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY }));
    }
    let radix = match digits.get(..2) {
        Some("0x") if digits == text => Some((16, &digits[2..])),
        Some("0o") if digits == text => Some((8, &digits[2..])),
        _ => None,
    };
    if let Some((radix, digits)) = radix
        && !digits.is_empty()
        && digits.chars().all(|c| c.is_digit(radix))
    {
        return integer(i128::from_str_radix(digits, radix).ok(), text);
    }
    if !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()) {
        return integer(text.trim_start_matches('+').parse().ok(), text);
    }
    if is_float(digits) {
        return float(text).map(Kind::Float);
    }
    Ok(Kind::Str(text.into()))
}

/// `( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
fn is_float(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let numeric = |digits: &str| digits.bytes().all(|c| c.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['-', '+']).unwrap_or(exponent));
    numeric(whole)
        && numeric(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| !exponent.is_empty() && numeric(exponent))
}
