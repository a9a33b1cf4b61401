//! Object stores: Amazon S3 and what speaks like it, Google Cloud Storage, Azure Blob Storage.
//!
//! The crate `object_store` signs requests, repeats them and knows where credentials are: in the environment
//! (`AWS_ACCESS_KEY_ID`, `AWS_ENDPOINT_URL`, `GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_NAME`, …) or given by the
//! machine. It is asynchronous, so it runs on threads of its own runtime here, and only in builds that ask for it.

mod error;
mod unfinished;
mod upload;

use std::collections::BTreeMap;
use std::env;
use std::future::ready;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientConfigKey, GetOptions, GetRange, ObjectStore, ObjectStoreExt,
    ObjectStoreScheme, PutMode, PutPayload, RetryConfig,
};
use tokio::runtime::{Builder, Runtime};
use url::Url;

use crate::address::Address;

/// Short objects that are read at the same time.
const AT_ONCE: usize = 16;

/// Objects below a place that are listed at most; a folder has fewer.
const MOST_OBJECTS: usize = 100_000;

/// A place in a bucket: a folder that objects are written below, or one object.
#[derive(Debug)]
pub(crate) struct Store {
    /// As it is printed.
    address: String,
    bucket: String,
    /// What stands behind the bucket.
    pub(crate) path: Path,
    pub(crate) objects: Arc<dyn ObjectStore>,
    /// The same with little patience: a name of a server that is wrong is told at once.
    hasty: Arc<dyn ObjectStore>,
    /// The same where uploads can be listed.
    s3: Option<Arc<AmazonS3>>,
    pub(crate) runtime: Runtime,
}

/// An object, or the beginning of one.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) bytes: Vec<u8>,
    /// Of the whole object.
    pub(crate) size: u64,
}

impl Store {
    /// The store and the place in it that an address names.
    pub(crate) fn open(address: &Address) -> io::Result<Self> {
        let invalid = |message: String| io::Error::new(ErrorKind::InvalidInput, message);
        let url = Url::parse(address.secret()).map_err(|error| invalid(error.to_string()))?;
        let bucket = url.host_str().unwrap_or_default().to_owned();
        let is_more =
            url.query().is_some() || url.fragment().is_some() || !url.username().is_empty();
        if bucket.is_empty() || is_more {
            let message = "it is not of the form s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or az://CONTAINER/FOLDER";
            return Err(invalid(message.to_owned()));
        }
        let (scheme, path) =
            ObjectStoreScheme::parse(&url).map_err(|error| invalid(error.to_string()))?;
        let failed = |error: object_store::Error| error::explained(&bucket, &error);
        // A program that has chosen its ciphers keeps them.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let (objects, s3) = client(&scheme, &url, RetryConfig::default()).map_err(failed)?;
        let (hasty, _) = client(&scheme, &url, few_tries()).map_err(failed)?;
        // Parts are uploaded while the next are made.
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let address = address.to_string().trim_end_matches('/').to_owned();
        Ok(Self { address, bucket, path, objects, hasty, s3, runtime })
    }

    /// Where an object below stands, whose name may have folders.
    fn at(&self, name: &str) -> Path {
        name.split('/').fold(self.path.clone(), Path::join)
    }

    /// The address of an object below, for people.
    pub(crate) fn shown(&self, name: &str) -> PathBuf {
        format!("{}/{name}", self.address).into()
    }

    /// Objects below and their bytes, by the names that they have here.
    pub(crate) fn list(&self) -> io::Result<BTreeMap<String, u64>> {
        self.list_by(&self.objects)
    }

    /// The same as the first request, to a store that may not be there.
    pub(crate) fn list_at_first(&self) -> io::Result<BTreeMap<String, u64>> {
        self.list_by(&self.hasty)
    }

    fn list_by(&self, client: &Arc<dyn ObjectStore>) -> io::Result<BTreeMap<String, u64>> {
        let listed = async {
            let mut found = BTreeMap::new();
            let mut list = client.list(Some(&self.path));
            while let Some(object) = list.try_next().await? {
                let Some(parts) = object.location.prefix_match(&self.path) else { continue };
                let name: Vec<_> = parts.map(|part| part.as_ref().to_owned()).collect();
                found.insert(name.join("/"), object.size);
                if found.len() > MOST_OBJECTS {
                    let source = format!("there are more than {MOST_OBJECTS} objects").into();
                    return Err(object_store::Error::Generic { store: "list", source });
                }
            }
            Ok(found)
        };
        self.wait(listed)
    }

    /// Reads an object, or as many of its first bytes; `None` if it is not there.
    pub(crate) fn read(&self, name: &str, most: u64) -> io::Result<Option<Found>> {
        self.wait(self.reading(name.to_owned(), most))
    }

    /// Reads many short objects, as many at once as [`AT_ONCE`].
    pub(crate) fn read_each(
        &self,
        names: impl Iterator<Item = String>,
        most: u64,
    ) -> io::Result<Vec<Option<Found>>> {
        let reading: Vec<_> = names.map(|name| self.reading(name, most)).collect();
        self.wait(stream::iter(reading).buffered(AT_ONCE).try_collect())
    }

    async fn reading(&self, name: String, most: u64) -> Result<Option<Found>, object_store::Error> {
        let path = self.at(&name);
        let options =
            GetOptions { range: Some(GetRange::Bounded(0..most)), ..GetOptions::default() };
        let result = match self.objects.get_opts(&path, options).await {
            Ok(result) => result,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let size = result.meta.size;
        let mut bytes = Vec::new();
        let mut stream = result.into_stream();
        // A store may send more than it was asked for.
        while let Some(piece) = stream.try_next().await? {
            let room = most.saturating_sub(bytes.len() as u64);
            let taken = usize::try_from(room).unwrap_or(usize::MAX).min(piece.len());
            bytes.extend_from_slice(piece.get(..taken).unwrap_or_default());
            if taken < piece.len() {
                break;
            }
        }
        Ok(Some(Found { bytes, size }))
    }

    /// Hears all bytes of an object, piece by piece.
    pub(crate) fn read_all(&self, name: &str, mut hear: impl FnMut(&[u8])) -> io::Result<()> {
        let path = self.at(name);
        let read = async {
            let mut stream = self.objects.get(&path).await?.into_stream();
            while let Some(bytes) = stream.try_next().await? {
                hear(&bytes);
            }
            Ok(())
        };
        self.wait(read)
    }

    /// Writes a short object in place of what is there.
    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        let path = self.at(name);
        self.wait(self.objects.put(&path, PutPayload::from(bytes))).map(drop)
    }

    /// Writes a short object if there is none of that name; otherwise `false`.
    pub(crate) fn create(&self, name: &str, bytes: Vec<u8>) -> io::Result<bool> {
        let path = self.at(name);
        let put = self.objects.put_opts(&path, PutPayload::from(bytes), PutMode::Create.into());
        match self.wait(put) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes objects, if they are there.
    pub(crate) fn remove(&self, names: impl Iterator<Item = String>) {
        let paths: Vec<_> = names.map(|name| Ok(self.at(&name))).collect();
        let removed = self.objects.delete_stream(stream::iter(paths).boxed());
        self.runtime.block_on(removed.for_each(|_| ready(())));
    }

    /// Why there is no answer, in one clause.
    pub(crate) fn explained(&self, error: &object_store::Error) -> io::Error {
        error::explained(&self.bucket, error)
    }

    /// Waits for an answer of the store.
    fn wait<T>(
        &self,
        answer: impl Future<Output = Result<T, object_store::Error>>,
    ) -> io::Result<T> {
        self.runtime.block_on(answer).map_err(|error| self.explained(&error))
    }
}

/// For one request, its body included: 8 MiB at 30 kB/s.
const PATIENCE: &str = "300s";

type Client = (Arc<dyn ObjectStore>, Option<Arc<AmazonS3>>);

/// The client of a store, as the environment says.
fn client(
    scheme: &ObjectStoreScheme,
    url: &Url,
    retry: RetryConfig,
) -> Result<Client, object_store::Error> {
    match scheme {
        ObjectStoreScheme::GoogleCloudStorage => {
            let builder = GoogleCloudStorageBuilder::new()
                .with_url(url.as_str())
                .with_config(GoogleConfigKey::Client(ClientConfigKey::Timeout), PATIENCE)
                .with_retry(retry);
            let with = GoogleCloudStorageBuilder::with_config;
            Ok((Arc::new(configured(builder, "google_", with).build()?), None))
        }
        ObjectStoreScheme::MicrosoftAzure => {
            let builder = MicrosoftAzureBuilder::new()
                .with_url(url.as_str())
                .with_config(AzureConfigKey::Client(ClientConfigKey::Timeout), PATIENCE)
                .with_retry(retry);
            let with = MicrosoftAzureBuilder::with_config;
            Ok((Arc::new(configured(builder, "azure_", with).build()?), None))
        }
        _ => {
            let builder = AmazonS3Builder::new()
                .with_url(url.as_str())
                .with_config(AmazonS3ConfigKey::Client(ClientConfigKey::Timeout), PATIENCE)
                .with_retry(retry);
            let mut builder = configured(builder, "aws_", AmazonS3Builder::with_config);
            // Who names an open address wants it.
            if endpoint().is_some_and(|(_, endpoint)| endpoint.starts_with("http://")) {
                let key = AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp);
                builder = builder.with_config(key, "true");
            }
            let s3 = Arc::new(builder.build()?);
            Ok((Arc::<AmazonS3>::clone(&s3), Some(s3)))
        }
    }
}

/// Variables of the environment of this kind as options of a client; those that are none are passed over.
fn configured<B, K: FromStr>(builder: B, kind: &str, with: impl Fn(B, K, String) -> B) -> B {
    let variables = env::vars_os().filter_map(|(name, value)| {
        let name = name.into_string().ok()?.to_lowercase();
        let value = value.into_string().ok().filter(|value| !value.is_empty())?;
        Some((name.starts_with(kind).then(|| name.parse().ok())??, value))
    });
    variables.fold(builder, |builder, (option, value)| with(builder, option, value))
}

/// The variable that names the server of `s3://`, and its value.
fn endpoint() -> Option<(&'static str, String)> {
    ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
        .into_iter()
        .find_map(|name| Some((name, env::var(name).ok().filter(|value| !value.is_empty())?)))
}

fn few_tries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { max_backoff: Duration::from_secs(2), ..BackoffConfig::default() },
        max_retries: 3,
        retry_timeout: Duration::from_secs(15),
    }
}
