use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use weight_init_core::nearest;

use super::FetchError;

/// Facts: torchvision 0.29's and 0.12's URLs by mmengine's names for them, and mmengine 0.10.7's own two tables.
const SHIPPED: &str = include_str!("names.json");

type Table = BTreeMap<String, String>;

/// What model zoos call their checkpoints.
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
                checkpoint: checkpoint.to_owned(),
                nearest: nearest(name, names).map(str::to_owned),
                known: table.len(),
            }
        })
    }
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<T, FetchError> {
    let text = fs::read(path).map_err(|error| FetchError::io("read", path, error))?;
    serde_json::from_slice(&text)
        .map_err(|error| FetchError::Names { path: path.to_owned(), message: error.to_string() })
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
