use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::{StateDict, Unread, contiguous};

impl StateDict {
    /// The same checkpoint under other names, as another framework has them; where two tensors get one name, the later counts.
    ///
    /// ```no_run
    /// use weight_init::checkpoint::StateDict;
    ///
    /// let checkpoint = StateDict::open("bert.pth")?.renamed(|name| name.replace("gamma", "weight"));
    /// # Ok::<(), weight_init::checkpoint::CheckpointError>(())
    /// ```
    #[must_use]
    pub fn renamed(mut self, name: impl Fn(&str) -> String) -> Self {
        let mut by_name: HashMap<String, usize> = HashMap::new();
        let mut tensors = Vec::with_capacity(self.tensors.len());
        for mut tensor in self.tensors {
            tensor.name = name(&tensor.name);
            match by_name.get(&tensor.name).and_then(|place| tensors.get_mut(*place)) {
                Some(earlier) => *earlier = tensor,
                None => {
                    by_name.insert(tensor.name.clone(), tensors.len());
                    tensors.push(tensor);
                }
            }
        }
        let unread = self.unread.into_iter();
        self.unread =
            unread.map(|it| Unread { name: name(&it.name), what: Arc::clone(&it.what) }).collect();
        // Numbers of tensors may have changed.
        Self { tensors, by_name, inflated: Mutex::default(), ..self }
    }

    /// The same checkpoint with the transposes of the matrices that `is_wanted` names: `[out, in]`, as PyTorch has them, as
    /// `[in, out]`. Elements stay where they are, and are read in their new order.
    #[must_use]
    pub fn transposed(mut self, is_wanted: impl Fn(&str) -> bool) -> Self {
        for tensor in &mut self.tensors {
            let &[rows, columns] = tensor.shape.as_slice() else { continue };
            if !is_wanted(&tensor.name) {
                continue;
            }
            let strides = tensor.place.strides.take().unwrap_or_else(|| vec![columns, 1]);
            let shape = vec![columns, rows];
            let strides: Vec<u64> = strides.into_iter().rev().collect();
            tensor.place.strides = (!contiguous(&shape, &strides)).then_some(strides);
            tensor.shape = shape;
        }
        Self { inflated: Mutex::default(), ..self }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    /// A safetensors file of one matrix of bytes.
    fn matrix(folder: &std::path::Path, shape: [usize; 2]) -> StateDict {
        let length = shape.iter().product::<usize>();
        let header = format!(
            r#"{{"fc.gamma":{{"dtype":"U8","shape":[{},{}],"data_offsets":[0,{length}]}}}}"#,
            shape[0], shape[1]
        );
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(0..length as u8);
        let path = folder.join("matrix.safetensors");
        std::fs::write(&path, bytes).unwrap();
        StateDict::open(path).unwrap()
    }

    #[test]
    fn a_transposed_matrix_is_read_in_its_new_order_and_twice_transposed_is_itself() {
        let folder = tempfile::tempdir().unwrap();
        let turned = matrix(folder.path(), [2, 3]).transposed(|name| name == "fc.gamma");
        assert_eq!(turned.tensors()[0].shape(), [3, 2]);
        let mut out = [0; 6];
        turned.read_at(0, 0, &mut out).unwrap();
        assert_eq!(out, [0, 3, 1, 4, 2, 5]);
        turned.read_at(0, 3, &mut out[..2]).unwrap();
        assert_eq!(out[..2], [4, 2]);
        let back = turned.transposed(|_| true);
        back.read_at(0, 0, &mut out).unwrap();
        assert_eq!((out, back.tensors()[0].shape()), ([0, 1, 2, 3, 4, 5], &[2, 3][..]));
    }

    #[test]
    fn other_names_are_found_and_the_old_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let dict = matrix(folder.path(), [2, 3]).renamed(|name| name.replace("gamma", "weight"));
        assert_eq!((dict.position("fc.weight"), dict.position("fc.gamma")), (Some(0), None));
        assert_eq!(dict.tensors()[0].name(), "fc.weight");
    }
}
