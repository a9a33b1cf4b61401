use std::sync::Arc;

use weight_init_core::{DType, Layout};

use super::constructor::{Contents, Described, described};
use super::fields::{Fields, Place};
use super::stored::Files;
use crate::diagnostic::{Diagnostic, Texts};
use crate::model::builder::{check_size, check_values};
use crate::model::constructor::{Constructor, Content, OwnWrite, Written};
use crate::model::{BufferNode, ParamNode, Values};
use crate::pool::Pool;
use crate::value::{Kind, Value};

const PARAM_KEYS: &[&str] = &[
    "name",
    "shape",
    "dtype",
    "layout",
    "groups",
    "transposed",
    "stream",
    "same_as",
    "value",
    "constructor",
    "parts",
    "by",
    "own_init",
];
const OWN_KEYS: &[&str] = &["module", "after", "value", "constructor", "parts", "by"];
const BUFFER_KEYS: &[&str] =
    &["name", "shape", "dtype", "same_as", "value", "constructor", "parts", "by"];

pub(super) fn param_fields<'a>(
    texts: &'a dyn Texts,
    value: &'a Value,
    place: &'a Place<'a>,
) -> Result<Fields<'a>, Diagnostic> {
    Fields::read(texts, value, place, "parameter", PARAM_KEYS)
}

/// A parameter that is not tied, and what the description says is in it.
pub(super) fn param(
    fields: &Fields<'_>,
    contents: &mut Contents<'_>,
    shapes: &mut Pool<[usize]>,
) -> Result<(ParamNode, Option<Described>, Vec<OwnWrite>), Diagnostic> {
    let dtype = dtype(fields)?;
    let shape = shape(fields, dtype)?;
    let layout = layout(fields)?;
    let value = described(fields, dtype, &shape, contents)?;
    let own = own_writes(fields, dtype, &shape, contents)?;
    let stream = fields.optional_string("stream")?.map(Box::from);
    let shape = shapes.share(&shape);
    Ok((
        ParamNode { name: fields.name()?, shape, dtype, layout, stream, same_as: None },
        value,
        own,
    ))
}

/// What the dimensions mean; of a convolution with groups, or a transposed one, also which channels are connected.
fn layout(fields: &Fields<'_>) -> Result<Layout, Diagnostic> {
    let transposed = fields.optional_bool("transposed")?.unwrap_or_default();
    let groups = match fields.get("groups") {
        None => 1,
        Some(groups) => groups
            .as_int()
            .and_then(|groups| usize::try_from(groups).ok())
            .ok_or_else(|| fields.wrong("groups", "a whole number from 1 to 65535", groups))?,
    };
    let in_out = match fields.optional_string("layout")? {
        None | Some("out_in") => false,
        Some("in_out") => true,
        Some(other) => {
            let message = format!("'{other}' is no layout; allowed are 'out_in', 'in_out'");
            return Err(fields.fault_with_nearest("layout", message, other, ["out_in", "in_out"]));
        }
    };
    let Some(layout) = Layout::conv(groups, transposed) else {
        return Err(
            fields.fault("groups", format!("{groups} is no number of groups from 1 to 65535"))
        );
    };
    match (in_out, layout) {
        (false, layout) => Ok(layout),
        (true, Layout::OutIn) => Ok(Layout::InOut),
        (true, _) => {
            let message =
                "'groups' and 'transposed' are told of kernels in PyTorch's layout, 'out_in'";
            Err(fields.fault("layout", message))
        }
    }
}

/// What the `init_weights` of classes of their own write.
fn own_writes(
    fields: &Fields<'_>,
    dtype: DType,
    shape: &[usize],
    contents: &mut Contents<'_>,
) -> Result<Vec<OwnWrite>, Diagnostic> {
    let mut own = Vec::new();
    for (value, place) in fields.list("own_init")? {
        let fields = Fields::read(fields.texts(), value, &place, "write of its own", OWN_KEYS)?;
        let module = contents.texts.share(fields.string("module")?);
        let after = fields.optional_bool("after")?.unwrap_or_default();
        let written = match described(&fields, dtype, shape, contents)? {
            Some(Described::Constructor(written)) => written,
            Some(Described::Values(values)) => {
                let base = Written { content: Content::Values(values), by: None };
                Constructor { base, parts: Vec::new() }
            }
            None => {
                let message = "'constructor' or 'value' must say what is in it";
                return Err(fields.fault("constructor", message));
            }
        };
        own.push(OwnWrite { module, after, written: Arc::new(written) });
    }
    Ok(own)
}

pub(super) fn buffer_fields<'a>(
    texts: &'a dyn Texts,
    value: &'a Value,
    place: &'a Place<'a>,
) -> Result<Fields<'a>, Diagnostic> {
    Fields::read(texts, value, place, "buffer", BUFFER_KEYS)
}

/// A buffer that is not tied, and what the description says is in it.
pub(super) fn buffer(
    fields: &Fields<'_>,
    contents: &mut Contents<'_>,
) -> Result<(BufferNode, Option<Described>), Diagnostic> {
    let dtype = dtype(fields)?;
    let shape = shape(fields, dtype)?;
    let value = described(fields, dtype, &shape, contents)?;
    Ok((BufferNode { name: fields.name()?.to_string(), shape, dtype }, value))
}

fn dtype(fields: &Fields<'_>) -> Result<DType, Diagnostic> {
    let Some(name) = fields.optional_string("dtype")? else { return Ok(DType::F32) };
    DType::from_name(name).ok_or_else(|| {
        let names = DType::ALL.map(DType::name);
        let message = format!("'{name}' is no element type; allowed are {}", names.join(", "));
        fields.fault_with_nearest("dtype", message, name, names)
    })
}

/// Dimensions whose tensor has a size that a file can express.
fn shape(fields: &Fields<'_>, dtype: DType) -> Result<Vec<usize>, Diagnostic> {
    let expected = "a list of dimensions, integers from 0";
    let value =
        fields.get("shape").ok_or_else(|| fields.fault("shape", "the key 'shape' is missing"))?;
    let items = value.as_list().ok_or_else(|| fields.wrong("shape", expected, value))?;
    let dims = items
        .iter()
        .map(|item| {
            let dim = item.as_int().and_then(|dim| usize::try_from(dim).ok());
            dim.ok_or_else(|| fields.wrong("shape", expected, item))
        })
        .collect::<Result<Vec<usize>, _>>()?;
    check_size(&dims, dtype).map_err(|fault| fields.fault("shape", fault.to_string()))?;
    Ok(dims)
}

/// A number for the whole tensor, a list, nested or flat, of one for each element, or a tensor of a file.
pub(super) fn values(
    fields: &Fields<'_>,
    dtype: DType,
    shape: &[usize],
    files: &mut Files,
) -> Result<Option<Values>, Diagnostic> {
    let Some(value) = fields.get("value") else { return Ok(None) };
    if value.as_dict().is_some() {
        return files.tensor(fields, value, dtype, shape).map(|it| Some(Values::Stored(it)));
    }
    if let Some(number) = value.as_float() {
        return Ok(Some(Values::All(number)));
    }
    let mut numbers = Vec::new();
    if let Err(found) = flatten(value, &mut numbers) {
        return Err(fields.wrong(
            "value",
            "a number, a list of numbers or a dict with 'file' and 'tensor'",
            found,
        ));
    }
    check_values(shape, numbers.len()).map_err(|fault| fields.fault("value", fault.to_string()))?;
    Ok(Some(Values::Each(numbers)))
}

/// Collects the numbers, or gives back the first value that is none.
fn flatten<'v>(value: &'v Value, numbers: &mut Vec<f64>) -> Result<(), &'v Value> {
    match &value.kind {
        Kind::List(items) => items.iter().try_for_each(|item| flatten(item, numbers)),
        _ => {
            numbers.push(value.as_float().ok_or(value)?);
            Ok(())
        }
    }
}
