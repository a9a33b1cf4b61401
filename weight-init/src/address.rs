//! Addresses as they are printed: without the parts that may be secrets.
//!
//! User names, passwords, values of queries and fragments are replaced, for any of them may be a token. Every message,
//! report, plan and file that holds an address holds it in this form; the address itself is known to the code that sends
//! the request, and to nothing else.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

/// What stands for a secret.
const HIDDEN: &str = "***";

/// An address that shows its secrets to [`secret`](Self::secret) alone.
///
/// ```
/// use weight_init::address::Address;
///
/// let address = Address::from("https://me:s3cret@host/net.pth?token=abc");
/// assert_eq!(address.to_string(), "https://***@host/net.pth?token=***");
/// assert_eq!(format!("{address:?}"), "\"https://***@host/net.pth?token=***\"");
/// assert!(address.secret().contains("s3cret"));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// The address as a request needs it. Never print it.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Address {
    fn from(address: &str) -> Self {
        Self(address.to_owned())
    }
}

impl From<String> for Address {
    fn from(address: String) -> Self {
        Self(address)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&shown(&self.0), f)
    }
}

/// Whether it is an address in an object store: `s3://`, `gs://` or `az://`.
///
/// ```
/// use weight_init::address::is_in_store;
///
/// assert!(is_in_store("s3://bucket/net"));
/// assert!(!is_in_store("models/net"));
/// ```
#[must_use]
pub fn is_in_store(address: &str) -> bool {
    ["s3://", "gs://", "az://"].iter().any(|scheme| address.starts_with(scheme))
}

/// The printed form of an address, or of any other name of a checkpoint: a path stays as it is.
///
/// ```
/// use weight_init::address::shown;
///
/// assert_eq!(shown("https://host/a.pth?X-Signature=5f%2B&expires"), "https://host/a.pth?X-Signature=***&***");
/// assert_eq!(shown("hf://owner/repo/file@main"), "hf://owner/repo/file@main");
/// assert_eq!(shown("models/net.pth"), "models/net.pth");
/// ```
#[must_use]
pub fn shown(address: &str) -> Cow<'_, str> {
    replaced(address, &secrets(address, |_| false))
}

/// A text with every address in it in its printed form. An address ends at a space, a quote or an angle bracket.
///
/// ```
/// use weight_init::address::masked;
///
/// let text = "cannot resolve 'http://me:pw@host/x': no such host";
/// assert_eq!(masked(text), "cannot resolve 'http://***@host/x': no such host");
/// ```
#[must_use]
pub fn masked(text: &str) -> Cow<'_, str> {
    replaced(text, &secrets(text, ends_address))
}

/// As [`masked`], byte for byte: the text keeps its length, so that places in it stay what they are.
pub(crate) fn mask_in_place(text: &mut [u8]) {
    // A byte that is no UTF-8 ends no address and begins no secret of its own.
    let readable: String =
        text.iter().map(|&b| if b.is_ascii() { char::from(b) } else { 'x' }).collect();
    for range in secrets(&readable, ends_address) {
        text.get_mut(range).unwrap_or_default().fill(b'*');
    }
}

fn ends_address(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\'' | '"' | '`' | '<' | '>')
}

fn replaced<'t>(text: &'t str, secrets: &[Range<usize>]) -> Cow<'t, str> {
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for range in secrets {
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(HIDDEN);
        at = range.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where secrets stand in a text, in order and apart from each other.
fn secrets(text: &str, ends: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    // JSON may spell a slash as `\/`.
    for (begin, mark) in text.match_indices("://").chain(text.match_indices(r":\/\/")) {
        let begin = begin + mark.len();
        let rest = text.get(begin..).unwrap_or_default();
        let rest = rest.split(&ends).next().unwrap_or_default();
        found.extend(of_address(rest).into_iter().map(|r| begin + r.start..begin + r.end));
    }
    found.sort_unstable_by_key(|range| range.start);
    // An address within a query has parts that are hidden already.
    found.dedup_by(|later, earlier| {
        let within = later.start < earlier.end;
        earlier.end = if within { earlier.end.max(later.end) } else { earlier.end };
        within
    });
    found
}

/// Where secrets stand in what follows `scheme://`.
fn of_address(rest: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    // A password with a slash in it looks like a host with a port that is no number.
    let odd_port = || {
        let (_, port) = authority.rsplit_once(':')?;
        if port.bytes().all(|b| b.is_ascii_digit()) { None } else { rest.rfind('@') }
    };
    let user = authority.rfind('@').or_else(odd_port).unwrap_or(0);
    if user > 0 {
        found.push(0..user);
    }
    let behind = rest.get(user..).unwrap_or_default();
    let fragment = behind.find('#').map_or(rest.len(), |at| user + at);
    let bare = rest.get(user..fragment).unwrap_or_default();
    let mut at = bare.find('?').map_or(fragment, |at| user + at + 1);
    for part in rest.get(at..fragment).unwrap_or_default().split('&') {
        let value = part.find('=').map_or(0, |equals| equals + 1);
        if value < part.len() {
            found.push(at + value..at + part.len());
        }
        at += part.len() + 1;
    }
    if fragment + 1 < rest.len() {
        found.push(fragment + 1..rest.len());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_a_secret_is_hidden() {
        for (address, printed) in [
            ("https://u:s3cret@h:8443/a", "https://***@h:8443/a"),
            ("https://s3cret@h/a", "https://***@h/a"),
            ("https://u:s3/cret@h/a", "https://***@h/a"),
            ("https://u:s3@cret@h/a", "https://***@h/a"),
            ("https://h?s3cret", "https://h?***"),
            ("https://h/a?t=s3cret&n=&k=s3=cret", "https://h/a?t=***&n=&k=***"),
            ("https://h/a?t=s3cret#s3cret", "https://h/a?t=***#***"),
            ("https://h/a?#s3cret", "https://h/a?#***"),
            ("https://h/a#s3cret?t=s3cret", "https://h/a#***"),
            ("https://h/a#", "https://h/a#"),
            ("https://h/a?", "https://h/a?"),
            ("https://p/https://u:s3cret@h/a", "https://p/https://***@h/a"),
            ("https://h/a?to=https://u:s3cret@h/?t=s3cret", "https://h/a?to=***"),
            (r"https:\/\/u:s3cret@h\/a", r"https:\/\/***@h\/a"),
            ("ftp://u:s3cret@h/a", "ftp://***@h/a"),
            ("http://h:80/a@b", "http://h:80/a@b"),
            ("hf://o/r/f@v", "hf://o/r/f@v"),
            ("https://", "https://"),
        ] {
            assert_eq!(shown(address), printed, "{address}");
        }
    }

    #[test]
    fn addresses_in_a_text_are_found() {
        let text = "a \"http://u:s3cret@h/é\" and <https://h/?t=s3cret>, `x://h#s3cret` end";
        assert_eq!(masked(text), "a \"http://***@h/é\" and <https://h/?t=***>, `x://h#***` end");
        let mut bytes = text.as_bytes().to_vec();
        mask_in_place(&mut bytes);
        assert_eq!(bytes.len(), text.len());
        let masked = String::from_utf8_lossy(&bytes);
        assert!(!masked.contains("s3cret") && masked.ends_with("` end"), "{masked}");
    }
}
