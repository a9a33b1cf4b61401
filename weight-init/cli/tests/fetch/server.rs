//! An HTTP/1.1 server on this machine that answers as a test tells it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// By lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    /// Sent as it is, whatever the headers say of it.
    body: Vec<u8>,
    /// Bytes after which the connection stays silent for so long before it goes on.
    pause: Option<(usize, Duration)>,
    /// Sent again and again after the body, at this distance, until the client goes.
    forever: Option<(Vec<u8>, Duration)>,
}

/// A server that runs until the test ends.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Answer {
    /// A body with its length and no version.
    pub(crate) fn new(status: u16, body: &[u8]) -> Self {
        let headers = vec![("Content-Length".to_owned(), body.len().to_string())];
        Self { status, headers, body: body.to_vec(), pause: None, forever: None }
    }

    /// A header, in place of one of that name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// The connection ends after so many bytes of the body.
    pub(crate) fn cut(mut self, after: usize) -> Self {
        self.body.truncate(after);
        self
    }

    pub(crate) fn pausing(mut self, after: usize, pause: Duration) -> Self {
        self.pause = Some((after, pause));
        self
    }

    /// After the body the same bytes come for ever.
    pub(crate) fn forever(mut self, bytes: &[u8], every: Duration) -> Self {
        self.forever = Some((bytes.to_vec(), every));
        self
    }

    /// The file, or the part of it that is asked for, if its version is.
    pub(crate) fn file(request: &Request, file: &[u8], version: &str) -> Self {
        let part = request
            .headers
            .get("range")
            .filter(|_| request.headers.get("if-range").is_none_or(|asked| asked == version));
        let begin = part.and_then(|range| {
            range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok()
        });
        match begin {
            None => Self::new(200, file).with("ETag", version),
            Some(begin) if begin >= file.len() => Self::new(416, b""),
            Some(begin) => Self::new(206, &file[begin..])
                .with("ETag", version)
                .with("Content-Range", &format!("bytes {begin}-{}/{}", file.len() - 1, file.len())),
        }
    }
}

impl Server {
    /// `answer` gets each request and its number.
    pub(crate) fn start(
        answer: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || {
                    let _ = serve(&stream.unwrap(), &seen, &*answer);
                });
            }
        });
        Self { address, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(
    stream: &TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &dyn Fn(&Request, usize) -> Answer,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    let mut words = first.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    for line in lines {
        let line = line?;
        match line.split_once(':') {
            Some((name, value)) => headers.insert(name.to_lowercase(), value.trim().to_owned()),
            None => break,
        };
    }
    let request = Request { method, path, headers };
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    if request.method == "CONNECT" {
        // The way to a server, through a proxy: this one plays both.
        (&mut &*stream).write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
        return serve(stream, seen, answer);
    }
    let Answer { status, headers, body, pause, forever } = answer(&request, number);
    let mut out = stream;
    write!(out, "HTTP/1.1 {status} Answer\r\nConnection: close\r\n")?;
    for (name, value) in headers {
        write!(out, "{name}: {value}\r\n")?;
    }
    out.write_all(b"\r\n")?;
    if request.method == "HEAD" {
        return Ok(());
    }
    let (at_once, later) =
        body.split_at(pause.map_or(body.len(), |(after, _)| after.min(body.len())));
    out.write_all(at_once)?;
    out.flush()?;
    if let Some((_, pause)) = pause {
        thread::sleep(pause);
    }
    out.write_all(later)?;
    let Some((bytes, every)) = forever else { return Ok(()) };
    loop {
        out.write_all(&bytes)?;
        thread::sleep(every);
    }
}
