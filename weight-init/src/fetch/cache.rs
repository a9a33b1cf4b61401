//! Where downloads are kept.
//!
//! Two places. PyTorch's own cache, `$TORCH_HOME/hub/checkpoints`, is one folder for all addresses: whoever asks PyTorch for
//! any address that ends in a name is given the file of that name there, and PyTorch may run the code in it. So a file goes
//! there only under a name that holds the SHA-256 of that very file, and only from a host that a table of checkpoints' names
//! has: the hash in a name is cut to a few digits, which another host could meet by trying. All other files, and whatever is
//! not whole yet, lie in a folder of our own, `$TORCH_HOME/weight-init`, in a folder for each address that is called by the
//! SHA-256 of the address.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::FetchError;
use super::locate::is_index;

/// The folders of downloads.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    /// PyTorch's.
    shared: PathBuf,
    /// Ours.
    own: PathBuf,
}

impl Cache {
    /// The folders below what PyTorch calls `TORCH_HOME`.
    pub(super) fn of_torch_home(home: &Path) -> Self {
        Self { shared: home.join("hub").join("checkpoints"), own: home.join("weight-init") }
    }

    /// Where the file of an address is kept under its name; `known`: whether a table of names has its host.
    pub(super) fn path(&self, url: &str, name: &str, known: bool) -> PathBuf {
        // PyTorch does not decode names.
        let as_pytorch = url.split(['?', '#']).next().is_some_and(|bare| bare.ends_with(name));
        if known && as_pytorch && hash_in(name).is_some() && !is_index(name) {
            self.shared.join(name)
        } else {
            self.folder(url).join(name)
        }
    }

    /// The folder of our own that is an address's alone.
    pub(super) fn folder(&self, url: &str) -> PathBuf {
        self.own.join(hexadecimal(&Sha256::digest(url)))
    }
}

/// The first digits of the SHA-256 that PyTorch puts into names: `resnet50-0676ba61.pth`.
pub(super) fn hash_in(name: &str) -> Option<&str> {
    let (stem, _) = name.split_once('.').unwrap_or((name, ""));
    let (_, digits) = stem.rsplit_once('-')?;
    let hexadecimal = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f');
    ((8..=64).contains(&digits.len()) && digits.chars().all(hexadecimal)).then_some(digits)
}

/// The first digits of the SHA-256 that the name of a file holds, and as many of its content's; `None` without a hash in
/// the name.
pub(super) fn hashes(path: &Path) -> Result<Option<(String, String)>, FetchError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let Some(expected) = hash_in(&name) else { return Ok(None) };
    let mut found = sha256(path)?;
    found.truncate(expected.len());
    Ok(Some((expected.to_owned(), found)))
}

/// The SHA-256 of a file, in hexadecimal.
pub(super) fn sha256(path: &Path) -> Result<String, FetchError> {
    let failed = |error| FetchError::io("read", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let count = file.read(&mut buffer).map_err(failed)?;
        match buffer.get(..count) {
            Some(bytes) if !bytes.is_empty() => hash.update(bytes),
            _ => return Ok(hexadecimal(&hash.finalize())),
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_found_in_names() {
        assert_eq!(hash_in("resnet50-0676ba61.pth"), Some("0676ba61"));
        assert_eq!(hash_in("faster-rcnn_20200130-047c8118.pth"), Some("047c8118"));
        for name in [
            "resnet50.pth",
            "model-00001.safetensors",
            "a-0676BA61.pth",
            "b-zzzzzzzz.pth",
            "20200130",
        ] {
            assert_eq!(hash_in(name), None, "{name}");
        }
    }
}
