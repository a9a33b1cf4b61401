//! What a store answers, in one clause that says what to do.

use std::error::Error;
use std::io::{self, ErrorKind};

use object_store::client::{HttpError, HttpErrorKind};

use super::endpoint;

/// Codes of S3, Google and Azure for credentials that are not accepted.
const CREDENTIALS: [&str; 7] = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AuthenticationFailed",
    "AuthorizationHeaderMalformed",
    "InvalidSecurity",
];

/// Codes of S3, Google and Azure for credentials that are accepted, but not for this.
const DENIED: [&str; 4] = [
    "AccessDenied",
    "AllAccessDisabled",
    "AuthorizationFailure",
    "AuthorizationPermissionMismatch",
];

/// The most characters of a server's own words.
const LONGEST: usize = 300;

/// An answer that is an error, with its kind: not found, already there, not allowed, not reached.
pub(super) fn explained(bucket: &str, error: &object_store::Error) -> io::Error {
    use object_store::Error as Store;

    let text = error.to_string();
    let code = between(&text, "<Code>", "</Code>");
    let said = || match (code, between(&text, "<Message>", "</Message>")) {
        (Some(code), Some(message)) => format!("the store answers {code}: {}", cut(message)),
        (Some(code), None) => format!("the store answers {code}"),
        (None, _) => cut(&innermost(error).to_string()),
    };
    let (kind, message) = match (error, code) {
        _ if ["169.254.169.254", "169.254.170.2", "metadata.google"]
            .iter()
            .any(|host| text.contains(host)) =>
        {
            let message = "there are no credentials in the environment, and this machine gives none; set AWS_ACCESS_KEY_ID and \
                AWS_SECRET_ACCESS_KEY (gs://: GOOGLE_SERVICE_ACCOUNT; az://: AZURE_STORAGE_ACCOUNT_NAME and \
                AZURE_STORAGE_ACCOUNT_KEY)";
            (ErrorKind::PermissionDenied, message.to_owned())
        }
        _ if text.contains("Account must be specified") => {
            let message = "the account of az:// is not known; set AZURE_STORAGE_ACCOUNT_NAME";
            (ErrorKind::Other, message.to_owned())
        }
        (_, Some("NoSuchBucket" | "ContainerNotFound")) => {
            let message = format!("there is no bucket '{bucket}'; make it, or name another one");
            (ErrorKind::NotFound, message)
        }
        (_, Some(code)) if CREDENTIALS.contains(&code) => {
            let message =
                format!("the store does not accept the credentials of the environment: {}", said());
            (ErrorKind::PermissionDenied, message)
        }
        _ if code.is_some_and(|code| DENIED.contains(&code))
            || matches!(error, Store::PermissionDenied { .. } | Store::Unauthenticated { .. }) =>
        {
            let message = format!(
                "these credentials may not do that in the bucket '{bucket}', where objects are listed, read, written and deleted: {}",
                said()
            );
            (ErrorKind::PermissionDenied, message)
        }
        (Store::NotFound { .. }, _) => (ErrorKind::NotFound, said()),
        (Store::AlreadyExists { .. } | Store::Precondition { .. }, _) => {
            (ErrorKind::AlreadyExists, said())
        }
        _ if is_unreachable(error) => {
            let place = match endpoint() {
                Some((name, value)) => format!("{value}, as {name} says"),
                None => "its address; AWS_ENDPOINT_URL names another one for s3://".to_owned(),
            };
            let message = format!("no server can be reached at {place} ({})", said());
            (ErrorKind::NotConnected, message)
        }
        _ => (ErrorKind::Other, said()),
    };
    io::Error::new(kind, message)
}

fn is_unreachable(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<HttpError>() {
            return matches!(error.kind(), HttpErrorKind::Connect | HttpErrorKind::Timeout);
        }
        cause = error.source();
    }
    false
}

/// The cause of all others, which names neither addresses nor tries.
fn innermost<'e>(error: &'e (dyn Error + 'static)) -> &'e (dyn Error + 'static) {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost
}

fn between<'t>(text: &'t str, begin: &str, end: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(begin)?;
    Some(rest.split_once(end)?.0)
}

fn cut(text: &str) -> String {
    text.trim().chars().take(LONGEST).collect()
}
