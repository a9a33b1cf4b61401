//! The files of `data/checkpoints/make.py` and `make_training.py`, which real PyTorch, mmengine, safetensors and NumPy have
//! written and read.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use weight_init::checkpoint::StateDict;

type Expected = BTreeMap<String, BTreeMap<String, (String, Vec<u64>, String)>>;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data/checkpoints")
}

fn expected() -> Expected {
    let read = |file| -> Expected {
        serde_json::from_slice(&fs::read(folder().join(file)).unwrap()).unwrap()
    };
    read("expected.json").into_iter().chain(read("expected_training.json")).collect()
}

/// Elements of a tensor from `first` on.
fn read(dict: &StateDict, tensor: usize, first: u64, count: u64) -> Vec<u8> {
    let size = dict.tensors()[tensor].dtype().bits() / 8;
    let mut bytes = vec![0xa5; (count * size) as usize];
    dict.read_at(tensor, first, &mut bytes).unwrap();
    bytes
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn every_file_is_read_as_its_own_library_reads_it() {
    let expected = expected();
    assert!(expected.len() >= 26);
    for (file, tensors) in &expected {
        let dict = StateDict::open(folder().join(file)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(dict.tensors().len(), tensors.len(), "{file}");
        for (name, (dtype, shape, bytes)) in tensors {
            let position = dict.position(name).unwrap_or_else(|| panic!("{file} has no {name}"));
            let tensor = &dict.tensors()[position];
            assert_eq!(
                (tensor.name(), tensor.dtype().to_string().as_str()),
                (name.as_str(), dtype.as_str())
            );
            assert_eq!(tensor.shape(), shape, "{file}: {name}");
            let elements = shape.iter().product();
            assert_eq!(hex(&read(&dict, position, 0, elements)), *bytes, "{file}: {name}");
        }
    }
}

#[test]
fn any_piece_of_a_tensor_is_the_same_as_of_the_whole() {
    for file in ["views.pth", "views_legacy.pth", "views_deflated.pth", "arrays_compressed.npz"] {
        let dict = StateDict::open(folder().join(file)).unwrap();
        for (position, tensor) in dict.tensors().iter().enumerate() {
            let size = tensor.dtype().bits() / 8;
            let elements = tensor.shape().iter().product();
            let whole = read(&dict, position, 0, elements);
            for first in 0..=elements {
                for count in [0, 1, 5, elements - first] {
                    let count = count.min(elements - first);
                    let range = (first * size) as usize..((first + count) * size) as usize;
                    assert_eq!(
                        read(&dict, position, first, count),
                        whole[range],
                        "{file}: {}",
                        tensor.name()
                    );
                }
            }
            let mut beyond = vec![0; size as usize];
            assert!(dict.read_at(position, elements, &mut beyond).unwrap_err().is_io());
        }
    }
}
