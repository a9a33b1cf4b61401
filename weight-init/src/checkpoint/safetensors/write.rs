//! Writing safetensors files: the same inputs give the same bytes.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use weight_init_core::DType;

use crate::checkpoint::safetensors::{MAX_HEADER_BYTES, METADATA, StoredType};
use crate::checkpoint::{AtomicFile, CheckpointError, Problem, Sink, Summary};

/// Bytes of the number that says how long the header is; the header is padded to a multiple of them.
const LENGTH_BYTES: usize = 8;

/// The header's entry of one tensor: name, element type, shape.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// The full dotted name: `backbone.conv1.weight`.
    pub name: String,
    /// The type of the elements.
    pub dtype: DType,
    /// The extents, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
}

impl TensorInfo {
    /// Bytes of the data, or `None` if 64 bits cannot count them.
    ///
    /// ```
    /// use weight_init::checkpoint::TensorInfo;
    /// use weight_init_core::DType;
    ///
    /// let info = TensorInfo { name: "fc.weight".into(), dtype: DType::F16, shape: vec![10, 3] };
    /// assert_eq!(info.byte_len(), Some(60));
    /// ```
    #[must_use]
    pub fn byte_len(&self) -> Option<u64> {
        let elements =
            self.shape.iter().try_fold(1u64, |n, &extent| n.checked_mul(extent as u64))?;
        elements.checked_mul(self.dtype.size() as u64)
    }
}

/// Writes a safetensors file whose metadata and tensors stand in the order given.
///
/// The header goes first, so all tensors are announced at the start; then their data streams through, in the
/// same order. The file is an [`AtomicFile`]: it appears when [`finish`](Sink::finish) has found it whole.
/// Its bytes depend on the arguments and the data alone.
///
/// Tensors lie in the order given, without padding, as the format demands. So a tensor of 8-byte elements may
/// begin at an address that is no multiple of 8; readers that map a file and cannot live with that copy it.
///
/// ```
/// use weight_init::checkpoint::{SafetensorsFile, SafetensorsWriter, Sink, TensorInfo};
/// use weight_init_core::DType;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("model.safetensors");
/// let bias = TensorInfo { name: "fc.bias".into(), dtype: DType::F32, shape: vec![2] };
/// let mut writer = SafetensorsWriter::create(&path, &[("seed", "42")], &[bias])?;
/// for value in [0.5f32, -1.0] {
///     writer.write(&value.to_le_bytes())?;
/// }
/// assert_eq!(writer.finish()?.data_bytes, 8);
///
/// let file = SafetensorsFile::open(&path)?;
/// assert_eq!(file.metadata(), [("seed".to_owned(), "42".to_owned())]);
/// assert_eq!(file.tensors()[0].name, "fc.bias");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SafetensorsWriter {
    file: AtomicFile,
    header_bytes: u64,
    written: u64,
    expected: u64,
    /// Name and end of each tensor, to say which one is not whole.
    ends: Vec<(String, u64)>,
}

impl SafetensorsWriter {
    /// Begins the file and writes its header.
    ///
    /// # Errors
    ///
    /// [`CheckpointError::Content`] for two tensors or two metadata keys of one name, a tensor called
    /// `__metadata__`, sizes that 64 bits cannot count, and a header beyond [`MAX_HEADER_BYTES`], all before any
    /// file is made; [`CheckpointError::Io`] as [`AtomicFile::create`] and [`AtomicFile::write`].
    pub fn create(
        path: impl AsRef<Path>,
        metadata: &[(impl AsRef<str>, impl AsRef<str>)],
        tensors: &[TensorInfo],
    ) -> Result<Self, CheckpointError> {
        let path = path.as_ref();
        let (header, ends) =
            header(metadata, tensors).map_err(|problem| CheckpointError::content(path, problem))?;
        let expected = ends.last().map_or(0, |&(_, end)| end);
        let header = with_length(header);
        let mut file = AtomicFile::create(path)?;
        file.write(&header)?;
        Ok(Self { file, header_bytes: header.len() as u64, written: 0, expected, ends })
    }

    /// Bytes of data that the tensors announced have together.
    #[must_use]
    pub const fn data_bytes(&self) -> u64 {
        self.expected
    }
}

impl Sink for SafetensorsWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), CheckpointError> {
        let written = self.written.saturating_add(bytes.len() as u64);
        if written > self.expected {
            let problem = Problem::TooManyBytes { expected: self.expected, written };
            return Err(CheckpointError::content(self.file.path(), problem));
        }
        self.file.write(bytes)?;
        self.written = written;
        Ok(())
    }

    fn finish(self) -> Result<Summary, CheckpointError> {
        let Self { file, header_bytes, written, expected, ends } = self;
        if written < expected {
            let tensor = ends
                .into_iter()
                .find(|&(_, end)| end > written)
                .map_or_else(String::new, |(name, _)| name);
            return Err(CheckpointError::content(
                file.path(),
                Problem::TooFewBytes { expected, written, tensor },
            ));
        }
        file.commit()?;
        Ok(Summary { data_bytes: expected, file_bytes: header_bytes.saturating_add(expected) })
    }
}

/// The bytes that a file of these metadata and tensors has before its data.
pub(crate) fn header_of(
    metadata: &[(impl AsRef<str>, impl AsRef<str>)],
    tensors: &[TensorInfo],
) -> Result<Vec<u8>, Problem> {
    Ok(with_length(header(metadata, tensors)?.0))
}

fn with_length(header: Vec<u8>) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], &header].concat()
}

/// The header's bytes, padded, and where each tensor ends.
#[allow(clippy::type_complexity, reason = "two results of one walk over the tensors")]
fn header(
    metadata: &[(impl AsRef<str>, impl AsRef<str>)],
    tensors: &[TensorInfo],
) -> Result<(Vec<u8>, Vec<(String, u64)>), Problem> {
    let mut json = Json::default();
    if !metadata.is_empty() {
        let mut keys = BTreeSet::new();
        json.raw(json_key_start(true))?;
        json.string(METADATA)?;
        json.raw(":")?;
        for (i, (key, text)) in metadata.iter().enumerate() {
            let (key, text) = (key.as_ref(), text.as_ref());
            if !keys.insert(key) {
                return Err(Problem::DuplicateKey { key: key.to_owned() });
            }
            json.raw(json_key_start(i == 0))?;
            json.string(key)?;
            json.raw(":")?;
            json.string(text)?;
        }
        json.raw("}")?;
    }
    let mut names = BTreeSet::new();
    let mut ends = Vec::with_capacity(tensors.len());
    let mut begin = 0u64;
    for info in tensors {
        let name = || info.name.clone();
        if info.name == METADATA {
            return Err(Problem::ReservedName);
        }
        if !names.insert(info.name.as_str()) {
            return Err(Problem::DuplicateTensor { tensor: name() });
        }
        let dtype = StoredType::of(info.dtype).ok_or_else(|| Problem::Tensor {
            tensor: name(),
            message: format!(
                "elements of type {} are not stored in safetensors",
                info.dtype.name()
            ),
        })?;
        let bytes = info.byte_len().ok_or_else(|| Problem::ShapeOverflow {
            tensor: name(),
            dtype: dtype.to_string(),
            shape: info.shape.iter().map(|&extent| extent as u64).collect(),
        })?;
        let end =
            begin.checked_add(bytes).ok_or_else(|| Problem::TotalOverflow { tensor: name() })?;
        json.raw(json_key_start(json.bytes.is_empty()))?;
        json.string(&info.name)?;
        json.raw(&format!(":{{\"dtype\":\"{dtype}\",\"shape\":["))?;
        for (i, extent) in info.shape.iter().enumerate() {
            json.raw(if i == 0 { "" } else { "," })?;
            json.raw(&extent.to_string())?;
        }
        json.raw(&format!("],\"data_offsets\":[{begin},{end}]}}"))?;
        ends.push((name(), end));
        begin = end;
    }
    json.raw(if json.bytes.is_empty() { "{}" } else { "}" })?;
    while !json.bytes.len().is_multiple_of(LENGTH_BYTES) {
        json.raw(" ")?;
    }
    Ok((json.bytes, ends))
}

/// The separator before the first and before every further key of an object.
const fn json_key_start(first: bool) -> &'static str {
    if first { "{" } else { "," }
}

/// Compact JSON text that never grows beyond what a header may have.
#[derive(Default)]
struct Json {
    bytes: Vec<u8>,
}

impl Json {
    fn raw(&mut self, text: &str) -> Result<(), Problem> {
        self.bytes.extend_from_slice(text.as_bytes());
        self.check()
    }

    fn string(&mut self, text: &str) -> Result<(), Problem> {
        let written = serde_json::to_writer(self.bytes.by_ref(), text);
        written.map_err(|error| Problem::Header { message: error.to_string() })?;
        self.check()
    }

    fn check(&self) -> Result<(), Problem> {
        let header = self.bytes.len() as u64;
        if header > MAX_HEADER_BYTES { Err(Problem::HeaderTooLong { header }) } else { Ok(()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;
    use ::safetensors::SafeTensors;

    fn info(name: &str, dtype: DType, shape: &[usize]) -> TensorInfo {
        TensorInfo { name: name.into(), dtype, shape: shape.to_vec() }
    }

    fn problem(metadata: &[(&str, &str)], tensors: &[TensorInfo]) -> Problem {
        let folder = tempfile::tempdir().unwrap();
        let error =
            SafetensorsWriter::create(folder.path().join("a"), metadata, tensors).unwrap_err();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(!error.is_io());
        match error {
            CheckpointError::Content { problem, .. } => problem,
            CheckpointError::Io { .. } | CheckpointError::Downloaded { .. } => unreachable!(),
        }
    }

    #[test]
    fn the_bytes_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let tensors = [info("b", DType::F32, &[1, 2]), info("a", DType::Bool, &[])];
        let mut writer =
            SafetensorsWriter::create(&path, &[("z", "1"), ("a\"\n", "é")], &tensors).unwrap();
        writer.write(&1f32.to_le_bytes()).unwrap();
        writer.write(&[0, 0, 0, 64, 1]).unwrap();
        let summary = writer.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let json = r#"{"__metadata__":{"z":"1","a\"\n":"é"},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"a":{"dtype":"BOOL","shape":[],"data_offsets":[8,9]}}"#;
        let padded = json.len().next_multiple_of(8);
        assert_eq!(bytes[..8], (padded as u64).to_le_bytes());
        assert_eq!(
            std::str::from_utf8(&bytes[8..8 + padded]).unwrap(),
            format!("{json:padded$}", padded = json.chars().count() + padded - json.len())
        );
        assert_eq!(bytes[8 + padded..], [0, 0, 128, 63, 0, 0, 0, 64, 1]);
        assert_eq!(summary, Summary { data_bytes: 9, file_bytes: bytes.len() as u64 });
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn the_reference_reader_opens_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let tensors: Vec<_> = DType::ALL
            .iter()
            .enumerate()
            .map(|(i, &d)| info(&format!("t\u{0}{i}\u{1f600}"), d, &[i, 2]))
            .collect();
        let mut writer = SafetensorsWriter::create(&path, &[("k", "v")], &tensors).unwrap();
        let data: Vec<u8> = (0..writer.data_bytes()).map(|i| i as u8).collect();
        data.chunks(7).for_each(|piece| writer.write(piece).unwrap());
        writer.finish().unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let read = SafeTensors::deserialize(&bytes).unwrap();
        let mut begin = 0;
        for info in &tensors {
            let view = read.tensor(&info.name).unwrap();
            assert_eq!(
                (view.shape(), StoredType(view.dtype())),
                (&info.shape[..], StoredType::of(info.dtype).unwrap())
            );
            assert_eq!(view.data(), &data[begin..][..view.data().len()]);
            begin += view.data().len();
        }
        assert_eq!(begin, data.len());
    }

    #[test]
    fn no_tensors_and_no_metadata_are_a_file_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        SafetensorsWriter::create(&path, &[] as &[(&str, &str)], &[]).unwrap().finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"\x08\0\0\0\0\0\0\0{}      ");
        SafetensorsWriter::create(&path, &[("a", "b")], &[]).unwrap().finish().unwrap();
        assert!(SafeTensors::deserialize(&std::fs::read(&path).unwrap()).unwrap().is_empty());
    }

    #[test]
    fn refusals() {
        let one = |name: &str, shape: &[usize]| info(name, DType::F64, shape);
        assert_eq!(
            problem(&[], &[one("a", &[]), one("a", &[])]),
            Problem::DuplicateTensor { tensor: "a".into() }
        );
        assert_eq!(
            problem(&[("k", ""), ("k", "")], &[]),
            Problem::DuplicateKey { key: "k".into() }
        );
        assert_eq!(problem(&[], &[one("__metadata__", &[])]), Problem::ReservedName);
        assert!(matches!(
            problem(&[], &[one("a", &[usize::MAX / 4])]),
            Problem::ShapeOverflow { .. }
        ));
        assert!(matches!(
            problem(&[], &[one("a", &[1 << 40, 1 << 40])]),
            Problem::ShapeOverflow { .. }
        ));
        let half = one("a", &[1 << 60]);
        assert_eq!(
            problem(&[], &[half, one("b", &[1 << 60])]).to_string(),
            "tensor `b`: up to here the tensors have more bytes than 64 bits can count"
        );
        let long = "x".repeat(MAX_HEADER_BYTES as usize);
        assert!(matches!(problem(&[("k", &long)], &[]), Problem::HeaderTooLong { .. }));
        assert!(matches!(problem(&[], &[one(&long, &[])]), Problem::HeaderTooLong { .. }));
    }

    #[test]
    fn the_count_of_bytes_must_be_right() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let tensors = [info("a", DType::U8, &[3]), info("b", DType::U8, &[3])];
        let begin = || SafetensorsWriter::create(&path, &[("a", "b")], &tensors).unwrap();
        let mut writer = begin();
        writer.write(&[0; 4]).unwrap();
        assert_eq!(
            writer.write(&[0; 3]).unwrap_err().to_string(),
            format!("`{}`: 7 bytes of data were written; the tensors have 6", path.display())
        );
        drop(writer);
        let mut writer = begin();
        writer.write(&[0; 4]).unwrap();
        assert_eq!(
            writer.finish().unwrap_err().to_string(),
            format!(
                "`{}`: 4 bytes of data were written; the tensors have 6, and `b` is not whole",
                path.display()
            )
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
