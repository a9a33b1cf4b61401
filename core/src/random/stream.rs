//! Streams: which random words belong to which parameter.

/// The random words of one parameter: a seed, and an id made of the parameter's name.
///
/// ```
/// use weight_init_core::{Stream, stream_id};
/// let stream = Stream::new(42, "backbone.conv1.weight");
/// assert_eq!(stream.seed(), 42);
/// assert_eq!(stream.id(), stream_id("backbone.conv1.weight"));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Stream {
    seed: u64,
    id: u64,
}

impl Stream {
    /// The stream of this name: its full dotted parameter name, or the name a description gives it.
    #[must_use]
    pub const fn new(seed: u64, name: &str) -> Self {
        Self::with_id(seed, stream_id(name))
    }

    /// The stream of this id.
    #[must_use]
    pub const fn with_id(seed: u64, id: u64) -> Self {
        Self { seed, id }
    }

    /// Philox' key.
    #[must_use]
    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// The upper half of Philox' counter.
    #[must_use]
    pub const fn id(self) -> u64 {
        self.id
    }
}

/// The stream id of a name: FNV-1a of its UTF-8 bytes, 64 bits.
///
/// Two names of one model collide with probability 2⁻⁶⁴; they would have the same values.
///
/// ```
/// // From the test suite of the reference implementation.
/// assert_eq!(weight_init_core::stream_id("foobar"), 0x85944171f73967e8);
/// ```
#[must_use]
pub const fn stream_id(name: &str) -> u64 {
    Fnv1a::new().write(name.as_bytes()).finish()
}

/// FNV-1a, 64 bits, of bytes that come in pieces.
///
/// Glenn Fowler, Landon Curt Noll, Kiem-Phong Vo, <http://www.isthe.com/chongo/tech/comp/fnv/>.
///
/// ```
/// use weight_init_core::{Fnv1a, stream_id};
/// let conv1 = Fnv1a::new().write(b"backbone").write(b".conv1");
/// assert_eq!(conv1.write(b".weight").finish(), stream_id("backbone.conv1.weight"));
/// assert_eq!(conv1.write(b".bias").finish(), stream_id("backbone.conv1.bias"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fnv1a {
    state: u64,
}

impl Fnv1a {
    /// The hash of no bytes.
    #[must_use]
    pub const fn new() -> Self {
        Self { state: 0xcbf2_9ce4_8422_2325 }
    }

    /// The hash with these bytes appended.
    #[must_use]
    pub const fn write(mut self, bytes: &[u8]) -> Self {
        let mut rest = bytes;
        while let [byte, tail @ ..] = rest {
            self.state = (self.state ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
            rest = tail;
        }
        self
    }

    /// The hash of the bytes so far.
    #[must_use]
    pub const fn finish(self) -> u64 {
        self.state
    }
}

impl Default for Fnv1a {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // Vectors of the reference implementation (fnv64a of "", "a", "foobar").
        for (text, hash) in
            [("", 0xcbf29ce484222325), ("a", 0xaf63dc4c8601ec8c), ("foobar", 0x85944171f73967e8)]
        {
            assert_eq!(stream_id(text), hash);
        }
        // Computed apart, with Python.
        assert_eq!(stream_id("backbone.conv1.weight"), 0xf9c44512682697);
    }
}
