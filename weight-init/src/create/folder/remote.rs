//! A folder in an object store, as callers see it: builds without the feature `cloud` refuse it.

use std::time::Duration;

use super::{Folder, FolderReport, FolderState};
use crate::address::Address;
#[cfg(not(feature = "cloud"))]
use crate::checkpoint::{CheckpointError, Problem};
use crate::create::{CreateError, Share};
use crate::run::Filler;

/// What became of a share of a folder in an object store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreReport {
    /// As in a folder on a disk.
    pub folder: FolderReport,
    /// Uploads that killed processes had left, and that the store was made to forget; `None`: it does not list them for us.
    pub aborted: Option<usize>,
}

impl Folder<'_> {
    /// As [`write`](Self::write), into an object store: `s3://BUCKET/FOLDER`, `gs://BUCKET/FOLDER` or `az://CONTAINER/FOLDER`.
    ///
    /// Each file is uploaded in parts while it is made, and appears when it is whole; it takes the memory of five parts of 8 MiB, or
    /// of more for files beyond 80 GiB. Nothing can be renamed in a store, so that files appear one by one: the folder is
    /// whole when its index is there, or, without an index, its manifest with the check sums. Folders of ranks stand below it as
    /// on a disk, each whole when its own index is there.
    ///
    /// The server and the credentials are those of the environment: `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`, …, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME`, ….
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write); a store that is not reached, has no such bucket or does not allow it; a build without the feature
    /// `cloud`.
    pub fn write_to_store(
        &self,
        address: &Address,
        share: Share,
        backend: &mut Filler,
        progress: &mut dyn FnMut(u64),
    ) -> Result<StoreReport, CreateError> {
        #[cfg(feature = "cloud")]
        {
            let (folder, aborted) = self.write_objects(address, share, backend, progress)?;
            Ok(StoreReport { folder, aborted })
        }
        #[cfg(not(feature = "cloud"))]
        {
            let _ = (share, backend, progress);
            Err(not_built_in(address))
        }
    }

    /// As [`wait`](Self::wait), for a folder in an object store.
    ///
    /// # Errors
    ///
    /// As [`write_to_store`](Self::write_to_store).
    pub fn wait_in_store(
        &self,
        address: &Address,
        longest: Duration,
    ) -> Result<FolderState, CreateError> {
        #[cfg(feature = "cloud")]
        return self.wait_for_objects(address, longest);
        #[cfg(not(feature = "cloud"))]
        {
            let _ = longest;
            Err(not_built_in(address))
        }
    }
}

#[cfg(not(feature = "cloud"))]
fn not_built_in(address: &Address) -> CreateError {
    let message =
        "it is in an object store, which this build cannot reach; build with --features cloud"
            .to_owned();
    CheckpointError::content(address.to_string().as_ref(), Problem::Folder { message }).into()
}
