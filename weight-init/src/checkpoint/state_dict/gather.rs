//! Tensors whose elements do not lie row by row: transposed, cut out, repeated.
//!
//! Elements are read where they are, in the order of their places: what is read grows with the elements, whatever span of
//! the storage their strides reach across.

/// Runs of elements that are looked up at a time.
const PIECE: usize = 1 << 18;

/// Bytes between two runs that are read along rather than passed over.
const GAP: u64 = 4096;

/// Bytes that are read at once for several runs, at most.
const BLOCK: u64 = 256 << 10;

/// Consecutive elements: where they lie, in bytes from the first element of the tensor, and where they belong, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Run {
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) len: u64,
}

impl Run {
    pub(super) const fn end(&self) -> u64 {
        self.from.saturating_add(self.len)
    }
}

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

/// The runs of a tensor's elements of `size` bytes, row by row from element `first` on; `shape` has no extent of zero, and
/// `span` counts its bytes.
pub(super) fn runs<'t>(
    size: u64,
    shape: &'t [u64],
    strides: &'t [u64],
    first: u64,
) -> impl Iterator<Item = Run> + 't {
    // The innermost dimensions that lie row by row are one run.
    let (mut inner, mut outer) = (1_u64, shape.len());
    for (&extent, &stride) in shape.iter().zip(strides).rev() {
        if extent != 1 && stride != inner {
            break;
        }
        inner = inner.saturating_mul(extent);
        outer -= 1;
    }
    let outer: Vec<(u64, u64)> =
        shape.iter().copied().zip(strides.iter().copied()).take(outer).collect();
    let mut rest = first / inner;
    let mut index = vec![0; outer.len()];
    for (here, &(extent, _)) in index.iter_mut().zip(&outer).rev() {
        *here = rest % extent;
        rest /= extent;
    }
    let mut at: u64 = index.iter().zip(&outer).map(|(i, (_, stride))| i * stride).sum();
    let (mut within, mut to) = (first % inner, 0);
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let len = (inner - within) * size;
        let run = Run { from: (at + within) * size, to, len };
        (within, to) = (0, to + len);
        ended = true;
        for (here, &(extent, stride)) in index.iter_mut().zip(&outer).rev() {
            *here += 1;
            at += stride;
            if *here < extent {
                ended = false;
                break;
            }
            at -= extent * stride;
            *here = 0;
        }
        Some(run)
    })
}

/// Reads elements, row by row from the first of `runs` on, until `out` is full; `read` fills bytes from a place on.
pub(super) fn gather<E>(
    mut runs: impl Iterator<Item = Run>,
    out: &mut [u8],
    mut read: impl FnMut(u64, &mut [u8]) -> Result<(), E>,
) -> Result<(), E> {
    let (mut piece, mut buffer, mut filled) = (Vec::new(), Vec::new(), 0);
    while filled < out.len() as u64 {
        piece.clear();
        while piece.len() < PIECE
            && filled < out.len() as u64
            && let Some(mut run) = runs.next()
        {
            run.len = run.len.min(out.len() as u64 - filled);
            filled += run.len;
            piece.push(run);
        }
        if piece.is_empty() {
            break;
        }
        // Stable, for it takes ordered rows as they are.
        piece.sort_by_key(|run| run.from);
        let mut rest = piece.as_slice();
        while let Some((run, behind)) = rest.split_first() {
            let mut end = run.end();
            let together = behind
                .iter()
                .take_while(|next| {
                    let longer = end.max(next.end());
                    let near = next.from <= end.saturating_add(GAP) && longer - run.from <= BLOCK;
                    end = if near { longer } else { end };
                    near
                })
                .count();
            if together == 0 {
                read(run.from, part(out, run.to, run.len))?;
            } else {
                buffer.resize((end - run.from) as usize, 0);
                read(run.from, &mut buffer)?;
                for next in rest.iter().take(1 + together) {
                    let found = part(&mut buffer, next.from - run.from, next.len);
                    part(out, next.to, next.len).copy_from_slice(found);
                }
            }
            rest = rest.get(1 + together..).unwrap_or_default();
        }
    }
    Ok(())
}

fn part(bytes: &mut [u8], at: u64, len: u64) -> &mut [u8] {
    bytes.get_mut(at as usize..(at + len) as usize).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Elements of one or two bytes, and how many bytes were read for them in how many pieces.
    fn read(
        bytes: &[u8],
        size: u64,
        shape: &[u64],
        strides: &[u64],
        first: u64,
        out: &mut [u8],
    ) -> (usize, usize) {
        let (mut count, mut pieces) = (0, 0);
        let done = gather(runs(size, shape, strides, first), out, |at, into: &mut [u8]| {
            into.copy_from_slice(&bytes[at as usize..at as usize + into.len()]);
            (count, pieces) = (count + into.len(), pieces + 1);
            Ok::<_, Infallible>(())
        });
        assert!(done.is_ok());
        (count, pieces)
    }

    #[test]
    fn a_transposed_matrix_is_read_row_by_row() {
        // [[0, 1, 2], [3, 4, 5]] transposed.
        let bytes = [0, 1, 2, 3, 4, 5];
        let (shape, strides) = ([3, 2], [1, 3]);
        assert_eq!(span(&shape, Some(&strides)), Some(6));
        assert!(!contiguous(&shape, &strides));
        let mut out = [9; 6];
        read(&bytes, 1, &shape, &strides, 0, &mut out);
        assert_eq!(out, [0, 3, 1, 4, 2, 5]);
        let mut out = [9; 3];
        read(&bytes, 1, &shape, &strides, 3, &mut out);
        assert_eq!(out, [4, 2, 5]);
    }

    #[test]
    fn repeated_and_cut_out_elements_are_found() {
        let mut out = [9; 4];
        assert_eq!(read(&[7], 1, &[2, 2], &[0, 0], 0, &mut out), (1, 1));
        assert_eq!(out, [7; 4]);
        let mut out = [9; 4];
        read(&[0, 1, 2, 3, 4, 5, 6, 7], 2, &[2], &[3], 0, &mut out);
        assert_eq!(out, [0, 1, 6, 7]);
        assert!(contiguous(&[1, 3], &[77, 1]));
        assert!(contiguous(&[4, 0], &[5, 5]));
        assert_eq!(span(&[u64::MAX, 2], Some(&[u64::MAX, 1])), None);
    }

    #[test]
    fn any_part_of_any_layout_is_what_single_elements_are() {
        let bytes: Vec<u8> = (0..4000_u32).map(|i| (i * 7) as u8).collect();
        for (shape, strides) in [
            (&[3_u64, 4, 5][..], &[20_u64, 5, 1][..]),
            (&[3, 4, 5], &[1, 3, 12]),
            (&[3, 4, 5], &[100, 10, 1]),
            (&[3, 4, 5], &[0, 7, 7]),
            (&[3, 1, 5, 1], &[300, 0, 1, 0]),
            (&[2, 3, 2], &[5, 4, 3]),
            (&[], &[]),
        ] {
            let elements: u64 = shape.iter().product();
            let element = |mut number: u64| {
                let mut at = 0;
                for (extent, stride) in shape.iter().zip(strides).rev() {
                    at += number % extent * stride;
                    number /= extent;
                }
                [bytes[2 * at as usize], bytes[2 * at as usize + 1]]
            };
            for first in 0..elements {
                for count in 1..=elements - first {
                    let mut out = vec![0; 2 * count as usize];
                    read(&bytes, 2, shape, strides, first, &mut out);
                    let expected: Vec<u8> = (first..first + count).flat_map(element).collect();
                    assert_eq!(out, expected, "{shape:?} {strides:?} {first} {count}");
                }
            }
        }
    }

    #[test]
    fn what_lies_between_elements_is_not_read() {
        let bytes = vec![1; 3 << 20];
        let mut out = [0; 6];
        // Two rows of three, a megabyte apart; then a column of elements that are far from each other.
        assert_eq!(read(&bytes, 1, &[2, 3], &[1 << 20, 1], 0, &mut out), (6, 2));
        assert_eq!(read(&bytes, 1, &[6], &[400_000], 0, &mut out), (6, 6));
        // Elements that are near to each other are read at once.
        assert_eq!(read(&bytes, 1, &[6], &[3], 0, &mut out), (16, 1));
    }
}
