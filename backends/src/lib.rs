//! Executors of a `Fill`.
#![no_std]
