//! One rule, and the part of a tensor that it gives a rank.

use std::collections::HashMap;
use std::ops::Range;

use super::SplitError;
use super::stages::number_behind;
use crate::diagnostic::escape;
use crate::plan::Tensor;
use crate::window::Cut;

/// What the tensors of some names are cut into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitRule {
    /// Globs of names.
    pub params: Vec<String>,
    /// How they are cut.
    pub along: Along,
}

/// How tensors are cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Along {
    /// Along a dimension, into as many equal ranges as there are ranks.
    Dim {
        /// The dimension; −1 is the last.
        dim: isize,
        /// Which stretches of the dimension are cut each by itself.
        segments: Segments,
        /// How many heads, or other groups that are never cut, each segment has; empty: unknown. Where there are fewer heads than
        /// ranks, several ranks have the same.
        heads: Vec<usize>,
    },
    /// Not at all: whole tensors are dealt out by the number behind this name, as those of `experts.3`.
    Number(String),
    /// Not at all: every rank has them.
    Whole,
}

/// Stretches of a dimension, as the matrices that are fused into one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segments {
    /// The dimension is one; with several counts of heads, segments in their proportion.
    One,
    /// So many of one size.
    Equal(usize),
    /// Of these sizes.
    Sizes(Vec<usize>),
}

/// What a rank has of a tensor.
pub(super) enum Part {
    None,
    Whole,
    Cut(Cut),
}

/// The numbers by which whole tensors are dealt out, by the name that they have without the number.
pub(super) struct Numbers(HashMap<String, Vec<usize>>);

impl Numbers {
    pub(super) fn of(tensors: &[Tensor<'_>], rules: &[Option<&SplitRule>]) -> Self {
        let mut numbers: HashMap<String, Vec<usize>> = HashMap::new();
        for (tensor, rule) in tensors.iter().zip(rules) {
            let Some(SplitRule { along: Along::Number(what), .. }) = rule else { continue };
            if let Some(number) = number_behind(what, tensor.name) {
                numbers.entry(without(what, number, tensor.name)).or_default().push(number);
            }
        }
        numbers.values_mut().for_each(|numbers| numbers.sort_unstable());
        Self(numbers)
    }
}

fn without(what: &str, number: usize, name: &str) -> String {
    name.replacen(&format!("{what}.{number}"), what, 1)
}

impl SplitRule {
    /// What rank `rank` of `ranks` has of a tensor.
    pub(super) fn part(
        &self,
        tensor: &Tensor<'_>,
        rank: usize,
        ranks: usize,
        numbers: &Numbers,
    ) -> Result<Part, SplitError> {
        match &self.along {
            Along::Whole => Ok(Part::Whole),
            Along::Dim { .. } if ranks == 1 => Ok(Part::Whole),
            Along::Dim { dim, segments, heads } => {
                let fault = |message: String| {
                    let name = escape(tensor.name);
                    let globs = self.params.join("', '");
                    SplitError::new(format!(
                        "'{name}' of shape {:?}: {message} (rule '{globs}', dim = {dim})",
                        tensor.shape
                    ))
                };
                let rank = Of { rank, ranks };
                let cut = cut(tensor.shape, *dim, segments, heads, rank).map_err(fault)?;
                Ok(Part::Cut(cut))
            }
            Along::Number(what) => {
                let fault = |message: String| {
                    SplitError::new(format!("'{}': {message}", escape(tensor.name)))
                };
                let number = number_behind(what, tensor.name).ok_or_else(|| {
                    fault(format!("no number stands behind '{what}' in the name, by which it would be dealt out"))
                })?;
                let all = numbers.0.get(&without(what, number, tensor.name));
                let all = all.map(Vec::as_slice).unwrap_or_default();
                if !all.len().is_multiple_of(ranks) {
                    return Err(fault(format!(
                        "there are {} with numbers behind '{what}', which are no multiple of tp={ranks}",
                        all.len()
                    )));
                }
                let place = all.binary_search(&number).unwrap_or(0);
                let each = (all.len() / ranks).max(1);
                Ok(if place / each == rank { Part::Whole } else { Part::None })
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Of {
    rank: usize,
    ranks: usize,
}

fn cut(
    shape: &[usize],
    dim: isize,
    segments: &Segments,
    heads: &[usize],
    of: Of,
) -> Result<Cut, String> {
    let dims = shape.len();
    let place =
        if dim < 0 { dims.checked_sub(dim.unsigned_abs()) } else { Some(dim.unsigned_abs()) };
    let found = place.and_then(|place| Some((place, *shape.get(place)?)));
    let Some((dim, extent)) = found else {
        let s = if dims == 1 { "" } else { "s" };
        return Err(format!("it has {dims} dimension{s}, and {dim} is none of them"));
    };
    let sizes = sizes(dim, extent, segments, heads)?;
    let mut ranges = Vec::new();
    let mut begin = 0;
    for (segment, size) in sizes.iter().enumerate() {
        // One count is that of each segment.
        let heads = if heads.len() > 1 { heads.get(segment) } else { heads.first() };
        let range = range(dim, *size, heads.copied(), of)?;
        let range = begin + range.start..begin + range.end;
        match ranges.last_mut() {
            Some(Range { end, .. }) if *end == range.start => *end = range.end,
            _ => ranges.push(range),
        }
        begin += size;
    }
    Ok(Cut { dim, ranges })
}

/// The sizes of the segments.
fn sizes(
    dim: usize,
    extent: usize,
    segments: &Segments,
    heads: &[usize],
) -> Result<Vec<usize>, String> {
    let of_heads = |all: usize| {
        let is_multiple = all > 0 && extent.is_multiple_of(all);
        is_multiple.then(|| heads.iter().map(|heads| extent / all * heads).collect())
    };
    match segments {
        Segments::One if heads.len() > 1 => {
            let all = heads.iter().fold(0, |sum: usize, heads| sum.saturating_add(*heads));
            of_heads(all).ok_or_else(|| {
                format!(
                    "dimension {dim} is {extent}, no multiple of {heads:?} heads, {all} together"
                )
            })
        }
        Segments::One => Ok(vec![extent]),
        Segments::Equal(0) => Err("0 segments".to_owned()),
        Segments::Equal(count) if !extent.is_multiple_of(*count) => {
            Err(format!("dimension {dim} is {extent}, no multiple of its {count} segments"))
        }
        Segments::Equal(count) => Ok(vec![extent / count; *count]),
        Segments::Sizes(sizes) => {
            let sum = sizes.iter().fold(0, |sum: usize, size| sum.saturating_add(*size));
            if sum == extent {
                Ok(sizes.clone())
            } else {
                Err(format!(
                    "the segments {sizes:?} are {sum} together, but dimension {dim} is {extent}"
                ))
            }
        }
    }
}

/// What a rank has of a segment of so many indices.
fn range(
    dim: usize,
    size: usize,
    heads: Option<usize>,
    Of { rank, ranks }: Of,
) -> Result<Range<usize>, String> {
    let Some(heads) = heads else {
        if !size.is_multiple_of(ranks) {
            let next = size.div_ceil(ranks) * ranks;
            return Err(format!(
                "{size} indices of dimension {dim} are no multiple of tp={ranks}; {next} would be, or a rule that leaves it whole"
            ));
        }
        return Ok(rank * (size / ranks)..(rank + 1) * (size / ranks));
    };
    if heads == 0 || !size.is_multiple_of(heads) {
        return Err(format!("{size} indices of dimension {dim} are no multiple of {heads} heads"));
    }
    let head = size / heads;
    if heads.is_multiple_of(ranks) {
        let each = heads / ranks * head;
        return Ok(rank * each..(rank + 1) * each);
    }
    if !ranks.is_multiple_of(heads) {
        return Err(format!("{heads} heads are not dealt out evenly to tp={ranks} ranks"));
    }
    // Several ranks have the same head.
    let own = rank / (ranks / heads);
    Ok(own * head..(own + 1) * head)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
#[allow(clippy::single_range_in_vec_init, reason = "a list of one range")]
mod tests {
    use super::*;

    fn ranges(
        extent: usize,
        segments: &Segments,
        heads: &[usize],
        rank: usize,
    ) -> Vec<Range<usize>> {
        cut(&[extent, 3], 0, segments, heads, Of { rank, ranks: 4 }).unwrap().ranges
    }

    fn refused(extent: usize, segments: &Segments, heads: &[usize]) -> String {
        cut(&[extent, 3], 0, segments, heads, Of { rank: 1, ranks: 4 }).unwrap_err()
    }

    #[test]
    fn ranks_have_equal_ranges_of_each_segment() {
        assert_eq!(ranges(16, &Segments::One, &[], 1), [4..8]);
        assert_eq!(ranges(16, &Segments::Equal(2), &[], 1), [2..4, 10..12]);
        assert_eq!(ranges(24, &Segments::Sizes(vec![16, 4, 4]), &[], 3), [12..16, 19..20, 23..24]);
        // Segments that touch are one range.
        assert_eq!(ranges(8, &Segments::Sizes(vec![4, 4]), &[1, 4], 0), [0..5]);
    }

    #[test]
    fn heads_are_not_cut_and_stand_with_several_ranks_where_there_are_few() {
        assert_eq!(ranges(16, &Segments::One, &[8], 1), [4..8]);
        assert_eq!(ranges(16, &Segments::One, &[2], 1), [0..8]);
        assert_eq!(ranges(16, &Segments::One, &[2], 2), [8..16]);
        // Query, key and value heads of one matrix: 8, 2 and 2 of two elements.
        assert_eq!(ranges(24, &Segments::One, &[8, 2, 2], 3), [12..16, 18..20, 22..24]);
        assert!(refused(16, &Segments::One, &[16, 3]).contains("no multiple of [16, 3] heads"));
        assert!(refused(18, &Segments::One, &[6]).contains("6 heads are not dealt out evenly"));
        assert!(refused(16, &Segments::One, &[3]).contains("no multiple of 3 heads"));
        assert!(refused(16, &Segments::One, &[0]).contains("0 heads"));
    }

    #[test]
    fn what_is_no_multiple_is_refused_with_what_would_be() {
        assert_eq!(
            refused(50_257, &Segments::One, &[]),
            "50257 indices of dimension 0 are no multiple of tp=4; 50260 would be, or a rule that leaves it whole"
        );
        assert!(refused(16, &Segments::Equal(3), &[]).contains("3 segments"));
        assert!(refused(16, &Segments::Equal(0), &[]).contains("0 segments"));
        assert!(
            refused(16, &Segments::Sizes(vec![8, 4]), &[])
                .contains("12 together, but dimension 0 is 16")
        );
        let of = Of { rank: 0, ranks: 2 };
        assert!(
            cut(&[4], 1, &Segments::One, &[], of)
                .unwrap_err()
                .contains("it has 1 dimension, and 1")
        );
        assert!(cut(&[4], -2, &Segments::One, &[], of).is_err());
        assert_eq!(cut(&[2, 4], -1, &Segments::One, &[], of).unwrap().dim, 1);
    }
}
