//! Philox4x32-10, the source of all random words.
//!
//! John K. Salmon, Mark A. Moraes, Ron O. Dror, David E. Shaw: *Parallel random numbers: as easy as
//! 1, 2, 3*, SC'11, <https://doi.org/10.1145/2063384.2063405>. A bijection of a 128-bit counter
//! under a 64-bit key: any block of the sequence is had at once, in any order, by any thread.

use core::convert::Infallible;

use rand_core::{SeedableRng, TryRng};

use super::Stream;
use crate::lanes::{Arithmetic, Int, Lanes};

const ROUNDS: usize = 10;
const MULTIPLIERS: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// Increments of the key from round to round: the golden ratio and √3 − 1.
const WEYL: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// Four random words: Philox4x32-10 of `counter` under `key`.
///
/// ```
/// use weight_init_core::random::philox4x32_10;
/// // Random123's known answer for zeros.
/// assert_eq!(philox4x32_10([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
/// ```
#[must_use]
pub const fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let [mut a, mut b, mut c, mut d] = counter;
    let [mut k0, mut k1] = key;
    let mut round = 0;
    while round < ROUNDS {
        let [p_high, p_low] = mul_hilo(a, MULTIPLIERS[0]);
        let [q_high, q_low] = mul_hilo(c, MULTIPLIERS[1]);
        [a, b, c, d] = [q_high ^ b ^ k0, q_low, p_high ^ d ^ k1, p_low];
        k0 = k0.wrapping_add(WEYL[0]);
        k1 = k1.wrapping_add(WEYL[1]);
        round += 1;
    }
    [a, b, c, d]
}

/// Values shared by all blocks of a stream whose counters have the same high word: the keys of
/// the rounds, and the products of the first two rounds that do not depend on the low word.
///
/// These products are half of the multiplications of either round.
///
/// ```
/// use weight_init_core::lanes::Scalar;
/// use weight_init_core::random::{Stream, philox::Rounds, philox4x32_10};
/// let rounds = Rounds::new(Stream::with_id(7, 42), 1);
/// assert_eq!(rounds.blocks(Scalar, 5), philox4x32_10([5, 1, 42, 0], [7, 0]));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    /// The operand of word 2's xor in the first round.
    first_c: u32,
    /// The operands of the xors of words 0 and 2 in the second round.
    second: [u32; 2],
    /// Word 3 after the second round.
    d: u32,
    /// The keys of the other rounds.
    keys: [[u32; 2]; ROUNDS - 2],
}

impl Rounds {
    /// For the blocks of a stream whose numbers have this high word.
    #[must_use]
    pub const fn new(stream: Stream, high: u32) -> Self {
        let mut keys = [[0; 2]; ROUNDS];
        let mut key = halves(stream.seed());
        let mut round = 0;
        while round < ROUNDS {
            keys[round] = key;
            key = [key[0].wrapping_add(WEYL[0]), key[1].wrapping_add(WEYL[1])];
            round += 1;
        }
        let [first, second, keys @ ..] = keys;
        let [c, d] = halves(stream.id());
        let [q_high, q_low] = mul_hilo(c, MULTIPLIERS[1]);
        let [p_high, p_low] = mul_hilo(q_high ^ high ^ first[0], MULTIPLIERS[0]);
        let second = [q_low ^ second[0], p_high ^ second[1]];
        Self { first_c: d ^ first[1], second, d: p_low, keys }
    }

    /// `N` consecutive blocks: word `k` of each in `[k]`. `low` is the low word of the first block's number.
    ///
    /// Behind the block with the highest low word come blocks without a meaning.
    #[inline(always)]
    pub fn blocks<L: Lanes>(&self, l: L, low: u32) -> [Int<f32, L>; 4] {
        let splat = |x| Arithmetic::<f32>::splat_int(l, x);
        let xor = |a, b| Arithmetic::<f32>::xor(l, a, b);
        let in_step = |x| {
            let x = Arithmetic::<f32>::from_bits(l, x);
            Arithmetic::<f32>::to_bits(l, Arithmetic::<f32>::in_step(l, x))
        };
        let [p_high, p_low] = l.mul_hilo(l.counters(low), MULTIPLIERS[0]);
        let [q_high, q_low] = l.mul_hilo(xor(p_high, splat(self.first_c)), MULTIPLIERS[1]);
        let mut a = xor(q_high, splat(self.second[0]));
        let mut b = q_low;
        let mut c = xor(p_low, splat(self.second[1]));
        let mut d = splat(self.d);
        for key in &self.keys {
            let [p_high, p_low] = l.mul_hilo(a, MULTIPLIERS[0]);
            let [q_high, q_low] = l.mul_hilo(c, MULTIPLIERS[1]);
            a = in_step(xor(xor(q_high, b), splat(key[0])));
            b = q_low;
            c = in_step(xor(xor(p_high, d), splat(key[1])));
            d = p_low;
        }
        [a, b, c, d]
    }
}

/// The words of a stream in order, as a `rand_core` generator that can be set to any block.
///
/// `next_u32` gives the next word; `next_u64` the next two, the first as the low half; `fill_bytes`
/// whole words, little-endian, the rest of the last one discarded. After 2⁶⁴ blocks it begins anew.
///
/// Not for cryptography.
///
/// ```
/// use rand_core::Rng;
/// use weight_init_core::random::{Philox4x32, Stream, philox4x32_10};
///
/// let mut words = Philox4x32::new(Stream::with_id(7, 42));
/// assert_eq!(words.next_u32(), philox4x32_10([0, 0, 42, 0], [7, 0])[0]);
/// words.set_block(1 << 32);
/// assert_eq!(words.next_u32(), philox4x32_10([0, 1, 42, 0], [7, 0])[0]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Philox4x32 {
    stream: Stream,
    /// The block that `words` holds if `next < 4`, else the one to come.
    block: u64,
    words: [u32; 4],
    next: u8,
}

impl Philox4x32 {
    /// The words of this stream from the first on.
    #[must_use]
    pub const fn new(stream: Stream) -> Self {
        Self { stream, block: 0, words: [0; 4], next: 4 }
    }

    /// The stream.
    #[must_use]
    pub const fn stream(&self) -> Stream {
        self.stream
    }

    /// The block from which the next word comes.
    #[must_use]
    pub const fn block(&self) -> u64 {
        self.block
    }

    /// Goes to the first word of this block.
    pub const fn set_block(&mut self, block: u64) {
        self.block = block;
        self.next = 4;
    }

    fn word(&mut self) -> u32 {
        if self.next >= 4 {
            self.words = block(self.stream, self.block);
            self.next = 0;
        }
        let word = self.words[usize::from(self.next & 3)];
        self.next += 1;
        if self.next == 4 {
            self.block = self.block.wrapping_add(1);
        }
        word
    }
}

impl TryRng for Philox4x32 {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let low = u64::from(self.word());
        Ok(low | u64::from(self.word()) << 32)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        for chunk in out.chunks_mut(4) {
            for (byte, random) in chunk.iter_mut().zip(self.word().to_le_bytes()) {
                *byte = random;
            }
        }
        Ok(())
    }
}

impl SeedableRng for Philox4x32 {
    /// The seed and the stream id, little-endian.
    type Seed = [u8; 16];

    fn from_seed(seed: [u8; 16]) -> Self {
        let both = u128::from_le_bytes(seed);
        Self::new(Stream::with_id(both as u64, (both >> 64) as u64))
    }
}

/// One block of a stream.
pub(crate) const fn block(stream: Stream, number: u64) -> [u32; 4] {
    let [low, high] = halves(number);
    let [id_low, id_high] = halves(stream.id());
    philox4x32_10([low, high, id_low, id_high], halves(stream.seed()))
}

const fn mul_hilo(a: u32, b: u32) -> [u32; 2] {
    let product = a as u64 * b as u64;
    [(product >> 32) as u32, product as u32]
}

const fn halves(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use rand_core::Rng;

    use super::*;
    use crate::lanes::Scalar;

    /// Random123 1.14, `tests/kat_vectors`, the lines `philox4x32 10`.
    const KNOWN: [([u32; 4], [u32; 2], [u32; 4]); 3] = [
        ([0; 4], [0; 2], [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]),
        ([u32::MAX; 4], [u32::MAX; 2], [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]),
        (
            [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
            [0xa4093822, 0x299f31d0],
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
        ),
    ];

    #[test]
    fn known_answers() {
        for (counter, key, words) in KNOWN {
            assert_eq!(philox4x32_10(counter, key), words);
            let join = |a: u32, b: u32| u64::from(a) | u64::from(b) << 32;
            let stream = Stream::with_id(join(key[0], key[1]), join(counter[2], counter[3]));
            assert_eq!(Rounds::new(stream, counter[1]).blocks(Scalar, counter[0]), words);
            assert_eq!(block(stream, join(counter[0], counter[1])), words);
        }
    }

    #[test]
    fn generator_yields_the_words_of_the_blocks() {
        let stream = Stream::new(99, "head.weight");
        let expected: Vec<u32> = (0..5).flat_map(|k| block(stream, k)).collect();
        let mut words = Philox4x32::new(stream);
        assert!(expected.iter().all(|&w| words.next_u32() == w));
        assert_eq!(words.block(), 5);

        words.set_block(0);
        assert_eq!(words.next_u32(), expected[0]);
        let (low, high) = (expected[1], expected[2]);
        assert_eq!(words.next_u64(), u64::from(low) | u64::from(high) << 32);
        let mut bytes = [0; 6];
        words.fill_bytes(&mut bytes);
        assert_eq!(bytes[..4], expected[3].to_le_bytes());
        assert_eq!(bytes[4..], expected[4].to_le_bytes()[..2]);
        assert_eq!(words.next_u32(), expected[5]);

        words.set_block(u64::MAX);
        for word in block(stream, u64::MAX) {
            assert_eq!(words.next_u32(), word);
        }
        assert_eq!(words.next_u32(), expected[0]);
    }

    #[test]
    fn seed_is_seed_and_stream_id() {
        let mut seed = [0; 16];
        seed[0] = 7;
        seed[8] = 42;
        let words = Philox4x32::from_seed(seed);
        assert_eq!(words.stream(), Stream::with_id(7, 42));
    }
}
