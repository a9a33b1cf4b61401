//! Numbers as people read them.

/// Four significant digits, without zeros at the end; very large and very small ones with an exponent.
pub(super) fn short(x: f64) -> String {
    let scientific = format!("{x:.3e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent @ -5..7) => {
            let decimals = usize::try_from(3 - exponent).unwrap_or(0);
            trimmed(&format!("{x:.decimals$}")).to_owned()
        }
        _ => format!("{}e{exponent}", trimmed(digits)),
    }
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
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(short(x), text);
        }
        assert_eq!(rounded(0.012_345_6), 0.012_35);
    }
}
