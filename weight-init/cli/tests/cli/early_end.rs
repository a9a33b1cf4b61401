//! Runs that end before their last window: the thread that fills must end with them.
//!
//! A run that hangs uses no processor, so that nothing but a limit of time can tell. Each test has one, and does its
//! work in a process of its own.

use std::env;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use assert_cmd::Command;
use weight_init::diagnostic::Source;
use weight_init::model::Model;
use weight_init::plan::{Options, Plan, Unknown};
use weight_init::run::{BATCH, BackendKind, RunError, generate};
use weight_init_core::random::philox4x32_10;

use crate::run::Folder;

/// Windows of the model that [`child_whose_takers_end_early`] fills; two of them are in memory at a time.
const WINDOWS: usize = 6;

/// Set for the process that does the work of [`no_early_end_of_a_taker_hangs`].
const CHILD: &str = "WEIGHT_INIT_TEST_EARLY_ENDS";

#[test]
fn no_early_end_of_a_taker_hangs() {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "early_end::child_whose_takers_end_early", "--nocapture"]);
    child.env(CHILD, "1000").timeout(Duration::from_secs(300)).assert().success();
}

/// No test by itself: [`no_early_end_of_a_taker_hangs`] runs it in a process of its own.
///
/// The first ends go through every window in turn, by an error and by a panic; the others come at random chunks.
#[test]
fn child_whose_takers_end_early() {
    let Ok(ends) = env::var(CHILD).map(|ends| ends.parse::<usize>().unwrap()) else { return };
    std::panic::set_hook(Box::new(|_| ()));
    // Tensors of a third of a window: several chunks in each window, some of them cut by its end.
    let rows = WINDOWS * 3;
    let params: Vec<_> = (0..rows)
        .map(|row| format!(r#"{{"name": "p{row}", "shape": [{}], "value": 1}}"#, BATCH / 12))
        .collect();
    let text = format!(r#"{{"class": "Net", "params": [{}]}}"#, params.join(","));
    let model = Model::read(&Source::new("model.json", text)).unwrap();
    let plan = Plan::new(&model, &Options::default()).unwrap();
    let tensors = plan.tensors(Unknown::Refuse).unwrap();
    let mut chunks = 0;
    let mut backend = BackendKind::Auto.start(None).unwrap();
    generate(&tensors, 1, &mut backend, |_| {
        chunks += 1;
        Ok::<_, ()>(())
    })
    .unwrap();
    assert!(chunks > rows, "no tensor was cut: {chunks} chunks");

    let mut random = random_words(1);
    for end in 0..ends {
        let last = match end {
            _ if end < 2 * chunks => end / 2,
            _ => random() as usize % chunks,
        };
        let panics = end % 2 == 1;
        let mut taken = 0;
        let ended = catch_unwind(AssertUnwindSafe(|| {
            generate(&tensors, 1, &mut backend, |_| {
                taken += 1;
                if taken <= last {
                    return Ok(());
                }
                assert!(!panics, "the taker ends by a panic");
                Err(())
            })
        }));
        match ended {
            Ok(result) => assert!(matches!(result, Err(RunError::Taker(())))),
            Err(_) => assert!(panics),
        }
        assert_eq!(taken, last + 1);
    }
}

/// Bits of weights flipped anywhere in a file: each is found, and `verify` ends with the code of a failed check.
#[test]
fn every_flipped_bit_is_told_and_none_hangs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let folder = Folder::new();
    let mut random = random_words(2);
    for (model, flips) in [("retinanet_r50_fpn.json", 34), ("resnet50.py", 33), ("vit_tiny.py", 33)]
    {
        let model = root.join(model).to_str().unwrap().to_owned();
        folder.done(&["init", &model, "--out", "whole.safetensors"]);
        let path = folder.path("whole.safetensors");
        let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let len = file.metadata().unwrap().len();
        let mut head = [0; 8];
        file.read_exact(&mut head).unwrap();
        let data = 8 + u64::from_le_bytes(head);
        for _ in 0..flips {
            let random = (u64::from(random()) << 32) | u64::from(random());
            let (place, bit) = (data + random / 8 % (len - data), random % 8);
            let mut byte = [0];
            file.seek(SeekFrom::Start(place)).unwrap();
            file.read_exact(&mut byte).unwrap();
            let mut write = |byte: u8| {
                file.seek(SeekFrom::Start(place)).unwrap();
                file.write_all(&[byte]).unwrap();
            };
            write(byte[0] ^ (1 << bit));
            let answer = folder.run(&["verify", &model, "whole.safetensors"]);
            assert_eq!(answer.code, 1, "bit {bit} of byte {place}: {answer:?}");
            write(byte[0]);
        }
        folder.done(&["verify", &model, "whole.safetensors"]);
    }
}

/// A disk that is full from the first byte on, and pipes whose reader goes away after some of the windows.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_takes_no_more_ends_the_command() {
    use std::process::Stdio;

    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/retinanet_r50_fpn.json");
    let model = model.to_str().unwrap();
    let folder = Folder::new();
    let answer = folder.run(&["init", model, "--out", "/dev/full"]);
    assert_eq!(answer.code, 3, "{answer:?}");
    for windows in 0..16 {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_weight-init"));
        command.args(["init", model, "--out", "/dev/stdout"]);
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        output.read_exact(&mut vec![0; windows * BATCH]).unwrap();
        drop(output);
        let end = ends_within(&mut child, Duration::from_secs(60));
        assert_eq!(end, Some(3), "after {windows} windows");
    }
}

/// The exit code of a process that ends in time; one that does not is killed.
#[cfg(target_os = "linux")]
fn ends_within(child: &mut std::process::Child, limit: Duration) -> Option<i32> {
    let start = std::time::Instant::now();
    while start.elapsed() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

/// The same words in every run, others for each seed.
fn random_words(seed: u32) -> impl FnMut() -> u32 {
    let mut block = 0;
    move || {
        block += 1;
        philox4x32_10([block, 0, 0, 0], [seed, 0])[0]
    }
}

/// A process that may not have a thread more does the work in the one that it has.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn without_threads_the_bytes_are_the_same() {
    let folder = Folder::new();
    let rows = r#"{"name": "w", "shape": [9, 1000000], "value": 0.5}"#;
    folder.write("big.json", format!(r#"{{"class": "Net", "params": [{rows}]}}"#));
    let run = |out: &str, backend: &str, stack: Option<&str>| {
        let mut command = folder.command(&[
            "init",
            "big.json",
            "--seed",
            "1",
            "--backend",
            backend,
            "--out",
            out,
        ]);
        // No memory has room for such a stack.
        stack.map(|bytes| command.env("RUST_MIN_STACK", bytes));
        crate::run::Answer::of(&mut command)
    };
    let none = Some("140737488355328");
    let expected = run("with.safetensors", "auto", None);
    assert_eq!(expected.code, 0, "{}", expected.stderr);
    for backend in ["auto", "simd"] {
        let done = run("without.safetensors", backend, none);
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(folder.read("without.safetensors") == folder.read("with.safetensors"), "{backend}");
    }
    run("refused.safetensors", "rayon", none).refused(3, &["thread"]);
}
