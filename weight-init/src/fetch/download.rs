//! One file over HTTP, gone on with where the last try ended.
//!
//! The client is `ureq`: it blocks, as everything here does, and brings rustls and proxies but no runtime.

use std::io::Read;
use std::path::Path;
use std::thread;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Response, StatusCode, header};

use super::cache::{hash_in, sha256};
#[cfg(feature = "cloud")]
use super::locate::is_cloud;
use super::locate::is_index;
use super::pace::Pace;
use super::partial::Partial;
use super::{FetchError, Patience, Progress, index};
use crate::address::Address;
use crate::checkpoint::StateDict;

/// New bytes that make a try count as getting on.
const GETTING_ON: u64 = 4 << 20;

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A download and its bounds.
#[derive(Debug)]
pub(super) struct Download<'d> {
    pub(super) url: &'d Address,
    /// Goes to that server alone.
    pub(super) token: Option<&'d str>,
    /// Where it is kept until it is whole.
    pub(super) folder: &'d Path,
    pub(super) target: &'d Path,
    pub(super) patience: &'d Patience,
    /// Bytes that the file may have.
    pub(super) most: u64,
}

impl Download<'_> {
    /// Downloads the file and gives it its name.
    pub(super) fn run(&self, progress: &mut dyn FnMut(Progress<'_>)) -> Result<(), FetchError> {
        let opened = Partial::open(self.folder, self.target, self.patience.stalled, progress)?;
        let Some(mut partial) = opened else { return Ok(()) };
        let received = self.receive_all(&mut partial, progress);
        match received.and_then(|end| self.check(end, &mut partial)) {
            Ok(()) => partial.finish(self.target),
            Err(error) => {
                // More bytes mend none of these faults.
                let useless = matches!(
                    error,
                    FetchError::Hash { .. }
                        | FetchError::Cut { .. }
                        | FetchError::TooLarge { bytes: None, .. }
                );
                if useless {
                    partial.discard();
                }
                Err(error)
            }
        }
    }

    fn receive_all(
        &self,
        partial: &mut Partial,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<End, FetchError> {
        #[cfg(feature = "cloud")]
        if is_cloud(self.url) {
            return super::cloud::receive(self, partial, progress);
        }
        self.try_until_whole(partial, progress)
    }

    /// Tries until every byte is here.
    fn try_until_whole(
        &self,
        partial: &mut Partial,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<End, FetchError> {
        let agent = agent(self.url, self.patience);
        let first_wait = self.patience.first_wait;
        let (mut tries, mut wait, mut before) = (0, first_wait, partial.len());
        loop {
            tries += 1;
            let trouble = match self.attempt(&agent, partial, progress)? {
                Attempt::Whole(end) => return Ok(end),
                Attempt::Trouble(trouble) => trouble,
            };
            if partial.len() >= before.saturating_add(GETTING_ON) {
                (tries, wait, before) = (0, first_wait, partial.len());
            }
            if tries >= self.patience.tries {
                return Err(self.failed(tries, trouble.message));
            }
            // Many machines that were cut off at once do not come back at once.
            let jitter = wait.mul_f64(f64::from(std::process::id() % 64) / 256.0);
            thread::sleep(trouble.retry_after.unwrap_or(wait + jitter).min(LONGEST_WAIT));
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    /// Whether what is here is the file: by its hash, by the length that the server gave, or by what it holds.
    fn check(&self, end: End, partial: &mut Partial) -> Result<(), FetchError> {
        let name = self.target.file_name().unwrap_or_default().to_string_lossy();
        if let Some(expected) = hash_in(&name) {
            let found = sha256(partial.path())?;
            if found.starts_with(expected) {
                return Ok(());
            }
            let found = found.get(..expected.len()).unwrap_or_default().to_owned();
            let (url, expected) = (self.url.clone(), expected.to_owned());
            return Err(FetchError::Hash { url, expected, found });
        }
        if end == End::Said {
            return Ok(());
        }
        let readable = if is_index(&name) {
            index::shards(partial.path()).map(drop).map_err(|error| error.to_string())
        } else {
            match StateDict::open(partial.path()) {
                Err(error) if !error.is_of_a_whole_file() => Err(error.to_string()),
                _ => Ok(()),
            }
        };
        readable.map_err(|message| FetchError::Cut { url: self.url.clone(), message })
    }

    fn attempt(
        &self,
        agent: &Agent,
        partial: &mut Partial,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Attempt, FetchError> {
        let mut request = agent.get(self.url.secret()).header(header::ACCEPT_ENCODING, "identity");
        if let Some(token) = self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        // Without a version to compare, what is here may be of another file.
        if let (1.., Some(version)) = (partial.len(), partial.version()) {
            request = request
                .header(header::RANGE, format!("bytes={}-", partial.len()))
                .header(header::IF_RANGE, version);
        }
        let response = match request.call() {
            Ok(response) => response,
            // These hold the address, or one that the server has chosen.
            Err(ureq::Error::BadUri(_) | ureq::Error::Http(_)) => {
                return Err(self.failed(1, "it is no address that can be asked".to_owned()));
            }
            Err(ureq::Error::RequireHttpsOnly(_)) => {
                let message = "it leads to an address that is not secure (https)";
                return Err(self.failed(1, message.to_owned()));
            }
            Err(error @ ureq::Error::TooManyRedirects) => {
                return Err(self.failed(1, error.to_string()));
            }
            Err(error) => return Ok(Trouble::again(error.to_string())),
        };
        let headers = response.headers();
        let total = match response.status() {
            StatusCode::OK => {
                partial.restart(version(headers).as_deref())?;
                length(headers)
            }
            StatusCode::PARTIAL_CONTENT => match range(headers) {
                Some((begin, total)) if begin == partial.len() => total,
                _ => {
                    partial.restart(None)?;
                    return Ok(Trouble::again("the server sends another part than was asked for"));
                }
            },
            StatusCode::RANGE_NOT_SATISFIABLE => {
                partial.restart(None)?;
                return Ok(Trouble::again("the server has less of the file than is here"));
            }
            status if again(status) => {
                let seconds = headers
                    .get(header::RETRY_AFTER)
                    .and_then(|value| value.to_str().ok()?.parse().ok());
                return Ok(Attempt::Trouble(Trouble {
                    message: format!("the server answers {status}"),
                    retry_after: seconds.map(Duration::from_secs),
                }));
            }
            status => {
                let (url, status) = (self.url.clone(), status.as_u16());
                return Err(FetchError::Status { url, status });
            }
        };
        self.receive(response, total, partial, progress)
    }

    fn receive(
        &self,
        response: Response<ureq::Body>,
        total: Option<u64>,
        partial: &mut Partial,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Attempt, FetchError> {
        let room = self.room(total, partial)?;
        // A body in chunks says where it ends; one without a length or chunks ends with the connection.
        let end = if total.is_some() || response.headers().contains_key(header::TRANSFER_ENCODING) {
            End::Said
        } else {
            End::OfConnection
        };
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 256 << 10];
        let mut pace = Pace::new(self.patience);
        loop {
            progress(Progress::Received { done: partial.len(), total });
            let count = match body.read(&mut buffer) {
                Ok(count) => count,
                Err(error) => {
                    return Ok(Trouble::again(format!("the connection ended early: {error}")));
                }
            };
            let Some(bytes) = buffer.get(..count).filter(|bytes| !bytes.is_empty()) else { break };
            let here = partial.len().saturating_add(bytes.len() as u64);
            if total.is_some_and(|total| here > total) {
                partial.restart(None)?;
                return Ok(Trouble::again("the server sends more than it said"));
            }
            if here > self.most {
                return Err(self.too_large(None));
            }
            if here > room {
                return Err(self.no_room(None, partial.free().unwrap_or_default(), partial));
            }
            partial.append(bytes)?;
            if !pace.keeps(count as u64) {
                return Ok(Trouble::again(pace.says()));
            }
        }
        match total {
            Some(total) if partial.len() < total => {
                let len = partial.len();
                Ok(Trouble::again(format!("the connection ended after {len} of {total} bytes")))
            }
            _ => Ok(Attempt::Whole(end)),
        }
    }

    /// How long the file may become on this disk, if it may be as long as the server says.
    pub(super) fn room(&self, total: Option<u64>, partial: &Partial) -> Result<u64, FetchError> {
        if total.is_some_and(|total| total > self.most) {
            return Err(self.too_large(total));
        }
        let Some(free) = partial.free() else { return Ok(u64::MAX) };
        match total.map(|total| total.saturating_sub(partial.len())) {
            Some(missing) if missing > free => Err(self.no_room(Some(missing), free, partial)),
            Some(_) => Ok(u64::MAX),
            // A server that does not say how much it sends does not fill the disk.
            None => Ok(partial.len().saturating_add(free / 2)),
        }
    }

    #[cold]
    fn too_large(&self, bytes: Option<u64>) -> FetchError {
        FetchError::TooLarge { url: self.url.clone(), bytes, most: self.most }
    }

    #[cold]
    fn no_room(&self, bytes: Option<u64>, free: u64, partial: &Partial) -> FetchError {
        let path = partial.path().to_owned();
        FetchError::NoRoom { url: self.url.clone(), bytes, free, path }
    }

    #[cold]
    pub(super) fn failed(&self, tries: u32, message: String) -> FetchError {
        FetchError::Network { url: self.url.clone(), tries, message }
    }
}

fn agent(url: &Address, patience: &Patience) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // A secure address never leads to an open one.
        .https_only(url.secret().starts_with("https://"))
        .timeout_resolve(Some(patience.connect))
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.read))
        .timeout_per_read(Some(patience.read))
        // Bytes between those of the body (sizes of chunks, trailers) do not count as progress.
        .timeout_recv_body(Some(patience.connection))
        .user_agent(concat!("weight-init/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

/// How the end of a file is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The server said where it is.
    Said,
    /// The connection ended, as it does when it is cut.
    OfConnection,
}

enum Attempt {
    Whole(End),
    Trouble(Trouble),
}

/// A failure that another try may mend.
struct Trouble {
    message: String,
    retry_after: Option<Duration>,
}

impl Trouble {
    fn again(message: impl Into<String>) -> Attempt {
        Attempt::Trouble(Self { message: message.into(), retry_after: None })
    }
}

/// Whether the same request may have another answer later.
fn again(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

/// The validator (strong ETag or date) that tells this version of the file from another one.
fn version(headers: &HeaderMap) -> Option<String> {
    let get = |name| headers.get(name).and_then(|value| value.to_str().ok());
    get(header::ETAG)
        .filter(|etag| !etag.starts_with("W/"))
        .or_else(|| get(header::LAST_MODIFIED))
        .map(str::to_owned)
}

fn length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Where a part begins, and how long the whole is: `bytes 100-199/200`.
fn range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let text = headers.get(header::CONTENT_RANGE)?.to_str().ok()?;
    let (range, total) = text.strip_prefix("bytes ")?.split_once('/')?;
    Some((range.split_once('-')?.0.parse().ok()?, total.parse().ok()))
}
