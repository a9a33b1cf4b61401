//! Cortex-M.

pub use cortex_m_rt::entry;

use cortex_m::Peripherals;
use cortex_m::peripheral::{SYST, syst::SystClkSource};

/// Counts instructions: the emulator lets one take a nanosecond, and SysTick divides these.
pub struct Clock(SYST);

/// Ticks before the counter begins anew.
const RELOAD: u32 = 0x00ff_ffff;
/// Nanoseconds of a tick, doubled: 16 MHz on the machine microbit, 25 MHz on mps2-an386.
const TWICE_TICK: u32 = if cfg!(target_abi = "eabihf") { 80 } else { 125 };

impl Clock {
    /// Takes the counter.
    pub fn start() -> Option<Self> {
        let mut counter = Peripherals::take()?.SYST;
        counter.set_clock_source(SystClkSource::Core);
        counter.set_reload(RELOAD);
        counter.clear_current();
        counter.enable_counter();
        Some(Self(counter))
    }

    /// The instructions that the function takes, of fewer than 10⁹.
    #[inline(never)]
    pub fn count(&mut self, function: &mut dyn FnMut()) -> u32 {
        let before = SYST::get_current();
        function();
        let ticks = before.wrapping_sub(SYST::get_current()) & RELOAD;
        ticks * (TWICE_TICK / 5) / 2 * 5
    }
}
