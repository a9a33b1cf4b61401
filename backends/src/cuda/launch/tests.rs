use std::vec;

use weight_init_core::bf16;

use super::*;

fn target<T: Float>(first: u64, address: u64, len: usize) -> Target<T> {
    let fill = Fill::normal(0.0, 1.0).unwrap();
    Target { fill, stream: Stream::with_id(1, 2), first, address, len }
}

#[test]
fn segments_end_where_the_low_word_begins_anew() {
    let target = target::<f32>((1 << 34) - 5, 0x1000, 12);
    let pieces: Vec<_> = pieces(&target, 256).collect();
    assert_eq!(pieces, [((1 << 34) - 5, 0x1000, 5), (1 << 34, 0x1014, 7)]);
    let [(first, ..), (second, ..)] = pieces[..] else { panic!("two pieces") };
    let before = segment::<f32, ()>(target.stream, first, ());
    assert_eq!((before.high, before.block, before.skipped), (0, u32::MAX - 1, 3));
    let behind = segment::<f32, ()>(target.stream, second, ());
    assert_eq!((behind.high, behind.block, behind.skipped), (1, 0, 0));
}

#[test]
fn a_unit_of_16_bit_elements_has_two_blocks() {
    let segment = segment::<bf16, ()>(Stream::with_id(1, 2), 21, ());
    assert_eq!((segment.block, segment.skipped), (4, 5));
}

#[test]
fn one_launch_for_each_kind_whatever_the_number_of_fills() {
    let mut targets: Vec<_> = (0..5000_u64).map(|i| target::<f32>(i, 0x1000 + 64 * i, 7)).collect();
    targets[17].fill = Fill::constant(1.0).unwrap();
    let mut found = Vec::new();
    launches(&targets, 2, &mut |launch| {
        found.push((launch.kernel.clone(), launch.segments, launch.tiles));
        Ok(())
    })
    .unwrap();
    let expected = vec![("constant_f32".into(), 1, 1), ("normal_f32".into(), 4999, 4999)];
    assert_eq!(found, expected);
}

#[test]
fn a_launch_has_no_more_tiles_than_it_can_count() {
    // 2⁴³ bytes and more are 2²⁷ tiles each.
    let targets = [target::<f64>(0, 0, 1 << 44); 3];
    let mut tiles = Vec::new();
    launches(&targets, 2, &mut |launch| {
        tiles.push(launch.tiles);
        Ok(())
    })
    .unwrap();
    let whole: u64 = tiles.iter().map(|tiles| u64::from(*tiles)).sum();
    assert!(tiles.len() > 1 && tiles.iter().all(|tiles| u64::from(*tiles) <= TILES_OF_LAUNCH));
    assert_eq!(whole, 3 * (1 << 44) * 8 / 16 / (16 * 256));
}

#[test]
fn memory_that_is_not_aligned_is_refused() {
    let launched = launches(&[target::<f32>(0, 0x1002, 4)], 2, &mut |_| Ok(()));
    assert_eq!(launched, Err(CudaError::Misaligned { address: 0x1002, size: 4 }));
}
