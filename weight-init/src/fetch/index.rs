use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::FetchError;
use crate::checkpoint::sharded::shard_names;

/// The files that an index names; they lie beside it.
pub(super) fn shards(path: &Path) -> Result<BTreeSet<String>, FetchError> {
    let text = fs::read(path).map_err(|error| FetchError::io("read", path, error))?;
    shard_names(&text).map_err(|message| FetchError::Index { path: path.to_owned(), message })
}
