//! Names that differ in their numbers alone, as one pattern: `backbone.layer*.*.conv*.weight`.
//!
//! A pattern is a glob of an init_cfg (`params`) that matches the names of its group and no other of the model.

use std::hash::Hash;

use foldhash::{HashMap, HashMapExt as _};
use weight_init_core::resolve::glob_matches;

/// A name with more numbers than this stands alone.
const MOST_NUMBERS: usize = 16;

/// Names and templates that are held against globs, at most; what is not looked at by then stands alone.
const MOST_MATCHES: usize = 1 << 25;

/// Names of one pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name, or the glob that matches the members and no other name.
    pub pattern: String,
    /// Places of the members among the names, in their order.
    pub members: Vec<usize>,
}

/// Groups names that are alike but for their numbers, in the order of their first members.
///
/// `key` says what must be equal within a group; a name without a key is in none, and no pattern matches it. A number that
/// all members have in common is kept. Where a glob would match a name of another group, the group is divided.
///
/// ```
/// use weight_init::pattern::groups;
///
/// let names = ["layers.0.conv1.weight", "layers.0.bn1.weight", "layers.1.conv1.weight", "layers.1.bn1.weight", "fc.weight"];
/// let groups = groups(&names, |at| Some(names[at].contains("bn")));
/// let patterns: Vec<_> = groups.iter().map(|group| group.pattern.as_str()).collect();
/// assert_eq!(patterns, ["layers.*.conv1.weight", "layers.*.bn1.weight", "fc.weight"]);
/// ```
#[must_use]
pub fn groups<K: Eq + Hash>(names: &[&str], key: impl Fn(usize) -> Option<K>) -> Vec<Group> {
    let templates = Templates::new(names);
    let mut alike: HashMap<(usize, K), usize> = HashMap::new();
    let mut classes: Vec<Vec<usize>> = Vec::new();
    for (at, template) in templates.of_names.iter().enumerate() {
        let Some(key) = key(at) else { continue };
        let class = *alike.entry((*template, key)).or_insert(classes.len());
        match classes.get_mut(class) {
            Some(members) => members.push(at),
            None => classes.push(vec![at]),
        }
    }
    let mut divider = Divider { names, templates, matches_left: MOST_MATCHES, groups: Vec::new() };
    for members in classes {
        divider.divide(members);
    }
    let mut groups = divider.groups;
    groups.sort_by_key(|group| group.members.first().copied());
    groups
}

/// The text with a `*` for each number.
#[must_use]
pub fn template(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    write_template(text, &mut out);
    out
}

/// The same, in place of what stands in `out`.
fn write_template(text: &str, out: &mut String) {
    out.clear();
    for piece in pieces(text) {
        out.push_str(if is_number(piece) { "*" } else { piece });
    }
}

/// Texts of one template as one: numbers that differ become `*`.
#[must_use]
pub fn common<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut texts = texts.into_iter();
    let Some(first) = texts.next() else { return String::new() };
    let mut common: Vec<&str> = pieces(first).collect();
    for text in texts.filter(|text| *text != first) {
        for (kept, piece) in common.iter_mut().zip(pieces(text)) {
            if *kept != piece {
                *kept = "*";
            }
        }
    }
    common.concat()
}

/// Numbers and what is between them.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let mut rest = text;
    std::iter::from_fn(move || {
        let bytes = rest.as_bytes();
        let number = digit(bytes.first());
        let end = bytes.iter().position(|byte| byte.is_ascii_digit() != number);
        // Between a digit and what is none, there is always a character boundary.
        let (piece, left) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}

fn is_number(piece: &str) -> bool {
    piece.as_bytes().first().is_some_and(u8::is_ascii_digit)
}

/// The names by their templates, of which a model has few.
struct Templates {
    /// In the order of their texts.
    sorted: Vec<Template>,
    /// Of each name the place in `sorted`.
    of_names: Vec<usize>,
}

struct Template {
    text: String,
    /// Places of the names that have it.
    names: Vec<usize>,
}

impl Templates {
    fn new(names: &[&str]) -> Self {
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut by_place: Vec<Vec<usize>> = Vec::new();
        let mut text = String::new();
        for (at, name) in names.iter().enumerate() {
            write_template(name, &mut text);
            let known = places.get(&text).and_then(|place| by_place.get_mut(*place));
            match known {
                Some(names) => names.push(at),
                None => {
                    places.insert(text.clone(), by_place.len());
                    by_place.push(vec![at]);
                }
            }
        }
        let mut texts: Vec<(String, usize)> = places.into_iter().collect();
        texts.sort_unstable();
        let names_of = |(text, place): (String, usize)| Template {
            text,
            names: by_place.get_mut(place).map(std::mem::take).unwrap_or_default(),
        };
        let sorted: Vec<Template> = texts.into_iter().map(names_of).collect();
        let mut of_names = vec![0; names.len()];
        for (place, template) in sorted.iter().enumerate() {
            for at in &template.names {
                of_names.iter_mut().skip(*at).take(1).for_each(|of| *of = place);
            }
        }
        Self { sorted, of_names }
    }

    /// The templates whose names may begin so, and the place of each.
    fn that_begin(&self, begin: &str) -> impl Iterator<Item = (usize, &Template)> {
        let begin = template(begin);
        let from = self.sorted.partition_point(|template| template.text < begin);
        let templates = self.sorted.iter().enumerate().skip(from);
        templates.take_while(move |(_, template)| template.text.starts_with(&begin))
    }
}

/// Divides names of one template until a glob matches each part exactly.
struct Divider<'n> {
    names: &'n [&'n str],
    templates: Templates,
    matches_left: usize,
    groups: Vec<Group>,
}

impl<'n> Divider<'n> {
    fn divide(&mut self, members: Vec<usize>) {
        // Parts that are still to be looked at; each has fewer numbers that differ than what it is a part of.
        let mut parts = vec![members];
        while let Some(members) = parts.pop() {
            match self.exact(&members) {
                Some(pattern) => self.groups.push(Group { pattern, members }),
                None => parts.extend(self.parts(members)),
            }
        }
    }

    /// The glob that matches these names and no others, if there is one.
    fn exact(&mut self, members: &[usize]) -> Option<String> {
        let names = || members.iter().filter_map(|at| self.names.get(*at).copied());
        if members.len() == 1 {
            return names().next().map(str::to_owned);
        }
        let first = members.first()?;
        let own = *self.templates.of_names.get(*first)?;
        // What is no number is the same in all of them.
        if names().next()?.contains(['*', '?']) {
            return None;
        }
        let pattern = common(names());
        // The literal ends of the glob are those of every name that it matches; but a star at the front may stand for nothing, and
        // the dot behind it is missing then.
        let prefix = pattern.split('*').next().unwrap_or_default();
        let suffix = pattern.rsplit('*').next().unwrap_or_default();
        let suffix = match pattern.strip_prefix("*.") {
            Some(rest) if !rest.contains('*') => rest,
            _ => suffix,
        };
        let end = template(suffix);
        let mut matched = 0;
        for (place, template) in self.templates.that_begin(prefix) {
            self.matches_left = self.matches_left.checked_sub(1)?;
            if !template.text.ends_with(&end) {
                continue;
            }
            if place == own && template.names.len() == members.len() {
                matched += members.len();
                continue;
            }
            for at in &template.names {
                self.matches_left = self.matches_left.checked_sub(1)?;
                let name = self.names.get(*at)?;
                matched += usize::from(glob_matches(&pattern, name));
                if matched > members.len() {
                    return None;
                }
            }
        }
        (matched == members.len()).then_some(pattern)
    }

    /// The names by one of the numbers that differ: the one that leaves the fewest names in parts that no glob fits, and
    /// among such the one that makes the fewest parts.
    fn parts(&mut self, members: Vec<usize>) -> Vec<Vec<usize>> {
        let first: Vec<&str> = self.pieces_of(members.first());
        let numbers: Vec<usize> =
            (0..first.len()).filter(|at| first.get(*at).is_some_and(|p| is_number(p))).collect();
        let tried = if numbers.len() <= MOST_NUMBERS { numbers } else { Vec::new() };
        let by_one = tried.into_iter().filter_map(|at| {
            let parts = self.by_number(&members, at);
            if self.matches_left == 0 || parts.len() < 2 {
                return None;
            }
            let mut inexact = 0;
            for part in &parts {
                if self.exact(part).is_none() {
                    inexact += part.len();
                }
            }
            Some((inexact, parts))
        });
        match by_one.min_by_key(|(inexact, parts)| (*inexact, parts.len())) {
            Some((_, parts)) => parts,
            None => members.into_iter().map(|member| vec![member]).collect(),
        }
    }

    fn by_number(&self, members: &[usize], at: usize) -> Vec<Vec<usize>> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut parts: Vec<Vec<usize>> = Vec::new();
        for member in members {
            let name = self.names.get(*member).copied().unwrap_or_default();
            let number = pieces(name).nth(at).unwrap_or_default();
            let part = *places.entry(number).or_insert(parts.len());
            match parts.get_mut(part) {
                Some(part) => part.push(*member),
                None => parts.push(vec![*member]),
            }
        }
        parts
    }

    fn pieces_of(&self, member: Option<&usize>) -> Vec<&'n str> {
        member
            .and_then(|at| self.names.get(*at))
            .map_or_else(Vec::new, |name| pieces(name).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every glob matches its members and nothing else, and every name with a key is in one group.
    #[track_caller]
    fn checked<K: Eq + Hash>(names: &[&str], key: impl Fn(usize) -> Option<K>) -> Vec<Group> {
        let found = groups(names, &key);
        let mut seen: Vec<usize> = Vec::new();
        for Group { pattern, members } in &found {
            seen.extend(members.iter().copied());
            if members.len() > 1 {
                let matched = (0..names.len()).filter(|at| glob_matches(pattern, names[*at]));
                assert_eq!(&matched.collect::<Vec<_>>(), members, "{pattern}");
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..names.len()).filter(|at| key(*at).is_some()).collect::<Vec<_>>());
        found
    }

    fn patterns(groups: &[Group]) -> Vec<(&str, usize)> {
        groups.iter().map(|group| (group.pattern.as_str(), group.members.len())).collect()
    }

    #[test]
    fn a_group_is_divided_by_the_number_that_tells_it_from_others() {
        let mut names = Vec::new();
        for (layer, block) in [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)] {
            for norm in 1..=3 {
                names.push(format!("layer{layer}.{block}.bn{norm}.weight"));
            }
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = checked(&names, |at| Some(names[at].contains("bn3")));
        let expected =
            [("layer*.*.bn1.weight", 5), ("layer*.*.bn2.weight", 5), ("layer*.*.bn3.weight", 5)];
        assert_eq!(patterns(&found), expected);
        assert_eq!(patterns(&checked(&names, |_| Some(()))), [("layer*.*.bn*.weight", 15)]);
    }

    #[test]
    fn stars_reach_over_dots_and_may_be_nothing() {
        // `*.weight` would match `weight`, and `a*.w` would match `a1.b.w`.
        let names = ["weight", "0.weight", "1.weight", "a1.w", "a2.w", "a1.b.w"];
        let found = checked(&names, |at| Some(at == 5));
        assert_eq!(patterns(&found), names.map(|name| (name, 1)));
    }

    #[test]
    fn names_without_a_key_and_with_stars_of_their_own() {
        let names = ["l.0.w", "l.1.w", "l.2.w", "x*.1", "x*.2", "層.1.w", "層.2.w", ""];
        let found = checked(&names, |at| (at != 1).then_some(()));
        assert_eq!(
            patterns(&found),
            [("l.0.w", 1), ("l.2.w", 1), ("x*.1", 1), ("x*.2", 1), ("層.*.w", 2), ("", 1)]
        );
    }

    #[test]
    fn hostile_names_take_bounded_time() {
        let names: Vec<String> = (0..2000).map(|n| format!("{}{n}", "1.".repeat(500))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let _ = checked(&names, |at| Some(at % 2));
    }

    #[test]
    fn many_templates_are_not_all_held_against_each_other() {
        let word = |mut n: usize| {
            let mut word = String::from("x");
            while n > 0 {
                word.push(char::from(b'a' + (n % 26) as u8));
                n /= 26;
            }
            word
        };
        let names: Vec<String> =
            (0..40_000).map(|n| format!("{}.{}", n % 2, word(n / 2))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let found = groups(&names, |_| Some(()));
        // Each template is looked at for each pair until the bound is reached: the others stand alone.
        let pairs = found.iter().filter(|group| group.members.len() == 2).count();
        assert!((1000..3000).contains(&pairs), "{pairs}");
    }

    #[test]
    fn what_texts_have_in_common() {
        assert_eq!(common(["layer1.0, rule 0", "layer1.12, rule 0"]), "layer1.*, rule 0");
        assert_eq!(common([]), "");
    }
}
