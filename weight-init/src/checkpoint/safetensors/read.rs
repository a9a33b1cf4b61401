//! Reading safetensors files: strict, and never more in memory than the header.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::checkpoint::random_access::RandomAccess;
use crate::checkpoint::safetensors::{MAX_HEADER_BYTES, StoredType};
use crate::checkpoint::{CheckpointError, Problem};

mod header;
mod layout;

/// Bytes of the number that says how long the header is.
const LENGTH_BYTES: u64 = 8;

/// One tensor of a file: what it is and where its bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorEntry {
    /// The name.
    pub name: String,
    /// The type of the elements.
    pub dtype: StoredType,
    /// The extents, outermost first; empty for a scalar.
    pub shape: Vec<u64>,
    /// Where the data begins, in bytes from the start of the file.
    pub offset: u64,
    /// Bytes of the data.
    pub len: u64,
}

impl TensorEntry {
    /// The number of elements.
    #[must_use]
    pub fn elements(&self) -> u64 {
        // The layout was checked: the product fits, and so does its size in bits.
        self.shape.iter().fold(1, |n, &extent| n.saturating_mul(extent))
    }
}

/// An open safetensors file whose header was found to be right.
///
/// Right means: the file is what its header says, byte for byte. Every tensor has a name of its own, offsets
/// that span exactly its shape, and they cover the data without hole, overlap or rest. Everything that is
/// accepted the `safetensors` crate accepts too (blanks before the header and `null` for metadata among it), and this
/// reader refuses more: duplicate names and keys, and shapes of more than 64 dimensions.
///
/// The header is the only part that is held in memory; its length is checked against the file before that.
///
/// ```no_run
/// use weight_init::checkpoint::SafetensorsFile;
///
/// let file = SafetensorsFile::open("model.safetensors")?;
/// for tensor in file.tensors() {
///     println!("{} {} {:?}", tensor.name, tensor.dtype, tensor.shape);
/// }
/// # Ok::<(), weight_init::checkpoint::CheckpointError>(())
/// ```
#[derive(Debug)]
pub struct SafetensorsFile {
    file: RandomAccess,
    metadata: Vec<(String, String)>,
    tensors: Vec<TensorEntry>,
    /// Indices into `tensors`, by name.
    by_name: Vec<usize>,
}

impl SafetensorsFile {
    /// Opens the file, reads its header and checks it.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`] when it cannot be opened or read, or is no regular file;
    /// [`CheckpointError::Content`] with the [`Problem`] otherwise.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, CheckpointError> {
        Self::of(RandomAccess::open(path.as_ref())?)
    }

    /// The same of one of so many files of a checkpoint.
    pub(crate) fn open_one_of(path: &Path, files: usize) -> Result<Self, CheckpointError> {
        Self::of(RandomAccess::open_one_of(path, files)?)
    }

    /// Reads the header of an open file and checks it.
    pub(crate) fn of(file: RandomAccess) -> Result<Self, CheckpointError> {
        let text = read_header(&file)?;
        let problem = |problem| CheckpointError::content(file.path(), problem);
        let header = header::parse(&text).map_err(problem)?;
        let data_begin = LENGTH_BYTES + text.len() as u64;
        let (tensors, by_name) =
            layout::check(header.tensors, data_begin, file.len().saturating_sub(data_begin))
                .map_err(problem)?;
        Ok(Self { file, metadata: header.metadata, tensors, by_name })
    }

    /// The path it was opened by.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Bytes of the file.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        self.file.len()
    }

    /// The file's own texts, in the order of the header.
    #[must_use]
    pub fn metadata(&self) -> &[(String, String)] {
        &self.metadata
    }

    /// The tensors in the order of their data; empty ones that share an offset in the order of the header.
    #[must_use]
    pub fn tensors(&self) -> &[TensorEntry] {
        &self.tensors
    }

    /// The tensor of this name.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&TensorEntry> {
        let name_at = |&index: &usize| self.tensors.get(index).map_or("", |tensor| &tensor.name);
        let found = self.by_name.binary_search_by(|index| name_at(index).cmp(name)).ok()?;
        self.tensors.get(*self.by_name.get(found)?)
    }

    /// Reads bytes of a tensor, from its byte `offset` on, until `bytes` is full.
    ///
    /// Several threads may read at the same time.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Io`] when the bytes asked for go beyond the tensor, or the file has become shorter or
    /// cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// # use weight_init::checkpoint::{SafetensorsFile, SafetensorsWriter, Sink, TensorInfo};
    /// # use weight_init_core::DType;
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("model.safetensors");
    /// # let info = TensorInfo { name: "scale".into(), dtype: DType::F32, shape: vec![2] };
    /// # let mut writer = SafetensorsWriter::create(&path, &[("seed", "42")], &[info])?;
    /// # writer.write(&[0, 0, 0, 0, 0, 0, 128, 63])?;
    /// # writer.finish()?;
    /// let file = SafetensorsFile::open(&path)?;
    /// let scale = file.tensor("scale").ok_or("no scale")?;
    /// let mut second = [0; 4];
    /// file.read_at(scale, 4, &mut second)?;
    /// assert_eq!(f32::from_le_bytes(second), 1.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read_at(
        &self,
        tensor: &TensorEntry,
        offset: u64,
        bytes: &mut [u8],
    ) -> Result<(), CheckpointError> {
        let end = offset.checked_add(bytes.len() as u64);
        match (end, tensor.offset.checked_add(offset)) {
            (Some(end), Some(at)) if end <= tensor.len => self.file.read_exact_at(at, bytes),
            _ => {
                let message = "bytes beyond the end of a tensor were asked for";
                let error = io::Error::new(ErrorKind::UnexpectedEof, message);
                Err(CheckpointError::io("read", self.path(), error))
            }
        }
    }

    /// The open file.
    pub(crate) const fn file(&self) -> &RandomAccess {
        &self.file
    }
}

/// The text of the header, once its length was found to be possible.
fn read_header(file: &RandomAccess) -> Result<Vec<u8>, CheckpointError> {
    let problem = |problem| Err(CheckpointError::content(file.path(), problem));
    if file.len() < LENGTH_BYTES {
        return problem(Problem::TooShort { bytes: file.len() });
    }
    let mut length = [0; LENGTH_BYTES as usize];
    file.read_exact_at(0, &mut length)?;
    let header = u64::from_le_bytes(length);
    let available = file.len() - LENGTH_BYTES;
    if header > available.min(MAX_HEADER_BYTES) {
        let mut first = [b'{'];
        let known = first.get_mut(..available.min(1) as usize).unwrap_or_default();
        file.read_exact_at(LENGTH_BYTES, known)?;
        // The number is the first bytes of a file that may be any file, and secret, unless it is plausible.
        let plausible = first == [b'{'] && (header <= MAX_HEADER_BYTES || header <= available);
        return problem(if !plausible {
            Problem::NotSafetensors { resembles: resembles(&length) }
        } else if header > available {
            Problem::HeaderPastEnd { header, available }
        } else {
            Problem::HeaderTooLong { header }
        });
    }
    let Ok(len) = usize::try_from(header) else {
        return problem(Problem::HeaderTooLong { header });
    };
    let mut text = vec![0; len];
    file.read_exact_at(LENGTH_BYTES, &mut text)?;
    Ok(text)
}

/// The format that a file with these first bytes probably has instead.
fn resembles(start: &[u8; 8]) -> Option<&'static str> {
    const KNOWN: [(&[u8], &str); 5] = [
        (b"PK\x03\x04", "a zip file (PyTorch's .pth or .pt)"),
        (b"\x80\x02", "a Python pickle (an old .pth or .pt)"),
        (b"version ", "a Git LFS pointer (the file itself was not fetched)"),
        (b"\x89HDF", "an HDF5 file"),
        (b"GGUF", "a GGUF file"),
    ];
    KNOWN.iter().find(|(magic, _)| start.starts_with(magic)).map(|&(_, name)| name)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests;
