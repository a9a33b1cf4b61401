//! Memory stays in proportion to the file, whatever it says: each file is opened by a process of its own.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use weight_init::checkpoint::StateDict;

use crate::forge::{Entry, Forged, global, legacy, npy, pickle, pth, text, zip};

const FILE: &str = "WEIGHT_INIT_TEST_FILE";
/// Names of tensors that are read, from their first element to their last.
const READ: &str = "WEIGHT_INIT_TEST_READ";
const MIB: u64 = 1 << 20;

/// A process that the other test starts: opens a file and prints the peak memory of the process.
#[test]
fn child() {
    let Some(path) = env::var_os(FILE) else { return };
    let refused = match StateDict::open(&path) {
        Ok(dict) => read(&dict),
        Err(error) => error.to_string(),
    };
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("\npeak {} {refused}", line.trim().strip_suffix(" kB").unwrap());
}

fn read(dict: &StateDict) -> String {
    let names = env::var(READ).unwrap_or_default();
    let wanted: Vec<usize> =
        names.split_terminator(',').map(|name| dict.position(name).unwrap()).collect();
    wanted.iter().for_each(|tensor| dict.announce(*tensor));
    for tensor in wanted {
        let stored = &dict.tensors()[tensor];
        let elements: u64 = stored.shape().iter().product();
        let mut bytes = vec![0; (elements * stored.dtype().bits() / 8) as usize];
        if let Err(error) = dict.read_at(tensor, 0, &mut bytes) {
            return error.to_string();
        }
    }
    dict.tensors().len().to_string()
}

/// The most memory of a process that opens the file, in bytes, and what it says.
fn open(path: &Path) -> (u64, String) {
    let mut command = Command::new(env::current_exe().unwrap());
    run(command.args(["memory::child", "--exact", "--nocapture"]).env(FILE, path))
}

fn run(command: &mut Command) -> (u64, String) {
    let run = command.output().unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    let line = said
        .lines()
        .find_map(|line| line.strip_prefix("peak "))
        .unwrap_or_else(|| panic!("{run:?}"));
    let (kib, says) = line.split_once(' ').unwrap();
    (1024 * kib.parse::<u64>().unwrap(), says.to_owned())
}

#[test]
#[cfg(target_os = "linux")]
fn no_file_takes_more_than_three_times_its_size() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pth");
    fs::write(&path, pth(b"\x80\x02}.", &[])).unwrap();
    let (base, _) = open(&path);
    let program = |instructions: &[u8], count: usize| {
        [b"\x80\x02", instructions.repeat(count).as_slice()].concat()
    };
    let memo: Vec<u8> =
        (0..3_000_000_u32).flat_map(|i| [b"r".as_slice(), &i.to_le_bytes()].concat()).collect();
    let memo = [b"\x80\x02N".as_slice(), &memo].concat();
    let texts = program(&[b"X".as_slice(), &100_u32.to_le_bytes(), &[b'a'; 100]].concat(), 200_000);
    let call = [
        b"\x80\x02(]".as_slice(),
        b"ccollections\nOrderedDict\nq\0".as_slice(),
        &b"h\0)R".repeat(3_000_000),
    ]
    .concat();
    let name = |number: u8| [text(&"n".repeat(1000)).as_slice(), &[b'q', number]].concat();
    let classes =
        [b"\x80\x02".as_slice(), &name(0), &name(1), &b"h\0h\x01\x930".repeat(1_000_000)].concat();
    let class = b"cos\nsystem\nq\0";
    let objects =
        [b"\x80\x02".as_slice(), class, b")R", &b"h\0Nb0h\0N\x81Nb0h\0NR0".repeat(1_000_000), b"."]
            .concat();
    let members: Vec<u8> =
        (0..300_000).flat_map(|i| [text(&i.to_string()).as_slice(), b"h\0"].concat()).collect();
    let members = [b"\x80\x02".as_slice(), class, b"}(", &members, b"u."].concat();
    let nested: Vec<u8> =
        (0..150_000).flat_map(|i| [&text(&i.to_string()), b"}h\0Ns".as_slice()].concat()).collect();
    let nested = [b"\x80\x02".as_slice(), &text("a"), b"q\x000}(", &nested, b"u."].concat();
    let many: Vec<_> = (0..60_000).map(|i| Entry::stored(&format!("{i}"), b"")).collect();
    let array =
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (33554432,), }", &vec![0; 1 << 27]);
    let header: String = (0..150_000)
        .map(|i| format!(r#""{i}":{{"dtype":"F32","shape":[0],"data_offsets":[0,0]}},"#))
        .collect();
    let header = format!("{{{}}}", header.trim_end_matches(','));
    let safetensors = [(header.len() as u64).to_le_bytes().as_slice(), header.as_bytes()].concat();
    let much = "need far more memory";
    for (what, bytes, part) in [
        ("lists", pth(&program(b"]", 20_000_000), &[]), much),
        ("dicts", pth(&program(b"}", 20_000_000), &[]), much),
        ("tuples", pth(&program(b")", 20_000_000), &[]), much),
        ("values", pth(&program(b"N", 40_000_000), &[]), much),
        ("copies", pth(&[b"\x80\x02]".as_slice(), &b"2".repeat(40_000_000)].concat(), &[]), much),
        ("marks", pth(&program(b"(", 40_000_000), &[]), much),
        (
            "nested tuples",
            pth(&[b"\x80\x02N".as_slice(), &b"\x85".repeat(20_000_000)].concat(), &[]),
            much,
        ),
        ("memo", pth(&memo, &[]), much),
        ("texts", pth(&texts, &[]), "cut off"),
        ("calls", pth(&call, &[]), much),
        ("classes", pth(&classes, &[]), much),
        ("objects", pth(&objects, &[]), "an object of 'os.system'"),
        ("members", pth(&members, &[]), "more than 100000 of its values are no tensors"),
        (
            "deflated members",
            zip(&[Entry::deflated("a/data.pkl", &members)], None),
            "more than 100000 of its values are no tensors",
        ),
        ("nested dicts", zip(&[Entry::deflated("a/data.pkl", &nested)], None), "without tensors"),
        ("legacy", legacy(&program(b"]", 20_000_000), &[], &[]), much),
        (
            "deflated pickle",
            zip(&[Entry::deflated("a/data.pkl", &program(b"]", 100_000_000))], None),
            much,
        ),
        ("deflated zeros", zip(&[Entry::deflated("w.npy", &array)], None), "1"),
        ("entries", zip(&many, None), "no 'data.pkl'"),
        ("header", safetensors, "150000"),
    ] {
        fs::write(&path, &bytes).unwrap();
        let (peak, says) = open(&path);
        let most = base + 3 * bytes.len() as u64 + 64 * MIB;
        println!(
            "{what}: {} MiB in the file, peak {} MiB above {}: {says}",
            bytes.len() as u64 / MIB,
            peak.saturating_sub(base) / MIB,
            base / MIB
        );
        assert!(says.contains(part), "{what}: {says}");
        assert!(peak <= most, "{what}: {} of at most {} MiB", peak / MIB, most / MIB);
    }
}

/// A process that may write files of at most 16 MiB, temporary ones included, and opens the file and reads from it.
#[cfg(target_os = "linux")]
fn read_within_limits(path: &Path, names: &str) -> (u64, String) {
    let mut command = Command::new("bash");
    let child = "ulimit -f 16384; exec \"$0\" memory::child --exact --nocapture";
    run(command
        .args(["-c", child])
        .arg(env::current_exe().unwrap())
        .env(FILE, path)
        .env(READ, names))
}

#[test]
#[cfg(target_os = "linux")]
fn a_tensor_takes_what_its_elements_take_whatever_its_strides_span() {
    // A quarter of a GiB of zeros in a quarter of a MiB, of which tensors take a few.
    let elements = 64 << 20;
    let of = |offset, shape: &'static [i64], strides: &'static [i64]| {
        Forged { elements, offset, shape, strides }.bytes()
    };
    let tensors = [
        ("far", of(0, &[2, 2], &[(64 << 20) - 2, 1])),
        ("rows", of(5, &[3, 1000], &[20 << 20, 1])),
        ("columns", of(0, &[1000, 3], &[1, 20 << 20])),
        ("crossing", of(0, &[2, 2], &[(20 << 20) + 1, 20 << 20])),
        ("repeated", of(0, &[1000, 2], &[0, 60 << 20])),
        ("whole", of(0, &[64 << 20], &[1])),
    ];
    let items: Vec<u8> = tensors
        .iter()
        .flat_map(|(name, bytes)| [&text(name), bytes.as_slice(), b"s"].concat())
        .collect();
    let program = pickle(&[b"}", &items]);
    let zeros = vec![0; 4 * elements as usize];
    let folder = tempfile::tempdir().unwrap();
    let entry = |entry| zip(&[Entry::stored("a/data.pkl", &program), entry], None);
    let keys = pickle(&[b"]", &text("0"), b"a"]);
    let storages = [(elements as u64).to_le_bytes().as_slice(), &zeros].concat();
    for (what, bytes) in [
        ("deflated", entry(Entry::deflated("a/data/0", &zeros))),
        ("stored", entry(Entry::stored("a/data/0", &zeros))),
        ("legacy", legacy(&program, &keys, &storages)),
    ] {
        let path = folder.path().join("a.pth");
        fs::write(&path, bytes).unwrap();
        let (base, _) = open(&path);
        for names in
            ["far", "rows", "columns", "crossing", "repeated", "far,rows,columns,crossing,repeated"]
        {
            let (peak, says) = read_within_limits(&path, names);
            assert_eq!(says, "6", "{what} {names}");
            assert!(
                peak <= base + 8 * MIB,
                "{what} {names}: {} above {} MiB",
                peak / MIB,
                base / MIB
            );
        }
    }
}

/// Many small tensors as PyTorch 2 saves them, instruction by instruction.
#[cfg(target_os = "linux")]
fn many(count: u32) -> Vec<u8> {
    let mut kept = 0_u32;
    let mut keep = || {
        kept += 1;
        match u8::try_from(kept - 1) {
            Ok(number) => vec![b'q', number],
            Err(_) => [b"r".as_slice(), &(kept - 1).to_le_bytes()].concat(),
        }
    };
    let mut program = [b"\x80\x02}".as_slice(), &keep(), b"("].concat();
    let shared = |again: u8, first: Vec<u8>, keep: &mut dyn FnMut() -> Vec<u8>, number: u32| {
        if number == 0 { [first, keep()].concat() } else { vec![b'h', again] }
    };
    let mut entries = Vec::new();
    for number in 0..count {
        if number > 0 && number % 1000 == 0 {
            program.extend(b"u(");
        }
        let mut put = |bytes: Vec<u8>| program.extend(bytes);
        put(text(&format!("layers.{number}.weight")));
        put(keep());
        put(shared(2, global("torch._utils", "_rebuild_tensor_v2"), &mut keep, number));
        put(b"((".to_vec());
        put(shared(3, text("storage"), &mut keep, number));
        put(shared(4, global("torch", "FloatStorage"), &mut keep, number));
        put(text(&number.to_string()));
        put(keep());
        put(shared(6, text("cpu"), &mut keep, number));
        put([
            b"K\x04t",
            keep().as_slice(),
            b"QK\0K\x02K\x02\x86",
            &keep(),
            b"K\x02K\x01\x86",
            &keep(),
            b"\x89",
        ]
        .concat());
        put(shared(10, global("collections", "OrderedDict"), &mut keep, number));
        put([b")R", keep().as_slice(), b"t", &keep(), b"R", &keep()].concat());
        let mut data = [0; 16];
        data[..4].copy_from_slice(&number.to_le_bytes());
        entries.push(Entry { padding: 64, ..Entry::stored(&format!("many/data/{number}"), &data) });
    }
    program.extend(b"u.");
    entries.push(Entry::stored("many/data.pkl", &program));
    zip(&entries, None)
}

#[test]
#[cfg(target_os = "linux")]
fn a_hundred_thousand_small_tensors_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("many.pth");
    fs::write(&path, many(2)).unwrap();
    let (base, says) = open(&path);
    assert_eq!(says, "2");
    let bytes = many(100_000);
    fs::write(&path, &bytes).unwrap();
    let start = std::time::Instant::now();
    let (peak, says) = open(&path);
    println!(
        "{} MiB in the file, peak {} MiB, {:?}",
        bytes.len() as u64 / MIB,
        (peak - base) / MIB,
        start.elapsed()
    );
    assert_eq!(says, "100000");
    assert!(peak <= base + 4 * bytes.len() as u64 + 64 * MIB, "{} MiB", peak / MIB);
}
