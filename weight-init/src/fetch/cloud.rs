//! One object of an object store.

use futures_util::StreamExt;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt};
use tokio::time::timeout;

use super::download::{Download, End};
use super::pace::Pace;
use super::partial::Partial;
use super::{FetchError, Progress};
use crate::store::Store;

/// Receives the whole object.
pub(super) fn receive(
    download: &Download<'_>,
    partial: &mut Partial,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<End, FetchError> {
    let store = Store::open(download.url).map_err(|error| download.failed(1, error.to_string()))?;
    store.runtime.block_on(stream(&store, download, partial, progress))?;
    Ok(End::Said)
}

async fn stream(
    store: &Store,
    download: &Download<'_>,
    partial: &mut Partial,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(), FetchError> {
    let failed = |message: String| download.failed(1, message);
    let network = |error: object_store::Error| failed(store.explained(&error).to_string());
    let (objects, path) = (&store.objects, &store.path);
    let found = objects.head(path).await.map_err(network)?;
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
        let mut stream = objects.get_opts(path, options).await.map_err(network)?.into_stream();
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
