//! Names of files that come out of other files: an index, an address.

/// The longest name, in bytes; file systems take 255, and our own suffixes have to fit.
const LONGEST: usize = 200;

/// Suffixes of our own files beside a download; a shard with such a name would be mistaken for one of them.
const OURS: [&str; 4] = [".lock", ".partial", ".version", ".tmp"];

/// Devices of Windows, whatever their extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Why `name` is not the plain name of a file in the folder that it is looked up in; `None` if it is.
///
/// A plain name means one file, here and on every other system: it has no separator, drive, stream or control character,
/// does not lead upwards, is no device, and stays what it is in an address.
pub(crate) fn fault(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let stem = lower.split('.').next().unwrap_or_default().trim_end();
    let numbered = |prefix| {
        stem.strip_prefix(prefix).is_some_and(|rest: &str| {
            rest.chars().count() == 1
                && rest.contains(|c: char| c.is_ascii_digit() || "¹²³".contains(c))
        })
    };
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > LONGEST {
        Some("it is longer than 200 bytes")
    } else if name.contains(['/', '\\', ':']) {
        Some("it leads to another folder or drive")
    } else if name.starts_with('.') {
        Some("it begins with a dot")
    } else if name.ends_with(['.', ' ']) || name.starts_with(' ') {
        Some("it begins or ends with a space or ends with a dot")
    } else if name.contains(['?', '*', '"', '<', '>', '|', '#', '%']) {
        Some("it has a character with another meaning")
    } else if name.contains(|c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')) {
        Some("it has a character that does not show")
    } else if DEVICES.contains(&stem) || numbered("com") || numbered("lpt") {
        Some("it is a device")
    } else if OURS.iter().any(|suffix| lower.ends_with(suffix)) {
        Some("it ends as a file that is not whole")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn names_with_another_meaning_are_refused() {
        for name in [
            "",
            ".",
            "..",
            "../a.bin",
            "a/b.bin",
            "/a.bin",
            "\\a.bin",
            "..\\a.bin",
            "C:a.bin",
            "a.bin:stream",
            "a\nb.bin",
            "a\0.bin",
            "\u{202e}nib.a",
            "a.bin ",
            "a.bin.",
            ".hidden",
            "CON",
            "nul.bin",
            "com1.bin",
            "LPT9",
            "COM².bin",
            "a?b",
            "a#b",
            "%2e%2e",
            "a|b",
            "model.bin.partial",
            "model.bin.LOCK",
            "model.bin.version",
        ] {
            assert!(fault(name).is_some(), "{name:?}");
        }
        assert!(fault(&"a".repeat(201)).is_some());
    }

    #[test]
    fn names_of_checkpoints_are_taken() {
        for name in [
            "model-00001-of-00002.safetensors",
            "pytorch_model-00001-of-00002.bin",
            "modèle 1.safetensors",
            "a+b=c@d.bin",
            "console.bin",
            "com10.bin",
            "com.bin",
            "a..b",
        ] {
            assert_eq!(fault(name), None, "{name}");
        }
    }
}
