//! Which parameter of one side is which of the other.

use foldhash::{HashMap, HashMapExt as _, HashSet};

use super::{Item, Row};

/// The parameters of both sides: in the order of the second, with what the first has alone behind what it stood behind.
pub(super) fn rows<'i>(a: &'i [Item], b: &'i [Item]) -> Vec<Row<'i>> {
    let of_a = pairs(a, b);
    let mut of_b = vec![None; b.len()];
    for (at, pair) in of_a.iter().enumerate() {
        if let Some(place) = pair.and_then(|pair| of_b.get_mut(pair)) {
            *place = Some(at);
        }
    }
    // What the first has alone, by what it stands behind.
    let mut removed: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    let mut behind = None;
    for (at, pair) in of_a.iter().enumerate() {
        match pair {
            Some(pair) => behind = Some(*pair),
            None => removed.entry(behind).or_default().push(at),
        }
    }
    let item = |items: &'i [Item], at: usize| items.get(at).map(|item| (at, item));
    let mut rows = Vec::with_capacity(a.len().max(b.len()));
    let mut remove = |behind, rows: &mut Vec<Row<'i>>| {
        for at in removed.remove(&behind).unwrap_or_default() {
            rows.push(Row { a: item(a, at), b: None, values: None });
        }
    };
    remove(None, &mut rows);
    for (at, pair) in of_b.into_iter().enumerate() {
        rows.push(Row { a: pair.and_then(|at| item(a, at)), b: item(b, at), values: None });
        remove(Some(at), &mut rows);
    }
    rows
}

/// The place in `b` of each item of `a`: by name, of what is left by place, shape and element type, and of what is left then by the
/// end of its name, shape and element type, for modules move within a model.
fn pairs(a: &[Item], b: &[Item]) -> Vec<Option<usize>> {
    let by_name: HashMap<&str, usize> =
        b.iter().enumerate().map(|(at, item)| (item.name.as_str(), at)).collect();
    let mut pairs: Vec<Option<usize>> =
        a.iter().map(|item| by_name.get(item.name.as_str()).copied()).collect();
    let in_a: HashMap<&str, usize> =
        a.iter().enumerate().map(|(at, item)| (item.name.as_str(), at)).collect();
    let named = |at: usize| in_a.contains_key(b.get(at).map_or("", |item| item.name.as_str()));
    let mut gaps_of_b = gaps(b, named);
    for (behind, gap_of_a) in gaps(a, |at| pairs.get(at).is_some_and(Option::is_some)) {
        let Some(gap_of_b) = gaps_of_b.remove(&behind) else { continue };
        for (at, pair) in renamed(a, &gap_of_a, b, &gap_of_b) {
            if let Some(place) = pairs.get_mut(at) {
                *place = Some(pair);
            }
        }
    }
    for parts in [2, 1] {
        for (at, pair) in moved(a, b, &pairs, parts) {
            if let Some(place) = pairs.get_mut(at) {
                *place = Some(pair);
            }
        }
    }
    pairs
}

/// Items without a partner whose names end in the same so many parts: in their order where both sides have several. One part alone
/// (`weight`) says little, so that a shape must be the only one of its kind then.
fn moved(a: &[Item], b: &[Item], pairs: &[Option<usize>], parts: usize) -> Vec<(usize, usize)> {
    let taken: HashSet<usize> = pairs.iter().flatten().copied().collect();
    let left_of_a = pairs.iter().enumerate().filter(|(_, pair)| pair.is_none()).map(|(at, _)| at);
    let of_a = by_end(a, left_of_a, parts);
    let mut of_b = by_end(b, (0..b.len()).filter(|at| !taken.contains(at)), parts);
    let both = of_a.into_iter().filter_map(|(end, at)| Some((at, of_b.remove(&end)?)));
    both.filter(|(at, pair)| at.len() == pair.len() && (parts > 1 || at.len() == 1))
        .flat_map(|(at, pair)| at.into_iter().zip(pair))
        .collect()
}

/// Places of items whose names have more parts, by the last ones.
fn by_end(
    items: &[Item],
    places: impl Iterator<Item = usize>,
    parts: usize,
) -> HashMap<Likeness<'_>, Vec<usize>> {
    let mut found: HashMap<Likeness<'_>, Vec<usize>> = HashMap::new();
    for at in places {
        let Some(item) = items.get(at) else { continue };
        if let Some((dot, _)) = item.name.rmatch_indices('.').nth(parts - 1) {
            let end = item.name.get(dot + 1..);
            found.entry((&*item.shape, &*item.dtype, end)).or_default().push(at);
        }
    }
    found
}

/// Items without a partner, by the name of the last one before them that has one.
fn gaps(items: &[Item], has_partner: impl Fn(usize) -> bool) -> HashMap<Option<&str>, Vec<usize>> {
    let mut gaps: HashMap<Option<&str>, Vec<usize>> = HashMap::new();
    let mut behind = None;
    for (at, item) in items.iter().enumerate() {
        if has_partner(at) {
            behind = Some(item.name.as_str());
        } else {
            gaps.entry(behind).or_default().push(at);
        }
    }
    gaps
}

/// What two items of different names must have in common.
type Likeness<'i> = (&'i [u64], &'i str, Option<&'i str>);

/// Items of one gap that are the same under another name: all in their order if both sides have the same ones in the same
/// order, otherwise those that each side has once. First among items of the same last name (`weight`), then among the rest.
fn renamed(a: &[Item], gap_a: &[usize], b: &[Item], gap_b: &[usize]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let (mut left_a, mut left_b) = (gap_a.to_vec(), gap_b.to_vec());
    for with_last_name in [true, false] {
        let likeness_a = likenesses(a, &left_a, with_last_name);
        let likeness_b = likenesses(b, &left_b, with_last_name);
        let pairs: Vec<(usize, usize)> = if likeness_a == likeness_b {
            left_a.iter().copied().zip(left_b.iter().copied()).collect()
        } else {
            let (once_a, once_b) = (once(&likeness_a, &left_a), once(&likeness_b, &left_b));
            let pair = |(likeness, at)| Some((at, *once_b.get(&likeness)?));
            once_a.into_iter().filter_map(pair).collect()
        };
        let paired_a: HashSet<usize> = pairs.iter().map(|(at, _)| *at).collect();
        let paired_b: HashSet<usize> = pairs.iter().map(|(_, at)| *at).collect();
        left_a.retain(|at| !paired_a.contains(at));
        left_b.retain(|at| !paired_b.contains(at));
        found.extend(pairs);
    }
    found
}

fn likenesses<'i>(items: &'i [Item], gap: &[usize], with_last_name: bool) -> Vec<Likeness<'i>> {
    let likeness = |item: &'i Item| {
        let last = item.name.rsplit('.').next().filter(|_| with_last_name);
        (&*item.shape, &*item.dtype, last)
    };
    gap.iter().filter_map(|at| items.get(*at)).map(likeness).collect()
}

/// What occurs once, and where.
fn once<'i>(likenesses: &[Likeness<'i>], gap: &[usize]) -> HashMap<Likeness<'i>, usize> {
    let mut places: HashMap<Likeness<'i>, Option<usize>> = HashMap::new();
    for (likeness, at) in likenesses.iter().zip(gap) {
        places.entry(*likeness).and_modify(|place| *place = None).or_insert(Some(*at));
    }
    places.into_iter().filter_map(|(likeness, at)| Some((likeness, at?))).collect()
}
