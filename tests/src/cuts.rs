//! Ways to cut a length into pieces, and orders to do them in.

use crate::tape::Tape;

/// Every cut of `len` into pieces of at least one element: their lengths.
#[must_use]
pub fn cuts(len: usize) -> Vec<Vec<usize>> {
    (0..1_u32 << (len - 1))
        .map(|cut| {
            let mut lengths = vec![1];
            for place in 0..len - 1 {
                match lengths.last_mut() {
                    Some(last) if cut >> place & 1 == 0 => *last += 1,
                    _ => lengths.push(1),
                }
            }
            lengths
        })
        .collect()
}

/// At most `pieces` pieces of `len` elements, empty ones among them.
#[must_use]
pub fn random_cuts(tape: &mut Tape, len: usize, pieces: usize) -> Vec<usize> {
    let mut places: Vec<_> = (1..pieces).map(|_| tape.below(len + 1)).chain([0, len]).collect();
    places.sort_unstable();
    places.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Orders of `n` things: all of them, or only forwards, backwards and from the middle.
#[must_use]
pub fn orders(n: usize, all: bool) -> Vec<Vec<usize>> {
    if all {
        return permutations(n);
    }
    let forwards: Vec<_> = (0..n).collect();
    let backwards = forwards.iter().rev().copied().collect();
    let mut middle = forwards.clone();
    middle.rotate_left(n / 2);
    vec![forwards, backwards, middle]
}

fn permutations(n: usize) -> Vec<Vec<usize>> {
    let Some(last) = n.checked_sub(1) else { return vec![Vec::new()] };
    let mut all = Vec::new();
    for shorter in permutations(last) {
        for place in 0..n {
            let mut order = shorter.clone();
            order.insert(place, last);
            all.push(order);
        }
    }
    all
}

/// `n` things in random order.
#[must_use]
pub fn permuted(tape: &mut Tape, n: usize) -> Vec<usize> {
    let mut order: Vec<_> = (0..n).collect();
    for index in (1..n).rev() {
        order.swap(index, tape.below(index + 1));
    }
    order
}
