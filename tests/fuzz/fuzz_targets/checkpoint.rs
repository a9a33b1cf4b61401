//! What the targets of checkpoint formats share: opening a file of some bytes, and reading what it says it has.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use weight_init::checkpoint::StateDict;

/// Elements that are read of each tensor.
const ELEMENTS: u64 = 4096;

pub fn open(bytes: &[u8], extension: &str) {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("weight-init-fuzz-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for temporary files");
        folder
    });
    let path = folder.join("file").with_extension(extension);
    fs::write(&path, bytes).expect("a temporary file");
    let Ok(dict) = StateDict::open(&path) else { return };
    for (position, tensor) in dict.tensors().iter().enumerate().take(64) {
        assert_eq!(dict.position(tensor.name()), Some(position));
        let size = tensor.dtype().bits() / 8;
        let elements = if tensor.shape().contains(&0) { 0 } else { tensor.shape().iter().product() };
        let mut out = vec![0; (elements.min(ELEMENTS) * size) as usize];
        // The last elements too: they lie where a wrong stride leads out.
        for first in [0, elements - elements.min(ELEMENTS)] {
            let _ = dict.read_at(position, first, &mut out);
        }
    }
}

/// A zip file of stored entries.
#[allow(dead_code, reason = "not every target needs one")]
pub fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, data) in entries {
        let (mut entry, config) = archive.new_file(name).start().expect("an entry");
        let mut writer = config.wrap(&mut entry);
        std::io::Write::write_all(&mut writer, data).expect("memory");
        let (_, descriptor) = writer.finish().expect("an entry");
        entry.finish(descriptor).expect("an entry");
    }
    archive.finish().expect("an archive")
}
