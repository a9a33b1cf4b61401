//! The end of a sentence that is help: `; did you mean 'layer'?`.
//!
//! Errors of core and of serde are sentences, for they have no other form; a [`Diagnostic`](super::Diagnostic) shows the help on a
//! line of its own. Both directions stand here.

const BEGIN: &str = "; did you mean '";
const END: &str = "'?";

/// The message, with the nearest valid name at its end if there is one.
pub(crate) fn with_nearest(message: String, near: Option<&str>) -> String {
    match near {
        Some(near) => message + BEGIN + near + END,
        None => message,
    }
}

/// The message without the help at its end, and the help.
///
/// The text of a file may hold the same words. A message puts it in quotes, so that it does not end like help.
pub(crate) fn split(message: &str) -> (&str, Option<String>) {
    let near = message.strip_suffix(END).and_then(|message| message.rsplit_once(BEGIN));
    match near {
        Some((message, near)) => (message, Some(format!("did you mean '{near}'?"))),
        None => (message, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_taken_from_the_end_alone() {
        let whole = with_nearest("unknown key 'layr'".to_owned(), Some("layer"));
        assert_eq!(whole, "unknown key 'layr'; did you mean 'layer'?");
        assert_eq!(split(&whole), ("unknown key 'layr'", Some("did you mean 'layer'?".to_owned())));

        for text in ["x; did you mean y", "x; did you mean 'y'?"] {
            let quoted = format!("unknown key '{text}'");
            assert_eq!(split(&quoted), (&*quoted, None));
            let followed = format!("unknown key '{text}' of a rule");
            assert_eq!(split(&followed), (&*followed, None));
        }
    }
}
