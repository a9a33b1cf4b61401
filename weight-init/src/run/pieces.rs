use std::convert::Infallible;

use weight_init_backends::in_default_environment;

use super::{AllJobs, Filler, RunError};
use crate::plan::{LowerError, Tensor};
use crate::window::Window;

/// Consecutive elements of a tensor in memory of the caller's.
#[derive(Debug)]
pub struct Piece<'a> {
    /// The tensor.
    pub tensor: &'a Tensor<'a>,
    /// Number of the first element, row-major.
    pub first: u64,
    /// Memory of the elements, in the byte order of the machine; aligned for their type.
    pub bytes: &'a mut [u8],
}

/// Fills pieces of tensors where they lie, whatever their element types, as one job.
///
/// A piece gets the bits that the same elements have in the whole tensor, so shards of a tensor are filled by themselves.
/// Memory that no piece covers stays as it is.
///
/// ```
/// use weight_init::diagnostic::Source;
/// use weight_init::model::Model;
/// use weight_init::plan::{Options, Plan};
/// use weight_init::run::{BackendKind, Piece, fill_pieces};
///
/// let source = Source::new("model.json", r#"{
///     "class": "Linear", "init_weights": "module", "init_cfg": {"type": "Normal", "layer": "Linear", "bias": 0.5},
///     "params": [{"name": "weight", "shape": [3, 4]}, {"name": "bias", "shape": [3], "dtype": "float64"}]
/// }"#);
/// let plan = Plan::new(&Model::read(&source)?, &Options::default())?;
/// let tensors = plan.written()?;
/// let mut backend = BackendKind::Auto.start(None)?;
///
/// let (mut weight, mut bias) = ([0_u32; 12], [0_u64; 3]);
/// let pieces = [
///     Piece { tensor: &tensors[0], first: 0, bytes: bytemuck::cast_slice_mut(&mut weight) },
///     Piece { tensor: &tensors[1], first: 0, bytes: bytemuck::cast_slice_mut(&mut bias) },
/// ];
/// fill_pieces(pieces, 42, &mut backend)?;
/// assert_eq!(bias, [0.5_f64.to_bits(); 3]);
///
/// let mut second_row = [0_u32; 4];
/// let bytes = bytemuck::cast_slice_mut(&mut second_row);
/// fill_pieces([Piece { tensor: &tensors[0], first: 4, bytes }], 42, &mut backend)?;
/// assert_eq!(second_row, weight[4..8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// A piece that holds no whole elements, is not aligned for them or reaches beyond its tensor; a tensor whose numbers its
/// element type cannot express; a checkpoint that cannot be read; a device that fails. Pieces may have been written then.
pub fn fill_pieces<'a>(
    pieces: impl IntoIterator<Item = Piece<'a>>,
    seed: u64,
    backend: &mut Filler,
) -> Result<(), RunError<Infallible>> {
    in_default_environment(|| {
        let mut jobs = AllJobs::of_memory();
        for Piece { tensor, first, bytes } in pieces {
            check(tensor, first, tensor.elements(), bytes)?;
            jobs.add(tensor, first, seed, bytes)?;
        }
        Ok(jobs.run(backend)?)
    })
}

/// Consecutive elements of a window of a tensor, in memory of the caller's.
#[derive(Debug)]
pub struct WindowPiece<'a> {
    /// The tensor.
    pub tensor: &'a Tensor<'a>,
    /// The window, which is one of its shape.
    pub window: &'a Window,
    /// Number of the first element in the window.
    pub first: u64,
    /// Memory of the elements, in the byte order of the machine; aligned for their type.
    pub bytes: &'a mut [u8],
}

/// Fills pieces of windows where they lie, as [`fill_pieces`] does.
///
/// Tensors that are made line by line, such as orthogonal matrices, cost in a window of columns what whole lines cost.
///
/// # Errors
///
/// As [`fill_pieces`].
pub fn fill_windows<'a>(
    pieces: impl IntoIterator<Item = WindowPiece<'a>>,
    seed: u64,
    backend: &mut Filler,
) -> Result<(), RunError<Infallible>> {
    in_default_environment(|| {
        let mut jobs = AllJobs::of_memory();
        for WindowPiece { tensor, window, first, bytes } in pieces {
            check(tensor, first, window.elements().min(tensor.elements()), bytes)?;
            jobs.add_window(tensor, window, first, seed, bytes)?;
        }
        Ok(jobs.run(backend)?)
    })
}

/// Refuses memory that does not hold elements of a tensor that has so many of them.
fn check(tensor: &Tensor<'_>, first: u64, has: u64, bytes: &[u8]) -> Result<(), LowerError> {
    let fault = |message: String| LowerError::Tensor { name: tensor.name.to_owned(), message };
    let size = tensor.dtype.size();
    if !bytes.len().is_multiple_of(size) {
        let message = format!("{} bytes hold no whole elements of {size} bytes", bytes.len());
        return Err(fault(message));
    }
    if bytes.as_ptr().align_offset(size.min(8)) != 0 && tensor.dtype.is_float() {
        return Err(fault(format!("the memory is not aligned for elements of {size} bytes")));
    }
    let elements = (bytes.len() / size) as u64;
    if first.checked_add(elements).is_none_or(|end| end > has) {
        return Err(fault(format!(
            "there are no {elements} elements from {first} on; it has {has}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use weight_init_core::init_cfg::Init;

    use weight_init_core::initializer::{Identity, Normal, Orthogonal, Shape, Uniform};
    use weight_init_core::{DType, Fill, Layout, Stream};

    use super::*;
    use crate::model::Values;
    use crate::model::constructor::Region;
    use crate::plan::{Lowered, TensorPart};
    use crate::run::BackendKind;

    fn tensor(dtype: DType, given: &Values) -> Tensor<'_> {
        let shape = Shape::new(&[5, 7]).with_layout(Layout::OutIn);
        let init = Init::Normal(Normal { mean: 0.0, std: 1.0 });
        let source = Lowered::Init { init, shape, stream_id: 9 };
        let part = |start: [usize; 2], shape: [usize; 2], source| TensorPart {
            region: Cow::Owned(Region::new(start.into(), shape.into(), &[5, 7]).expect("within")),
            source,
        };
        let uniform = Init::Uniform(Uniform { a: 5.0, b: 6.0 });
        let parts = vec![
            part([2, 0], [1, 7], Lowered::Values(&Values::All(0.0))),
            part(
                [1, 3],
                [3, 2],
                Lowered::Init { init: uniform, shape: Shape::new(&[3, 2]), stream_id: 9 },
            ),
            part([3, 4], [2, 2], Lowered::Values(given)),
        ];
        Tensor { name: "fc.weight", dtype, shape: &[5, 7], source, parts }
    }

    fn filled(dtype: DType, cuts: &[usize]) -> Vec<u64> {
        let given = Values::Each(vec![1.0, 2.0, 3.0, 4.0]);
        let tensor = tensor(dtype, &given);
        let mut memory = vec![0_u64; 35];
        let mut rest = bytemuck::cast_slice_mut::<u64, u8>(&mut memory);
        let (mut first, mut pieces) = (0, Vec::new());
        for elements in cuts {
            let (bytes, behind) = rest.split_at_mut(elements * dtype.size());
            pieces.push(Piece { tensor: &tensor, first, bytes });
            (first, rest) = (first + *elements as u64, behind);
        }
        fill_pieces(pieces, 3, &mut BackendKind::Simd.start(None).expect("simd")).expect("filled");
        memory
    }

    #[test]
    fn pieces_have_the_bits_of_the_whole() {
        for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
            let whole = filled(dtype, &[35]);
            assert_ne!(whole, [0; 35]);
            assert_eq!(filled(dtype, &[1, 0, 12, 3, 19]), whole, "{}", dtype.name());
        }
    }

    #[test]
    fn parts_are_laid_over_each_other_and_drawn_at_their_place_in_the_whole() {
        let memory = filled(DType::F32, &[35]);
        let found: &[f32] = &bytemuck::cast_slice(&memory)[..35];
        let (mut expected, mut uniform) = ([0.0_f32; 35], [0.0_f32; 35]);
        let stream = Stream::with_id(3, 9);
        Fill::normal(0.0, 1.0).expect("normal").write(stream, 0, &mut expected);
        Fill::uniform(5.0, 6.0).expect("uniform").write(stream, 0, &mut uniform);
        expected[14..21].fill(0.0);
        for row in 1..4 {
            let range = row * 7 + 3..row * 7 + 5;
            expected[range.clone()].copy_from_slice(&uniform[range]);
        }
        expected[25..27].copy_from_slice(&[1.0, 2.0]);
        expected[32..34].copy_from_slice(&[3.0, 4.0]);
        assert_eq!(found, expected);
    }

    #[test]
    fn a_diagonal_of_a_part_counts_the_parts_own_elements() {
        let eye = Init::Identity(Identity { gain: 2.0 });
        let shape = Shape::new(&[3, 2]);
        let tensor = Tensor {
            name: "gru.weight_hh",
            dtype: DType::F32,
            shape: &[5, 7],
            source: Lowered::Values(&Values::All(0.0)),
            parts: vec![TensorPart {
                region: Cow::Owned(
                    Region::new([1, 3].into(), [3, 2].into(), &[5, 7]).expect("within"),
                ),
                source: Lowered::Init { init: eye, shape, stream_id: 9 },
            }],
        };
        let mut memory = vec![0_u64; 18];
        let bytes = &mut bytemuck::cast_slice_mut::<u64, u8>(&mut memory)[..140];
        let mut backend = BackendKind::Simd.start(None).expect("simd");
        fill_pieces([Piece { tensor: &tensor, first: 0, bytes }], 3, &mut backend).expect("filled");
        let mut expected = [0.0_f32; 35];
        (expected[10], expected[18]) = (2.0, 2.0);
        assert_eq!(bytemuck::cast_slice::<u64, f32>(&memory)[..35], expected);
    }

    fn orthogonal(parts: Vec<TensorPart<'_>>) -> Tensor<'_> {
        let init = Init::Orthogonal(Orthogonal { gain: 1.0 });
        let source = Lowered::Init { init, shape: Shape::new(&[300, 8]), stream_id: 9 };
        Tensor { name: "fc.weight", dtype: DType::F32, shape: &[300, 8], source, parts }
    }

    fn in_pieces(tensor: &Tensor<'_>, kind: BackendKind, cut: usize) -> Vec<f32> {
        let mut memory = vec![0_u64; 1200];
        let (front, behind) =
            bytemuck::cast_slice_mut::<u64, u8>(&mut memory).split_at_mut(4 * cut);
        let pieces = [
            Piece { tensor, first: 0, bytes: front },
            Piece { tensor, first: cut as u64, bytes: behind },
        ];
        fill_pieces(pieces, 3, &mut kind.start(None).expect("there")).expect("filled");
        bytemuck::cast_slice(&memory).to_vec()
    }

    #[test]
    fn columns_that_are_orthonormal_are_the_same_in_pieces_and_on_every_backend() {
        let tensor = orthogonal(Vec::new());
        let whole = in_pieces(&tensor, BackendKind::Embedded, 0);
        let dot = |a: usize, b: usize| (0..300).map(|i| whole[i * 8 + a] * whole[i * 8 + b]).sum();
        let near = |x: f32, y: f32| (x - y).abs() < 1e-5;
        assert!((0..8).all(|a| (0..8).all(|b| near(dot(a, b), f32::from(u8::from(a == b))))));
        for (kind, cut) in
            [(BackendKind::Simd, 0), (BackendKind::Rayon, 1000), (BackendKind::Embedded, 78)]
        {
            assert_eq!(in_pieces(&tensor, kind, cut), whole);
        }
    }

    /// As a recurrent layer whose gates are initialized one by one.
    #[test]
    fn parts_that_are_made_by_lines_are_orthogonal_each_and_differ() {
        let shape = Shape::new(&[8, 8]);
        let init = Init::Orthogonal(Orthogonal { gain: 1.0 });
        let part = |start: usize| TensorPart {
            region: Cow::Owned(
                Region::new([start, 0].into(), [8, 8].into(), &[300, 8]).expect("within"),
            ),
            source: Lowered::Init { init, shape, stream_id: 9 },
        };
        let tensor = orthogonal(vec![part(0), part(100)]);
        let found = in_pieces(&tensor, BackendKind::Simd, 0);
        assert_eq!(in_pieces(&tensor, BackendKind::Rayon, 814), found);
        let block = |start: usize| &found[start * 8..][..64];
        assert_ne!(block(0), block(100));
        for block in [block(0), block(100)] {
            let square: f32 = block.iter().map(|x| x * x).sum();
            assert!((square - 8.0).abs() < 1e-4, "{square}");
        }
        let whole = in_pieces(&orthogonal(Vec::new()), BackendKind::Simd, 0);
        assert_eq!(found[64..800], whole[64..800]);
    }

    #[test]
    fn pieces_that_are_no_part_of_their_tensor_are_refused() {
        let (tensor, mut words) = (tensor(DType::F32, &Values::All(0.0)), [0_u64; 32]);
        let bytes = bytemuck::cast_slice_mut::<u64, u8>(&mut words);
        let mut backend = BackendKind::Simd.start(None).expect("simd");
        let mut message = |first, range: std::ops::Range<usize>| {
            let bytes = &mut bytes[range];
            let filled = fill_pieces([Piece { tensor: &tensor, first, bytes }], 3, &mut backend);
            filled.expect_err("a refusal").to_string()
        };
        assert_eq!(message(0, 0..6), "fc.weight: 6 bytes hold no whole elements of 4 bytes");
        assert_eq!(
            message(0, 2..10),
            "fc.weight: the memory is not aligned for elements of 4 bytes"
        );
        assert_eq!(message(34, 0..8), "fc.weight: there are no 2 elements from 34 on; it has 35");
        assert!(message(u64::MAX, 0..8).contains("it has 35"));
    }
}
