//! `format(value, spec)`, and the texts that are made with it.
//!
//! The specifications are those of <https://docs.python.org/3/library/string.html#formatspec>.

mod template;

pub(super) use self::template::{percent, template};
use super::heap::Heap;
use super::object::Object;
use super::show;
use super::text::Buffer;
use crate::config::meter::{Outcome, fault};

/// A format specification, taken apart.
#[derive(Clone, Copy, Debug, Default)]
struct Spec {
    fill: Option<char>,
    align: Option<char>,
    sign: Option<char>,
    alternate: bool,
    zero: bool,
    width: usize,
    grouping: Option<char>,
    precision: Option<usize>,
    kind: Option<char>,
}

impl Spec {
    fn read(text: &str) -> Outcome<Self> {
        if text.len() > MAX_SPEC {
            return fault(format!("a format of more than {MAX_SPEC} bytes"));
        }
        let mut spec = Self::default();
        let chars: Vec<char> = text.chars().collect();
        let mut rest = chars.as_slice();
        let is_align = |c: &char| "<>=^".contains(*c);
        match rest {
            [fill, align, tail @ ..] if is_align(align) => {
                (spec.fill, spec.align, rest) = (Some(*fill), Some(*align), tail);
            }
            [align, tail @ ..] if is_align(align) => (spec.align, rest) = (Some(*align), tail),
            _ => {}
        }
        if let [sign @ ('+' | '-' | ' '), tail @ ..] = rest {
            (spec.sign, rest) = (Some(*sign), tail);
        }
        if let ['#', tail @ ..] = rest {
            (spec.alternate, rest) = (true, tail);
        }
        if let ['0', tail @ ..] = rest {
            (spec.zero, rest) = (true, tail);
        }
        spec.width = take_number(&mut rest)?.unwrap_or(0);
        if let [grouping @ (',' | '_'), tail @ ..] = rest {
            (spec.grouping, rest) = (Some(*grouping), tail);
        }
        if let ['.', tail @ ..] = rest {
            rest = tail;
            spec.precision = Some(match take_number(&mut rest)? {
                Some(precision) => precision,
                None => return fault(format!("no precision in the format '{text}'")),
            });
        }
        match rest {
            [] => {}
            [kind] => spec.kind = Some(*kind),
            _ => return fault(format!("'{text}' is no format")),
        }
        Ok(spec)
    }

    /// Text to its width, numbers to the right.
    fn pad(&self, text: &str, number: bool, out: &mut Buffer) -> Outcome<()> {
        let missing = self.width.saturating_sub(text.chars().count());
        let fill = self.fill.unwrap_or(if self.zero { '0' } else { ' ' });
        let zero = self.zero && number && self.align.is_none();
        let (before, behind) = match self.align {
            Some('=') => (missing, 0),
            _ if zero => (missing, 0),
            Some('<') => (0, missing),
            Some('^') => (missing / 2, missing - missing / 2),
            None if !number => (0, missing),
            _ => (missing, 0),
        };
        let (sign, digits) = match text.strip_prefix(['-', '+', ' ']) {
            Some(digits) if zero || self.align == Some('=') => (&text[..1], digits),
            _ => ("", text),
        };
        out.push_str(sign)?;
        out.repeat(fill.encode_utf8(&mut [0; 4]), before)?;
        out.push_str(digits)?;
        out.repeat(fill.encode_utf8(&mut [0; 4]), behind)
    }

    fn signed(&self, negative: bool, digits: &str) -> String {
        let sign = match (negative, self.sign) {
            (true, _) => "-",
            (false, Some('+')) => "+",
            (false, Some(' ')) => " ",
            _ => "",
        };
        format!("{sign}{}", grouped(digits, self.grouping))
    }
}

/// Digits of a width or precision; bounded, for they become memory.
fn take_number(rest: &mut &[char]) -> Outcome<Option<usize>> {
    let count = rest.iter().take_while(|c| c.is_ascii_digit()).count();
    let (digits, tail) = rest.split_at(count);
    *rest = tail;
    if digits.is_empty() {
        return Ok(None);
    }
    match digits.iter().collect::<String>().parse::<usize>() {
        Ok(number) if number <= MAX_WIDTH => Ok(Some(number)),
        _ => fault(format!("a width or precision over {MAX_WIDTH}")),
    }
}

/// The longest specification, in bytes: none that means something is longer.
const MAX_SPEC: usize = 64;

/// The widest that one value is formatted.
const MAX_WIDTH: usize = 4096;

/// The digits before the point in groups of three.
fn grouped(digits: &str, separator: Option<char>) -> String {
    let Some(separator) = separator else { return digits.to_owned() };
    let whole = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (whole, rest) = digits.split_at(whole);
    let mut out = String::new();
    for (index, c) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(separator);
        }
        out.push(c);
    }
    out + rest
}

/// Adds `format(object, spec)`.
pub(super) fn format(heap: &Heap, object: &Object, spec: &str, out: &mut Buffer) -> Outcome<()> {
    if spec.is_empty() {
        return out.push_str(show::str(heap, object)?.read()?);
    }
    let spec = Spec::read(spec)?;
    // Digits far behind the point are dear.
    heap.step(spec.precision.unwrap_or(0).saturating_mul(4))?;
    match (object, spec.kind) {
        (Object::Int(_), None | Some('d' | 'x' | 'X' | 'o' | 'b' | 'c' | 'n'))
        | (Object::Bool(_), Some('d' | 'x' | 'X' | 'o' | 'b' | 'n')) => {
            let int = object.as_int().unwrap_or(0);
            spec.pad(&integer(&spec, int)?, true, out)
        }
        (
            Object::Int(_) | Object::Float(_) | Object::Bool(_),
            Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%'),
        )
        | (Object::Float(_), None) => {
            spec.pad(&number(&spec, object.as_float().unwrap_or(0.0)), true, out)
        }
        (Object::Str(text), None | Some('s')) => {
            let text = text.read()?;
            let end = spec.precision.and_then(|count| text.char_indices().nth(count));
            spec.pad(&text[..end.map_or(text.len(), |(end, _)| end)], false, out)
        }
        (Object::Bool(_) | Object::None, None) => {
            spec.pad(show::str(heap, object)?.read()?, false, out)
        }
        _ => {
            let kind = spec.kind.map_or_else(String::new, String::from);
            fault(format!("the format '{kind}' does not apply to a {}", object.type_name()))
        }
    }
}

fn integer(spec: &Spec, int: i128) -> Outcome<String> {
    let digits = int.unsigned_abs();
    let prefix = |text: &'static str| if spec.alternate { text } else { "" };
    let digits = match spec.kind {
        Some('x') => format!("{}{digits:x}", prefix("0x")),
        Some('X') => format!("{}{digits:X}", prefix("0X")),
        Some('o') => format!("{}{digits:o}", prefix("0o")),
        Some('b') => format!("{}{digits:b}", prefix("0b")),
        Some('c') => match u32::try_from(int).ok().and_then(char::from_u32) {
            Some(c) => return Ok(c.to_string()),
            None => return fault(format!("{int} is no character")),
        },
        _ => digits.to_string(),
    };
    Ok(spec.signed(int < 0, &digits))
}

fn number(spec: &Spec, x: f64) -> String {
    let magnitude = x.abs();
    let precision = spec.precision.unwrap_or(6);
    let digits = match spec.kind {
        _ if !x.is_finite() => show::float(magnitude),
        Some('f' | 'F') => format!("{magnitude:.precision$}"),
        Some('%') => format!("{:.precision$}%", magnitude * 100.0),
        Some('e') => exponent(magnitude, precision, 'e'),
        Some('E') => exponent(magnitude, precision, 'E'),
        Some('g') => general(magnitude, precision, 'e', spec.alternate),
        Some('G') => general(magnitude, precision, 'E', spec.alternate),
        _ => match spec.precision {
            None => show::float(magnitude),
            Some(precision) => {
                let text = general(magnitude, precision, 'e', false);
                if text.contains(['.', 'e']) { text } else { text + ".0" }
            }
        },
    };
    spec.signed(x.is_sign_negative() && !x.is_nan(), &digits)
}

fn exponent(x: f64, precision: usize, letter: char) -> String {
    let text = format!("{x:.precision$e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{mantissa}{letter}{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

fn general(x: f64, precision: usize, letter: char, keep_zeros: bool) -> String {
    let precision = precision.max(1);
    let rounded = format!("{x:.*e}", precision - 1);
    let power: i64 = rounded.split_once('e').and_then(|(_, power)| power.parse().ok()).unwrap_or(0);
    let text = if power < -4 || power >= precision as i64 {
        exponent(x, precision - 1, letter)
    } else {
        let decimals = usize::try_from(precision as i64 - 1 - power).unwrap_or(0);
        format!("{x:.decimals$}")
    };
    if keep_zeros {
        return text;
    }
    let (mantissa, tail) = match text.find(letter) {
        Some(at) => text.split_at(at),
        None => (text.as_str(), ""),
    };
    let mantissa = if mantissa.contains('.') {
        mantissa.trim_end_matches('0').trim_end_matches('.')
    } else {
        mantissa
    };
    format!("{mantissa}{tail}")
}

/// Converts a value before it is formatted: `!s` and `!r` of an f-string or of `format`.
pub(super) fn convert(heap: &Heap, object: &Object, conversion: Option<char>) -> Outcome<Object> {
    match conversion {
        None => Ok(object.clone()),
        Some('s') => Ok(Object::Str(show::str(heap, object)?)),
        Some('r') => Ok(Object::Str(show::repr(heap, object)?)),
        Some(other) => fault(format!("the conversion '!{other}' is not known")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;
    use crate::config::meter::Meter;

    fn formatted(value: &Object, spec: &str) -> Outcome<String> {
        let heap = Heap::new(&Meter::new(0));
        let mut out = heap.buffer();
        format(&heap, value, spec, &mut out)?;
        Ok(out.finish()?.to_string())
    }

    #[test]
    fn values_are_formatted_as_python_does() {
        let heap = Heap::new(&Meter::new(0));
        let str = |text: &str| heap.string(text).unwrap();
        for (value, spec, expected) in [
            (Object::Int(42), "05d", "00042"),
            (Object::Int(-42), "05", "-0042"),
            (Object::Int(42), ">6", "    42"),
            (Object::Int(1_234_567), ",", "1,234,567"),
            (Object::Int(255), "#x", "0xff"),
            (Object::Int(3), ".2f", "3.00"),
            (Object::Float(0.5), ".0%", "50%"),
            (Object::Float(1e-4), "", "0.0001"),
            (Object::Float(1e-4), ".0e", "1e-04"),
            (Object::Float(1e-4), "g", "0.0001"),
            (Object::Float(1e-5), "g", "1e-05"),
            (Object::Float(1_234_567.0), "g", "1.23457e+06"),
            (Object::Float(100.0), "g", "100"),
            (Object::Float(2.5), "+.1f", "+2.5"),
            (Object::Float(2.0), ".3", "2.0"),
            (str("ab"), "^6", "  ab  "),
            (str("ab"), "*<4", "ab**"),
            (str("abc"), ".2", "ab"),
        ] {
            assert_eq!(formatted(&value, spec).unwrap(), expected, "{value:?} {spec}");
        }
        assert!(formatted(&Object::Int(1), "99999999d").is_err());
        assert!(formatted(&str("a"), "d").is_err());
    }
}
