//! Ranks that are killed at any moment: the folder is never seen half, and another run finishes it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::{Folder, MODEL};

/// Rounds; `WEIGHT_INIT_KILL_ROUNDS` asks for more.
fn rounds() -> u32 {
    std::env::var("WEIGHT_INIT_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// Numbers that look random, the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        // Numerical Recipes' generator, of which the upper bits are used.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

fn start(folder: &Folder, rank: u64, world: u64) -> Child {
    Command::new(env!("CARGO_BIN_EXE_weight-init"))
        .args(["init", "model.json", "--out", "net", "--max-shard-size", "300KB", "--seed", "7"])
        .args(["--ranks", &format!("{rank}/{world}")])
        .current_dir(folder.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for a rank that nobody kills.
#[track_caller]
fn done(rank: Child) {
    let output = rank.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The whole folder as one process writes it.
fn alone() -> Vec<(String, Vec<u8>)> {
    let folder = large();
    done(start(&folder, 0, 1));
    folder.files_of("net")
}

/// Every file of the folder, if it is there.
fn seen(folder: &Folder) -> Option<Vec<(String, Vec<u8>)>> {
    folder.path("net").exists().then(|| folder.files_of("net"))
}

fn large() -> Folder {
    let folder = Folder::new();
    let text = MODEL.replace("[8, 3, 3, 3]", "[600, 30, 3, 3]").replace("[10, 8]", "[500, 800]");
    folder.write("model.json", text.replace("[4, 10]", "[300, 400]"));
    folder
}

#[test]
fn a_folder_is_never_half_however_its_writers_end() {
    let whole = alone();
    let begun = Instant::now();
    let mut random = Random(18);
    let (mut killed, mut finished_first) = (0, 0);
    for round in 0..rounds() {
        let folder = large();
        for _ in 0..=random.below(2) {
            let world = 1 + random.below(5);
            let mut ranks: Vec<Child> =
                (0..world).map(|rank| start(&folder, rank, world)).collect();
            std::thread::sleep(Duration::from_millis(random.below(60)));
            for rank in &mut ranks {
                if random.below(3) > 0 {
                    rank.kill().unwrap();
                    killed += 1;
                }
            }
            for rank in &mut ranks {
                rank.wait().unwrap();
            }
            if let Some(found) = seen(&folder) {
                finished_first += 1;
                assert!(found == whole, "round {round}");
            }
        }
        let world = 1 + random.below(5);
        let ranks: Vec<Child> = (0..world).map(|rank| start(&folder, rank, world)).collect();
        ranks.into_iter().for_each(done);
        assert!(seen(&folder).unwrap() == whole, "round {round}");
        assert_eq!(folder.files(), ["model.json", "net"], "round {round}");
    }
    println!(
        "{} rounds, {killed} kills, {finished_first} whole in spite of them, {:?}",
        rounds(),
        begun.elapsed()
    );
}

/// Each of four ranks is started three times at the same moment.
#[test]
fn every_rank_may_be_started_three_times_at_once() {
    let whole = alone();
    for _ in 0..rounds().div_ceil(10) {
        let folder = large();
        let ranks: Vec<Child> = (0..12).map(|rank| start(&folder, rank % 4, 4)).collect();
        ranks.into_iter().for_each(done);
        let found = seen(&folder).unwrap();
        assert!(found == whole, "{:?}", found.iter().map(|(name, _)| name).collect::<Vec<_>>());
        assert_eq!(folder.files(), ["model.json", "net"]);
    }
}

/// Two jobs of two seeds that are started at the same moment: one is refused as a whole.
#[test]
fn of_two_jobs_at_once_one_is_refused() {
    for _ in 0..rounds().div_ceil(4) {
        let folder = large();
        let start = |seed: &str| {
            Command::new(env!("CARGO_BIN_EXE_weight-init"))
                .args(["init", "model.json", "--out", "net", "--max-shard-size", "300KB"])
                .args(["--seed", seed])
                .current_dir(folder.path(""))
                .stderr(Stdio::null())
                .spawn()
                .unwrap()
        };
        let mut jobs = ["1", "2"].map(start);
        let mut codes = jobs.each_mut().map(|job| job.wait().unwrap().code().unwrap());
        let seed = codes.iter().position(|code| *code == 0).unwrap() + 1;
        codes.sort_unstable();
        assert_eq!(codes, [0, 2], "{:?}", folder.files());
        let manifest = fs::read_to_string(folder.path("net/weight_init.manifest.json")).unwrap();
        assert!(manifest.contains(&format!("\"seed\": {seed},")), "{manifest}");
        folder.done(&["verify", "model.json", "net"]);
        assert_eq!(folder.files(), ["model.json", "net"]);
    }
}
