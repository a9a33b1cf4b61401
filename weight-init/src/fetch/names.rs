use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use weight_init_core::nearest;

use super::FetchError;

/// Facts: torchvision 0.29's and 0.12's URLs by mmengine's names for them, and mmengine 0.10.7's own two tables.
const SHIPPED: &str = include_str!("names.json");

/// The longest table, in bytes.
const LONGEST: u64 = 16 << 20;

type Table = BTreeMap<String, String>;

/// Names of checkpoints in model zoos.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    #[serde(default)]
    torchvision: Table,
    #[serde(default, rename = "open-mmlab")]
    open_mmlab: Table,
    #[serde(default)]
    mmcls: Table,
}

/// A model zoo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Zoo {
    Torchvision,
    OpenMmlab,
    Mmcls,
}

impl Names {
    pub(super) fn shipped() -> Self {
        serde_json::from_str(SHIPPED).unwrap_or_default()
    }

    /// Adds the names of a file, which go before those that are known.
    pub(super) fn extend(&mut self, path: &Path) -> Result<(), FetchError> {
        let more: Self = read(path)?;
        self.torchvision.extend(more.torchvision);
        self.open_mmlab.extend(more.open_mmlab);
        self.mmcls.extend(more.mmcls);
        Ok(())
    }

    /// Adds the names of mmengine's own file, a single table.
    pub(super) fn extend_open_mmlab(&mut self, path: &Path) -> Result<(), FetchError> {
        self.open_mmlab.extend(read::<Table>(path)?);
        Ok(())
    }

    /// Whether a table has an address on the same host, reached in the same way.
    pub(super) fn has_host_of(&self, url: &str) -> bool {
        let Some(wanted) = origin(url) else { return false };
        [&self.torchvision, &self.open_mmlab, &self.mmcls]
            .into_iter()
            .flat_map(Table::values)
            .filter_map(|known| origin(known))
            .any(|known| known.eq_ignore_ascii_case(wanted))
    }

    /// The URL or path that a name stands for.
    pub(super) fn find(&self, zoo: Zoo, name: &str, checkpoint: &str) -> Result<&str, FetchError> {
        let table = match zoo {
            Zoo::Torchvision => &self.torchvision,
            Zoo::OpenMmlab => &self.open_mmlab,
            Zoo::Mmcls => &self.mmcls,
        };
        // `ResNet50_Weights.IMAGENET1K_V2`, as torchvision spells it itself.
        let spelled = name.to_lowercase().replace("_weights.", ".");
        table.get(name).or_else(|| table.get(&spelled)).map(String::as_str).ok_or_else(|| {
            let names = table.keys().map(String::as_str);
            FetchError::UnknownName {
                checkpoint: checkpoint.into(),
                nearest: nearest(name, names).map(str::to_owned),
                known: table.len(),
            }
        })
    }
}

/// Scheme, host and port of an address.
fn origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#', '\\']).next().filter(|host| !host.is_empty())?;
    url.get(..scheme.len() + "://".len() + host.len())
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, FetchError> {
    let failed = |error| FetchError::io("read", path, error);
    let fault = |message| FetchError::Names { path: path.to_owned(), message };
    let mut text = Vec::new();
    File::open(path).map_err(failed)?.take(LONGEST + 1).read_to_end(&mut text).map_err(failed)?;
    if text.len() as u64 > LONGEST {
        return Err(fault(format!("it has more than {LONGEST} bytes")));
    }
    serde_json::from_slice(&text).map_err(|error| fault(error.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn shipped_names_are_found_in_every_spelling() {
        let names = Names::shipped();
        let find = |zoo, name| names.find(zoo, name, name).map(str::to_owned);
        let v2 = "https://download.pytorch.org/models/resnet50-11ad3fa6.pth";
        assert_eq!(find(Zoo::Torchvision, "resnet50.imagenet1k_v2").unwrap(), v2);
        assert_eq!(find(Zoo::Torchvision, "ResNet50_Weights.IMAGENET1K_V2").unwrap(), v2);
        assert!(
            find(Zoo::OpenMmlab, "detectron2/resnet50_caffe")
                .unwrap()
                .contains("resnet50_msra-5891d200")
        );
        assert!(find(Zoo::Mmcls, "resnet50").unwrap().contains("ea4938fc"));
        assert!(find(Zoo::Mmcls, "rresnet50").unwrap_err().to_string().contains("'resnet50'"));
    }
}
