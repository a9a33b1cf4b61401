//! The whole way from a fill to the device's memory and back, through the mock driver.

use std::fmt::Debug;
use std::ptr;

use weight_init_backends::cuda::{Cuda, CudaError, DeviceMemory, Staged};
use weight_init_backends::{Backend, Job};
use weight_init_core::fill::Diagonal;
use weight_init_core::{Fill, Stream, bf16, f16};
use weight_init_tests::bits::{Bits, same};
use weight_init_tests::cuts::{permuted, random_cuts};
use weight_init_tests::tape::Tape;

/// The pattern that the mock's memory is filled with.
const PATTERN: u8 = 0xA5;

/// Numbers of the first element: at every place within a unit, across 2³² of elements and of blocks, of either kind, far
/// away, and across the end.
const FIRSTS: [u64; 11] = [
    0,
    1,
    2,
    3,
    7,
    12,
    (1 << 33) - 3,
    (1 << 34) - 3,
    (1 << 40) + 4,
    (1 << 63) - 150,
    u64::MAX - 12,
];

/// Runs a proof for every element type.
macro_rules! for_each_type {
    ($($proof:ident;)*) => {$(
        #[test]
        #[ignore = "run by driver.rs"]
        fn $proof() {
            let mut cuda = Cuda::new().unwrap();
            of_type::$proof::<f32>(&mut cuda);
            of_type::$proof::<f64>(&mut cuda);
            of_type::$proof::<f16>(&mut cuda);
            of_type::$proof::<bf16>(&mut cuda);
        }
    )*};
}

for_each_type! {
    lengths;
    shards;
    far_from_alignment;
    many_segments_in_one_launch;
    work_of_a_stream_of_the_callers;
}

/// Among [`fills`].
const ONE_OF_EACH_KIND: [usize; 4] = [0, 1, 3, 5];

/// Every kind of fill and every method of the samplers.
fn fills<T: Bits>() -> Vec<Fill<T>> {
    let on = Diagonal { offset: 4, stride: 45, count: 3, group_stride: 144, groups: 1 << 40 };
    let trunc_normal = |mean, std, a, b| Fill::trunc_normal(mean, std, a, b).unwrap();
    vec![
        Fill::constant(0.1).unwrap(),
        Fill::uniform(-1.0, 1.0).unwrap(),
        Fill::uniform(-0.03, 0.03).unwrap(),
        Fill::normal(0.0, 1.0).unwrap(),
        // Subnormal in 16 bits.
        Fill::normal(0.0, 1e-5).unwrap(),
        trunc_normal(0.0, 1.0, -2.0, 2.0),
        trunc_normal(0.0, 0.02, -2.0, 2.0),
        // One-sided; narrow; the far tails.
        trunc_normal(0.0, 1.0, 3.0, 1e4),
        trunc_normal(0.0, 1.0, -0.1, 0.1),
        trunc_normal(0.0, 1.0, 9.0, 12.0),
        trunc_normal(0.0, 0.5, -30.0, -10.0),
        // Zeros, and a segment for each element on it.
        Fill::diagonal(0.1, on).unwrap(),
    ]
}

fn reference<T: Bits>(fill: &Fill<T>, stream: Stream, first: u64, len: usize) -> Vec<T> {
    let mut out = vec![T::default(); len];
    fill.write(stream, first, &mut out);
    out
}

/// Elements that nobody has written.
fn untouched<T: Bits>(elements: &[T]) -> bool {
    let mut bytes = Vec::new();
    elements.iter().for_each(|element| element.append_to(&mut bytes));
    bytes.iter().all(|byte| *byte == PATTERN)
}

fn read<T: Bits>(cuda: &Cuda, memory: &DeviceMemory<T>) -> Vec<T> {
    let mut out = vec![T::default(); memory.len()];
    cuda.read(memory, 0, &mut out).unwrap();
    out
}

/// A part of memory, as if another library had lent it.
fn part<T: Bits>(memory: &mut DeviceMemory<T>, from: usize, len: usize) -> DeviceMemory<T> {
    assert!(from + len <= memory.len());
    // SAFETY: it lies within the memory, which outlives it in these tests.
    unsafe { DeviceMemory::borrowed(memory.address() + (from * size_of::<T>()) as u64, len) }
}

#[track_caller]
fn assert_same<T: Bits>(found: &[T], expected: &[T], what: impl Debug) {
    assert!(same(found, expected), "{what:?}");
}

mod of_type {
    use super::*;

    /// Runs of elements at every place of memory, and nothing around them.
    pub(super) fn lengths<T: Bits>(cuda: &mut Cuda) {
        const LENGTHS: [usize; 9] = [1, 2, 3, 7, 8, 9, 21, 40, 67];
        let mut tape = Tape::from_seed(3);
        for fill in fills::<T>() {
            for first in FIRSTS {
                for len in LENGTHS {
                    run(cuda, &fill, first, len, tape.below(9));
                }
            }
            for _ in 0..40 {
                let first = FIRSTS[tape.below(FIRSTS.len())].wrapping_add(tape.below(16) as u64);
                let len = tape.below(3000);
                run(cuda, &fill, first, len, tape.below(9));
            }
        }
    }

    fn run<T: Bits>(cuda: &mut Cuda, fill: &Fill<T>, first: u64, len: usize, place: usize) {
        let stream = Stream::new(42, "backbone.conv1.weight");
        let mut memory = cuda.allocate::<T>(place + len + 9).unwrap();
        let mut out = part(&mut memory, place, len);
        cuda.fill(fill, stream, first, &mut out).unwrap();
        let found = read(cuda, &memory);
        let expected = reference(fill, stream, first, len);
        assert_same(&found[place..place + len], &expected, (fill, first, len, place));
        assert!(untouched(&found[..place]), "{:?}", (fill, first, len, place));
        assert!(untouched(&found[place + len..]), "{:?}", (fill, first, len, place));
    }

    /// A parameter of several tiles in random pieces, in random order, in one call.
    pub(super) fn shards<T: Bits>(cuda: &mut Cuda) {
        const LEN: usize = 20_003;
        let stream = Stream::new(u64::MAX, "bbox_head.retina_cls.weight");
        let mut tape = Tape::from_seed(1);
        for fill in fills::<T>() {
            for (first, pieces) in [(3, 1), ((1 << 34) - 4000, 60)] {
                let lengths = random_cuts(&mut tape, LEN, pieces);
                let mut memory = cuda.allocate::<T>(LEN).unwrap();
                let mut from = 0;
                let mut parts: Vec<_> = (lengths.iter())
                    .map(|&len| {
                        let out = part(&mut memory, from, len);
                        from += len;
                        (first + (from - len) as u64, out)
                    })
                    .collect();
                let mut jobs: Vec<_> = parts
                    .iter_mut()
                    .map(|(first, out)| Some(Job { fill, stream, first: *first, out }))
                    .collect();
                let order = permuted(&mut tape, jobs.len());
                let mut jobs: Vec<_> =
                    order.iter().map(|&index| jobs[index].take().unwrap()).collect();
                cuda.fill_all(&mut jobs).unwrap();
                let expected = reference(&fill, stream, first, LEN);
                assert_same(&read(cuda, &memory), &expected, (fill, first, &lengths));
            }
        }
    }

    /// Threads with several units each, none of which can be stored at once.
    pub(super) fn far_from_alignment<T: Bits>(cuda: &mut Cuda) {
        const LEN: usize = 70_003;
        let stream = Stream::new(7, "neck.lateral_convs.0.weight");
        for index in ONE_OF_EACH_KIND {
            let fill = fills::<T>()[index];
            let mut memory = cuda.allocate::<T>(LEN + 1).unwrap();
            let mut out = part(&mut memory, 1, LEN);
            cuda.fill(&fill, stream, 8, &mut out).unwrap();
            let found = read(cuda, &memory);
            assert_same(&found[1..], &reference(&fill, stream, 8, LEN), fill);
            assert!(untouched(&found[..1]));
        }
    }

    /// More segments than a launch has blocks, every kind of fill among them, some without elements.
    pub(super) fn many_segments_in_one_launch<T: Bits>(cuda: &mut Cuda) {
        let fills = fills::<T>();
        let mut tape = Tape::from_seed(2);
        let lengths: Vec<_> = (0..5000).map(|_| tape.below(12)).collect();
        let mut memory = cuda.allocate::<T>(lengths.iter().sum()).unwrap();
        let mut from = 0;
        let mut parts = Vec::new();
        for (index, &len) in lengths.iter().enumerate() {
            // Enough of each kind for its launch.
            let fill = fills[ONE_OF_EACH_KIND[index % 4]];
            let stream = Stream::new(42, &format!("layers.{index}.weight"));
            let first = FIRSTS[tape.below(FIRSTS.len())];
            parts.push((fill, stream, first, part(&mut memory, from, len)));
            from += len;
        }
        let mut jobs: Vec<_> = (parts.iter_mut())
            .map(|(fill, stream, first, out)| Job {
                fill: *fill,
                stream: *stream,
                first: *first,
                out,
            })
            .collect();
        cuda.fill_all(&mut jobs).unwrap();
        let found = read(cuda, &memory);
        let mut found = found.as_slice();
        for (fill, stream, first, out) in &parts {
            let (here, behind) = found.split_at(out.len());
            assert_same(here, &reference(fill, *stream, *first, out.len()), (fill, stream, first));
            found = behind;
        }
    }

    /// More launches under way than there are tables for them.
    pub(super) fn work_of_a_stream_of_the_callers<T: Bits>(cuda: &mut Cuda) {
        const LEN: usize = 100;
        let fills = fills::<T>();
        let stream = |index| Stream::with_id(index as u64, 9);
        let mut memory: Vec<_> = (0..50).map(|_| cuda.allocate::<T>(LEN).unwrap()).collect();
        for (index, out) in memory.iter_mut().enumerate() {
            let mut job =
                [Job { fill: fills[index % fills.len()], stream: stream(index), first: 5, out }];
            // SAFETY: null is the default stream, and nothing else is done with the memory before it is read.
            unsafe { cuda.enqueue(ptr::null_mut(), &mut job) }.unwrap();
        }
        // No call has waited for the last launch, and the mock runs a launch only when it is waited for.
        let last = memory.last().unwrap().address() as *const u8;
        // SAFETY: the mock's memory is that of this process.
        assert_eq!(unsafe { last.read() }, PATTERN);
        for (index, memory) in memory.iter().enumerate() {
            let fill = &fills[index % fills.len()];
            assert_same(
                &read(cuda, memory),
                &reference(fill, stream(index), 5, LEN),
                (index, fill),
            );
        }
    }
}

/// Main memory by way of the device: several stages, parts of jobs, and jobs without elements.
#[test]
#[ignore = "run by driver.rs"]
fn staged() {
    let mut staged = Staged::new(Cuda::new().unwrap()).unwrap();
    let stream = Stream::new(42, "fc.weight");
    let zeros = Fill::<f32>::constant(0.5).unwrap();
    let uniform = Fill::<f32>::uniform(-1.0, 1.0).unwrap();
    let mut out: Vec<_> = [1_000_003, 0, 70_001, 1, 1_100_000].map(|len| vec![0.0; len]).into();
    let fill = |index| if index % 2 == 0 && index < 4 { uniform } else { zeros };
    let mut jobs: Vec<_> = (out.iter_mut().enumerate())
        .map(|(index, out)| Job { fill: fill(index), stream, first: 3, out: out.as_mut_slice() })
        .collect();
    staged.fill_all(&mut jobs).unwrap();
    for (index, out) in out.iter().enumerate() {
        assert_same(out, &reference(&fill(index), stream, 3, out.len()), index);
    }
    let mut halves = [bf16::ONE; 77];
    let normal = Fill::<bf16>::normal(0.0, 1.0).unwrap();
    staged.fill(&normal, stream, 1, &mut halves).unwrap();
    assert_same(&halves, &reference(&normal, stream, 1, 77), "bf16");
    assert_eq!(staged.name(), "mock");
}

/// A context is current on a thread; memory may be filled and freed on another.
#[test]
#[ignore = "run by driver.rs"]
fn on_another_thread() {
    let mut cuda = Cuda::new().unwrap();
    let mut memory = cuda.allocate::<f32>(50).unwrap();
    let fill = Fill::normal(0.0, 1.0).unwrap();
    let stream = Stream::with_id(1, 2);
    std::thread::spawn(move || {
        cuda.fill(&fill, stream, 0, &mut memory).unwrap();
        assert_same(&read(&cuda, &memory), &reference(&fill, stream, 0, 50), "another thread");
    })
    .join()
    .unwrap();
}

#[test]
#[ignore = "run by driver.rs"]
fn what_cannot_be_done_is_refused() {
    let mut cuda = Cuda::new().unwrap();
    assert_eq!(cuda.name(), "mock");
    let fill = Fill::<f32>::normal(0.0, 1.0).unwrap();
    let stream = Stream::with_id(1, 2);
    let memory = cuda.allocate::<f32>(10).unwrap();

    // SAFETY: it is refused before anything is written.
    let mut odd = unsafe { DeviceMemory::<f32>::borrowed(memory.address() + 2, 4) };
    assert_eq!(
        cuda.fill(&fill, stream, 0, &mut odd).unwrap_err().to_string(),
        format!(
            "device memory at {:#x} is not aligned to elements of 4 bytes",
            memory.address() + 2
        )
    );
    assert_eq!(
        cuda.read(&memory, 8, &mut [0.0; 3]).unwrap_err(),
        CudaError::OutOfRange { first: 8, len: 3, of: 10 }
    );
    assert_eq!(cuda.read(&memory, 10, &mut []), Ok(()));
    let error = Cuda::with_device(3).unwrap_err();
    assert_eq!(error.to_string(), "there is no CUDA device 3: devices 0 to 0 are there");

    let mut none = cuda.allocate::<f32>(0).unwrap();
    assert!(none.is_empty());
    cuda.fill(&fill, stream, 0, &mut none).unwrap();
    cuda.fill_all(&mut [] as &mut [Job<'_, f32, DeviceMemory<f32>>]).unwrap();
}
