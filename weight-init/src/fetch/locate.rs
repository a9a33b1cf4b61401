use std::env;
use std::path::PathBuf;

use super::names::Zoo;
use super::{Fetch, FetchError, expand};
use crate::address::{Address, is_in_store};
use crate::checkpoint::plain_name;

/// Where a checkpoint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file that is on this machine, or ought to be.
    File(PathBuf),
    /// Somewhere else.
    Remote {
        /// Its address.
        url: Address,
        /// Where it is kept on this machine once it was downloaded.
        path: PathBuf,
    },
}

impl Fetch {
    /// Where a checkpoint string leads; neither network nor disk is touched.
    ///
    /// # Errors
    ///
    /// An unknown scheme or name, with the nearest; a string that is not what its scheme asks for.
    pub fn locate(&self, checkpoint: &str) -> Result<Location, FetchError> {
        let malformed = |right| FetchError::Malformed { checkpoint: checkpoint.into(), right };
        let Some((scheme, rest)) = checkpoint.split_once("://") else {
            let home = env::var_os("HOME").map_or_else(PathBuf::new, PathBuf::from);
            return Ok(Location::File(expand(&home, checkpoint)));
        };
        let zoo = match scheme {
            "file" => {
                // file:///path, or with a host, which is this one.
                let path = rest.strip_prefix("localhost").unwrap_or(rest);
                if !path.starts_with('/') {
                    return Err(malformed("file:///path"));
                }
                return Ok(Location::File(PathBuf::from(decoded(path))));
            }
            "http" | "https" => {
                return self.remote(checkpoint).ok_or_else(|| malformed("https://host/path/file"));
            }
            "hf" => {
                let right = "hf://owner/repo/file[@revision]";
                return self.hub(rest).ok_or_else(|| malformed(right));
            }
            "s3" | "gs" | "az" => {
                return self.remote(checkpoint).ok_or_else(|| malformed("s3://bucket/path/file"));
            }
            "torchvision" | "modelzoo" => Zoo::Torchvision,
            "open-mmlab" | "openmmlab" => Zoo::OpenMmlab,
            "mmcls" | "mmpretrain" => Zoo::Mmcls,
            _ => {
                return Err(FetchError::Scheme {
                    checkpoint: checkpoint.into(),
                    scheme: scheme.to_owned(),
                });
            }
        };
        let found = self.names.find(zoo, rest, checkpoint)?;
        match found.split_once("://") {
            None => Ok(Location::File(self.mmengine_home.join(found))),
            // A name that leads to a name could lead to itself.
            Some(("file" | "http" | "https" | "hf" | "s3" | "gs" | "az", _)) => self.locate(found),
            Some(_) => Err(malformed("a name that a table gives a path or URL")),
        }
    }

    fn remote(&self, url: &str) -> Option<Location> {
        let (_, name) = parts(url)?;
        let name = decoded(name);
        if plain_name::fault(&name).is_some() {
            return None;
        }
        let path = self.cache.path(url, &name, self.names.has_host_of(url));
        Some(Location::Remote { url: url.into(), path })
    }

    fn hub(&self, rest: &str) -> Option<Location> {
        let (rest, revision) = rest.rsplit_once('@').unwrap_or((rest, "main"));
        let mut pieces = rest.splitn(3, '/');
        let (owner, repo, file) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let plain = |piece: &str| {
            !piece.is_empty()
                && !piece.split('/').any(|part| matches!(part, "" | "." | ".."))
                && piece.chars().all(|c| c.is_ascii_alphanumeric() || "-_./+=".contains(c))
        };
        if ![owner, repo, file, revision].into_iter().all(plain) {
            return None;
        }
        // A revision and a file may both have slashes; this is how the hub tells where the one ends.
        let revision = revision.replace('/', "%2F");
        self.remote(&format!("{}/{owner}/{repo}/resolve/{revision}/{file}", self.hub.endpoint))
    }
}

/// The part of an address up to its last slash, and the name of its file.
fn parts(url: &str) -> Option<(&str, &str)> {
    let bare = url.split(['?', '#']).next()?;
    let (folder, name) = bare.rsplit_once('/')?;
    let (_, host) = folder.split_once("://")?;
    (!host.is_empty()).then_some((folder, name))
}

/// Whether the file is an index of others beside it.
pub(super) fn is_index(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".index.json")
}

pub(super) fn is_cloud(url: &Address) -> bool {
    is_in_store(url.secret())
}

/// The address of another file in the same folder.
pub(super) fn beside(url: &Address, name: &str) -> Address {
    let url = url.secret();
    let folder = parts(url).map_or(url, |(folder, _)| folder);
    format!("{folder}/{name}").into()
}

/// A path whose `%20` and the like are the characters that they stand for.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digits = behind.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let byte =
            digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { behind.get(2..).unwrap_or_default() } else { behind };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    fn fetch() -> Fetch {
        let mut fetch = Fetch::from_env().unwrap().with_torch_home("/home".as_ref());
        fetch.hub.endpoint = "https://huggingface.co".into();
        fetch
    }

    fn remote(checkpoint: &str) -> (String, String) {
        match fetch().locate(checkpoint).unwrap() {
            Location::Remote { url, path } => {
                (url.to_string(), path.to_str().unwrap().replace('\\', "/"))
            }
            Location::File(path) => panic!("{path:?}"),
        }
    }

    #[test]
    fn every_scheme_leads_somewhere() {
        let resnet = "https://download.pytorch.org/models/resnet50-0676ba61.pth";
        let here = "/home/hub/checkpoints/resnet50-0676ba61.pth";
        for checkpoint in ["torchvision://resnet50", "modelzoo://resnet50", resnet] {
            assert_eq!(remote(checkpoint), (resnet.to_owned(), here.to_owned()));
        }
        let (url, path) = remote("hf://timm/vit_tiny/sub/model.safetensors@abc123");
        assert_eq!(
            url,
            "https://huggingface.co/timm/vit_tiny/resolve/abc123/sub/model.safetensors"
        );
        assert!(path.starts_with("/home/weight-init/") && path.ends_with("/model.safetensors"));
        assert!(remote("hf://a/b/c").0.contains("/resolve/main/c"));
        let file = |path: &str| Location::File(path.into());
        assert_eq!(fetch().locate("file:///a%20b/c.pth").unwrap(), file("/a b/c.pth"));
        assert_eq!(fetch().locate("sub/c.pth").unwrap(), file("sub/c.pth"));
        assert!(remote("s3://bucket/a/model.pth").1.ends_with("/model.pth"));
    }

    #[test]
    fn files_of_one_name_from_two_places_do_not_mix() {
        let (a, b) = (remote("https://a.org/model.pth").1, remote("https://b.org/model.pth").1);
        assert_ne!(a, b);
        assert!(a.starts_with("/home/weight-init/"));
        // A query is no part of the name, but of the place.
        let asked = remote("https://a.org/model.pth?version=2").1;
        assert!(asked.ends_with("/model.pth") && asked != a);
    }

    #[test]
    fn the_shared_cache_is_for_hosts_of_the_tables_and_names_with_a_hash() {
        let shared = |url: &str| remote(url).1.starts_with("/home/hub/checkpoints/");
        assert!(shared("https://download.pytorch.org/models/other-01234567.pth"));
        assert!(shared("https://DOWNLOAD.pytorch.org/models/other-01234567.pth"));
        for url in [
            "http://download.pytorch.org/models/resnet50-0676ba61.pth",
            "https://download.pytorch.org:444/models/resnet50-0676ba61.pth",
            "https://download.pytorch.org@evil.org/models/resnet50-0676ba61.pth",
            "https://me@download.pytorch.org/models/resnet50-0676ba61.pth",
            "https://download.pytorch.org.evil.org/models/resnet50-0676ba61.pth",
            "https://evil.org/https://download.pytorch.org/resnet50-0676ba61.pth",
            "https://evil.org/resnet50-0676ba61.pth",
            "https://download.pytorch.org/models/resnet50.pth",
            "https://download.pytorch.org/models/net-01234567.safetensors.index.json",
            "https://download.pytorch.org/models/a%2d01234567.pth",
        ] {
            assert!(!shared(url), "{url}");
        }
    }

    #[test]
    fn what_leads_nowhere_is_refused() {
        for checkpoint in [
            "ftp://a/b",
            "https://",
            "https://host/",
            "https://host/a/..",
            "https://host/a/%2e%2e",
            "https://host/a/b%2fc",
            "https://host/a/nul.pth",
            "https://host/a/b.pth.lock",
            "hf://a/b",
            "hf://a/../c",
            "hf://a/b/../c",
            "hf://a/b/c@",
            "file://etc/passwd",
            "torchvision://",
            "mmcls://nothing_like_it",
        ] {
            assert!(fetch().locate(checkpoint).is_err_and(|error| !error.is_io()), "{checkpoint}");
        }
    }
}
