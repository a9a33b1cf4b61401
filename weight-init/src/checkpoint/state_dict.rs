//! The tensors of a checkpoint of any format, by name.

mod gather;
mod inflated;
pub(crate) mod source;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use self::gather::{contiguous, gather, runs, span};
use self::inflated::{Kept, Wanted, keep};
use self::source::Source;
use crate::address::Address;
use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::{CheckpointError, Problem, StoredType, numpy, sharded, torch};
use crate::checkpoint::{SafetensorsFile, TensorEntry};

/// The dimensions that NumPy and PyTorch can have.
const MOST_DIMENSIONS: usize = 64;

/// An open checkpoint: what tensors there are, and their elements on demand.
///
/// The format is told by the content, not by the name: safetensors, PyTorch's `.pth` (the zip format of today and the
/// older one), NumPy's `.npz`, and the index of a checkpoint in several files. Nothing in a file is executed, and
/// nothing but names, shapes and places is held in memory. Elements are read where they are, whatever span of the file the
/// strides of their tensor reach across; of deflated bytes, the elements of tensors that are read are kept in a temporary
/// file.
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
    sources: Vec<Source>,
    tensors: Vec<StoredTensor>,
    by_name: HashMap<String, usize>,
    inflated: Mutex<Inflated>,
}

/// Tensors of deflated sources.
#[derive(Debug, Default)]
struct Inflated {
    /// Those that will be read.
    announced: BTreeSet<usize>,
    /// Those whose elements are here.
    kept: HashMap<usize, Kept>,
}

/// A tensor of a [`StateDict`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredTensor {
    name: String,
    dtype: StoredType,
    shape: Vec<u64>,
    place: Place,
}

/// Where the elements of a tensor are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Which of the sources.
    pub(crate) source: usize,
    /// Bytes from its start to the first element.
    pub(crate) offset: u64,
    /// Elements from one index to the next, by dimension; `None`: row by row.
    pub(crate) strides: Option<Vec<u64>>,
    /// Whether the most significant byte comes first.
    pub(crate) big_endian: bool,
}

impl StoredTensor {
    /// The name in the checkpoint.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of the elements.
    #[must_use]
    pub const fn dtype(&self) -> StoredType {
        self.dtype
    }

    /// The extents, outermost first; empty for a scalar.
    #[must_use]
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }
}

impl StateDict {
    /// Opens a checkpoint, whatever its format, and reads what tensors it has.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`] when a file cannot be read; [`CheckpointError::Content`] with the [`Problem`] when it is
    /// not what it should be.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        let file = RandomAccess::open(path)?;
        let mut start = [0; 9];
        let known = usize::try_from(file.len()).unwrap_or(usize::MAX).min(start.len());
        let start = start.get_mut(..known).unwrap_or_default();
        file.read_exact_at(0, start)?;
        match *start {
            [b'{' | b' ' | b'\n' | b'\r' | b'\t', ..]
                if path.extension().is_some_and(|e| e == "json") =>
            {
                sharded::open(&file)
            }
            // The length of a safetensors header may look like the beginning of anything.
            [_, _, _, _, _, _, _, _, b'{'] => Self::of_safetensors(SafetensorsFile::of(file)?),
            [b'P', b'K', 3 | 5, 4 | 6, ..] => {
                let entries = super::zip::entries(&file)?;
                if numpy::is_npz(&entries) {
                    numpy::open(&file, &entries)
                } else {
                    torch::open_zip(&file, &entries)
                }
            }
            [0x80, 2..=5, ..] => torch::open_legacy(&file),
            _ => Self::of_safetensors(SafetensorsFile::of(file)?),
        }
    }

    /// Opens a safetensors file, and nothing else: no other file is looked at.
    pub(crate) fn open_safetensors(path: &Path) -> Result<Self, CheckpointError> {
        Self::of_safetensors(SafetensorsFile::open(path)?)
    }

    /// Says where it was downloaded from, so that a fault that is found when it is read says what to do.
    pub(crate) fn downloaded(self, from: Address) -> Self {
        Self { from: Some(from), ..self }
    }

    pub(crate) fn new(path: &Path, format: &'static str) -> Self {
        Self {
            path: path.to_owned(),
            from: None,
            format,
            sources: Vec::new(),
            tensors: Vec::new(),
            by_name: HashMap::new(),
            inflated: Mutex::default(),
        }
    }

    fn of_safetensors(file: SafetensorsFile) -> Result<Self, CheckpointError> {
        let mut dict = Self::new(file.path(), "safetensors");
        let source = dict.add_source(Source::piece(file.file().clone(), 0, file.file_bytes()));
        for TensorEntry { name, dtype, shape, offset, .. } in file.tensors() {
            let place = Place { source, offset: *offset, strides: None, big_endian: false };
            dict.add(name.clone(), *dtype, shape.clone(), place)?;
        }
        Ok(dict)
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
        let size = dtype.bits() / 8;
        let fault = |message| {
            let problem = Problem::Tensor { tensor: name.clone(), message };
            CheckpointError::content(&self.path, problem)
        };
        if shape.len() > MOST_DIMENSIONS {
            let message = format!("{} dimensions; at most {MOST_DIMENSIONS} are read", shape.len());
            return Err(fault(message));
        }
        if !dtype.bits().is_multiple_of(8) {
            return Err(fault(format!(
                "elements of {dtype} are less than a byte and are not read"
            )));
        }
        let bytes = shape.iter().try_fold(size, |n, &extent| n.checked_mul(extent));
        if !shape.contains(&0) && bytes.is_none_or(|bytes| isize::try_from(bytes).is_err()) {
            let message = format!("shape {shape:?} has more bytes than this machine can count");
            return Err(fault(message));
        }
        if let Some(strides) = &mut place.strides {
            // What no index is multiplied with may be any number.
            let unused = strides.iter_mut().zip(&shape).filter(|(_, extent)| **extent == 1);
            unused.for_each(|(stride, _)| *stride = 0);
            if contiguous(&shape, strides) {
                place.strides = None;
            }
        }
        let available = self.sources.get(place.source).map_or(0, Source::len);
        let end = span(&shape, place.strides.as_deref())
            .and_then(|elements| elements.checked_mul(size))
            .and_then(|bytes| bytes.checked_add(place.offset));
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

    /// What kind of file it is: `safetensors`, `PyTorch zip`, …
    #[must_use]
    pub const fn format(&self) -> &'static str {
        self.format
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
    /// full. Several threads may read at the same time.
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
        let size = (stored.dtype.bits() / 8).max(1);
        let elements = super::elements(&stored.shape);
        let wanted = out.len() as u64 / size;
        if first.checked_add(wanted).is_none_or(|end| end > elements) {
            return Err(self.beyond());
        }
        if out.is_empty() {
            return Ok(());
        }
        let Place { source, offset, strides, big_endian } = &stored.place;
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
            out.chunks_exact_mut(size as usize).for_each(<[u8]>::reverse);
        }
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
