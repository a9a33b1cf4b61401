//! Globs of names.

/// Whether the glob matches all of the name: `*` stands for any characters, dots too, `?` for one byte. `*.` at the front may also
/// stand for nothing, as in the globs of an init_cfg.
pub(super) fn matches(glob: &str, name: &str) -> bool {
    let whole = |glob: &str| whole(glob.as_bytes(), name.as_bytes());
    whole(glob) || glob.strip_prefix("*.").is_some_and(whole)
}

/// After a star, the text behind it is tried from each byte on: the last star alone has to be remembered.
fn whole(glob: &[u8], name: &[u8]) -> bool {
    let (mut g, mut n) = (0, 0);
    let mut star = None;
    loop {
        match (glob.get(g), name.get(n)) {
            (Some(b'*'), _) => {
                star = Some((g + 1, n));
                g += 1;
            }
            (Some(p), Some(t)) if p == t || *p == b'?' => (g, n) = (g + 1, n + 1),
            (None, None) => return true,
            _ => match &mut star {
                Some((after, tried)) if *tried < name.len() => {
                    *tried += 1;
                    (g, n) = (*after, *tried);
                }
                _ => return false,
            },
        }
    }
}

/// The name that a glob that matches nothing was probably meant for: the one whose end is nearest to the glob's.
pub(super) fn nearest(glob: &str, names: &[&str]) -> Option<String> {
    let end = glob.rsplit('*').next().unwrap_or(glob).trim_start_matches('.');
    let parts = end.split('.').count();
    let ends = names.iter().map(|name| {
        let from =
            name.rmatch_indices('.').nth(parts.saturating_sub(1)).map_or(0, |(at, _)| at + 1);
        &name[from..]
    });
    weight_init_core::nearest(end, ends).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_match_whole_names() {
        for (glob, name, right) in [
            ("*.q_proj.weight", "model.layers.0.self_attn.q_proj.weight", true),
            ("*.q_proj.weight", "q_proj.weight", true),
            ("*.q_proj.weight", "x_q_proj.weight", false),
            ("*q_proj*", "a.q_proj.bias", true),
            ("*.experts.*.w1.weight", "m.experts.12.w1.weight", true),
            ("*.experts.*.w1.weight", "m.experts.12.w2.weight", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("", "", true),
            ("*", "", true),
            ("a*a*b", "aaab", true),
            ("a*a*b", "aaa", false),
        ] {
            assert_eq!(matches(glob, name), right, "{glob} {name}");
        }
        assert!(!matches(&"*a".repeat(200), &("a".repeat(300) + "b")));
    }

    #[test]
    fn the_nearest_name_is_that_of_the_same_end() {
        let names = ["model.layers.0.self_attn.o_proj.weight", "model.norm.weight"];
        assert_eq!(nearest("*.oproj.weight", &names).as_deref(), Some("o_proj.weight"));
        assert_eq!(nearest("*.embeddings", &names), None);
    }
}
