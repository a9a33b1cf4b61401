//! Object stores: Amazon S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.
//!
//! The crate `object_store` signs requests, repeats them and knows where credentials are: in the environment
//! (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME`, …) or given by the
//! machine. It is asynchronous, so it runs on a thread of its own runtime here, and only in builds that ask for it.

use std::env;
use std::path::Path;

use futures_util::StreamExt;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, parse_url_opts};
use url::Url;

use super::partial::Partial;
use super::{FetchError, Progress};

/// Downloads `url` to `target`.
pub(super) fn download(
    url: &str,
    target: &Path,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), FetchError> {
    let Some(mut partial) = Partial::open(target)? else { return Ok(()) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| FetchError::io("start the runtime for", target, error))?;
    runtime.block_on(receive(url, &mut partial, progress))?;
    partial.finish(target)
}

async fn receive(
    url: &str,
    partial: &mut Partial,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), FetchError> {
    let failed = |message: String| FetchError::Network { url: url.to_owned(), tries: 1, message };
    let network = |error: object_store::Error| failed(error.to_string());
    let parsed = Url::parse(url).map_err(|error| failed(error.to_string()))?;
    // What is no option of the store is passed over.
    let options = env::vars_os().filter_map(|(key, value)| {
        Some((key.into_string().ok()?.to_lowercase(), value.into_string().ok()?))
    });
    let (store, path) = parse_url_opts(&parsed, options).map_err(network)?;
    let found = store.head(&path).await.map_err(network)?;
    if found.e_tag.is_none() || partial.version() != found.e_tag || partial.len() > found.size {
        partial.restart(found.e_tag.as_deref())?;
    }
    let total = Some(found.size);
    if partial.len() < found.size {
        let options = GetOptions {
            range: Some(GetRange::Offset(partial.len())),
            if_match: found.e_tag,
            ..GetOptions::default()
        };
        let mut stream = store.get_opts(&path, options).await.map_err(network)?.into_stream();
        while let Some(bytes) = stream.next().await {
            partial.append(&bytes.map_err(network)?)?;
            progress(Progress { done: partial.len(), total });
        }
    }
    if partial.len() == found.size {
        return Ok(());
    }
    Err(failed(format!("the connection ended after {} of {} bytes", partial.len(), found.size)))
}
