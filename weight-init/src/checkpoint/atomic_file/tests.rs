use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn appears_only_when_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let mut file = AtomicFile::create(&path).unwrap();
    file.write(b"12").unwrap();
    let temporary = names(folder.path());
    assert!(
        temporary.len() == 1
            && temporary[0].starts_with(&format!(".a.bin.{}-", std::process::id()))
    );
    drop(file);
    assert!(names(folder.path()).is_empty());
    let mut file = AtomicFile::create(&path).unwrap();
    file.write(b"12").unwrap();
    file.write(&vec![b'x'; 3 * BUFFER_BYTES]).unwrap();
    file.write(b"3").unwrap();
    file.commit().unwrap();
    assert_eq!(names(folder.path()), ["a.bin"]);
    let bytes = fs::read(&path).unwrap();
    assert_eq!(
        (bytes.len(), &bytes[..3], bytes.last()),
        (3 * BUFFER_BYTES + 3, &b"12x"[..], Some(&b'3'))
    );
}

#[test]
fn what_killed_processes_left_is_removed_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.bin");
    let left =
        [".a.bin.4000000-abcdefgh.tmp", &format!(".a.bin.{}-abcdefgh.tmp", std::process::id())];
    let other =
        [".a.bin.tmp", ".a.bin.bak.4000000-abcdefgh.tmp", ".b.bin.4000000-abcdefgh.tmp", "a.bin"];
    for name in left.iter().copied().chain(other) {
        fs::write(folder.path().join(name), "").unwrap();
    }
    let live = AtomicFile::create(&path).unwrap();
    let second = AtomicFile::create(&path).unwrap();
    let found = names(folder.path());
    assert!(other.iter().all(|name| found.iter().any(|found| found == name)), "{found:?}");
    assert_eq!(found.len(), other.len() + 2, "{found:?}");
    live.commit().unwrap();
    second.commit().unwrap();
    assert_eq!(names(folder.path()).len(), other.len());
}

#[test]
fn a_full_disk_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    for (sizes, room, existing) in
        [([BUFFER_BYTES; 2], BUFFER_BYTES + 10, false), ([10; 2], 15, true)]
    {
        if existing {
            fs::write(&path, "old").unwrap();
        }
        let mut file = AtomicFile::create(&path).unwrap();
        file.output.as_mut().unwrap().get_mut().room = Some(room);
        let mut result = sizes.iter().try_for_each(|&n| file.write(&vec![0; n]));
        if result.is_err() {
            assert!(names(folder.path()).is_empty(), "gone at once");
            assert!(file.write(b"").is_err() && file.commit().is_err());
        } else {
            result = file.commit();
        }
        let error = result.unwrap_err();
        assert!(matches!(&error, CheckpointError::Io { operation: "write", source, .. }
            if source.kind() == ErrorKind::StorageFull));
        assert_eq!(names(folder.path()).len(), usize::from(existing));
    }
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[test]
fn what_is_no_file_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let message = |path: &str| {
        let error = AtomicFile::create(folder.path().join(path)).unwrap_err();
        assert!(error.is_io());
        error.to_string().replace(folder.path().to_str().unwrap(), "F")
    };
    assert_eq!(message("."), "create `F/.`: it is a folder; give the name of a file");
    assert_eq!(message("new/"), "create `F/new/`: it names a folder; give the name of a file");
    assert_eq!(message("no/a"), "create `F/no/a`: the folder `F/no` does not exist");
    assert!(message("file/a").starts_with("create `F/file/a`: "));
    assert!(AtomicFile::create("").unwrap_err().is_io());
    let long = "é".repeat(120);
    AtomicFile::create(folder.path().join(&long)).unwrap().commit().unwrap();
    assert!(message(&long.repeat(2)).contains(&long));
    assert_eq!(names(folder.path()).len(), 2);
}

#[cfg(unix)]
#[test]
fn modes_follow_the_umask_and_the_old_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let mode =
        |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    fs::write(folder.path().join("plain"), "").unwrap();
    fs::write(folder.path().join("private"), "old").unwrap();
    fs::set_permissions(folder.path().join("private"), PermissionsExt::from_mode(0o640)).unwrap();
    for name in ["new", "private"] {
        AtomicFile::create(folder.path().join(name)).unwrap().commit().unwrap();
    }
    assert_eq!((mode("new"), mode("private")), (mode("plain"), 0o640));
    assert_eq!(fs::read(folder.path().join("private")).unwrap(), b"");
}

#[cfg(unix)]
#[test]
fn a_temporary_is_open_to_nobody_to_whom_the_old_file_is_not() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("private");
    fs::write(&path, "").unwrap();
    for mode in [0o600, 0o640, 0o400, 0o4755] {
        fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
        let begun = builder(".private.", Some(&fs::metadata(&path).unwrap()));
        let begun = begun.tempfile_in(folder.path()).unwrap();
        let begun = begun.as_file().metadata().unwrap().permissions().mode();
        assert_eq!(begun & 0o7777 & !mode, 0, "{begun:o} for {mode:o}");
    }
}

#[cfg(unix)]
#[test]
fn links_stay_links() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("real")).unwrap();
    fs::write(at("real/a"), "old").unwrap();
    symlink("real/a", at("one")).unwrap();
    symlink(at("one"), at("two")).unwrap();
    symlink("real/later", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    for (name, real) in [("two", "real/a"), ("dangling", "real/later")] {
        let mut file = AtomicFile::create(at(name)).unwrap();
        file.write(b"new").unwrap();
        file.commit().unwrap();
        assert!(fs::symlink_metadata(at(name)).unwrap().is_symlink());
        assert_eq!(fs::read(at(real)).unwrap(), b"new");
    }
    assert!(AtomicFile::create(at("loop")).unwrap_err().is_io());
    assert_eq!(names(&at("real")), ["a", "later"]);
}

#[cfg(target_os = "linux")]
#[test]
fn devices_are_written_straight() {
    let mut file = AtomicFile::create("/dev/null").unwrap();
    file.write(&[0; 1000]).unwrap();
    file.commit().unwrap();
    let mut file = AtomicFile::create("/dev/full").unwrap();
    file.write(&[0; 1000]).unwrap();
    let error = file.commit().unwrap_err();
    assert_eq!(error.to_string(), "write `/dev/full`: No space left on device (os error 28)");
    let mut file = AtomicFile::create("/dev/full").unwrap();
    assert!(file.write(&vec![0; 2 * BUFFER_BYTES]).unwrap_err().is_io());
}
