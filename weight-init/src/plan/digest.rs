use sha2::{Digest, Sha256};

use super::{ConstructorDefault, Plan, parts};

impl Plan {
    /// SHA-256, in hexadecimal, of everything that decides the values beside the seed: names, shapes, element
    /// types, streams and what writes each tensor.
    ///
    /// Two plans of the same digest give the same file for the same seed, as long as the checkpoints that they load, and
    /// the files beside the description that hold its values, are the same: of both, the names count.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for param in &self.params {
            hash.update(format!(
                "{}\0{:?}\0{:?}\0{}\0{:016x}\0",
                param.name,
                param.shape,
                param.layout,
                param.dtype.name(),
                param.stream_id,
            ));
            hash.update(match &*param.writer {
                super::Writer::Rule { origin, .. } => super::named::in_words(origin),
                super::Writer::Untouched(ConstructorDefault::Recorded(it)) => parts::stable(it),
                super::Writer::Untouched(default) => format!("{default:?}"),
            });
            hash.update("\n");
        }
        for buffer in &self.buffers {
            if let Some(constructor) = &buffer.constructor {
                hash.update(parts::stable(constructor));
            }
            hash.update(format!(
                "{}\0{:?}\0{}\0{:?}\0{:?}\n",
                buffer.name,
                buffer.shape,
                buffer.dtype.name(),
                buffer.value,
                buffer.stored.as_ref().and_then(super::Stored::name),
            ));
        }
        for load in &self.loads {
            // The others are where mmengine looks.
            if let Some(key) = load.key_of_ours() {
                hash.update(format!("{}\0{key}\n", load.checkpoint));
            }
        }
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
