//! Choices that a test makes as it goes, from a list of numbers or from a seed.

/// A list of choices. When it is used up every choice is the first one, so a shorter list means a simpler case.
#[derive(Clone, Debug)]
pub struct Tape {
    choices: Vec<u32>,
    next: usize,
    /// Where choices come from without a list.
    state: Option<u64>,
}

impl Tape {
    /// These choices, then always the first.
    #[must_use]
    pub const fn new(choices: Vec<u32>) -> Self {
        Self { choices, next: 0, state: None }
    }

    /// Endless choices (SplitMix64).
    #[must_use]
    pub const fn from_seed(seed: u64) -> Self {
        Self { choices: Vec::new(), next: 0, state: Some(seed) }
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        let choice = match &mut self.state {
            None => self.choices.get(self.next).copied().unwrap_or(0),
            Some(state) => {
                *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut z = *state;
                z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
                (z >> 32) as u32
            }
        };
        self.next += 1;
        // The high bits choose, so that a smaller number is an earlier choice.
        ((u64::from(choice) * n as u64) >> 32) as usize
    }

    /// Picks one of the items.
    pub fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())].clone()
    }

    /// True once in `n` times; never when the list is used up.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }
}
