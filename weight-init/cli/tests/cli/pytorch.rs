//! Small files of PyTorch's older format, instruction by instruction.

/// A value of a checkpoint.
pub(crate) enum Item<'i> {
    /// A tensor of `f32` ones of this many elements.
    Ones(u8),
    /// A dict.
    Dict(&'i [(&'i str, Self)]),
    /// An object of a class.
    Object(&'i str, &'i str),
}

/// The file of a dict.
pub(crate) fn file(items: &[(&str, Item<'_>)]) -> Vec<u8> {
    let mut sizes = Vec::new();
    let root = pickle(&value(&Item::Dict(items), &mut sizes));
    let keys: Vec<u8> =
        (0..sizes.len()).flat_map(|key| [text(&key.to_string()), b"a".to_vec()].concat()).collect();
    let storages = sizes.iter().flat_map(|size| {
        [u64::from(*size).to_le_bytes().to_vec(), 1_f32.to_le_bytes().repeat(usize::from(*size))]
            .concat()
    });
    [
        pickle(b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19"),
        pickle(b"M\xe9\x03"),
        pickle(b"}"),
        root,
        pickle(&[b"]".as_slice(), &keys].concat()),
        storages.collect(),
    ]
    .concat()
}

fn pickle(program: &[u8]) -> Vec<u8> {
    [b"\x80\x02".as_slice(), program, b"."].concat()
}

fn text(text: &str) -> Vec<u8> {
    [b"X".as_slice(), &(text.len() as u32).to_le_bytes(), text.as_bytes()].concat()
}

fn value(item: &Item<'_>, sizes: &mut Vec<u8>) -> Vec<u8> {
    match item {
        Item::Ones(size) => {
            let key = text(&sizes.len().to_string());
            sizes.push(*size);
            let class = b"ctorch\nFloatStorage\n".as_slice();
            [
                b"ctorch._utils\n_rebuild_tensor\n((".as_slice(),
                &text("storage"),
                class,
                &key,
                &text("cpu"),
                b"K",
                &[*size],
                b"NtQK\0K",
                &[*size],
                b"\x85K\x01\x85tR",
            ]
            .concat()
        }
        Item::Dict(items) => {
            let items = items
                .iter()
                .map(|(key, item)| [text(key), value(item, sizes), b"s".to_vec()].concat());
            [b"}".to_vec(), items.collect::<Vec<_>>().concat()].concat()
        }
        Item::Object(module, class) => format!("c{module}\n{class}\n)R").into_bytes(),
    }
}
