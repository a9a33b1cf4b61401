//! What a glob that matches nothing was meant for.

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
    use weight_init_core::resolve::glob_matches;

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
            assert_eq!(glob_matches(glob, name), right, "{glob} {name}");
        }
        assert!(!glob_matches(&"*a".repeat(200), &("a".repeat(300) + "b")));
    }

    #[test]
    fn the_nearest_name_is_that_of_the_same_end() {
        let names = ["model.layers.0.self_attn.o_proj.weight", "model.norm.weight"];
        assert_eq!(nearest("*.oproj.weight", &names).as_deref(), Some("o_proj.weight"));
        assert_eq!(nearest("*.embeddings", &names), None);
    }
}
