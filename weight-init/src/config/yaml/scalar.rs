//! Types and values of scalars.

mod v1_1;
mod v1_2;

use crate::config::YamlVersion;
use crate::value::Kind;

/// The value of a scalar without quotes and tag.
pub(super) fn plain(text: &str, version: YamlVersion) -> Result<Kind, String> {
    match version {
        YamlVersion::V1_1 => v1_1::plain(text),
        YamlVersion::V1_2 => v1_2::plain(text),
    }
}

/// The value of a scalar with a tag of the core schema; `None` if there is no such tag.
pub(super) fn tagged(tag: &str, text: &str, version: YamlVersion) -> Result<Option<Kind>, String> {
    let kind = match (tag, version) {
        ("str", _) => Some(Kind::Str(text.into())),
        ("null" | "bool" | "int" | "float", YamlVersion::V1_1) => v1_1::tagged(tag, text)?,
        ("null" | "bool" | "int" | "float", YamlVersion::V1_2) => match (v1_2::plain(text)?, tag) {
            (Kind::Int(int), "float") => Some(Kind::Float(int as f64)),
            (kind @ Kind::Null, "null")
            | (kind @ Kind::Bool(_), "bool")
            | (kind @ Kind::Int(_), "int")
            | (kind @ Kind::Float(_), "float") => Some(kind),
            _ => None,
        },
        _ => return Ok(None),
    };
    match kind {
        Some(kind) => Ok(Some(kind)),
        None => Err(format!("the tag !!{tag} stands at what is no {tag}")),
    }
}

fn integer(int: Option<i128>, text: &str) -> Result<Kind, String> {
    match int {
        Some(int) => Ok(Kind::Int(int)),
        None => Err(format!("the integer {} does not fit into 128 bits", begin(text))),
    }
}

fn float(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(float) if float.is_finite() => Ok(float),
        _ => Err(format!("found {}, which is beyond the range of a float", begin(text))),
    }
}

/// The beginning of a number, as much as a message shows.
fn begin(text: &str) -> &str {
    text.get(..40).unwrap_or(text)
}
