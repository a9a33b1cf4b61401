//! Speed as ratios within one run; `cargo bench -p weight-init-benches`.
