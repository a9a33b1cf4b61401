//! Numbers as people read them.

/// Four significant digits, without zeros at the end; very large and very small ones with an exponent.
pub(super) fn short(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return if x == 0.0 { "0".to_owned() } else { x.to_string() };
    }
    let magnitude = x.abs().log10().floor();
    if !(-5.0..7.0).contains(&magnitude) {
        let text = format!("{x:.3e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trimmed(digits));
    }
    let decimals = (3.0 - magnitude).max(0.0) as usize;
    trimmed(&format!("{x:.decimals$}")).to_owned()
}

/// A number for a chart: four significant digits lose nothing that can be seen.
pub(super) fn rounded(x: f64) -> f64 {
    format!("{x:.3e}").parse().unwrap_or(x)
}

fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::{rounded, short};

    #[test]
    fn numbers_are_short() {
        for (x, text) in [
            (0.0, "0"),
            (0.025_253_8, "0.02525"),
            (std::f64::consts::SQRT_2, "1.414"),
            (3136.0, "3136"),
            (-4.595_119_85, "-4.595"),
            (1e-5, "0.00001"),
            (1.5e-9, "1.5e-9"),
            (123_456_789.0, "1.235e8"),
        ] {
            assert_eq!(short(x), text);
        }
        assert_eq!(rounded(0.012_345_6), 0.012_35);
    }
}
