//! Values in a safetensors file beside the description.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use weight_init_core::DType;

use super::fields::Fields;
use crate::checkpoint::{StateDict, Stored, StoredTensor, StoredType};
use crate::diagnostic::Diagnostic;
use crate::value::Value;

const KEYS: &[&str] = &["file", "tensor"];

/// The files that values are in, each opened once.
#[derive(Debug, Default)]
pub(super) struct Files(HashMap<PathBuf, Arc<StateDict>>);

impl Files {
    /// The tensor that the dict `value`, the `value` of a parameter or buffer, names; it must be of this type and shape.
    pub(super) fn tensor(
        &mut self,
        fields: &Fields<'_>,
        value: &Value,
        dtype: DType,
        shape: &[usize],
    ) -> Result<Stored, Diagnostic> {
        let place = fields.below("value");
        let fields = Fields::read(fields.texts(), value, &place, "value in a file", KEYS)?;
        let (file, name) = (fields.string("file")?, fields.string("tensor")?);
        let folder = fields.texts().source(value.span).folder();
        let checkpoint =
            self.open(folder, file).map_err(|message| fields.fault("file", message))?;
        let found = checkpoint.position(name);
        let found = found.and_then(|tensor| Some((tensor, checkpoint.tensors().get(tensor)?)));
        let Some((tensor, stored)) = found else {
            let message = format!("'{file}' has no tensor '{name}'");
            let names = checkpoint.tensors().iter().map(StoredTensor::name);
            return Err(fields.fault_with_nearest("tensor", message, name, names));
        };
        let same_shape = stored.shape().iter().copied().eq(shape.iter().map(|dim| *dim as u64));
        if !same_shape || StoredType::of(dtype) != Some(stored.dtype()) {
            let found = stored.dtype().dtype();
            let found = found.map_or_else(|| stored.dtype().to_string(), |it| it.name().to_owned());
            let message = format!(
                "'{name}' in '{file}' is {found} {:?}, but must be {} {shape:?}",
                stored.shape(),
                dtype.name()
            );
            return Err(fields.fault("tensor", message));
        }
        Ok(Stored { checkpoint, tensor })
    }

    /// Opens a file of the folder, and none outside of it.
    fn open(&mut self, folder: Option<&Path>, name: &str) -> Result<Arc<StateDict>, String> {
        let plain = name.ends_with(".safetensors") && !name.contains(['/', '\\', ':', '\0']);
        if !plain {
            return Err(format!(
                "'{name}' is no name of a file beside the description: it must end in '.safetensors' and lead to no folder"
            ));
        }
        let Some(folder) = folder else {
            return Err(format!(
                "'{name}' cannot be read: it must lie beside the description, which is no file itself"
            ));
        };
        let path = folder.join(name);
        if let Some(checkpoint) = self.0.get(&path) {
            return Ok(Arc::clone(checkpoint));
        }
        // A link may lead elsewhere.
        let real = path.canonicalize().map_err(|error| format!("cannot read '{name}': {error}"))?;
        if real.parent() != folder.canonicalize().ok().as_deref() {
            return Err(format!("'{name}' is a link that leads out of the description's folder"));
        }
        let checkpoint = StateDict::open_safetensors(&path).map_err(|error| error.to_string())?;
        let checkpoint = Arc::new(checkpoint);
        self.0.insert(path, Arc::clone(&checkpoint));
        Ok(checkpoint)
    }
}
