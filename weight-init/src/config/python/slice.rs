//! `object[a:b]`: reading, setting, deleting.

use super::heap::Heap;
use super::object::Object;
use super::slots::{Slot, Slots};
use crate::config::meter::{Outcome, fault};

/// The bounds of `object[lower:upper:step]`.
#[derive(Clone, Debug, Default)]
pub(super) struct Slice {
    pub(super) lower: Option<i128>,
    pub(super) upper: Option<i128>,
    pub(super) step: Option<i128>,
}

/// The elements that a slice means in something of a known length, in its order.
#[derive(Clone, Copy, Debug)]
struct Indices {
    start: i128,
    step: i128,
    count: usize,
}

impl Slice {
    fn indices(&self, len: usize) -> Outcome<Indices> {
        let step = self.step.unwrap_or(1);
        if step == 0 {
            return fault("the step of a slice is not 0");
        }
        let len = len as i128;
        let clamp = |at: i128, low: i128, high: i128| {
            (if at < 0 { at.saturating_add(len) } else { at }).clamp(low, high)
        };
        let (start, gap) = if step > 0 {
            let start = self.lower.map_or(0, |at| clamp(at, 0, len));
            (start, self.upper.map_or(len, |at| clamp(at, 0, len)) - start)
        } else {
            let start = self.lower.map_or(len - 1, |at| clamp(at, -1, len - 1));
            (start, start - self.upper.map_or(-1, |at| clamp(at, -1, len - 1)))
        };
        // `gap` is at most a length.
        let count = gap.max(0).unsigned_abs().div_ceil(step.unsigned_abs());
        Ok(Indices { start, step, count: usize::try_from(count).unwrap_or(0) })
    }
}

impl Indices {
    fn each(self) -> impl Iterator<Item = usize> {
        let Self { start, step, count } = self;
        // The products of the last element and the step stay within the length.
        (0..count).map(move |index| {
            usize::try_from(start.saturating_add(step.saturating_mul(index as i128))).unwrap_or(0)
        })
    }
}

/// `object[slice]`.
pub(super) fn slice(heap: &mut Heap, object: &Object, slice: &Slice) -> Outcome<Object> {
    match object {
        Object::List(id) | Object::Tuple(id) => {
            let items = heap.items(*id);
            let indices = slice.indices(items.len())?;
            let mut chosen = Slots::with_capacity(heap.meter(), indices.count)?;
            for index in indices.each() {
                if let Some(slot) = items.get(index)? {
                    chosen.push(slot.clone())?;
                }
            }
            if matches!(object, Object::List(_)) { heap.list(chosen) } else { heap.tuple(chosen) }
        }
        Object::Str(text) => {
            let text = text.read()?;
            let indices = slice.indices(text.chars().count())?;
            let mut out = heap.buffer();
            let first = usize::try_from(indices.start).unwrap_or(0);
            if indices.step > 0 {
                let step = usize::try_from(indices.step).unwrap_or(usize::MAX);
                let chosen = text.chars().skip(first).step_by(step).take(indices.count);
                chosen.into_iter().try_for_each(|c| out.push(c))?;
            } else {
                let step = usize::try_from(indices.step.unsigned_abs()).unwrap_or(usize::MAX);
                let behind = text.chars().count().saturating_sub(first.saturating_add(1));
                let chosen = text.chars().rev().skip(behind).step_by(step).take(indices.count);
                chosen.into_iter().try_for_each(|c| out.push(c))?;
            }
            Ok(Object::Str(out.finish()?))
        }
        Object::Range(range) => {
            let len = usize::try_from(range.len()).unwrap_or(usize::MAX);
            let indices = slice.indices(len)?;
            let mut chosen = Slots::with_capacity(heap.meter(), indices.count)?;
            for index in indices.each() {
                chosen.push(Slot { object: range.get(index), span: Default::default() })?;
            }
            heap.list(chosen)
        }
        other => fault(format!("a {} cannot be sliced", other.type_name())),
    }
}

/// `list[slice] = values`, for slices without a step.
pub(super) fn set_slice(
    heap: &mut Heap,
    object: &Object,
    slice: &Slice,
    values: Slots,
) -> Outcome<()> {
    let (Object::List(id), None | Some(1)) = (object, slice.step) else {
        return fault("only a slice of a list, without a step, can be set");
    };
    let indices = slice.indices(heap.len(*id))?;
    let start = usize::try_from(indices.start).unwrap_or(0);
    heap.items_mut(*id)?.splice(start, indices.count, values)
}

/// `del list[slice]`.
pub(super) fn delete_slice(heap: &mut Heap, object: &Object, slice: &Slice) -> Outcome<()> {
    let Object::List(id) = object else {
        return fault(format!("a slice of a {} cannot be deleted", object.type_name()));
    };
    let items = heap.items(*id);
    let mut indices = slice.indices(items.len())?;
    if indices.step < 0 && indices.count > 0 {
        // The same elements, from the first on.
        let last = i128::try_from(indices.count - 1).unwrap_or(0);
        indices.start = indices.start.saturating_add(indices.step.saturating_mul(last));
        indices.step = indices.step.saturating_neg();
    }
    let mut gone = indices.each().peekable();
    let mut kept = heap.slots()?;
    for (index, slot) in items.each().enumerate() {
        let slot = slot?;
        if gone.next_if_eq(&index).is_none() {
            kept.push(slot.clone())?;
        }
    }
    heap.set_items(*id, kept);
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn slices_mean_what_they_mean_in_python() {
        let bounds = [
            None,
            Some(i128::MIN),
            Some(-7),
            Some(-3),
            Some(-1),
            Some(0),
            Some(2),
            Some(4),
            Some(9),
            Some(i128::MAX),
        ];
        let steps =
            [None, Some(1), Some(2), Some(5), Some(-1), Some(-2), Some(i128::MAX), Some(i128::MIN)];
        for len in [0_usize, 1, 4, 5] {
            for index in 0..bounds.len() * bounds.len() * steps.len() {
                let (lower, rest) = (bounds[index % bounds.len()], index / bounds.len());
                let (upper, step) = (bounds[rest % bounds.len()], steps[rest / bounds.len()]);
                let found: Vec<_> =
                    Slice { lower, upper, step }.indices(len).unwrap().each().collect();
                // Python's own definition: from the clamped start, by the step, while before the clamped end.
                let (n, by) = (len as i128, step.unwrap_or(1));
                let clamp = |at: i128| {
                    let at = if at < 0 { at.saturating_add(n) } else { at };
                    if by > 0 { at.clamp(0, n) } else { at.clamp(-1, n - 1) }
                };
                let mut at = lower.map_or(if by > 0 { 0 } else { n - 1 }, clamp);
                let end = upper.map_or(if by > 0 { n } else { -1 }, clamp);
                let mut wanted = Vec::new();
                while if by > 0 { at < end } else { at > end } {
                    wanted.push(usize::try_from(at).unwrap());
                    at = at.saturating_add(by);
                }
                assert_eq!(found, wanted, "[{lower:?}:{upper:?}:{step:?}] of {len}");
            }
        }
    }
}
