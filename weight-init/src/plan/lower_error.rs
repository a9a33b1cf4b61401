use std::fmt;

use super::warning::{unknown_buffers, unknown_params, unknown_writes};
use crate::diagnostic::escape;

/// Why a plan cannot be carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum LowerError {
    /// A checkpoint is to be loaded, but [`Plan::load`](super::Plan::load) was not called.
    Pretrained {
        /// The first parameter or buffer concerned.
        tensor: String,
        /// How many there are.
        count: usize,
        /// The checkpoint of the first.
        checkpoint: String,
    },
    /// Tensors that nobody knows the content of.
    Unknown {
        /// Parameters that no rule touches, in layers whose constructor is not known, with the classes of these.
        params: Vec<(String, String)>,
        /// Buffers, with the classes of their layers.
        buffers: Vec<(String, String)>,
        /// Parameters and buffers into which the model's own code writes something that has no name here, with what it is.
        writes: Vec<(String, String)>,
    },
    /// An initializer and a tensor that do not go together.
    Tensor {
        /// The tensor.
        name: String,
        /// What is wrong.
        message: String,
    },
}

impl fmt::Display for LowerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pretrained { tensor, count, checkpoint } => write!(
                f,
                "{count} tensors, {tensor} the first, are Pretrained from '{checkpoint}', which the plan has not loaded"
            ),
            Self::Unknown { params, buffers, writes } => {
                let params = unknown_params(params.iter().map(|(name, class)| (&**name, &**class)));
                let buffers =
                    unknown_buffers(buffers.iter().map(|(name, class)| (&**name, &**class)));
                let writes = unknown_writes(writes.iter().map(|(name, what)| (&**name, &**what)));
                let sentences: Vec<_> = params.into_iter().chain(buffers).chain(writes).collect();
                f.write_str(&sentences.join("; and "))
            }
            Self::Tensor { name, message } => write!(f, "{}: {message}", escape(name)),
        }
    }
}

impl std::error::Error for LowerError {}
