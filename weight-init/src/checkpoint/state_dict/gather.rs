//! Tensors whose elements do not lie row by row: transposed, cut out, repeated.

/// Whether the strides are those of a tensor that lies row by row.
pub(super) fn contiguous(shape: &[u64], strides: &[u64]) -> bool {
    let mut expected = 1_u64;
    shape.contains(&0)
        || shape.iter().zip(strides).rev().all(|(&extent, &stride)| {
            let right = extent == 1 || stride == expected;
            expected = expected.saturating_mul(extent);
            right
        })
}

/// Elements from the first of a tensor to the one after its last; `None` if they cannot be counted.
pub(super) fn span(shape: &[u64], strides: Option<&[u64]>) -> Option<u64> {
    if shape.contains(&0) {
        return Some(0);
    }
    match strides {
        None => shape.iter().try_fold(1_u64, |n, &extent| n.checked_mul(extent)),
        Some(strides) => shape.iter().zip(strides).try_fold(1_u64, |n, (&extent, &stride)| {
            n.checked_add((extent - 1).checked_mul(stride)?)
        }),
    }
}

/// Copies elements of `size` bytes, row by row from element `first` on, until `out` is full.
pub(super) fn gather(
    bytes: &[u8],
    size: usize,
    shape: &[u64],
    strides: &[u64],
    first: u64,
    out: &mut [u8],
) {
    let mut index = vec![0; shape.len()];
    let mut rest = first;
    for (here, &extent) in index.iter_mut().zip(shape).rev() {
        *here = rest % extent.max(1);
        rest /= extent.max(1);
    }
    let mut at: u64 = index.iter().zip(strides).map(|(i, stride)| i * stride).sum();
    for element in out.chunks_exact_mut(size) {
        let start = at as usize * size;
        if let Some(found) = bytes.get(start..start + size) {
            element.copy_from_slice(found);
        }
        for ((here, &extent), &stride) in index.iter_mut().zip(shape).zip(strides).rev() {
            *here += 1;
            at += stride;
            if *here < extent {
                break;
            }
            at -= extent * stride;
            *here = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_matrix_is_read_row_by_row() {
        // [[0, 1, 2], [3, 4, 5]] transposed.
        let bytes = [0, 1, 2, 3, 4, 5];
        let (shape, strides) = ([3, 2], [1, 3]);
        assert_eq!(span(&shape, Some(&strides)), Some(6));
        assert!(!contiguous(&shape, &strides));
        let mut out = [9; 6];
        gather(&bytes, 1, &shape, &strides, 0, &mut out);
        assert_eq!(out, [0, 3, 1, 4, 2, 5]);
        let mut out = [9; 3];
        gather(&bytes, 1, &shape, &strides, 3, &mut out);
        assert_eq!(out, [4, 2, 5]);
    }

    #[test]
    fn repeated_and_cut_out_elements_are_found() {
        let mut out = [9; 4];
        gather(&[7], 1, &[2, 2], &[0, 0], 0, &mut out);
        assert_eq!(out, [7; 4]);
        let mut out = [9; 4];
        gather(&[0, 1, 2, 3, 4, 5, 6, 7], 2, &[2], &[3], 0, &mut out);
        assert_eq!(out, [0, 1, 6, 7]);
        assert!(contiguous(&[1, 3], &[77, 1]));
        assert!(contiguous(&[4, 0], &[5, 5]));
        assert_eq!(span(&[u64::MAX, 2], Some(&[u64::MAX, 1])), None);
    }
}
