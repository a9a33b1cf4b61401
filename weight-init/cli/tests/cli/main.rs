//! Proves that the command line keeps its contract: results, exit codes, messages, and calm on hostile input.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod bench;
mod book;
mod config;
mod constructor;
mod describe;
mod diff;
mod early_end;
mod explain;
mod extend;
mod folder;
mod hostile;
#[cfg(unix)]
mod hostile_config;
mod init;
mod init_cfg;
mod initializers;
mod inspect;
#[cfg(unix)]
mod kill;
mod malformed;
#[cfg(target_os = "linux")]
mod memory;
mod pager;
mod plan;
mod pretrained;
mod pytorch;
mod quiet;
mod readme;
mod report;
mod run;
mod scale;
mod side_by_side;
mod signal;
mod split;
#[cfg(not(feature = "cloud"))]
mod store;
mod stored_values;
mod terminal;
mod training_checkpoint;
mod usage;
mod verify;
mod wait;
