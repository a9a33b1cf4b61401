//! No temporary stays behind when a signal ends the program.
//!
//! Every [`AtomicFile`](crate::checkpoint::AtomicFile) that is being written is known here. A command calls
//! [`remove_temporaries_on_signals`] once at its start; a program with handlers of its own calls
//! [`remove_temporaries`] from them. A library never installs a handler by itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static LIVE: Mutex<Live> = Mutex::new(Live { closed: false, paths: Vec::new() });

/// Removes the temporaries of all files being written and lets none begin or be committed any more.
///
/// For the last moments of a process, on an ordinary thread: it takes a lock, so it must not run inside a
/// signal handler proper.
pub fn remove_temporaries() {
    live().close();
}

/// On SIGINT and SIGTERM: [`remove_temporaries`], then end as the signal would have ended the process.
///
/// A thread waits for the signals; call this once. Where there are no such signals, nothing happens.
///
/// # Errors
///
/// When the handlers or the thread cannot be had.
#[cfg(unix)]
pub fn remove_temporaries_on_signals() -> io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};

    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM])?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            remove_temporaries();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(wait).map(drop)
}

/// On SIGINT and SIGTERM: [`remove_temporaries`]; there are no such signals here, so nothing happens.
///
/// # Errors
///
/// None.
#[cfg(not(unix))]
pub fn remove_temporaries_on_signals() -> io::Result<()> {
    Ok(())
}

/// The temporaries that exist at this moment. Whoever creates, renames or removes one holds the lock.
pub(super) struct Live {
    closed: bool,
    paths: Vec<PathBuf>,
}

pub(super) fn live() -> MutexGuard<'static, Live> {
    LIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Live {
    pub(super) fn check_open(&self) -> io::Result<()> {
        if self.closed {
            Err(io::Error::new(io::ErrorKind::Interrupted, "the program is ending"))
        } else {
            Ok(())
        }
    }

    pub(super) fn add(&mut self, path: &Path) {
        self.paths.push(path.to_owned());
    }

    pub(super) fn forget(&mut self, path: &Path) {
        self.paths.retain(|live| live != path);
    }

    fn close(&mut self) {
        self.closed = true;
        for path in self.paths.drain(..) {
            let _ = fs::remove_file(path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use super::*;

    #[test]
    fn closing_removes_what_is_live_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b] = ["a", "b"].map(|name| folder.path().join(name));
        let mut live = Live { closed: false, paths: Vec::new() };
        for path in [&a, &b] {
            fs::write(path, "x").unwrap();
            live.add(path);
        }
        live.forget(&b);
        assert!(live.check_open().is_ok());
        live.close();
        assert!(live.check_open().is_err());
        assert_eq!((a.exists(), b.exists()), (false, true));
    }

    /// Not a test by itself: what [`signals_leave_no_temporary`] runs in a process of its own.
    #[test]
    fn child_that_writes_until_it_is_killed() {
        let Ok(path) = std::env::var("WEIGHT_INIT_TEST_WRITE") else { return };
        remove_temporaries_on_signals().unwrap();
        let mut file = crate::checkpoint::AtomicFile::create(&path).unwrap();
        file.write(&vec![1; 1 << 20]).unwrap();
        std::thread::sleep(std::time::Duration::from_secs(60));
        file.commit().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn signals_leave_no_temporary() {
        use std::os::unix::process::ExitStatusExt;
        use std::process::Command;

        for (signal, number, left) in [("INT", 2, 0), ("TERM", 15, 0), ("KILL", 9, 1)] {
            let folder = tempfile::tempdir().unwrap();
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args([
                    "--exact",
                    "checkpoint::interrupt::tests::child_that_writes_until_it_is_killed",
                ])
                .env("WEIGHT_INIT_TEST_WRITE", folder.path().join("model.safetensors"))
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap();
            let names = || -> Vec<String> {
                let names = fs::read_dir(folder.path())
                    .unwrap()
                    .map(|e| e.unwrap().file_name().into_string().unwrap());
                names.collect()
            };
            for _ in 0..1000 {
                if !names().is_empty() {
                    break;
                }
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
            assert!(
                Command::new("kill")
                    .args(["-s", signal, &child.id().to_string()])
                    .status()
                    .unwrap()
                    .success()
            );
            assert_eq!(child.wait().unwrap().signal(), Some(number));
            let names = names();
            assert_eq!(names.len(), left, "{signal}: {names:?}");
            assert!(
                names.iter().all(|n| n.starts_with(".model.safetensors.") && n.ends_with(".tmp")),
                "{names:?}"
            );
        }
    }
}
