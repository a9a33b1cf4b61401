//! RISC-V.

pub use riscv_rt::entry;

/// Counts instructions.
pub struct Clock;

impl Clock {
    /// Takes the counter.
    pub fn start() -> Option<Self> {
        Some(Self)
    }

    /// The instructions that the function takes, of fewer than 2³².
    #[inline(never)]
    pub fn count(&mut self, function: &mut dyn FnMut()) -> u32 {
        let before = riscv::register::minstret::read();
        function();
        riscv::register::minstret::read().wrapping_sub(before) as u32
    }
}
