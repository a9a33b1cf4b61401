use std::fmt;

use base64::prelude::{BASE64_STANDARD, Engine};
use sha2::{Digest, Sha256};
use weight_init::diagnostic::escape_markup;

use super::check::Check;
use super::data::Data;
use crate::failure::Failure;

const FRAME: &str = include_str!("report.html");
const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// The page: the frame with its style, its script and its data.
///
/// A policy allows this style and this script by their hashes and nothing else, so that no name of a model can become code,
/// and nothing is fetched. The data is a block that the browser does not run.
#[derive(Debug)]
pub(super) struct Page {
    title: String,
    json: String,
    check: Option<Check>,
}

impl Page {
    pub(super) fn new(data: &Data, check: Option<Check>) -> Result<Self, Failure> {
        let json = serde_json::to_string(data)
            .map_err(|error| Failure::io(format!("cannot make the page's data: {error}")))?;
        // Within JSON these stand in texts alone. '</script>' and '<!--' would end the block or change how it is read.
        let json = json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
        Ok(Self { title: escape_markup(data.model()), json, check })
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policy = format!(
            "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
            hash(STYLE),
            hash(SCRIPT)
        );
        let check = self.check.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut rest = FRAME;
        while let Some((before, behind)) = rest.split_once("{{") {
            f.write_str(before)?;
            let (slot, behind) = behind.split_once("}}").unwrap_or((behind, ""));
            f.write_str(match slot {
                "title" => &self.title,
                "policy" => &policy,
                "style" => STYLE,
                "check" => &check,
                "data" => &self.json,
                "script" => SCRIPT,
                _ => "",
            })?;
            rest = behind;
        }
        f.write_str(rest)
    }
}

/// As a Content-Security-Policy names a text.
fn hash(text: &str) -> String {
    format!("sha256-{}", BASE64_STANDARD.encode(Sha256::digest(text)))
}
