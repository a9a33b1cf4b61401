//! Any bytes as a config of any format: an error or a value that can be written and read again, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use weight_init::config::{Config, Format};
use weight_init::diagnostic::Source;

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let (format, name) = match choice % 8 {
        0 => (Format::Json, "config.json"),
        1 => (Format::Toml, "config.toml"),
        2 => (Format::Yaml, "config.yaml"),
        _ => (Format::Python, "config.py"),
    };
    match Config::parse(Source::new(name, text), format) {
        Ok(config) => {
            if let Ok(text) = config.write(Format::Yaml)
                && !text.contains("{{")
                && config.value.get("_base_").is_none()
                && let Err(error) = Config::parse(Source::new("written.yaml", text.as_str()), Format::Yaml)
            {
                // What aliases or `*` repeated may be more than a reader takes.
                assert!(error.message().contains("more than"), "{error}\n{text}");
            }
        }
        Err(error) => {
            let _ = error.render(false);
        }
    }
});
