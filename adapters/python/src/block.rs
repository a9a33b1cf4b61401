//! Which elements of a tensor a shard of it holds.

use crate::error::Fault;

/// Ranges of indices along one dimension: first index and number.
pub(crate) type Segments = Vec<(u64, u64)>;

/// Elements that are consecutive in the whole tensor and in the row-major order of the shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// Number of the first element in the whole tensor.
    pub(crate) first: u64,
    /// Number of the first element in the shard.
    pub(crate) local: u64,
    /// Number of elements.
    pub(crate) elements: u64,
}

/// The part of a tensor that is the product of ranges along its dimensions.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// Dimensions of the part.
    pub(crate) shape: Vec<u64>,
    /// Its elements, in its row-major order.
    pub(crate) stretches: Vec<Stretch>,
}

impl Block {
    pub(crate) fn whole(shape: &[usize]) -> Self {
        let shape: Vec<u64> = shape.iter().map(|dim| *dim as u64).collect();
        let elements = product(&shape);
        let stretches = match elements {
            0 => Vec::new(),
            elements => vec![Stretch { first: 0, local: 0, elements }],
        };
        Self { shape, stretches }
    }

    /// The product of `segments`, which lie in order within the dimensions of `shape`, and hold `room` elements at most.
    pub(crate) fn of(shape: &[usize], segments: &[Segments], room: u64) -> Result<Self, Fault> {
        let whole: Vec<u64> = shape.iter().map(|dim| *dim as u64).collect();
        if segments.len() != whole.len() {
            let message = format!("ranges for {} dimensions, of {}", segments.len(), whole.len());
            return Err(Fault::Model(message));
        }
        for (segments, dim) in segments.iter().zip(&whole) {
            check(segments, *dim)?;
        }
        let part: Vec<u64> =
            segments.iter().map(|segments| segments.iter().map(|(_, n)| n).sum()).collect();
        if product(&part) == 0 {
            return Ok(Self { shape: part, stretches: Vec::new() });
        }
        if product(&part) > room {
            let message = format!("a part of {part:?} elements reaches beyond its storage");
            return Err(Fault::Model(message));
        }
        // The trailing dimensions that are whole are consecutive, and one range of the dimension before them.
        let cut = (0..whole.len()).rfind(|dim| segments[*dim] != [(0, whole[*dim])]);
        let Some(cut) = cut else { return Ok(Self::whole(shape)) };
        let inner = product(&whole[cut + 1..]);
        let rows = product(&part[..cut]);
        let mut stretches = with_room_for(rows.saturating_mul(segments[cut].len() as u64))?;
        let mut firsts = vec![0_u64];
        for dim in 0..cut {
            let stride = product(&whole[dim + 1..]);
            let mut inside = with_room_for((firsts.len() as u64).saturating_mul(part[dim]))?;
            for base in firsts {
                let indices = segments[dim].iter().flat_map(|(first, n)| *first..*first + *n);
                inside.extend(indices.map(|index| base + index * stride));
            }
            firsts = inside;
        }
        let mut local = 0;
        for base in firsts {
            for (first, n) in &segments[cut] {
                let elements = n * inner;
                stretches.push(Stretch { first: base + first * inner, local, elements });
                local += elements;
            }
        }
        Ok(Self { shape: part, stretches })
    }

    pub(crate) fn elements(&self) -> u64 {
        product(&self.shape)
    }
}

/// Memory for so many, or a fault: a lie about a shape must not end the process.
fn with_room_for<T>(elements: u64) -> Result<Vec<T>, Fault> {
    let mut list = Vec::new();
    let there = usize::try_from(elements).is_ok_and(|n| list.try_reserve_exact(n).is_ok());
    let message =
        || Fault::Model(format!("{elements} pieces of a tensor need more memory than there is"));
    there.then_some(list).ok_or_else(message)
}

fn check(segments: &Segments, dim: u64) -> Result<(), Fault> {
    let mut end = 0;
    for (first, n) in segments {
        let behind = first.checked_add(*n).filter(|behind| *behind <= dim && *first >= end);
        end = behind.ok_or_else(|| {
            Fault::Model(format!(
                "the range of {n} from {first} is not in order within a dimension of {dim}"
            ))
        })?;
    }
    Ok(())
}

fn product(dims: &[u64]) -> u64 {
    if dims.contains(&0) { 0 } else { dims.iter().fold(1, |n, dim| n.saturating_mul(*dim)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers of the part's elements, one by one.
    fn expected(shape: &[usize], segments: &[Segments]) -> Vec<u64> {
        let mut numbers = vec![0];
        for (dim, segments) in shape.iter().zip(segments) {
            let indices = || segments.iter().flat_map(|(first, n)| *first..first + n);
            numbers = numbers
                .iter()
                .flat_map(|base| indices().map(move |index| base * *dim as u64 + index))
                .collect();
        }
        numbers
    }

    #[test]
    #[allow(clippy::expect_used, reason = "a test")]
    fn stretches_are_the_elements_of_the_part_in_order() {
        let whole = |dim: u64| vec![(0, dim)];
        let parts: [(&[usize], Vec<Segments>); 8] = [
            (&[], vec![]),
            (&[6], vec![vec![(1, 2), (5, 1)]]),
            (&[4, 6], vec![vec![(2, 2)], whole(6)]),
            (&[4, 6], vec![whole(4), vec![(2, 3)]]),
            (&[4, 6, 5], vec![vec![(0, 1), (3, 1)], vec![(1, 2), (4, 2)], whole(5)]),
            (&[3, 2, 4], vec![vec![(1, 2)], vec![(0, 1)], vec![(1, 1), (3, 1)]]),
            (&[3, 0, 4], vec![whole(3), vec![], whole(4)]),
            (&[3, 4], vec![vec![], whole(4)]),
        ];
        for (shape, segments) in parts {
            let block = Block::of(shape, &segments, u64::MAX).expect("ranges in order");
            let mut found = Vec::new();
            for stretch in &block.stretches {
                assert_eq!(stretch.local, found.len() as u64);
                found.extend(stretch.first..stretch.first + stretch.elements);
            }
            assert_eq!(found, expected(shape, &segments), "{shape:?} {segments:?}");
            assert_eq!(block.elements(), found.len() as u64);
        }
    }

    #[test]
    fn ranges_outside_of_their_dimension_are_refused() {
        for segments in [vec![(0, 5)], vec![(2, 2), (1, 1)], vec![(u64::MAX, 2)]] {
            assert!(Block::of(&[4], &[segments], u64::MAX).is_err());
        }
        assert!(Block::of(&[4, 4], &[vec![(0, 4)]], u64::MAX).is_err());
    }

    #[test]
    fn parts_that_have_no_room_are_refused_before_their_pieces_are_listed() {
        let most = 1 << 30;
        let part = [vec![(0, most)], vec![(0, most - 1)]];
        assert!(Block::of(&[most as usize, most as usize], &part, 16).is_err());
    }
}
