use std::sync::Arc;

use weight_init_core::init_cfg::Origin;
use weight_init_core::resolve::{Order, Part};

use crate::checkpoint::Stored;

/// A write of a part of a rule to a parameter or buffer.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    pub(crate) order: Order,
    /// Place in [`Plan::rules`](super::Plan::rules).
    pub(crate) rule: usize,
    /// Held once for all parameters that the part writes.
    pub(crate) origin: Arc<Origin<String>>,
    /// Path of the layer through which it writes; `None`: the one that shows the parameter first.
    pub(crate) through: Option<Arc<str>>,
    /// What a Pretrained rule looks for; apart, because a plan may hold millions of writes of other rules.
    pub(crate) loading: Option<Box<Loading>>,
}

/// A parameter or buffer that a checkpoint may hold.
#[derive(Clone, Debug)]
pub(crate) struct Loading {
    /// What the checkpoint calls it.
    pub(crate) within: String,
    /// Whether the checkpoint holds it.
    pub(crate) held: Held,
}

/// Whether a checkpoint holds what a Pretrained rule would write.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    /// No checkpoint was opened: it is believed to.
    Assumed,
    Stored(Stored),
    Absent,
    /// It does, but in a shape or type that does not fit; what, in words.
    Unfit(String),
}

impl Write {
    /// Whether it is the same write, of two parameters of one layer or of layers of one class.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        let alone = |write: &Self| write.through.is_none() && write.loading.is_none();
        (self.order, self.rule) == (other.order, other.rule)
            && Arc::ptr_eq(&self.origin, &other.origin)
            && alone(self)
            && alone(other)
    }

    /// The part of the rule.
    pub(crate) const fn part(&self) -> Part {
        self.order.part()
    }

    /// Whether it happens, as far as is known; Pretrained rules that are passed over do not `load`.
    pub(super) fn counts(&self, load: bool) -> bool {
        match self.loading.as_ref().map(|loading| &loading.held) {
            None => true,
            Some(Held::Absent | Held::Unfit(_)) => false,
            Some(Held::Assumed | Held::Stored(_)) => load,
        }
    }
}

/// Puts the writes to a parameter, which the layer at `first` shows, in program order; of one rule's writes through several
/// layers the last is kept.
pub(super) fn in_program_order(writes: &mut Vec<Write>, first: &str) {
    writes.sort_by_key(|write| write.order);
    writes.dedup_by(|later, earlier| {
        // A checkpoint may hold a tied parameter under each of its names; the last that it holds counts.
        let same = later.order == earlier.order && !later.origin.is_pretrained();
        if same && !stands_below(later, earlier, first) {
            std::mem::swap(later, earlier);
        }
        same
    });
}

/// Whether, of two writes of one rule through two layers, the later met layer stands below the other one. A rule is
/// applied to the layers below a layer before the layer itself, as PyTorch's `apply` does it.
fn stands_below(later: &Write, earlier: &Write, first: &str) -> bool {
    let path = |write: &Write| write.through.as_deref().unwrap_or(first).to_owned();
    let (later, earlier) = (path(later), path(earlier));
    earlier.is_empty() && !later.is_empty()
        || later.strip_prefix(&earlier).is_some_and(|rest| rest.starts_with('.'))
}
