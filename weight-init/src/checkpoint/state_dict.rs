//! The tensors of a checkpoint of any format, by name.

mod gather;
mod inflated;
mod nested;
mod open;
pub(crate) mod source;
mod tensor;
mod view;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use safetensors::Dtype;

use self::gather::{contiguous, gather, runs, span};
use self::inflated::{Kept, Wanted, keep};
pub use self::nested::NestedDict;
use self::source::Source;
pub(crate) use self::tensor::{Place, Signs};
pub use self::tensor::{StoredTensor, Unread};
use crate::address::Address;
use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::{CheckpointError, Problem, StoredType};

/// The dimensions that NumPy and PyTorch can have.
const MOST_DIMENSIONS: usize = 64;

/// An open checkpoint: what tensors there are, and their elements on demand.
///
/// The format is told by the content, not by the name: safetensors, PyTorch's `.pth` (the zip format of today and the
/// older one), NumPy's `.npz`, and the index of a checkpoint in several files. Nothing in a file is executed, and
/// nothing but names, shapes and places is held in memory. A part that is not read (an object beside the weights, a sparse
/// tensor, an array of texts) is [told](Self::unread) and refuses nothing. Elements are read where they are, whatever span
/// of the file the strides of their tensor reach across; of deflated bytes, the elements of tensors that are read are kept
/// in a temporary file.
///
/// ```no_run
/// use weight_init::checkpoint::StateDict;
///
/// let checkpoint = StateDict::open("resnet50-0676ba61.pth")?;
/// for tensor in checkpoint.tensors() {
///     println!("{} {} {:?}", tensor.name(), tensor.dtype(), tensor.shape());
/// }
/// # Ok::<(), weight_init::checkpoint::CheckpointError>(())
/// ```
#[derive(Debug)]
pub struct StateDict {
    path: PathBuf,
    /// Where it was downloaded from, if it was.
    from: Option<Address>,
    format: &'static str,
    file_bytes: u64,
    metadata: Vec<(String, String)>,
    /// Where in a PyTorch file the tensors stand.
    key: Option<String>,
    nested: Vec<NestedDict>,
    sources: Vec<Source>,
    tensors: Vec<StoredTensor>,
    by_name: HashMap<String, usize>,
    unread: Vec<Unread>,
    inflated: Mutex<Inflated>,
}

/// Tensors of deflated sources.
#[derive(Debug, Default)]
struct Inflated {
    /// Tensors that will be read.
    announced: BTreeSet<usize>,
    /// Tensors whose elements are kept in memory or in a temporary file.
    kept: HashMap<usize, Kept>,
}

impl StateDict {
    /// Says where it was downloaded from, so that a fault that is found when it is read says what to do.
    #[cfg(feature = "fetch")]
    pub(crate) fn downloaded(self, from: Address) -> Self {
        Self { from: Some(from), ..self }
    }

    pub(crate) fn new(file: &RandomAccess, format: &'static str) -> Self {
        Self::of_folder(file.path(), format, file.len())
    }

    /// Of the files in a folder, which have so many bytes together.
    pub(crate) fn of_folder(path: &Path, format: &'static str, file_bytes: u64) -> Self {
        Self {
            path: path.to_owned(),
            from: None,
            format,
            file_bytes,
            metadata: Vec::new(),
            key: None,
            nested: Vec::new(),
            unread: Vec::new(),
            sources: Vec::new(),
            tensors: Vec::new(),
            by_name: HashMap::new(),
            inflated: Mutex::default(),
        }
    }

    /// Gives it the texts of a file.
    pub(crate) fn with_metadata(self, metadata: Vec<(String, String)>) -> Self {
        Self { metadata, ..self }
    }

    /// Says which of the state dicts of a PyTorch file it is.
    pub(super) fn of_nested(self, key: Option<String>, nested: Vec<NestedDict>) -> Self {
        Self { key, nested, ..self }
    }

    /// Adds a value that is not read.
    pub(super) fn add_unread(&mut self, name: String, what: Arc<str>) {
        self.unread.push(Unread { name, what });
    }

    pub(crate) fn add_source(&mut self, source: Source) -> usize {
        self.sources.push(source);
        self.sources.len() - 1
    }

    /// Adds a tensor, once its elements were found to lie within its source. A second one of a name replaces the
    /// first, as in a dict.
    pub(crate) fn add(
        &mut self,
        name: String,
        dtype: StoredType,
        shape: Vec<u64>,
        mut place: Place,
    ) -> Result<(), CheckpointError> {
        let fault = |message| {
            let problem = Problem::Tensor { tensor: name.clone(), message };
            CheckpointError::content(&self.path, problem)
        };
        if shape.len() > MOST_DIMENSIONS {
            let message = format!("{} dimensions; at most {MOST_DIMENSIONS} are read", shape.len());
            return Err(fault(message));
        }
        let bits = shape.iter().try_fold(dtype.bits(), |n, &extent| n.checked_mul(extent));
        if !shape.contains(&0) && bits.is_none_or(|bits| isize::try_from(bits / 8).is_err()) {
            let message = format!("shape {shape:?} has more bytes than this machine can count");
            return Err(fault(message));
        }
        if let Some(strides) = &mut place.strides {
            // The stride of a dimension of size 1 is never used, so it may hold garbage: it is normalized to 0.
            let unused = strides.iter_mut().zip(&shape).filter(|(_, extent)| **extent == 1);
            unused.for_each(|(stride, _)| *stride = 0);
            if contiguous(&shape, strides) {
                place.strides = None;
            }
        }
        let available = self.sources.get(place.source).map_or(0, Source::len);
        let end = span(&shape, place.strides.as_deref())
            .and_then(|elements| elements.checked_mul(dtype.bits()))
            .and_then(|bits| (bits / 8).checked_add(place.offset));
        // Without elements there is nothing that could lie outside.
        if !shape.contains(&0) && end.is_none_or(|end| end > available) {
            let offset = place.offset;
            let message = format!(
                "shape {shape:?} of {dtype} from byte {offset} on reaches beyond the {available} bytes of its storage"
            );
            return Err(fault(message));
        }
        let tensor = StoredTensor { name: name.clone(), dtype, shape, place };
        if let Some(index) = self.by_name.get(&name) {
            if let Some(old) = self.tensors.get_mut(*index) {
                *old = tensor;
            }
        } else {
            self.by_name.insert(name, self.tensors.len());
            self.tensors.push(tensor);
        }
        Ok(())
    }

    /// Takes over the tensors of another one.
    pub(crate) fn append(
        &mut self,
        other: Self,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<(), CheckpointError> {
        let base = self.sources.len();
        self.sources.extend(other.sources);
        self.file_bytes = self.file_bytes.saturating_add(other.file_bytes);
        self.unread.extend(other.unread.into_iter().filter(|unread| wanted(&unread.name)));
        for tensor in other.tensors.into_iter().filter(|tensor| wanted(&tensor.name)) {
            let StoredTensor { name, dtype, shape, mut place } = tensor;
            place.source += base;
            self.add(name, dtype, shape, place)?;
        }
        Ok(())
    }

    /// The path it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The kind of file: `safetensors`, `PyTorch zip`, …
    #[must_use]
    pub const fn format(&self) -> &'static str {
        self.format
    }

    /// Bytes of the file, or of all files together.
    #[must_use]
    pub const fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    /// The texts of a safetensors file, in its order.
    #[must_use]
    pub fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    /// The keys that lead to the tensors in a PyTorch file, joined by dots; `None` if they are the file's own.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.key.as_deref()
    }

    /// The state dicts of a PyTorch file that has several, this one too.
    #[must_use]
    pub fn state_dicts(&self) -> &[NestedDict] {
        &self.nested
    }

    /// Entries that are not read, in the order of the file.
    #[must_use]
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// The tensors in the order of the file.
    #[must_use]
    pub fn tensors(&self) -> &[StoredTensor] {
        &self.tensors
    }

    /// Number of the tensor of this name in [`tensors`](Self::tensors).
    #[must_use]
    pub fn position(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// Reads elements of tensor number `tensor` from its element `first` on, row by row, little endian, until `out` is
    /// full. Several threads may read at the same time. Elements of less than a byte are not read.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`] when the elements asked for go beyond the tensor, or the file cannot be read;
    /// [`CheckpointError::Content`] when what is read is not what the file said of it, or
    /// [`CheckpointError::Downloaded`] if the file was downloaded.
    pub fn read_at(
        &self,
        tensor: usize,
        first: u64,
        out: &mut [u8],
    ) -> Result<(), CheckpointError> {
        let read = self.read_elements(tensor, first, out);
        read.map_err(|error| match &self.from {
            Some(from) => error.downloaded(from),
            None => error,
        })
    }

    fn read_elements(
        &self,
        tensor: usize,
        first: u64,
        out: &mut [u8],
    ) -> Result<(), CheckpointError> {
        let Some(stored) = self.tensors.get(tensor) else { return Err(self.beyond()) };
        if !stored.dtype.bits().is_multiple_of(8) {
            let message =
                format!("elements of {} are less than a byte and are not read", stored.dtype);
            let problem = Problem::Tensor { tensor: stored.name.clone(), message };
            return Err(CheckpointError::content(&self.path, problem));
        }
        let size = (stored.dtype.bits() / 8).max(1);
        let elements = stored.elements();
        let wanted = out.len() as u64 / size;
        if first.checked_add(wanted).is_none_or(|end| end > elements) {
            return Err(self.beyond());
        }
        if out.is_empty() {
            return Ok(());
        }
        let Place { source, offset, strides, big_endian, signs } = &stored.place;
        let Some(source) = self.sources.get(*source) else { return Err(self.beyond()) };
        let row = first * size;
        if source.is_deflated() {
            let Kept { file, begin, strided } = self.kept(tensor, stored, source)?;
            match strides.as_ref().filter(|_| strided) {
                None => file.read_exact_at(begin + row, out)?,
                Some(strides) => {
                    gather(runs(size, &stored.shape, strides, first), out, |at, into| {
                        file.read_exact_at(begin + at, into)
                    })?
                }
            }
        } else {
            match strides {
                None if *offset == 0 && elements * size == source.len() => {
                    source.read_through_at(row, out)?;
                }
                None => source.read_exact_at(offset.saturating_add(row), out)?,
                Some(strides) => {
                    gather(runs(size, &stored.shape, strides, first), out, |at, into| {
                        source.read_exact_at(offset.saturating_add(at), into)
                    })?
                }
            }
        }
        if *big_endian {
            // A complex number is two numbers.
            let number = if stored.dtype.format_type() == Dtype::C64 { size / 2 } else { size };
            out.chunks_exact_mut(number as usize).for_each(<[u8]>::reverse);
        }
        signs.apply(stored.dtype, out);
        Ok(())
    }

    /// Says that tensor number `tensor` will be read. A deflated storage is streamed once for all tensors in it that were
    /// announced, and once more for each that was not.
    pub fn announce(&self, tensor: usize) {
        let mut inflated = self.inflated.lock().unwrap_or_else(PoisonError::into_inner);
        inflated.announced.insert(tensor);
    }

    /// Where the elements of a tensor of a deflated source are kept.
    fn kept(
        &self,
        tensor: usize,
        stored: &StoredTensor,
        source: &Source,
    ) -> Result<Kept, CheckpointError> {
        let mut inflated = self.inflated.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = inflated.kept.get(&tensor) {
            return Ok(kept.clone());
        }
        inflated.announced.insert(tensor);
        let wanted: Vec<_> = inflated
            .announced
            .iter()
            .filter(|number| !inflated.kept.contains_key(number))
            .filter_map(|number| Some((*number, self.tensors.get(*number)?)))
            .filter(|(_, other)| other.place.source == stored.place.source)
            .map(|(tensor, StoredTensor { dtype, shape, place, .. })| Wanted {
                tensor,
                size: dtype.bits() / 8,
                shape,
                strides: place.strides.as_deref(),
                offset: place.offset,
            })
            .collect();
        inflated.kept.extend(keep(source, &wanted)?);
        inflated.kept.get(&tensor).cloned().ok_or_else(|| self.beyond())
    }

    #[cold]
    fn beyond(&self) -> CheckpointError {
        let message = "bytes beyond the end of a tensor were asked for";
        let error = std::io::Error::new(std::io::ErrorKind::UnexpectedEof, message);
        CheckpointError::io("read", &self.path, error)
    }
}
