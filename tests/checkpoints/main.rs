//! Checkpoints of every format are read bit for bit as PyTorch, safetensors and NumPy read them, and files that lie are
//! refused.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod agreement;
mod folder;
mod forge;
mod hostile;
mod memory;
mod objects;
mod pretrained;
