//! One file over HTTP, gone on with where the last try ended.
//!
//! The client is `ureq`: it blocks, as everything here does, and brings rustls and proxies but no runtime.

use std::io::Read;
use std::path::Path;
use std::thread;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, Response, StatusCode, header};

use super::locate::hash_in;
use super::partial::Partial;
use super::{FetchError, Patience, Progress};

/// New bytes that make a try count as getting on.
const GETTING_ON: u64 = 4 << 20;

/// The longest wait between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Downloads `url` to `target`; `token` goes to that server alone.
pub(super) fn download(
    url: &str,
    token: Option<&str>,
    target: &Path,
    patience: &Patience,
    progress: &mut dyn FnMut(Progress),
) -> Result<(), FetchError> {
    let Some(mut partial) = Partial::open(target)? else { return Ok(()) };
    let agent = agent(url, patience);
    let (mut tries, mut wait, mut before) = (0, patience.first_wait, partial.len());
    loop {
        tries += 1;
        let trouble = match attempt(&agent, url, token, &mut partial, progress)? {
            Attempt::Whole => break,
            Attempt::Trouble(trouble) => trouble,
        };
        if partial.len() >= before.saturating_add(GETTING_ON) {
            (tries, wait, before) = (0, patience.first_wait, partial.len());
        }
        if tries >= patience.tries {
            let Trouble { message, .. } = trouble;
            return Err(FetchError::Network { url: url.to_owned(), tries, message });
        }
        // Many machines that were cut off at once do not come back at once.
        let jitter = wait.mul_f64(f64::from(std::process::id() % 64) / 256.0);
        thread::sleep(trouble.retry_after.unwrap_or(wait + jitter).min(LONGEST_WAIT));
        wait = wait.saturating_mul(2).min(LONGEST_WAIT);
    }
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    if let Some(expected) = hash_in(&name) {
        let found = partial.sha256()?;
        if !found.starts_with(expected) {
            partial.discard();
            let found = found.get(..expected.len()).unwrap_or_default().to_owned();
            return Err(FetchError::Hash {
                url: url.to_owned(),
                expected: expected.to_owned(),
                found,
            });
        }
    }
    partial.finish(target)
}

fn agent(url: &str, patience: &Patience) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        // A secure address never leads to an open one.
        .https_only(url.starts_with("https://"))
        .timeout_connect(Some(patience.connect))
        .timeout_recv_response(Some(patience.read))
        .timeout_per_read(Some(patience.read))
        .user_agent(concat!("weight-init/", env!("CARGO_PKG_VERSION")))
        .build()
        .new_agent()
}

enum Attempt {
    Whole,
    Trouble(Trouble),
}

/// What another try may mend.
struct Trouble {
    message: String,
    retry_after: Option<Duration>,
}

impl Trouble {
    fn again(message: impl Into<String>) -> Attempt {
        Attempt::Trouble(Self { message: message.into(), retry_after: None })
    }
}

fn attempt(
    agent: &Agent,
    url: &str,
    token: Option<&str>,
    partial: &mut Partial,
    progress: &mut dyn FnMut(Progress),
) -> Result<Attempt, FetchError> {
    let mut request = agent.get(url).header(header::ACCEPT_ENCODING, "identity");
    if let Some(token) = token {
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
        Err(ureq::Error::BadUri(message)) => {
            return Err(FetchError::Network { url: url.to_owned(), tries: 1, message });
        }
        Err(error @ (ureq::Error::TooManyRedirects | ureq::Error::RequireHttpsOnly(_))) => {
            let message = error.to_string();
            return Err(FetchError::Network { url: url.to_owned(), tries: 1, message });
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
        status => return Err(FetchError::Status { url: url.to_owned(), status: status.as_u16() }),
    };
    receive(response, total, partial, progress)
}

/// Whether the same request may have another answer later.
fn again(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
}

fn receive(
    response: Response<ureq::Body>,
    total: Option<u64>,
    partial: &mut Partial,
    progress: &mut dyn FnMut(Progress),
) -> Result<Attempt, FetchError> {
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; 256 << 10];
    loop {
        progress(Progress { done: partial.len(), total });
        let count = match body.read(&mut buffer) {
            Ok(count) => count,
            Err(error) => {
                return Ok(Trouble::again(format!("the connection ended early: {error}")));
            }
        };
        match buffer.get(..count) {
            Some(bytes) if !bytes.is_empty() => partial.append(bytes)?,
            _ => break,
        }
        if total.is_some_and(|total| partial.len() > total) {
            partial.restart(None)?;
            return Ok(Trouble::again("the server sends more than it said"));
        }
    }
    match total {
        Some(total) if partial.len() < total => {
            let len = partial.len();
            Ok(Trouble::again(format!("the connection ended after {len} of {total} bytes")))
        }
        _ => Ok(Attempt::Whole),
    }
}

/// What tells this version of the file from another one; a weak one does not.
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
