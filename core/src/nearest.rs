//! The nearest valid name, for error messages.

/// Longest name, in bytes, that takes part.
const LONGEST: usize = 64;

/// The candidate that differs least from `name`, if it is near enough to be what was meant.
///
/// The distance is the number of inserted, deleted, exchanged and swapped bytes (optimal string alignment), upper
/// and lower case alike; at most a third of the longer name, and at least one, may differ. Of candidates that are equally
/// near, the first in the order of the alphabet is taken, whatever the order of the candidates.
///
/// ```
/// use weight_init_core::nearest;
/// assert_eq!(nearest("Kaimming", ["Constant", "Kaiming"]), Some("Kaiming"));
/// assert_eq!(nearest("layr", ["type", "layer"]), Some("layer"));
/// assert_eq!(nearest("Conv2D", ["Conv1d", "Conv2d", "Conv3d"]), Some("Conv2d"));
/// assert_eq!(nearest("Conv4d", ["Conv3d", "Conv1d", "Conv2d"]), Some("Conv1d"));
/// assert_eq!(nearest("zzz", ["type", "layer"]), None);
/// ```
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let distance = distance(name.as_bytes(), candidate.as_bytes())?;
            let allowed = (name.len().max(candidate.len()) / 3).max(1);
            // A scope in front, or an ending left out, is a likely slip whatever its length.
            let contained = name.len() >= 4
                && (candidate.contains(name) || name.contains(candidate) && candidate.len() >= 4);
            (distance <= allowed || contained).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

fn distance(a: &[u8], b: &[u8]) -> Option<usize> {
    if a.len() > LONGEST || b.len() > LONGEST {
        return None;
    }
    let mut rows = [[0_usize; LONGEST + 1]; 2];
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for (i, &x) in a.iter().enumerate() {
        // rows[0]: the row above; rows[1]: the one above that.
        let mut row = [i + 1; LONGEST + 1];
        for (j, &y) in b.iter().enumerate() {
            let same = usize::from(!x.eq_ignore_ascii_case(&y));
            let mut best = (rows[0][j] + same).min(rows[0][j + 1] + 1).min(row[j] + 1);
            let swapped = i > 0
                && j > 0
                && a[i - 1].eq_ignore_ascii_case(&y)
                && b[j - 1].eq_ignore_ascii_case(&x);
            if swapped {
                best = best.min(rows[1][j - 1] + 1);
            }
            row[j + 1] = best;
        }
        rows[1] = rows[0];
        rows[0] = row;
    }
    Some(rows[0][b.len()])
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distances() {
        let d = |a: &str, b: &str| distance(a.as_bytes(), b.as_bytes());
        assert_eq!(d("", ""), Some(0));
        assert_eq!(d("abc", ""), Some(3));
        assert_eq!(d("", "abc"), Some(3));
        assert_eq!(d("kitten", "sitting"), Some(3));
        assert_eq!(d("sdt", "std"), Some(1));
        assert_eq!(d("KAIMING", "kaiming"), Some(0));
        assert_eq!(d(&"x".repeat(65), "x"), None);
    }
}
