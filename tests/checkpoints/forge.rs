//! Files as an attacker writes them: pickles instruction by instruction, zip files byte by byte.

/// Adds up the pieces of a pickle, protocol 2.
pub(crate) fn pickle(pieces: &[&[u8]]) -> Vec<u8> {
    [&[0x80, 2], pieces.concat().as_slice(), b"."].concat()
}

/// A text.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [b"X", (text.len() as u32).to_le_bytes().as_slice(), text.as_bytes()].concat()
}

/// A whole number of any size.
pub(crate) fn int(number: i128) -> Vec<u8> {
    [&[0x8a, 16], number.to_le_bytes().get(..16).unwrap()].concat()
}

/// A whole number that fits 64 bits.
pub(crate) fn long(number: i64) -> Vec<u8> {
    [&[0x8a, 8], number.to_le_bytes().as_slice()].concat()
}

pub(crate) fn global(module: &str, name: &str) -> Vec<u8> {
    format!("c{module}\n{name}\n").into_bytes()
}

pub(crate) fn tuple(values: &[Vec<u8>]) -> Vec<u8> {
    [b"(", values.concat().as_slice(), b"t"].concat()
}

/// The call of a global.
pub(crate) fn call(module: &str, name: &str, args: &[Vec<u8>]) -> Vec<u8> {
    [global(module, name).as_slice(), &tuple(args), b"R"].concat()
}

/// A tensor of `f32` in storage `0` of so many elements.
pub(crate) struct Forged<'f> {
    pub(crate) elements: i64,
    pub(crate) offset: i64,
    pub(crate) shape: &'f [i64],
    pub(crate) strides: &'f [i64],
}

impl Forged<'_> {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let storage = [
            tuple(&[
                text("storage"),
                global("torch", "FloatStorage"),
                text("0"),
                text("cpu"),
                long(self.elements),
            ]),
            b"Q".to_vec(),
        ]
        .concat();
        let longs = |numbers: &[i64]| tuple(&numbers.iter().map(|n| long(*n)).collect::<Vec<_>>());
        let hooks = [global("collections", "OrderedDict"), b")R".to_vec()].concat();
        let args = [
            storage,
            long(self.offset),
            longs(self.shape),
            longs(self.strides),
            b"\x89".to_vec(),
            hooks,
        ];
        call("torch._utils", "_rebuild_tensor_v2", &args)
    }
}

/// A state dict of one tensor called `w`.
pub(crate) fn state_dict(tensor: &[u8]) -> Vec<u8> {
    pickle(&[b"}", &text("w"), tensor, b"s"])
}

/// An entry of a zip file, and what it says of itself.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) data: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) crc32: u32,
    /// Bytes that it is said to have, inflated.
    pub(crate) len: u32,
    /// Where its header is said to be, if not where it is.
    pub(crate) offset: Option<u32>,
    /// Bytes between its header and its data, with which PyTorch aligns.
    pub(crate) padding: u16,
}

impl Entry {
    pub(crate) fn stored(name: &str, data: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            data: data.to_vec(),
            method: 0,
            flags: 0,
            crc32: crc32fast::hash(data),
            len: data.len() as u32,
            offset: None,
            padding: 0,
        }
    }

    pub(crate) fn deflated(name: &str, data: &[u8]) -> Self {
        use std::io::Write as _;
        let mut encoder =
            flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        let deflated = encoder.finish().unwrap();
        Self { method: 8, data: deflated, ..Self::stored(name, data) }
    }
}

/// A zip file that says it has `count` entries, or as many as it has.
pub(crate) fn zip(entries: &[Entry], count: Option<u16>) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for entry in entries {
        let offset = entry.offset.unwrap_or(file.len() as u32);
        let common = [
            20_u16.to_le_bytes().as_slice(),
            &entry.flags.to_le_bytes(),
            &entry.method.to_le_bytes(),
            &[0; 4],
            &entry.crc32.to_le_bytes(),
            &(entry.data.len() as u32).to_le_bytes(),
            &entry.len.to_le_bytes(),
            &(entry.name.len() as u16).to_le_bytes(),
        ]
        .concat();
        let padding = vec![0; entry.padding.into()];
        file.extend(
            [
                b"PK\x03\x04".as_slice(),
                &common,
                &entry.padding.to_le_bytes(),
                entry.name.as_bytes(),
                &padding,
                &entry.data,
            ]
            .concat(),
        );
        directory.extend(
            [
                b"PK\x01\x02\x14\0".as_slice(),
                &common,
                &[0; 12],
                &offset.to_le_bytes(),
                entry.name.as_bytes(),
            ]
            .concat(),
        );
    }
    let (begin, len) = (file.len() as u32, directory.len() as u32);
    file.extend(&directory);
    if entries.len() > usize::from(u16::MAX) {
        let (end, count) = (file.len() as u64, (entries.len() as u64).to_le_bytes());
        let sizes = [count, count, u64::from(len).to_le_bytes(), u64::from(begin).to_le_bytes()];
        file.extend(
            [b"PK\x06\x06,\0\0\0\0\0\0\0-\0-\0".as_slice(), &[0; 8], &sizes.concat()].concat(),
        );
        file.extend([b"PK\x06\x07\0\0\0\0".as_slice(), &end.to_le_bytes(), &[1, 0, 0, 0]].concat());
    }
    let known = u16::try_from(entries.len()).unwrap_or(u16::MAX);
    let count = count.unwrap_or(known).to_le_bytes();
    file.extend(
        [
            b"PK\x05\x06\0\0\0\0".as_slice(),
            &count,
            &count,
            &len.to_le_bytes(),
            &begin.to_le_bytes(),
            &[0; 2],
        ]
        .concat(),
    );
    file
}

/// A PyTorch file of a pickle and one storage.
pub(crate) fn pth(pickle: &[u8], storage: &[u8]) -> Vec<u8> {
    zip(&[Entry::stored("net/data.pkl", pickle), Entry::stored("net/data/0", storage)], None)
}

/// A file of the older format.
pub(crate) fn legacy(pickle: &[u8], keys: &[u8], storages: &[u8]) -> Vec<u8> {
    let magic = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
    let version = b"\x80\x02M\xe9\x03.";
    let system = b"\x80\x02}q\0.";
    [magic.as_slice(), version, system, pickle, keys, storages].concat()
}

/// An array of NumPy.
pub(crate) fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    [b"\x93NUMPY\x01\0", (header.len() as u16).to_le_bytes().as_slice(), header.as_bytes(), data]
        .concat()
}
