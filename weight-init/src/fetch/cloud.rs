//! Object stores: Amazon S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.
//!
//! The crate `object_store` signs requests, repeats them and knows where credentials are: in the environment
//! (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME`, …) or given by the
//! machine. It is asynchronous, so it runs on a thread of its own runtime here, and only in builds that ask for it.

use std::env;

use futures_util::StreamExt;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, parse_url_opts};
use tokio::time::timeout;
use url::Url;

use super::download::{Download, End};
use super::pace::Pace;
use super::partial::Partial;
use super::{FetchError, Progress};

/// Receives the whole object.
pub(super) fn receive(
    download: &Download<'_>,
    partial: &mut Partial,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<End, FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| FetchError::io("start the runtime for", download.target, error))?;
    runtime.block_on(stream(download, partial, progress))?;
    Ok(End::Said)
}

async fn stream(
    download: &Download<'_>,
    partial: &mut Partial,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), FetchError> {
    let failed = |message: String| download.failed(1, message);
    let network = |error: object_store::Error| failed(error.to_string());
    let parsed = Url::parse(download.url.secret()).map_err(|error| failed(error.to_string()))?;
    // Variables that are no option of the store are passed over.
    let options = env::vars_os().filter_map(|(key, value)| {
        Some((key.into_string().ok()?.to_lowercase(), value.into_string().ok()?))
    });
    let (store, path) = parse_url_opts(&parsed, options).map_err(network)?;
    let found = store.head(&path).await.map_err(network)?;
    if found.e_tag.is_none() || partial.version() != found.e_tag || partial.len() > found.size {
        partial.restart(found.e_tag.as_deref())?;
    }
    let total = Some(found.size);
    download.room(total, partial)?;
    if partial.len() < found.size {
        let options = GetOptions {
            range: Some(GetRange::Offset(partial.len())),
            if_match: found.e_tag,
            ..GetOptions::default()
        };
        let mut stream = store.get_opts(&path, options).await.map_err(network)?.into_stream();
        let mut pace = Pace::new(download.patience);
        while let Some(bytes) = timeout(download.patience.read, stream.next())
            .await
            .map_err(|_| failed("the store sends nothing".to_owned()))?
        {
            let bytes = bytes.map_err(network)?;
            if bytes.len() as u64 > found.size - partial.len() {
                partial.restart(None)?;
                return Err(failed("the store sends more than it said".to_owned()));
            }
            partial.append(&bytes)?;
            progress(Progress::Received { done: partial.len(), total });
            if !pace.keeps(bytes.len() as u64) {
                return Err(failed(pace.says()));
            }
        }
    }
    if partial.len() == found.size {
        return Ok(());
    }
    Err(failed(format!("the connection ended after {} of {} bytes", partial.len(), found.size)))
}
