//! What the code of a model writes into a tensor before any rule does, as a description records it.

use std::fmt;
use std::sync::Arc;

use weight_init_core::init_cfg::Init;

use super::Values;
pub use super::step::Step;

/// What a model's own code leaves in a tensor: a base, and regions that were written later.
///
/// A region's elements are drawn at their numbers in the whole tensor, from the tensor's own stream.
#[derive(Clone, Debug, PartialEq)]
pub struct Constructor {
    /// What the whole tensor holds outside of the parts.
    pub base: Written,
    /// Regions, each laid over what stands before it.
    pub parts: Vec<Part>,
}

/// What the `init_weights` of a class of its own leaves in a tensor: a write among those of rules.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnWrite {
    /// Full path of the module whose `init_weights` it is.
    pub module: Arc<str>,
    /// Whether it comes when the module's rules and children have written; otherwise before them.
    pub after: bool,
    /// What it leaves.
    pub written: Arc<Constructor>,
}

/// A region of a tensor with a content of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Where it is.
    pub region: Region,
    /// What is in it.
    pub written: Written,
}

/// A content and who wrote it.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// What it is.
    pub content: Content,
    /// The method and the call: `VisionTransformer.__init__, trunc_normal_(std=0.02)`.
    pub by: Option<Arc<str>>,
}

/// What code writes.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// What an initializer makes, never Pretrained; fans are those of the region.
    Init(Init),
    /// Functions of what an initializer draws, element by element.
    Mapped(Mapped),
    /// Given numbers, of a region in its own row-major order.
    Values(Values),
    /// Norms of the slices of the parameter of this full name, over each dimension that is 1 here and more there.
    NormOf(Arc<str>),
    /// Something without a name here: what it is, and where the code stands.
    Unknown(Arc<str>),
}

/// Functions of single elements over a draw, in order: the draw is one of f64 numbers, whatever the tensor's element type.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// What is drawn.
    pub init: Init,
    /// What becomes of each element.
    pub steps: Arc<[Step]>,
}

/// A box of elements: a range of indices along each dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    start: Vec<usize>,
    shape: Vec<usize>,
}

impl Constructor {
    /// Everything that was written, the base first.
    pub fn written(&self) -> impl Iterator<Item = &Written> {
        std::iter::once(&self.base).chain(self.parts.iter().map(|part| &part.written))
    }

    /// The first thing without a name that is in it.
    #[must_use]
    pub fn unknown(&self) -> Option<&str> {
        self.written().find_map(|written| match &written.content {
            Content::Unknown(what) => Some(&**what),
            Content::Init(_) | Content::Mapped(_) | Content::Values(_) | Content::NormOf(_) => None,
        })
    }

    /// Who wrote it, in words: each method and call once, in order.
    #[must_use]
    pub fn by(&self) -> Option<String> {
        let mut seen: Vec<&str> = Vec::new();
        for by in self.written().filter_map(|written| written.by.as_deref()) {
            if !seen.contains(&by) {
                seen.push(by);
            }
        }
        (!seen.is_empty()).then(|| seen.join("; "))
    }
}

impl Region {
    /// The box from `start` on, of this shape; `None` unless it lies within a tensor of `dims`.
    #[must_use]
    pub fn new(start: Vec<usize>, shape: Vec<usize>, dims: &[usize]) -> Option<Self> {
        let within = |((start, extent), dim): ((&usize, &usize), &usize)| {
            start.checked_add(*extent).is_some_and(|end| end <= *dim)
        };
        let same_rank = start.len() == dims.len() && shape.len() == dims.len();
        let fits = same_rank && start.iter().zip(&shape).zip(dims).all(within);
        fits.then_some(Self { start, shape })
    }

    /// One index along the first dimension; `None` if a tensor of `dims` has no such row.
    #[must_use]
    pub fn row(row: usize, dims: &[usize]) -> Option<Self> {
        let mut start = vec![0; dims.len()];
        let mut shape = dims.to_vec();
        *start.first_mut()? = row;
        *shape.first_mut()? = 1;
        Self::new(start, shape, dims)
    }

    /// First index along each dimension.
    #[must_use]
    pub fn start(&self) -> &[usize] {
        &self.start
    }

    /// Extent along each dimension.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Whether element `number` of a tensor of `dims`, which has it, is in the box, then as which of the box's own, and
    /// how many elements from it on are alike: inside and consecutive in both, or outside.
    pub(crate) fn at(&self, dims: &[usize], number: u64) -> (Option<u64>, u64) {
        let mut stride = super::elements(dims);
        let (total, mut rest, mut index) = (stride, number, 0);
        // The dimensions behind the last one that the box cuts are consecutive.
        let ranges = || dims.iter().zip(self.start.iter().zip(&self.shape));
        let is_cut =
            |(dim, (start, extent)): (&usize, (&usize, &usize))| *start != 0 || extent != dim;
        let cut = ranges().rposition(is_cut);
        for (place, (dim, (start, extent))) in ranges().enumerate() {
            let [dim, start, extent] = [*dim, *start, *extent].map(|x| x as u64);
            stride /= dim.max(1);
            let here = rest / stride.max(1);
            rest %= stride.max(1);
            if here < start {
                return (None, (start - here) * stride - rest);
            }
            let end = start + extent;
            if here >= end {
                return (None, (dim - here) * stride - rest);
            }
            index = index * extent + (here - start);
            if Some(place) == cut {
                return (Some(index * stride + rest), (end - here) * stride - rest);
            }
        }
        (Some(number), total - number)
    }
}

/// As Python writes a slice: `[64:128, :]` with numbers for every dimension that has more than one index.
impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (place, (start, extent)) in self.start.iter().zip(&self.shape).enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            match extent {
                1 => write!(f, "{comma}{start}")?,
                _ => write!(f, "{comma}{start}:{}", start + extent)?,
            }
        }
        f.write_str("]")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    /// The number of each element in the box, or none, one by one.
    fn slow(region: &Region, dims: &[usize]) -> Vec<Option<u64>> {
        let total: usize = dims.iter().product();
        let mut next = 0;
        let numbers = (0..total).map(|number| {
            let mut rest = number;
            let mut inside = true;
            for (place, dim) in dims.iter().enumerate().rev() {
                let here = rest % dim;
                rest /= dim;
                let start = region.start[place];
                inside &= (start..start + region.shape[place]).contains(&here);
            }
            inside.then(|| {
                next += 1;
                next - 1
            })
        });
        numbers.collect()
    }

    #[test]
    fn runs_are_the_elements_of_the_box_in_order() {
        let boxes: [(&[usize], &[usize], &[usize]); 9] = [
            (&[], &[], &[]),
            (&[6], &[2], &[3]),
            (&[6], &[0], &[6]),
            (&[4, 6], &[1, 0], &[2, 6]),
            (&[4, 6], &[0, 2], &[4, 3]),
            (&[4, 6], &[3, 5], &[1, 1]),
            (&[3, 4, 5], &[1, 1, 0], &[2, 2, 5]),
            (&[3, 4, 5], &[0, 1, 2], &[3, 1, 2]),
            (&[3, 4, 5], &[2, 0, 0], &[0, 4, 5]),
        ];
        for (dims, start, shape) in boxes {
            let region = Region::new(start.to_vec(), shape.to_vec(), dims).unwrap();
            let expected = slow(&region, dims);
            let mut number = 0;
            while number < expected.len() as u64 {
                let (index, length) = region.at(dims, number);
                assert!(length > 0 && number + length <= expected.len() as u64, "{region}");
                for step in 0..length {
                    let found = index.map(|index| index + step);
                    assert_eq!(found, expected[(number + step) as usize], "{dims:?} {region}");
                }
                number += length;
            }
            // From within a run on, it is the rest of the run.
            for number in 0..expected.len() as u64 {
                assert_eq!(region.at(dims, number).0, expected[number as usize]);
            }
        }
    }

    #[test]
    fn a_box_beyond_its_tensor_is_none() {
        for (start, shape, dims) in [
            (vec![2], vec![3], vec![4]),
            (vec![usize::MAX], vec![2], vec![4]),
            (vec![0], vec![4], vec![4, 1]),
        ] {
            assert_eq!(Region::new(start, shape, &dims), None);
        }
        assert_eq!(Region::row(3, &[3, 2]), None);
    }
}
