//! Answers `PEER CASE` on a line of its input with the seconds that the peer takes, or with `-` if it has no such case.
//!
//! `ELEMENTS THREADS MODEL` are the arguments. One request, one run: whoever asks can take turns between this process and
//! others.

mod ours;
mod peers;

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [elements, threads, model] = arguments.as_slice() else {
        return Err("expected ELEMENTS THREADS MODEL".into());
    };
    let elements = elements.parse()?;
    let mut ours = ours::Ours::new(elements, threads.parse()?, model)?;
    let mut peers = peers::Peers::new(elements);
    let mut out = stdout();
    for line in stdin().lock().lines() {
        let line = line?;
        let (peer, case) = line.split_once(' ').ok_or("expected PEER CASE")?;
        let seconds = match peer {
            "ours" => ours.run(case)?,
            "memset" => ours.memset(case),
            _ => peers.run(peer, case)?,
        };
        match seconds {
            Some(seconds) => writeln!(out, "{seconds}")?,
            None => writeln!(out, "-")?,
        }
        out.flush()?;
    }
    Ok(())
}

/// Seconds that `run` takes, its result included, its end not: the median over a fifth of a second, for a processor that
/// slept needs a while to be at its speed.
fn seconds<T>(mut run: impl FnMut() -> T) -> f64 {
    let (mut taken, begin) = (Vec::new(), Instant::now());
    while taken.is_empty() || begin.elapsed().as_secs_f64() < 0.2 {
        let start = Instant::now();
        let result = black_box(run());
        taken.push(start.elapsed().as_secs_f64());
        drop(result);
    }
    taken.sort_by(f64::total_cmp);
    taken[taken.len() / 2]
}
