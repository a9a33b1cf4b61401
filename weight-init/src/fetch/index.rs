use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::FetchError;
use crate::checkpoint::sharded::{LONGEST_INDEX, shard_names};

/// The files that an index names, each by a plain name; they lie beside it.
pub(super) fn shards(path: &Path) -> Result<BTreeSet<String>, FetchError> {
    let failed = |error| FetchError::io("read", path, error);
    let fault = |message| FetchError::Index { path: path.to_owned(), message };
    let file = File::open(path).map_err(failed)?;
    let mut text = Vec::new();
    file.take(LONGEST_INDEX + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > LONGEST_INDEX {
        return Err(fault(format!("it has more than {LONGEST_INDEX} bytes, which no index has")));
    }
    shard_names(&text).map_err(fault)
}
