//! Memory that Python owns, checked before it is written. All that is unsafe in this crate is here.
//!
//! Python says where a tensor lies and how long its storage is; whether the addresses are true is its word alone. Everything
//! that follows from them is checked: each element lies within the storage, no two elements in the same place.

use std::marker::PhantomData;
use std::slice;

use weight_init::plan::Tensor;
use weight_init::window::Window;

use crate::error::Fault;

/// Ranges of indices along one dimension: first index and number.
pub(crate) type Segments = Vec<(u64, u64)>;

/// Where a tensor, or a shard of it, lies: name, address of the first element, strides in elements, the ranges of each
/// dimension that it holds (`None`: all of it), and the address and bytes of its storage.
pub(crate) type Target = (String, usize, Vec<i64>, Option<Vec<Segments>>, usize, usize);

/// Memory of a tensor, or of a shard of it, that lies within its storage.
///
/// It stands for the right to write there: see [`Region::new`].
#[derive(Debug)]
pub(crate) struct Region<'m> {
    pub(crate) name: &'m str,
    pub(crate) window: Window,
    address: usize,
    size: usize,
    strides: Vec<u64>,
    is_dense: bool,
    memory: PhantomData<&'m mut [u8]>,
}

impl<'m> Region<'m> {
    /// # Safety
    ///
    /// The storage of the target is there, readable and writable, and used by nobody else as long as the region is.
    pub(crate) unsafe fn new(target: &'m Target, tensor: &Tensor<'_>) -> Result<Self, Fault> {
        let (name, address, strides, segments, storage, bytes) = target;
        let fault = |message: &str| Err(Fault::Model(format!("{name}: {message}")));
        let size = tensor.dtype.size();
        let window = match segments {
            Some(segments) => part(tensor.shape, segments)?,
            None => Window::whole(tensor.shape),
        };
        if segments.is_some() && window.elements() > (bytes / size) as u64 {
            return fault("a part of it has more elements than its storage holds");
        }
        if strides.len() != window.shape().len() {
            return fault("its memory has another number of dimensions");
        }
        let Ok(strides) = strides.iter().map(|s| u64::try_from(*s)).collect::<Result<Vec<_>, _>>()
        else {
            return fault("its memory has negative strides");
        };
        let is_dense = is_dense(window.shape(), &strides);
        let region =
            Self { name, window, address: *address, size, strides, is_dense, memory: PhantomData };
        if region.window.elements() == 0 {
            return Ok(region);
        }
        if !address.is_multiple_of(size.min(8)) {
            return fault("its memory is not aligned for its elements");
        }
        if !region.is_dense && overlaps_itself(region.window.shape(), &region.strides) {
            return fault(
                "several of its elements lie in the same memory, as those of expand() do",
            );
        }
        let end = region.bytes().and_then(|bytes| address.checked_add(bytes));
        let storage_end = storage.checked_add(*bytes);
        if address < storage || end.zip(storage_end).is_none_or(|(end, storage)| end > storage) {
            return fault("its elements reach beyond its storage");
        }
        Ok(region)
    }

    /// Bytes from the first element to the end of the last one.
    fn bytes(&self) -> Option<usize> {
        let mut last = 0_u64;
        for (dim, stride) in self.window.shape().iter().zip(&self.strides) {
            last = last.checked_add(dim.checked_sub(1)?.checked_mul(*stride)?)?;
        }
        usize::try_from(last).ok()?.checked_add(1)?.checked_mul(self.size)
    }

    fn span(&self) -> (usize, usize) {
        match self.window.elements() {
            0 => (self.address, self.address),
            _ => (self.address, self.address.saturating_add(self.bytes().unwrap_or(usize::MAX))),
        }
    }

    /// Whether the elements lie in row-major order without gaps.
    pub(crate) const fn is_dense(&self) -> bool {
        self.is_dense
    }

    /// Its elements and their memory, if it is dense.
    pub(crate) fn into_dense(self) -> Option<(Window, &'m mut [u8])> {
        let elements = usize::try_from(self.window.elements()).ok().filter(|_| self.is_dense)?;
        if elements == 0 {
            return None;
        }
        // SAFETY: `new` has checked that every element lies within the storage, which is ours by its contract, and the region is
        // consumed.
        let memory =
            unsafe { slice::from_raw_parts_mut(self.address as *mut u8, elements * self.size) };
        Some((self.window, memory))
    }

    /// Puts consecutive elements where they belong. Elements that are not the same may be written at the same time.
    pub(crate) fn scatter(&self, local: u64, elements: &[u8]) {
        self.walk(local, elements.len() / self.size, |index, place| {
            let Some(element) = elements.get(index * self.size..(index + 1) * self.size) else {
                return;
            };
            // SAFETY: `new` has checked that every element lies within the storage, which is ours by its contract, and
            // that no two elements share a byte.
            unsafe { (place as *mut u8).copy_from_nonoverlapping(element.as_ptr(), self.size) };
        });
    }

    /// Reads consecutive elements.
    pub(crate) fn gather(&self, local: u64, elements: &mut [u8]) {
        self.walk(local, elements.len() / self.size, |index, place| {
            let Some(element) = elements.get_mut(index * self.size..(index + 1) * self.size) else {
                return;
            };
            // SAFETY: `new` has checked that every element lies within the storage, which may be read by its contract.
            unsafe { (place as *const u8).copy_to_nonoverlapping(element.as_mut_ptr(), self.size) };
        });
    }

    /// Calls `visit` with the address of each element from `local` on.
    fn walk(&self, local: u64, elements: usize, mut visit: impl FnMut(usize, usize)) {
        let shape = self.window.shape();
        let left = self.window.elements().saturating_sub(local);
        let elements = elements.min(usize::try_from(left).unwrap_or(usize::MAX));
        let mut index = vec![0; shape.len()];
        let (mut rest, mut offset) = (local, 0_u64);
        for (dim, index) in shape.iter().enumerate().rev().zip(index.iter_mut().rev()) {
            let (dim, size) = dim;
            *index = rest % size;
            rest /= size;
            offset += *index * self.strides[dim];
        }
        for element in 0..elements {
            visit(element, self.address + offset as usize * self.size);
            for dim in (0..shape.len()).rev() {
                index[dim] += 1;
                offset += self.strides[dim];
                if index[dim] < shape[dim] {
                    break;
                }
                offset -= shape[dim] * self.strides[dim];
                index[dim] = 0;
            }
        }
    }
}

/// The part of a tensor that is the product of segments along its dimensions.
fn part(shape: &[usize], segments: &[Segments]) -> Result<Window, Fault> {
    let range = |(first, n): &(u64, u64)| *first..first.saturating_add(*n);
    let ranges = segments.iter().map(|segments| segments.iter().map(range).collect());
    Window::new(shape, ranges.collect()).map_err(|error| Fault::Model(error.to_string()))
}

/// Row-major and without gaps; dimensions of one element may have any stride.
fn is_dense(shape: &[u64], strides: &[u64]) -> bool {
    let mut expected = 1_u64;
    shape.iter().zip(strides).rev().all(|(dim, stride)| {
        let fits = *dim == 1 || *stride == expected;
        expected = expected.saturating_mul(*dim);
        fits
    }) || shape.contains(&0)
}

/// Whether two elements may lie in the same place: sorted by stride, each dimension must step over those inside it.
fn overlaps_itself(shape: &[u64], strides: &[u64]) -> bool {
    let mut dims: Vec<_> = strides.iter().zip(shape).filter(|(_, dim)| **dim > 1).collect();
    dims.sort_unstable();
    let mut reach = 0_u64;
    dims.iter().any(|(stride, dim)| {
        let overlaps = **stride <= reach;
        reach = reach.saturating_add(stride.saturating_mul(**dim - 1));
        overlaps
    })
}

/// Refuses regions of different tensors that share an element: two threads would write it.
pub(crate) fn check_overlaps<'r>(
    regions: impl Iterator<Item = &'r Region<'r>>,
) -> Result<(), Fault> {
    let mut by_start: Vec<_> = regions.filter(|region| region.window.elements() > 0).collect();
    by_start.sort_unstable_by_key(|region| region.span());
    let mut cluster: Vec<&Region<'_>> = Vec::new();
    let mut end = 0;
    for region in by_start {
        let (start, behind) = region.span();
        if start >= end {
            check_cluster(&cluster)?;
            cluster.clear();
        }
        cluster.push(region);
        end = end.max(behind);
    }
    check_cluster(&cluster)
}

/// Regions whose spans overlap, element by element: views of one tensor may lie between each other.
fn check_cluster(cluster: &[&Region<'_>]) -> Result<(), Fault> {
    let [first, .., _] = cluster else { return Ok(()) };
    let start = first.span().0;
    let end = cluster.iter().map(|region| region.span().1).max().unwrap_or(start);
    let mut owners = Vec::new();
    let bytes = (end - start).div_ceil(8);
    if owners.try_reserve_exact(bytes).is_err() {
        let message =
            format!("{bytes} bytes, to see whether tensors overlap, are more memory than there is");
        return Err(Fault::Model(message));
    }
    owners.resize(bytes, 0_u8);
    for (number, region) in cluster.iter().enumerate() {
        let mut clash = false;
        let elements = usize::try_from(region.window.elements()).unwrap_or(usize::MAX);
        region.walk(0, elements, |_, place| {
            for byte in place - start..place - start + region.size {
                let bit = 1 << (byte % 8);
                clash |= owners[byte / 8] & bit != 0;
                owners[byte / 8] |= bit;
            }
        });
        if clash {
            // The other one is the nearest before it that reaches into it.
            let reaches = |other: &&&Region<'_>| other.span().1 > region.span().0;
            let other = cluster[..number].iter().rfind(reaches).unwrap_or(&cluster[0]);
            return Err(Fault::Model(format!(
                "'{}' and '{}' share some of their memory, but are not the same parameter: which values it gets would \
                 depend on their order",
                other.name, region.name
            )));
        }
    }
    Ok(())
}
