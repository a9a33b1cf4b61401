//! The checkpoints that Pretrained rules name.

use std::sync::Arc;

use weight_init::checkpoint::StateDict;

use crate::Error;

/// Opens a file, or with the feature `fetch` whatever the command finds by a name.
pub(crate) fn open(name: &str, key: Option<&str>) -> Result<Option<Arc<StateDict>>, Error> {
    #[cfg(feature = "fetch")]
    let opened = weight_init::fetch::Fetch::from_env()
        .and_then(|fetch| fetch.open(name, key, &mut |_| ()))
        .map_err(|error| Error::new(error.to_string()));
    #[cfg(not(feature = "fetch"))]
    let opened = StateDict::open_key(name, key).map_err(|error| Error::new(error.to_string()));
    opened.map(Arc::new).map(Some)
}
