//! The rules that write a parameter, found by the names in them and not one by one: 100 000 rules for 10 000 parameters are
//! as many look-ups, where a look at each would be a billion.

use std::cell::RefCell;
use std::iter::once;
use std::rc::Rc;

use aho_corasick::AhoCorasick;
use foldhash::{HashMap, HashSet};
use weight_init_core::Layer;
use weight_init_core::init_cfg::Rules;
use weight_init_core::resolve::{Matcher, Part, Target, VisitId};

use super::plain::PlainCounts;

/// The tables of the modules that a walk has met.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// In the order in which the modules were met first.
    tables: Vec<Table>,
    /// The place of the table of each visit.
    by_visit: HashMap<VisitId, usize>,
    layer: RefCell<LastLayer>,
}

/// The class and bases of the layer that was looked for last: each of its parameters is looked for more than once, and the next
/// layer is often of its class. They are held here once and not by every table, for a layer may have a hundred thousand bases.
#[derive(Debug, Default)]
struct LastLayer {
    classes: Vec<Box<str>>,
    /// How often they have changed; 0 before the first layer.
    number: u64,
}

/// Parts of the rules of one module, each with the number of its rule, in program order.
type Parts = Rc<[(usize, Part)]>;

/// The names in the rules of one module, each with the rules that have it in their order.
#[derive(Debug, Default)]
struct Table {
    /// Place of its first rule among all.
    first_rule: usize,
    /// By class.
    plain: HashMap<Box<str>, Plain>,
    /// Rules with globs or overrides, by class.
    mixed: HashMap<Box<str>, Vec<usize>>,
    /// Pretrained rules.
    loading: Vec<usize>,
    /// By the child that the override's name leads to or into.
    overrides: HashMap<Box<str>, Vec<(usize, usize)>>,
    globs: Globs,
    /// The parts that write the weight and bias of the last layer by its classes, in program order, and that layer's number.
    by_class: RefCell<(u64, Parts)>,
}

/// Rules that write by their `layer` alone. The last one overwrites the others, so that they need not be told one by one.
#[derive(Debug, Default)]
struct Plain {
    rules: Vec<usize>,
    /// The first of each initializer, for a fault of it is a fault even where it is overwritten.
    first: Vec<usize>,
}

/// Globs by the longest piece of each that stands for itself.
#[derive(Debug, Default)]
struct Globs {
    pieces: Option<AhoCorasick>,
    /// By the number of the piece.
    by_piece: Vec<Vec<(usize, usize)>>,
    /// Without such a piece.
    others: Vec<(usize, usize)>,
}

impl Tables {
    /// Notes the rules of a module, and returns the place of their table; `first_rule`: the place of the first one among all.
    pub(super) fn add(&mut self, layer: &dyn Layer, rules: &dyn Rules, first_rule: usize) -> usize {
        self.tables.push(Table::new(layer, rules, first_rule));
        self.tables.len() - 1
    }

    /// Notes that a module is visited whose table is known.
    pub(super) fn visit(&mut self, visit: VisitId, table: usize) {
        self.by_visit.insert(visit, table);
    }

    /// The place of the table of the module that is visited, and of its first rule among all.
    pub(super) fn place(&self, visit: VisitId) -> Option<(usize, usize)> {
        let table = *self.by_visit.get(&visit)?;
        Some((table, self.tables.get(table)?.first_rule))
    }

    /// Whether a rule writes by its `layer` alone.
    pub(super) fn is_plain(rules: &dyn Rules, rule: usize) -> bool {
        rules.params(rule, 0).is_none()
            && rules.override_name(rule, 0).is_none()
            && rules.write(rule).is_some_and(|write| !write.is_pretrained())
    }

    /// The group of plain rules of a module that write the `weight` and `bias` of a layer.
    pub(super) fn group(
        &self,
        table: usize,
        layer: &dyn Layer,
        counts: &mut PlainCounts,
    ) -> Option<usize> {
        let Table { plain, .. } = self.tables.get(table)?;
        let named = classes(layer).filter(|class| plain.contains_key(*class));
        Some(counts.group(table, named))
    }

    /// The places, among all, of a module's plain rules that name one of the classes, in order for each class.
    pub(super) fn plain_rules<'t>(
        &'t self,
        table: usize,
        classes: &'t [String],
    ) -> impl Iterator<Item = usize> + use<'t> {
        self.tables.get(table).into_iter().flat_map(|Table { first_rule, plain, .. }| {
            let plain = classes.iter().filter_map(|class| plain.get(class.as_str()));
            plain.flat_map(move |plain| plain.rules.iter().map(move |rule| first_rule + rule))
        })
    }
}

impl Matcher for Tables {
    fn matching(
        &self,
        module: VisitId,
        rules: &dyn Rules,
        target: &Target<'_>,
        see: &mut dyn FnMut(usize, Part),
    ) {
        let table = self.by_visit.get(&module).and_then(|table| self.tables.get(*table));
        let Some(table) = table else { return };
        let number = self.layer.borrow_mut().number(target.layer());
        for (rule, part) in &*table.parts(rules, target, number) {
            see(*rule, *part);
        }
    }
}

impl LastLayer {
    /// The number of this layer, which is that of the last one if its classes are the same.
    fn number(&mut self, layer: &dyn Layer) -> u64 {
        if !self.classes.iter().map(|class| &**class).eq(classes(layer)) {
            self.classes = classes(layer).map(Box::from).collect();
            self.number += 1;
        }
        self.number
    }
}

impl Table {
    fn new(layer: &dyn Layer, rules: &dyn Rules, first_rule: usize) -> Self {
        let mut table = Self { first_rule, ..Self::default() };
        let aliases: HashMap<_, _> = layer.aliases().collect();
        let mut kinds: HashSet<(Box<str>, &str)> = HashSet::default();
        let mut pieces: HashMap<String, usize> = HashMap::default();
        let mut texts = Vec::new();
        for (rule, write) in rules.writes().enumerate() {
            let kind = write.name();
            if write.is_pretrained() {
                table.loading.push(rule);
            }
            for class in rules.layers(rule) {
                if Tables::is_plain(rules, rule) {
                    let plain = table.plain.entry(class.into()).or_default();
                    plain.rules.push(rule);
                    if kinds.insert((class.into(), kind)) {
                        plain.first.push(rule);
                    }
                } else {
                    table.mixed.entry(class.into()).or_default().push(rule);
                }
            }
            for (index, glob) in rules.globs(rule).enumerate() {
                let piece = longest_piece(glob);
                if piece.is_empty() {
                    table.globs.others.push((rule, index));
                    continue;
                }
                let number = *pieces.entry(piece.to_owned()).or_insert_with(|| {
                    texts.push(piece.to_owned());
                    table.globs.by_piece.push(Vec::new());
                    texts.len() - 1
                });
                table.globs.by_piece[number].push((rule, index));
            }
            for (index, name) in rules.override_names(rule).enumerate() {
                let child =
                    aliases.get(name).map_or(name, |path| path.split('.').next().unwrap_or(path));
                table.overrides.entry(child.into()).or_default().push((rule, index));
            }
        }
        // An automaton that cannot be built for its size leaves the globs to be looked at one by one.
        if !texts.is_empty() {
            table.globs.pieces = AhoCorasick::new(&texts).ok();
        }
        table
    }

    /// The parts that may write the target, whose layer has this number, in program order.
    fn parts(&self, rules: &dyn Rules, target: &Target<'_>, number: u64) -> Parts {
        let by_class = match target.attribute {
            "weight" | "bias" => self.by_class(target.layer(), number),
            _ => Rc::default(),
        };
        let overrides = target.child().and_then(|child| self.overrides.get(child));
        if overrides.is_none() && self.globs.is_empty() && self.loading.is_empty() {
            return by_class;
        }
        let mut parts: Vec<(usize, Part)> = by_class.to_vec();
        parts.extend(self.loading.iter().map(|rule| (*rule, Part::Layer)));
        parts.extend(
            overrides.into_iter().flatten().map(|(rule, index)| (*rule, Part::Override(*index))),
        );
        self.globs.matching(rules, target, &mut parts);
        in_order(parts)
    }

    /// Of these the parts by the classes of the layer.
    fn by_class(&self, layer: &dyn Layer, number: u64) -> Parts {
        let mut last = self.by_class.borrow_mut();
        if last.0 == number {
            return Rc::clone(&last.1);
        }
        let mut parts = Vec::new();
        for class in classes(layer) {
            let mixed = self.mixed.get(class).into_iter().flatten();
            let plain = self.plain.get(class);
            let first = plain.into_iter().flat_map(|plain| &plain.first);
            let found = mixed.chain(first).chain(plain.and_then(|plain| plain.rules.last()));
            parts.extend(found.map(|rule| (*rule, Part::Layer)));
        }
        *last = (number, in_order(parts));
        Rc::clone(&last.1)
    }
}

/// The parts in program order, each once.
fn in_order(mut parts: Vec<(usize, Part)>) -> Parts {
    parts.sort_unstable();
    parts.dedup();
    parts.into()
}

impl Globs {
    const fn is_empty(&self) -> bool {
        self.by_piece.is_empty() && self.others.is_empty()
    }

    fn matching(&self, rules: &dyn Rules, target: &Target<'_>, parts: &mut Vec<(usize, Part)>) {
        if self.is_empty() {
            return;
        }
        let path = target.path();
        let mut look = |globs: &[(usize, usize)]| {
            let found = globs.iter().filter(|(rule, index)| {
                rules.params(*rule, *index).is_some_and(|glob| path.matches(glob))
            });
            parts.extend(found.map(|(rule, index)| (*rule, Part::Params(*index))));
        };
        look(&self.others);
        let Some(pieces) = &self.pieces else {
            return self.by_piece.iter().for_each(|globs| look(globs));
        };
        let name = path.to_string();
        for found in pieces.find_overlapping_iter(&name) {
            // A piece that stands twice in the name is looked at twice; the parts are told once.
            look(self.by_piece.get(found.pattern().as_usize()).map_or(&[], Vec::as_slice));
        }
    }
}

/// The class and the direct bases.
fn classes(layer: &dyn Layer) -> impl Iterator<Item = &str> + Clone {
    once(layer.class()).chain((0..).map_while(|index| layer.base(index)))
}

/// The longest piece of a glob that stands for itself, without the dot behind a star at the front, which may be missing.
fn longest_piece(glob: &str) -> &str {
    let rest = glob.strip_prefix("*.").unwrap_or(glob);
    rest.split(['*', '?']).max_by_key(|piece| piece.len()).unwrap_or_default()
}
