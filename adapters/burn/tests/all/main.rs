//! Modules of burn beside the command's files, checkpoints of PyTorch's names, whole models.

#![expect(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod check;
mod every_module;
mod modules;
mod nets;
mod pretrained;
mod whole_models;
