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

/// On SIGHUP, SIGINT, SIGQUIT and SIGTERM: [`remove_temporaries`], then end as the signal would have ended the process.
///
/// A signal that the process was started to ignore, as `nohup` does it, stays ignored. Only Linux says which these are;
/// elsewhere SIGHUP and SIGQUIT, which are ignored more often than the others, are left as they are.
///
/// A write beyond the limit on the size of files (SIGXFSZ) fails like one on a full disk.
///
/// A thread waits for the signals; call this once. Where there are no such signals, nothing happens.
///
/// # Errors
///
/// When the handlers or the thread cannot be had.
#[cfg(all(unix, feature = "signals"))]
pub fn remove_temporaries_on_signals() -> io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXFSZ};

    signal_hook::flag::register(SIGXFSZ, std::sync::Arc::default())?;
    let ignored = ignored_signals();
    let ends = |signal: &i32| match ignored {
        Some(ignored) => ignored & (1 << (signal - 1)) == 0,
        None => ![SIGHUP, SIGQUIT].contains(signal),
    };
    let signals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM].into_iter().filter(ends);
    let mut signals = signal_hook::iterator::Signals::new(signals)?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            remove_temporaries();
            let _ = signal_hook::low_level::emulate_default_handler(signal);
        }
    };
    std::thread::Builder::new().name("signals".into()).spawn(wait).map(drop)
}

/// The signals that the process ignores, signal `n` as bit `n - 1`; `None` where the system does not say.
#[cfg(all(unix, feature = "signals"))]
fn ignored_signals() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok()
}

/// There are no such signals here, so nothing happens.
///
/// # Errors
///
/// None.
#[cfg(all(not(unix), feature = "signals"))]
pub fn remove_temporaries_on_signals() -> io::Result<()> {
    Ok(())
}

/// The temporaries that exist at this moment. A thread that creates, renames or removes one holds the lock.
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
    #[cfg(feature = "signals")]
    #[test]
    fn child_that_writes_until_it_is_killed() {
        let Ok(path) = std::env::var("WEIGHT_INIT_TEST_WRITE") else { return };
        remove_temporaries_on_signals().unwrap();
        let mut file = crate::checkpoint::AtomicFile::create(&path).unwrap();
        file.write(&vec![1; 1 << 20]).unwrap();
        std::thread::sleep(std::time::Duration::from_secs(60));
        file.commit().unwrap();
    }

    /// A process of its own that writes into `folder`, started by a shell after `first`.
    #[cfg(all(unix, feature = "signals"))]
    fn writing_child(folder: &Path, first: &str) -> std::process::Child {
        let script = format!("ulimit -c 0; {first}; exec \"$0\" \"$@\"");
        // Background jobs of a shell ignore SIGINT and SIGQUIT, and a shell below them cannot undo that.
        let shell: &[&str] =
            if cfg!(target_os = "linux") { &["env", "--default-signal", "sh"] } else { &["sh"] };
        let child = std::process::Command::new(shell[0])
            .args(&shell[1..])
            .args(["-c", &script])
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", "checkpoint::interrupt::tests::child_that_writes_until_it_is_killed"])
            .env("WEIGHT_INIT_TEST_WRITE", folder.join("model.safetensors"))
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        for _ in 0..1000 {
            if !names(folder).is_empty() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
        child
    }

    #[cfg(all(unix, feature = "signals"))]
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[cfg(all(unix, feature = "signals"))]
    fn send(signal: &str, child: &std::process::Child) {
        let mut kill = std::process::Command::new("kill");
        assert!(kill.args(["-s", signal, &child.id().to_string()]).status().unwrap().success());
    }

    #[cfg(all(unix, feature = "signals"))]
    #[test]
    fn signals_leave_no_temporary() {
        use std::os::unix::process::ExitStatusExt;

        let mut signals = vec![("INT", 2, 0), ("TERM", 15, 0), ("KILL", 9, 1)];
        if cfg!(target_os = "linux") {
            signals.extend([("HUP", 1, 0), ("QUIT", 3, 0)]);
        }
        for (signal, number, left) in signals {
            let folder = tempfile::tempdir().unwrap();
            let mut child = writing_child(folder.path(), ":");
            send(signal, &child);
            assert_eq!(child.wait().unwrap().signal(), Some(number));
            let names = names(folder.path());
            assert_eq!(names.len(), left, "{signal}: {names:?}");
            assert!(
                names.iter().all(|n| n.starts_with(".model.safetensors.") && n.ends_with(".tmp")),
                "{names:?}"
            );
        }
    }

    /// A run beside another that writes, and one after a kill: the first lets the temporary be, the second removes it.
    #[cfg(all(unix, feature = "signals"))]
    #[test]
    fn the_next_run_removes_what_a_killed_one_left() {
        let folder = tempfile::tempdir().unwrap();
        let mut child = writing_child(folder.path(), ":");
        let path = folder.path().join("model.safetensors");
        drop(crate::checkpoint::AtomicFile::create(&path).unwrap());
        assert_eq!(names(folder.path()).len(), 1);
        send("KILL", &child);
        child.wait().unwrap();
        crate::checkpoint::AtomicFile::create(&path).unwrap().commit().unwrap();
        assert_eq!(names(folder.path()), ["model.safetensors"]);
    }

    #[cfg(all(target_os = "linux", feature = "signals"))]
    #[test]
    fn ignored_signals_stay_ignored() {
        use std::os::unix::process::ExitStatusExt;

        let folder = tempfile::tempdir().unwrap();
        let mut child = writing_child(folder.path(), "trap '' HUP INT");
        send("HUP", &child);
        send("INT", &child);
        std::thread::sleep(std::time::Duration::from_millis(200));
        assert_eq!(child.try_wait().unwrap(), None);
        assert_eq!(names(folder.path()).len(), 1);
        send("TERM", &child);
        assert_eq!(child.wait().unwrap().signal(), Some(15));
    }
}
