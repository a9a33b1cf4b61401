//! The units of one tile, and how they are written.

use core::arch::asm;
use core::marker::PhantomData;

use crate::segment::{Segment, UNIT_BYTES};
use crate::unit::Unit;

/// Consecutive units of a segment.
pub(crate) struct Units<T> {
    /// How many there are.
    pub(crate) count: u32,
    /// Low word of the first unit's first block.
    block: u32,
    /// Where the first element of the first unit stands, or would stand if it were of the segment.
    out: *mut u8,
    /// The same as an address in the device's memory, as stores at once take it.
    global: u64,
    /// Number of that element in the segment; negative, modulo 2⁶⁴, if it comes before the first.
    place: u64,
    /// Elements of the segment.
    len: u64,
    /// The first unit that is stored at once.
    whole_from: u32,
    /// Units from there on that are stored at once.
    whole: u32,
    elements: PhantomData<T>,
}

impl<T: Unit> Units<T> {
    /// The units of a tile of at most `units` units.
    #[inline(always)]
    pub(crate) fn new<D>(base: *mut u8, segment: &Segment<D>, tile: u32, units: u32) -> Self {
        let per_unit = T::PER_UNIT as u64;
        let first = u64::from(tile - segment.tile) * u64::from(units);
        // Units that end within the segment, and with the last part of one.
        let ended = (u64::from(segment.skipped) + segment.len) / per_unit;
        let all = (u64::from(segment.skipped) + segment.len).div_ceil(per_unit);
        let place = (first * per_unit).wrapping_sub(u64::from(segment.skipped));
        let bytes = place.wrapping_mul(size_of::<T>() as u64);
        let out = base.wrapping_add(segment.offset.wrapping_add(bytes) as usize);
        let whole_from = u32::from(first == 0 && segment.skipped > 0);
        let up_to = (ended - first).min(u64::from(units)) as u32;
        let aligned = out as usize % UNIT_BYTES == 0;
        let global;
        // SAFETY: an instruction that has registers for operands and no other effect.
        unsafe {
            asm!("cvta.to.global.u64 {}, {};", out(reg64) global, in(reg64) out, options(pure, nomem, nostack));
        }
        Self {
            count: (all - first).min(u64::from(units)) as u32,
            block: segment.block.wrapping_add((first as u32).wrapping_mul(T::BLOCKS)),
            out,
            global,
            place,
            len: segment.len,
            whole_from,
            whole: if aligned { up_to.saturating_sub(whole_from) } else { 0 },
            elements: PhantomData,
        }
    }

    /// Low word of the number of a unit's first block.
    #[inline(always)]
    pub(crate) fn block(&self, unit: u32) -> u32 {
        self.block.wrapping_add(unit * T::BLOCKS)
    }

    /// Writes a unit: at once, if it lies in the segment whole and where such a store may go; else one by one.
    ///
    /// # Safety
    ///
    /// The elements of the segment may be written.
    #[inline(always)]
    pub(crate) unsafe fn write(&self, unit: u32, elements: T::Elements) {
        let bytes = unit as usize * UNIT_BYTES;
        if unit.wrapping_sub(self.whole_from) < self.whole {
            let [a, b, c, d] = T::words(elements);
            // SAFETY: these are elements of the segment, and aligned. By hand, because the compiler would share parts
            // of the store with those below, and make it several.
            unsafe {
                asm!(
                    "st.global.v4.b32 [{}], {{{}, {}, {}, {}}};",
                    in(reg64) self.global + bytes as u64, in(reg32) a, in(reg32) b, in(reg32) c, in(reg32) d,
                    options(nostack),
                );
            }
            return;
        }
        let out = self.out.wrapping_add(bytes);
        let place = self.place.wrapping_add(u64::from(unit) * T::PER_UNIT as u64);
        for (i, &element) in elements.as_ref().iter().enumerate() {
            if place.wrapping_add(i as u64) < self.len {
                // SAFETY: this is an element of the segment.
                unsafe { out.cast::<T>().wrapping_add(i).write(element) };
            }
        }
    }
}
