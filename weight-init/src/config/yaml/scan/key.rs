//! Keys without `?`: tokens that turn out to be keys when `:` follows.

use super::{Fault, Place, Scan, Scanner};

/// Characters of a key without `?`, at most.
const MAX_KEY: usize = 1024;

/// A token that turns out to be a key if `:` follows.
#[derive(Clone, Copy, Debug)]
pub(super) struct SimpleKey {
    /// Whether nothing but a key can stand there.
    pub(super) required: bool,
    /// The number of the token, counted from the first of the text.
    pub(super) token: usize,
    pub(super) at: Place,
}

impl Scanner<'_> {
    /// Notes that a key may begin here.
    pub(super) fn save_key(&mut self) -> Scan<()> {
        if self.may_be_key {
            self.drop_key()?;
            let required = !self.is_flow() && self.indent == self.at.column as i64;
            let token = self.taken + self.tokens.len();
            self.set_key(Some(SimpleKey { required, token, at: self.at }));
        }
        Ok(())
    }

    /// The possible key of this level is none.
    pub(super) fn drop_key(&mut self) -> Scan<()> {
        if let Some(key) = self.keys.last().copied().flatten() {
            self.set_key(None);
            if key.required {
                return no_colon(key);
            }
        }
        Ok(())
    }

    pub(super) fn set_key(&mut self, key: Option<SimpleKey>) {
        let last = self.keys.len() - 1;
        if key.is_some() {
            self.first_key = self.first_key.min(last);
        }
        if let Some(place) = self.keys.last_mut() {
            *place = key;
        }
    }

    /// Forgets keys that would have more than one line, or too many characters.
    pub(super) fn forget_stale(&mut self) -> Scan<()> {
        while self.first_key < self.keys.len() {
            if let Some(key) = self.keys[self.first_key] {
                if key.at.line == self.at.line && key.at.char + MAX_KEY >= self.at.char {
                    return Ok(());
                }
                if key.required {
                    return no_colon(key);
                }
                self.keys[self.first_key] = None;
            }
            if self.first_key + 1 == self.keys.len() {
                return Ok(());
            }
            self.first_key += 1;
        }
        Ok(())
    }
}

fn no_colon<T>(key: SimpleKey) -> Scan<T> {
    Err(Fault { message: "a key has ':' behind it".to_owned(), at: key.at.byte })
}
