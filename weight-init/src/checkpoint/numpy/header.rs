use safetensors::Dtype;

use crate::checkpoint::StoredType;

/// The header of an array: element type, order, shape.
#[derive(Debug, PartialEq)]
pub(super) struct Header {
    pub(super) dtype: StoredType,
    pub(super) big_endian: bool,
    /// Whether the first index runs fastest.
    pub(super) column_major: bool,
    pub(super) shape: Vec<u64>,
}

/// Why a header gives no array of numbers.
#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// It is an array of something else; of what, in words.
    Unread(String),
    /// It is no header.
    Broken(String),
}

impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self::Broken(message)
    }
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
pub(super) fn parse(text: &[u8]) -> Result<Header, Refusal> {
    let text = std::str::from_utf8(text).map_err(|_| "its header is not UTF-8".to_owned())?;
    let mut rest = Rest(text.trim());
    rest.expect('{')?;
    let (mut descr, mut column_major, mut shape) = (None, None, None);
    while !rest.take('}') {
        let key = rest.quoted()?;
        rest.expect(':')?;
        match key {
            "descr" => descr = Some(rest.descr()?),
            "fortran_order" => column_major = Some(rest.truth()?),
            "shape" => shape = Some(rest.tuple()?),
            _ => {
                let message = format!("its header has the key '{key}', which arrays do not have");
                return Err(message.into());
            }
        }
        if !rest.take(',') {
            rest.expect('}')?;
            break;
        }
    }
    let lacks = |key| format!("its header lacks '{key}'");
    let descr = descr.ok_or_else(|| lacks("descr"))?;
    let (dtype, big_endian) = dtype(descr)?;
    Ok(Header {
        dtype,
        big_endian,
        column_major: column_major.ok_or_else(|| lacks("fortran_order"))?,
        shape: shape.ok_or_else(|| lacks("shape"))?,
    })
}

/// The rest of the text, still to be read.
struct Rest<'t>(&'t str);

impl<'t> Rest<'t> {
    /// Whether `c` comes next; then it is passed.
    fn take(&mut self, c: char) -> bool {
        self.0 = self.0.trim_start();
        match self.0.strip_prefix(c) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        if self.take(c) {
            return Ok(());
        }
        let found: String = self.0.chars().take(20).collect();
        Err(format!("its header has '{found}' where '{c}' must be"))
    }

    fn quoted(&mut self) -> Result<&'t str, String> {
        let quote = if self.take('"') { '"' } else { '\'' };
        if quote == '\'' {
            self.expect(quote)?;
        }
        let (text, rest) =
            self.0.split_once(quote).ok_or_else(|| "its header ends within a text".to_owned())?;
        self.0 = rest;
        Ok(text)
    }

    /// The element type: a text; a list is one of records, which are no numbers.
    fn descr(&mut self) -> Result<&'t str, Refusal> {
        if self.take('[') {
            return Err(Refusal::Unread("an array of records".to_owned()));
        }
        Ok(self.quoted()?)
    }

    fn truth(&mut self) -> Result<bool, String> {
        self.0 = self.0.trim_start();
        for (word, truth) in [("True", true), ("False", false)] {
            if let Some(rest) = self.0.strip_prefix(word) {
                self.0 = rest;
                return Ok(truth);
            }
        }
        Err("its header says neither True nor False for 'fortran_order'".to_owned())
    }

    fn tuple(&mut self) -> Result<Vec<u64>, String> {
        self.expect('(')?;
        let mut extents = Vec::new();
        while !self.take(')') {
            self.0 = self.0.trim_start();
            let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = self.0.split_at_checked(digits).unwrap_or_default();
            self.0 = rest.strip_prefix('L').unwrap_or(rest);
            extents.push(
                number
                    .parse()
                    .map_err(|_| "its shape has an extent that is no number".to_owned())?,
            );
            if extents.len() > 64 {
                return Err("it has more than 64 dimensions".to_owned());
            }
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(extents)
    }
}

/// The element type that a `descr` names, and whether the most significant byte comes first.
fn dtype(descr: &str) -> Result<(StoredType, bool), Refusal> {
    let unknown = || {
        let hint =
            if descr.contains('O') { "; objects are pickles, which are not run" } else { "" };
        let descr: String = descr.chars().take(40).collect();
        Refusal::Unread(format!("an array with elements of type '{descr}'{hint}"))
    };
    let (order, kind) = match descr.split_at_checked(1) {
        Some((order @ ("<" | ">" | "|" | "="), kind)) => (order, kind),
        _ => return Err(unknown()),
    };
    let dtype = match kind {
        "f8" => Dtype::F64,
        "f4" => Dtype::F32,
        "f2" => Dtype::F16,
        "i8" => Dtype::I64,
        "i4" => Dtype::I32,
        "i2" => Dtype::I16,
        "i1" => Dtype::I8,
        "u8" => Dtype::U64,
        "u4" => Dtype::U32,
        "u2" => Dtype::U16,
        "u1" => Dtype::U8,
        "b1" => Dtype::BOOL,
        "c8" => Dtype::C64,
        // ml_dtypes' bfloat16 is saved as two bytes without a type.
        "V2" => Dtype::BF16,
        _ => return Err(unknown()),
    };
    Ok((StoredType(dtype), order == ">"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_numpy_are_read() {
        let header = parse(b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n");
        let expected = Header {
            dtype: StoredType(Dtype::F32),
            big_endian: false,
            column_major: false,
            shape: vec![3, 4],
        };
        assert_eq!(header, Ok(expected));
        let header = parse(b"{'descr': '>i8', 'fortran_order': True, 'shape': (), }");
        assert!(header.is_ok_and(|h| h.big_endian && h.column_major && h.shape.is_empty()));
    }

    #[test]
    fn arrays_of_other_things_are_told() {
        for (descr, part) in [
            ("'|O'", "pickles"),
            ("'<U3'", "'<U3'"),
            ("'<M8[ns]'", "'<M8[ns]'"),
            ("'<c16'", "'<c16'"),
            ("[('a', '<f4'), ('b', '<i4', (2,))]", "records"),
        ] {
            let text = format!("{{'descr': {descr}, 'fortran_order': False, 'shape': (1,), }}");
            match parse(text.as_bytes()) {
                Err(Refusal::Unread(what)) => assert!(what.contains(part), "{what}"),
                other => panic!("{descr}: {other:?}"),
            }
        }
    }

    #[test]
    fn other_headers_are_refused() {
        let of = |text: &str| match parse(text.as_bytes()).unwrap_err() {
            Refusal::Broken(message) => message,
            Refusal::Unread(what) => panic!("{text} is taken for {what}"),
        };
        assert!(of("{'descr': '<f4', 'shape': (1,)}").contains("lacks 'fortran_order'"));
        assert!(of("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}").contains("extent"));
        assert!(of("{'shape': (99999999999999999999,)}").contains("extent"));
        assert!(of("").contains("where '{' must be"));
    }
}
