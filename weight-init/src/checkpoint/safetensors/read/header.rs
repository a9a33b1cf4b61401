//! The JSON of the header, as it is written: every entry, in order, duplicates included.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};

use crate::checkpoint::Problem;
use crate::checkpoint::safetensors::METADATA;

/// The dimensions that NumPy, through which most readers go, can have.
const MOST_DIMENSIONS: usize = 64;

/// A header as it stands in the file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) metadata: Vec<(String, String)>,
    pub(super) tensors: Vec<(String, Claim)>,
}

/// A tensor's entry in the header.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with dtype, shape and data_offsets")]
pub(super) struct Claim {
    pub(super) dtype: ::safetensors::Dtype,
    pub(super) shape: Shape,
    pub(super) data_offsets: (u64, u64),
}

pub(super) fn parse(text: &[u8]) -> Result<Header, Problem> {
    // The format wants `{` first; the `safetensors` crate takes what JSON takes, and so do its users' files.
    if text.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::HeaderStart);
    }
    let text = std::str::from_utf8(text)
        .map_err(|error| Problem::HeaderNotText { at: error.valid_up_to() })?;
    let header: Header = serde_json::from_str(text)
        .map_err(|error| Problem::Header { message: error.to_string() })?;
    let mut keys: Vec<_> = header.metadata.iter().map(|(key, _)| key).collect();
    keys.sort_unstable();
    if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(Problem::DuplicateKey { key: pair[0].clone() });
    }
    if let Some((name, claim)) =
        header.tensors.iter().find(|(_, claim)| claim.shape.dimensions > MOST_DIMENSIONS)
    {
        let dimensions = claim.shape.dimensions;
        return Err(Problem::TooManyDimensions {
            tensor: name.clone(),
            dimensions,
            limit: MOST_DIMENSIONS,
        });
    }
    Ok(header)
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of tensors")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut metadata: Option<Option<Texts>> = None;
                let mut tensors = Vec::new();
                while let Some(key) = map.next_key::<String>()? {
                    if key == METADATA {
                        let texts = map.next_value().map_err(|error| within(METADATA, error))?;
                        if metadata.replace(texts).is_some() {
                            return Err(A::Error::custom(format_args!(
                                "`{METADATA}` stands twice"
                            )));
                        }
                    } else {
                        let claim = map.next_value().map_err(|error| within(&key, error))?;
                        tensors.push((key, claim));
                    }
                }
                let metadata = metadata.flatten().map_or_else(Vec::new, |Texts(texts)| texts);
                Ok(Header { metadata, tensors })
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// An error with the entry it is in.
fn within<E: Error>(key: &str, error: E) -> E {
    let key: String = key.chars().take(200).collect();
    E::custom(format_args!("`{key}`: {error}"))
}

/// An object of texts, in order.
struct Texts(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;

        impl<'de> Visitor<'de> for Pairs {
            type Value = Texts;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Texts, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Texts(pairs))
            }
        }

        deserializer.deserialize_map(Pairs)
    }
}

/// The extents that may be kept, and how many there are: a hostile list of millions costs no memory.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) extents: Vec<u64>,
    dimensions: usize,
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Extents;

        impl<'de> Visitor<'de> for Extents {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a shape, a list of whole numbers")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Shape, A::Error> {
                let mut shape = Shape { extents: Vec::new(), dimensions: 0 };
                while let Some(extent) = sequence.next_element()? {
                    shape.dimensions += 1;
                    if shape.dimensions <= MOST_DIMENSIONS {
                        shape.extents.push(extent);
                    }
                }
                Ok(shape)
            }
        }

        deserializer.deserialize_seq(Extents)
    }
}
