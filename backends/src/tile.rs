use std::vec::Vec;

use weight_init_core::Float;

use crate::Job;

/// Elements of a tile: enough to make handing it out cheap, few enough to stay in a core's cache.
pub(crate) const TILE: usize = 1 << 15;

/// Cuts jobs into tiles of at most [`TILE`] elements.
///
/// Cuts stand at multiples of [`TILE`] within the parameter, so that no random block is computed twice.
pub(crate) fn tiles<'t, T: Float>(jobs: &'t mut [Job<'_, T>]) -> Vec<Job<'t, T>> {
    let mut tiles = Vec::with_capacity(jobs.iter().map(|job| job.out.len() / TILE + 2).sum());
    for job in jobs {
        let (mut first, mut rest) = (job.first, &mut *job.out);
        while !rest.is_empty() {
            let into = usize::try_from(first % TILE as u64).unwrap_or_default();
            let (out, behind) = rest.split_at_mut(rest.len().min(TILE - into));
            let len = out.len() as u64;
            tiles.push(Job { fill: job.fill, stream: job.stream, first, out });
            // Numbers of elements wrap, as in the reference.
            (first, rest) = (first.wrapping_add(len), behind);
        }
    }
    tiles
}

#[cfg(test)]
mod tests {
    use weight_init_core::{Fill, Stream};

    use super::*;

    #[test]
    fn tiles_cover_every_element_once_and_begin_at_multiples() {
        let fill = Fill::<f32>::constant(1.0).unwrap();
        for (first, len) in
            [(0, 0), (0, 1), (5, TILE), (TILE as u64 - 1, 2), (3, 3 * TILE + 7), (u64::MAX - 5, 9)]
        {
            let mut out = std::vec![0.0; len];
            let mut jobs = [Job { fill, stream: Stream::with_id(0, 0), first, out: &mut out[..] }];
            let tiles = tiles(&mut jobs);
            let mut next = first;
            for tile in &tiles {
                assert_eq!(tile.first, next);
                assert!(tile.first == first || tile.first % TILE as u64 == 0);
                assert!(!tile.out.is_empty() && tile.out.len() <= TILE);
                next = next.wrapping_add(tile.out.len() as u64);
            }
            assert_eq!(next, first.wrapping_add(len as u64));
        }
    }
}
