//! What the network's digests are on a WebAssembly machine with WASI.

mod report;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut text = String::new();
    let done = report::write(&mut text);
    print!("{text}");
    ExitCode::from(u8::from(done.is_err()))
}
