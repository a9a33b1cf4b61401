use super::*;
use ::safetensors::SafeTensors;
use std::io::Write;

fn file_of(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

/// A file of this header, said to be as long as it is, and so many bytes of data.
fn bytes_of(header: &str, data: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend_from_slice(header.as_bytes());
    bytes.extend((0..data).map(|i| i as u8));
    bytes
}

fn refusal(bytes: &[u8]) -> String {
    let file = file_of(bytes);
    let error = SafetensorsFile::open(file.path()).unwrap_err();
    assert!(!error.is_io());
    let message = error.to_string();
    message.strip_prefix(&format!("`{}`: ", file.path().display())).unwrap().to_owned()
}

#[test]
fn tensors_come_in_the_order_of_their_data() {
    let header = r#"{"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]},"__metadata__":{"z":"é\n","a":""},
        "empty":{"dtype":"F32","shape":[0,7],"data_offsets":[2,2]},"a":{"data_offsets":[0,2],"shape":[],"dtype":"U16","more":[]},
        "f8":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[6,7]},"f4":{"dtype":"F4","shape":[2,1],"data_offsets":[7,8]} }   "#;
    let bytes = bytes_of(header, 8);
    let temporary = file_of(&bytes);
    let file = SafetensorsFile::open(temporary.path()).unwrap();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(file.metadata(), [pair("z", "é\n"), pair("a", "")]);
    assert_eq!(file.file_bytes(), bytes.len() as u64);
    let begin = 8 + header.len() as u64;
    let seen: Vec<_> = file
        .tensors()
        .iter()
        .map(|t| (t.name.as_str(), t.dtype.to_string(), t.elements(), t.offset - begin, t.len))
        .collect();
    let expected = [
        ("a", "U16".to_owned(), 1, 0, 2),
        ("empty", "F32".to_owned(), 0, 2, 0),
        ("b", "F32".to_owned(), 1, 2, 4),
        ("f8", "F8_E4M3".to_owned(), 1, 6, 1),
        ("f4", "F4".to_owned(), 2, 7, 1),
    ];
    assert_eq!(seen, expected);
    for tensor in file.tensors() {
        assert_eq!(file.tensor(&tensor.name), Some(tensor));
    }
    assert_eq!(file.tensor("c"), None);
    let b = file.tensor("b").unwrap();
    let mut read = [0; 3];
    file.read_at(b, 1, &mut read).unwrap();
    assert_eq!(read, [3, 4, 5]);
    for offset in [2, u64::MAX] {
        assert!(file.read_at(b, offset, &mut read).unwrap_err().is_io());
    }
    assert!(SafeTensors::deserialize(&bytes).is_ok());
}

#[test]
fn a_file_that_shrinks_is_an_error_of_the_machine() {
    let temporary =
        file_of(&bytes_of(r#"{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#, 9));
    let file = SafetensorsFile::open(temporary.path()).unwrap();
    temporary.as_file().set_len(65).unwrap();
    assert!(file.read_at(&file.tensors()[0], 0, &mut [0; 9]).unwrap_err().is_io());
}

#[test]
fn what_is_no_file_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let message = |path: &Path| {
        let error = SafetensorsFile::open(path).unwrap_err();
        assert!(error.is_io());
        error.to_string()
    };
    assert!(message(folder.path()).ends_with("it is a folder; give the name of a file"));
    assert!(message(&folder.path().join("none")).starts_with("open `"));
    if cfg!(target_os = "linux") {
        assert!(message(Path::new("/dev/null")).contains("no regular file"));
    }
}

/// One line per refusal: header, bytes of data, what is said.
#[rustfmt::skip]
const HOSTILE: &[(&str, usize, &str)] = &[
    ("", 0, "the header is not a JSON object: it does not begin with `{`"),
    ("\u{b}{}", 0, "the header is not a JSON object: it does not begin with `{`"),
    ("[]", 0, "the header is not a JSON object: it does not begin with `{`"),
    ("{", 0, "the header is not valid: EOF while parsing an object at line 1 column 1"),
    ("{}}", 0, "the header is not valid: trailing characters at line 1 column 3"),
    ("{}\0", 0, "the header is not valid: trailing characters at line 1 column 3"),
    ("{}", 1, "the last tensor ends at byte 0 of the data, but the file holds 1; bytes of no tensor are not allowed"),
    (r#"{"a":1}"#, 0, "the header is not valid: `a`: invalid type: integer `1`, expected an object with dtype, shape and data_offsets at line 1 column 6"),
    (r#"{"a":{"shape":[],"data_offsets":[0,1]}}"#, 1, "the header is not valid: `a`: missing field `dtype` at line 1 column 38"),
    (r#"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, 1, "the header is not valid: `a`: missing field `shape` at line 1 column 40"),
    (r#"{"a":{"dtype":"U8","shape":[]}}"#, 1, "the header is not valid: `a`: missing field `data_offsets` at line 1 column 30"),
    (r#"{"a":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}}"#, 1, "the header is not valid: `a`: duplicate field `dtype` at line 1 column 26"),
    (r#"{"a":{"dtype":"U9","shape":[],"data_offsets":[0,1]}}"#, 1, "the header is not valid: `a`: unknown variant `U9`, expected one of `BOOL`, "),
    (r#"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, 1, "the header is not valid: `a`: invalid value: integer `-1`, expected u64 at line 1 column 30"),
    (r#"{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}"#, 1, "the header is not valid: `a`: invalid type: floating point `1.0`, expected u64 at line 1 column 31"),
    (r#"{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}"#, 1, "the header is not valid: `a`: invalid type: integer `1`, expected a shape, a list of whole numbers at line 1 column 28"),
    (r#"{"a":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,1]}}"#, 1, "the header is not valid: `a`: invalid type: floating point"),
    (r#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0]}}"#, 1, "the header is not valid: `a`: invalid length 1, expected a tuple of size 2 at line 1 column 48"),
    (r#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1,2]}}"#, 1, "the header is not valid: `a`: trailing characters at line 1 column 51"),
    (r#"{"__metadata__":{"a":1}}"#, 0, "the header is not valid: `__metadata__`: invalid type: integer `1`, expected a string at line 1 column 22"),
    (r#"{"__metadata__":{"a":{}}}"#, 0, "the header is not valid: `__metadata__`: invalid type: map, expected a string at line 1 column 21"),
    (r#"{"__metadata__":"a"}"#, 0, "the header is not valid: `__metadata__`: invalid type: string \"a\", expected an object of texts at line 1 column 19"),
    (r#"{"__metadata__":{},"__metadata__":{}}"#, 0, "the header is not valid: `__metadata__` stands twice at line 1 column 37"),
    (r#"{"__metadata__":{"k":"1","j":"","k":"2"}}"#, 0, "metadata key `k` stands twice; keys must differ"),
    (r#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}"#, 2, "tensor `a` stands twice; names must differ"),
    (r#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1]},"\u0061":{"dtype":"U8","shape":[],"data_offsets":[1,2]}}"#, 2, "tensor `a` stands twice; names must differ"),
    (r#"{"a":{"dtype":"U8","shape":[],"data_offsets":[1,0]}}"#, 1, "tensor `a`: data_offsets [1, 0] end before they begin"),
    (r#"{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,25]}}"#, 25, "tensor `a`: F32 of shape [2, 3] needs 24 bytes, but its data_offsets span 25"),
    (r#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,4]}}"#, 4, "tensor `a`: F32 of shape [0] needs 0 bytes, but its data_offsets span 4"),
    (r#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, 2, "tensor `a`: 12 bits of F4 do not fill whole bytes"),
    (r#"{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}"#, 0, "tensor `a`: U8 of shape [4294967296, 4294967296] has more bytes than this machine can count"),
    (r#"{"a":{"dtype":"F64","shape":[2305843009213693952],"data_offsets":[0,0]}}"#, 0, "tensor `a`: F64 of shape [2305843009213693952] has more bytes than this machine can count"),
    (r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, 2, "tensor `a` begins at byte 1 of the data; it must begin at 0, where the one before it ends"),
    (r#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#, 3, "tensor `b` begins at byte 2 of the data; it must begin at 1, where the one before it ends"),
    (r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}"#, 3, "tensor `b` begins at byte 1 of the data, inside tensor `a`, which ends at 2"),
    (r#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, 2, "tensor `b` begins at byte 0 of the data, inside tensor `a`, which ends at 2"),
    (r#"{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#, 8, "tensor `a` ends at byte 9 of the data, but the file holds 8; it is cut off"),
    (r#"{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,9]}}"#, 10, "the last tensor ends at byte 9 of the data, but the file holds 10; bytes of no tensor are not allowed"),
    (r#"{"a":{"dtype":"U8","shape":[1152921504606846976],"data_offsets":[0,1152921504606846976]}}"#, 8, "tensor `a` ends at byte 1152921504606846976 of the data, but the file holds 8; it is cut off"),
    (r#"{"\ud800":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}"#, 1, "the header is not valid: "),
    (r#"{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"x":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["#, 1, "the header is not valid: "),
];

#[test]
fn hostile_headers_are_refused_with_their_reason() {
    for &(header, data, expected) in HOSTILE {
        let found = refusal(&bytes_of(header, data));
        let whole = !(expected.ends_with(' ') || expected.ends_with("point"));
        assert!(
            if whole { found == expected } else { found.starts_with(expected) },
            "{header}\n{found}\n{expected}"
        );
    }
}

#[test]
fn hostile_lengths_are_refused_before_anything_is_allocated() {
    let past_end = |bytes: &[u8]| refusal(bytes);
    assert!(past_end(b"").starts_with("the file has 0 bytes; "));
    assert!(past_end(b"\x01\0\0\0\0\0\0").starts_with("the file has 7 bytes; "));
    assert_eq!(
        past_end(b"\x03\0\0\0\0\0\0\0{}"),
        "the header is said to have 3 bytes, but 2 follow; the file is cut off"
    );
    // The first bytes of a file that is none may be anybody's: they are not shown as a number.
    let none = "it does not begin as a safetensors file or another checkpoint does";
    for bytes in [
        [255; 8].as_slice(),
        &[255; 9],
        b"root:$6$secret:1".as_slice(),
        b"12345678{\"a\":1}",
        b"12\0\0\0\0\0\0x",
    ] {
        assert_eq!(past_end(bytes), none, "{bytes:?}");
    }
    assert!(
        past_end(b"PK\x03\x04\0\0\0\0 more").ends_with(
            "looks like a zip file (PyTorch's .pth or .pt), not like a safetensors file"
        )
    );
    assert!(past_end(b"version https://git-lfs.github.com/spec/v1").contains("Git LFS pointer"));
    let file = file_of(&[100_000_001u64.to_le_bytes().as_slice(), b"{"].concat());
    file.as_file().set_len(1 << 30).unwrap();
    let error = SafetensorsFile::open(file.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("the header has 100000001 bytes; the format allows 100000000"),
        "{error}"
    );
}

#[test]
fn hostile_texts_are_refused() {
    let mut bytes = bytes_of(r#"{"aa":{"dtype":"U8","shape":[],"data_offsets":[0,1]}}"#, 1);
    bytes[10] = 0xff;
    assert_eq!(refusal(&bytes), "the header is not UTF-8 from its byte 2 on");
    let shape = vec!["1"; 65].join(",");
    let header = format!(r#"{{"a":{{"dtype":"U8","shape":[{shape}],"data_offsets":[0,1]}}}}"#);
    assert_eq!(refusal(&bytes_of(&header, 1)), "tensor `a` has 65 dimensions; at most 64 are read");
    let header = r#"{"\u001b[2J":{"dtype":"U8","shape":[2],"data_offsets":[0,1]}}"#;
    assert!(refusal(&bytes_of(header, 1)).starts_with(r"tensor `\u{1b}[2J`: "));
    let header = r#"{"\u001b[2J":0}"#;
    assert!(refusal(&bytes_of(header, 1)).starts_with(r"the header is not valid: `\u{1b}[2J`: "));
    let header = r#"{"a":{"dtype":"\u001b[2J"}}"#;
    assert!(refusal(&bytes_of(header, 0)).contains(r"unknown variant `\u{1b}[2J`"));
}

/// The format lets a header begin with `{` alone; what wrote these files, and reads them, does not mind.
#[test]
fn blanks_and_null_are_read_as_the_reference_reader_reads_them() {
    let tensor = r#""a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}"#;
    for header in [
        format!("  {{{tensor}}}"),
        format!("\n\t\r {{{tensor}}} \n"),
        format!(r#"{{"__metadata__":null,{tensor}}}"#),
        format!(r#"{{{tensor},"__metadata__":null}}"#),
    ] {
        let bytes = bytes_of(&header, 1);
        assert!(SafeTensors::deserialize(&bytes).is_ok(), "{header}");
        let temporary = file_of(&bytes);
        let file = SafetensorsFile::open(temporary.path()).unwrap();
        assert_eq!((file.metadata().len(), file.tensors().len()), (0, 1), "{header}");
        assert!(crate::checkpoint::StateDict::open(temporary.path()).is_ok(), "{header}");
    }
}

/// Every byte of a good file changed in several ways: no panic, and what is accepted the format's own reader
/// accepts, with the same tensors.
#[test]
fn the_reference_reader_accepts_what_is_accepted() {
    let header = r#"{"__metadata__":{"k":"v"},"a":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[1],"data_offsets":[4,5]}}"#;
    let good = bytes_of(header, 5);
    let mut temporary = tempfile::NamedTempFile::new().unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for at in 0..good.len() {
        for byte in
            [0, 1, b' ', b'"', b'{', b'}', b',', b'0', b'1', b'2', b'9', b'a', b'b', 0x7f, 0xff]
        {
            let mut bytes = good.clone();
            bytes[at] = byte;
            io::Seek::rewind(&mut temporary).unwrap();
            temporary.write_all(&bytes).unwrap();
            let Ok(file) = SafetensorsFile::open(temporary.path()) else {
                refused += 1;
                continue;
            };
            accepted += 1;
            let reference = SafeTensors::deserialize(&bytes)
                .unwrap_or_else(|e| panic!("byte {at} as {byte}: {e}"));
            assert_eq!(reference.len(), file.tensors().len());
            for tensor in file.tensors() {
                let view = reference.tensor(&tensor.name).unwrap();
                let mut data = vec![0; tensor.len as usize];
                file.read_at(tensor, 0, &mut data).unwrap();
                assert_eq!((view.data(), StoredType(view.dtype())), (&data[..], tensor.dtype));
            }
        }
    }
    assert!(accepted > 100 && refused > 1000, "{accepted} {refused}");
}
