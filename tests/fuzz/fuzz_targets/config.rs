//! Any bytes as a config of any format, and configs that a grammar makes of them: an error or a value that can be written
//! and read again, within the limits that are promised, and never a panic.
//!
//! The first byte chooses. Bytes as they are reach the readers of the formats; they hardly ever are a program, so four
//! choices of eight make one of the evaluator's own statements, in which each byte decides for an operation, a name or a
//! number.
#![no_main]

mod grammar;

use std::alloc::System;
use std::time::{Duration, Instant};

use cap::Cap;
use libfuzzer_sys::fuzz_target;
use weight_init::config::{Config, Format};
use weight_init::diagnostic::Source;

/// Gives no more than the limit, and an allocation that fails is a crash.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// Bytes of memory for a config of any size, and for each byte of it.
const MEMORY_FREE: usize = 64 << 20;
const MEMORY_A_BYTE: usize = 20;

/// Time for each MB of a config, five times over: a build for fuzzing checks what it does, and shares the machine.
const TIME: Duration = Duration::from_secs(10);

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    match choice % 8 {
        0 => check(Format::Json, "config.json", text),
        1 => check(Format::Toml, "config.toml", text),
        2 => check(Format::Yaml, "config.yaml", text),
        3 => check(Format::Python, "config.py", text),
        _ => check(Format::Python, "config.py", grammar::program(text).as_bytes()),
    }
});

fn check(format: Format, name: &str, text: &[u8]) {
    let limit = MEMORY.allocated() + MEMORY_FREE + MEMORY_A_BYTE * text.len();
    let time = TIME * u32::try_from(text.len().div_ceil(1_000_000).max(1)).unwrap_or(u32::MAX);
    let begin = Instant::now();
    let _ = MEMORY.set_limit(limit);
    let result = Config::parse(Source::new(name, text), format);
    let _ = MEMORY.set_limit(usize::MAX);
    let took = begin.elapsed();
    assert!(took < time, "{took:?} for\n{}", String::from_utf8_lossy(text));
    match result {
        Ok(config) => {
            if let Ok(text) = config.write(Format::Yaml)
                && !text.contains("{{")
                && config.value.get("_base_").is_none()
                && let Err(error) =
                    Config::parse(Source::new("written.yaml", text.as_str()), Format::Yaml)
            {
                // What aliases or `*` repeated may be more than a reader takes.
                assert!(error.message().contains("more than"), "{error}\n{text}");
            }
        }
        Err(error) => {
            let _ = error.render(false);
        }
    }
}
