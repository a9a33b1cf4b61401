//! Any bytes as a config of any format, and configs that a grammar makes of them: an error or a value that can be written
//! and read again, within the limits that are promised, and never a panic.
//!
//! The first byte chooses. Bytes as they are reach the readers of the formats; they hardly ever are a program, so four
//! choices of eight make one of the evaluator's own statements, in which each byte decides for an operation, a name or a
//! number.
#![no_main]

mod grammar;

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use weight_init::config::{Config, Format};
use weight_init::diagnostic::Source;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

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
    let (result, limits) = measured(text, || Config::parse(Source::new(name, text), format));
    assert!(limits.is_none(), "{}\n{}", limits.unwrap_or_default(), String::from_utf8_lossy(text));
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

/// What `work` gives, and which limit it passed.
fn measured<T>(text: &[u8], work: impl FnOnce() -> T) -> (T, Option<String>) {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let begin = Instant::now();
    let result = work();
    let (took, memory) = (begin.elapsed(), MEMORY.peak_usage().saturating_sub(before));
    let time = TIME * u32::try_from(text.len().div_ceil(1_000_000).max(1)).unwrap_or(u32::MAX);
    let passed = if memory > MEMORY_FREE + MEMORY_A_BYTE * text.len() {
        Some(format!("{} MiB of memory for {} bytes", memory >> 20, text.len()))
    } else if took > time {
        Some(format!("{took:?} for {} bytes", text.len()))
    } else {
        None
    };
    (result, passed)
}
