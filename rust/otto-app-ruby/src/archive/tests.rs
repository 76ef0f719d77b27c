//! Archives that are made and taken apart, and what is refused on both ways.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;

use super::list::Entry;
use super::{Digest, Hashing, Limits, Packed, Refused, list, pack, unpack};
use crate::problem::{Place, Problem, Reason};

const LIMITS: Limits = Limits {
    entries: 40,
    bytes: 1 << 20,
    depth: 8,
    path: 400,
};

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
    directory
}

fn packed(directory: &Path) -> Result<(Vec<u8>, Packed), Problem> {
    let mut archive = Vec::new();
    let passed = Cell::new(0);
    let packed = pack(&list(directory, &LIMITS)?, &mut archive, |bytes| {
        passed.set(passed.get() + bytes);
    })?;
    assert_eq!(passed.get(), packed.bytes);
    Ok((archive, packed))
}

/// The paths in the archive of a directory.
fn paths(directory: &Path) -> Vec<String> {
    let listing = list(directory, &LIMITS).unwrap();
    let path = |entry: &Entry| entry.path.to_str().unwrap().to_owned();
    listing.entries.iter().map(path).collect()
}

fn digest(archive: &[u8]) -> Digest {
    let mut hashing = Hashing::new(archive);
    io::copy(&mut hashing, &mut io::sink()).unwrap();
    hashing.digest()
}

fn unpack_bytes(archive: &[u8], expected: &Digest) -> (TempDir, Result<u64, Refused>) {
    let into = tempfile::tempdir().unwrap();
    let dir = Dir::open_ambient_dir(into.path(), ambient_authority()).unwrap();
    let unpacked = unpack(archive, expected, &dir, &LIMITS);
    (into, unpacked)
}

/// What lies in a directory: the target of a link, or the mode and the contents.
fn tree(directory: &Path) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(next) = directories.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(directory).unwrap().to_owned();
            let metadata = path.symlink_metadata().unwrap();
            let mode = metadata.permissions().mode() & 0o777;
            if metadata.is_dir() {
                found.insert(name, (mode, Vec::new()));
                directories.push(path);
            } else if metadata.is_symlink() {
                let target = fs::read_link(path).unwrap();
                found.insert(name, (mode, target.into_os_string().into_encoded_bytes()));
            } else {
                found.insert(name, (mode, fs::read(path).unwrap()));
            }
        }
    }
    found
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn what_is_packed_is_unpacked_with_modes_of_its_own() {
    let long = "long/".repeat(5) + &"name".repeat(40);
    let source = directory(&[
        ("app.rb", "puts 1\n"),
        ("bin/run", "#!/bin/sh\n"),
        ("lib/empty.rb", ""),
        (&long, "long"),
        ("größe", "ß"),
    ]);
    let at = |name: &str| source.path().join(name);
    set_mode(&at("bin/run"), 0o700);
    set_mode(&at("app.rb"), 0o606);
    set_mode(&at("lib"), 0o700);
    fs::create_dir(at("tmp")).unwrap();
    symlink("../app.rb", at("bin/app")).unwrap();
    symlink("nowhere", at("dangling")).unwrap();
    symlink(".//tmp/./", at("odd")).unwrap();
    symlink("long-target/".repeat(30), at("bin/far")).unwrap();

    let (archive, packed) = packed(source.path()).unwrap();
    assert_eq!(packed.digest, digest(&archive));
    assert_eq!((packed.files, packed.bytes), (5, 23));
    let (into, unpacked) = unpack_bytes(&archive, &packed.digest);
    assert_eq!(unpacked.unwrap(), 5);

    let mut expected = tree(source.path());
    for (path, mode) in [("app.rb", 0o644), ("bin/run", 0o755), ("lib", 0o755)] {
        expected.get_mut(Path::new(path)).unwrap().0 = mode;
    }
    assert_eq!(tree(into.path()), expected);
}

#[test]
fn the_same_files_are_the_same_bytes_whenever_and_wherever() {
    let files = [
        ("b/c.rb", "1"),
        ("a.rb", "2"),
        ("b.rb", "3"),
        ("b/a.rb", ""),
    ];
    let first = directory(&files);
    let second = directory(&[files[3], files[2], files[1], files[0]]);
    set_mode(&second.path().join("a.rb"), 0o600);
    set_mode(&second.path().join("b"), 0o711);
    let old = fs::File::open(second.path().join("a.rb")).unwrap();
    old.set_modified(std::time::UNIX_EPOCH).unwrap();
    let (archive, _) = packed(first.path()).unwrap();
    assert_eq!(archive, packed(second.path()).unwrap().0);

    let mut tar = tar::Archive::new(GzDecoder::new(&archive[..]));
    let mut names = Vec::new();
    for entry in tar.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.username_bytes(), Some(&b""[..]));
        assert_eq!(header.groupname_bytes(), Some(&b""[..]));
        assert_eq!(header.mtime().unwrap(), 315_532_800);
        names.push(String::from_utf8(entry.path_bytes().into_owned()).unwrap());
    }
    assert_eq!(names, ["a.rb", "b/", "b/a.rb", "b/c.rb", "b.rb"]);
    // The header of gzip: no flags, no time, no system.
    assert_eq!(archive[3..10], [0, 0, 0, 0, 0, 0, 255]);
}

#[test]
fn what_is_ignored_is_left_out_without_a_repository() {
    let source = directory(&[
        (".git/config", ""),
        (".otto/data", ""),
        (
            ".gitignore",
            "/log\n*.tmp\n!keep.tmp\n# a remark\n\nbuild/\n",
        ),
        (".ottoignore", "spec/\n!b.tmp\n"),
        ("log/a", ""),
        ("lib/log/a", ""),
        ("a.tmp", ""),
        ("b.tmp", ""),
        ("lib/keep.tmp", ""),
        ("lib/.gitignore", "*.rb\n!/x.rb\nb.tmp\n"),
        ("lib/x.rb", ""),
        ("lib/y.rb", ""),
        ("lib/b.tmp", ""),
        ("lib/deep/x.rb", ""),
        ("lib/.git", "gitdir: elsewhere"),
        ("build", "a file"),
        ("lib/build/x", ""),
        ("spec/x_spec.rb", ""),
        ("libx.rb", ""),
    ]);
    assert_eq!(
        paths(source.path()),
        [
            ".gitignore",
            ".ottoignore",
            "b.tmp",
            "build",
            "lib",
            "lib/.gitignore",
            "lib/b.tmp",
            "lib/deep",
            "lib/keep.tmp",
            "lib/log",
            "lib/log/a",
            "lib/x.rb",
            "libx.rb",
        ]
    );
}

#[test]
fn a_pattern_that_makes_no_sense_is_an_error_with_its_line() {
    let source = directory(&[("lib/.gitignore", "log\n\n*.{rb\n")]);
    let problem = packed(source.path()).unwrap_err();
    assert_eq!(problem.reason, Reason::Invalid);
    assert_eq!(problem.place, Some(Place::new("lib/.gitignore", 3)));
}

#[test]
fn what_is_no_file_and_what_leads_out_is_an_error_unless_it_is_ignored() {
    let links = [
        ("/etc/passwd", Reason::Denied),
        ("../outside", Reason::Denied),
        ("lib/../../outside", Reason::Denied),
        ("lib/../lib", Reason::Denied),
    ];
    for (target, reason) in links {
        let source = directory(&[("lib/a.rb", "")]);
        symlink(target, source.path().join("link")).unwrap();
        let problem = packed(source.path()).unwrap_err();
        assert_eq!(
            (problem.reason, &problem.place),
            (reason, &Some(Place::new("link", 0)))
        );
        assert!(problem.message.contains(target), "{}", problem.message);
        fs::write(source.path().join(".ottoignore"), "link").unwrap();
        assert!(packed(source.path()).is_ok());
    }
    let source = directory(&[]);
    let _socket = std::os::unix::net::UnixListener::bind(source.path().join("socket")).unwrap();
    let problem = packed(source.path()).unwrap_err();
    assert_eq!(problem.reason, Reason::Invalid);
    assert!(problem.help.contains(".ottoignore"));
}

#[test]
fn patterns_in_a_pipe_or_outside_are_an_error_and_no_wait() {
    let outside = directory(&[("secret", "pattern")]);
    let source = directory(&[("lib/a.rb", "")]);
    let file = source.path().join("lib/.gitignore");
    symlink(outside.path().join("secret"), &file).unwrap();
    assert_eq!(packed(source.path()).unwrap_err().reason, Reason::Denied);
    fs::remove_file(&file).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &file,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    assert_eq!(packed(source.path()).unwrap_err().reason, Reason::Invalid);
}

#[test]
fn more_than_a_limit_is_an_error_that_names_it() {
    let many: Vec<_> = (0..41).map(|number| format!("{number}")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "")).collect();
    let large = "x".repeat((1 << 20) + 1);
    let deep = "a/".repeat(9) + "b";
    let long = format!("{0}/{0}", "x".repeat(200));
    for (files, limit) in [
        (&many[..], "40"),
        (&[("large", &large[..])][..], "1048576"),
        (&[(&deep[..], "")][..], "8"),
        (&[(&long[..], "")][..], "400"),
    ] {
        let problem = packed(directory(files).path()).unwrap_err();
        assert_eq!(problem.reason, Reason::LimitExceeded);
        assert!(problem.message.contains(limit), "{}", problem.message);
    }
    assert!(packed(directory(&many[..40]).path()).is_ok());
}

#[test]
fn a_file_that_changes_after_it_was_listed_is_an_error() {
    type Change = fn(&Path);
    let changes: [(Change, &str); 4] = [
        (|path| fs::write(path, "shorter").unwrap(), "was changed"),
        (
            |path| fs::write(path, "it is longer now").unwrap(),
            "was changed",
        ),
        (|path| fs::remove_file(path).unwrap(), "cannot be read"),
        (
            |path| {
                fs::remove_file(path).unwrap();
                symlink("/etc/passwd", path).unwrap();
            },
            "cannot be read",
        ),
    ];
    for (change, expected) in changes {
        let source = directory(&[("file", "some bytes")]);
        let listing = list(source.path(), &LIMITS).unwrap();
        change(&source.path().join("file"));
        let problem = pack(&listing, io::sink(), |_| {}).unwrap_err();
        assert_eq!(problem.reason, Reason::Unavailable);
        assert!(problem.message.contains(expected), "{}", problem.message);
        assert_eq!(problem.place, Some(Place::new("file", 0)));
    }
}

#[test]
fn an_archive_that_cannot_be_written_is_an_error() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let source = directory(&[("file", "some bytes")]);
    let listing = list(source.path(), &LIMITS).unwrap();
    let problem = pack(&listing, Full, |_| {}).unwrap_err();
    assert!(problem.message.contains("the archive cannot be written"));
    assert_eq!(problem.place, None);
}

/// An entry that somebody made by hand: type, path, target or contents.
type Forged<'a> = (EntryType, &'a str, &'a str);

fn forged(entries: &[Forged<'_>]) -> Vec<u8> {
    let mut tar = Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (entry_type, path, contents) in entries {
        let mut header = Header::new_gnu();
        header.set_entry_type(*entry_type);
        header.set_mode(0o644);
        // Written as it is: the library refuses some of it.
        let name = &mut header.as_gnu_mut().unwrap().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        let data = match entry_type {
            EntryType::Symlink | EntryType::Link => {
                header.set_link_name_literal(contents).unwrap();
                ""
            }
            _ => contents,
        };
        header.set_size(data.len() as u64);
        header.set_cksum();
        tar.append(&header, data.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

#[test]
fn what_is_never_packed_is_refused_and_nothing_is_written_outside() {
    use EntryType as T;
    let long = "x".repeat(402);
    let bomb = "x".repeat((1 << 19) + 1);
    let refused: &[(&str, &[Forged<'_>])] = &[
        ("`../up`", &[(T::Regular, "../up", "1")]),
        (
            "`a/../../up`",
            &[(T::Directory, "a/", ""), (T::Regular, "a/../../up", "1")],
        ),
        ("`/tmp/x`", &[(T::Regular, "/tmp/x", "1")]),
        ("no plain path", &[(T::Regular, "./x", "1")]),
        (
            "no plain path",
            &[(T::Directory, "a/", ""), (T::Regular, "a//x", "1")],
        ),
        ("no plain path", &[(T::Directory, "/", "")]),
        ("no plain path", &[(T::Regular, "", "1")]),
        ("link to `/etc`", &[(T::Symlink, "x", "/etc")]),
        ("link to `..`", &[(T::Symlink, "x", "..")]),
        ("link to `y/../..`", &[(T::Symlink, "x", "y/../..")]),
        ("link to ``", &[(T::Symlink, "x", "")]),
        (
            "without the directory",
            &[(T::Symlink, "x", "."), (T::Regular, "x/y", "1")],
        ),
        (
            "without the directory",
            &[(T::Regular, "x", ""), (T::Regular, "x/y", "1")],
        ),
        ("without the directory", &[(T::Regular, "x/y", "1")]),
        ("type 0x31", &[(T::Regular, "x", ""), (T::Link, "y", "x")]),
        ("type 0x33", &[(T::Char, "x", "")]),
        ("type 0x34", &[(T::Block, "x", "")]),
        ("type 0x36", &[(T::Fifo, "x", "")]),
        ("type 0x78", &[(T::XHeader, "x", "12 path=../x\n")]),
        ("type 0x67", &[(T::XGlobalHeader, "x", "12 path=../x\n")]),
        ("type 0x53", &[(T::GNUSparse, "x", "")]),
        (
            "`x`, twice",
            &[(T::Regular, "x", "1"), (T::Regular, "x", "2")],
        ),
        (
            "`x`, twice",
            &[(T::Directory, "x/", ""), (T::Directory, "x/", "")],
        ),
        (
            "`x`, twice",
            &[(T::Symlink, "x", "y"), (T::Regular, "x", "1")],
        ),
        (
            "`x`, twice",
            &[(T::Regular, "x", "1"), (T::Symlink, "x", "y")],
        ),
        ("a path of 402 bytes", &[(T::GNULongName, "x", &long)]),
        ("a path of 402 bytes", &[(T::GNULongLink, "x", &long)]),
        (
            "`../up`",
            &[(T::GNULongName, "x", "../up\0"), (T::Regular, "x", "1")],
        ),
        (
            "link to `../up`",
            &[(T::GNULongLink, "x", "../up\0"), (T::Symlink, "x", "y")],
        ),
        (
            "more than 1048576 bytes",
            &[(T::Regular, "x", &bomb), (T::Regular, "y", &bomb)],
        ),
        ("more than 40 files", &[(T::GNULongName, "x", ""); 121]),
    ];
    for (expected, entries) in refused {
        let outside = tempfile::tempdir().unwrap();
        let into = outside.path().join("into");
        fs::create_dir(&into).unwrap();
        let dir = Dir::open_ambient_dir(&into, ambient_authority()).unwrap();
        let archive = forged(entries);
        match unpack(&archive[..], &digest(&archive), &dir, &LIMITS) {
            Err(Refused::Holds(what)) => assert!(what.contains(expected), "{expected}: {what}"),
            other => panic!("{expected}: {other:?}"),
        }
        let names = fs::read_dir(outside.path()).unwrap();
        assert_eq!(names.count(), 1, "{expected}");
    }
}

#[test]
fn a_bomb_is_refused_before_it_is_written() {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_path("bomb").unwrap();
    header.set_size(1 << 40);
    header.set_cksum();
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(header.as_bytes()).unwrap();
    io::copy(&mut io::repeat(0).take(64 << 20), &mut gzip).unwrap();
    let archive = gzip.finish().unwrap();
    let (into, unpacked) = unpack_bytes(&archive, &digest(&archive));
    assert!(matches!(unpacked, Err(Refused::Holds(what)) if what.contains("1048576 bytes")));
    assert_eq!(tree(into.path()).len(), 0);
}

#[test]
fn bytes_that_were_changed_cut_off_or_added_are_told_from_a_bad_archive() {
    let source = directory(&[("a.rb", "puts 1\n"), ("b.rb", "puts 2\n")]);
    let (archive, packed) = packed(source.path()).unwrap();
    for offset in 0..archive.len() {
        let mut changed = archive.clone();
        changed[offset] ^= 0x40;
        let (_into, unpacked) = unpack_bytes(&changed, &packed.digest);
        assert!(matches!(unpacked, Err(Refused::Differs(_))), "{offset}");
        let (_into, unpacked) = unpack_bytes(&archive[..offset], &packed.digest);
        assert!(matches!(unpacked, Err(Refused::Differs(_))), "{offset}");
    }
    let mut longer = archive.clone();
    longer.push(0);
    let (_into, unpacked) = unpack_bytes(&longer, &packed.digest);
    let Err(Refused::Differs(found)) = unpacked else {
        panic!("{unpacked:?}")
    };
    assert_eq!(found.size, packed.digest.size + 1);
}

#[test]
fn a_source_that_fails_is_told_from_a_damaged_archive() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _buffer: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
    let source = directory(&[("a.rb", "puts 1\n")]);
    let (archive, packed) = packed(source.path()).unwrap();
    let into = tempfile::tempdir().unwrap();
    let dir = Dir::open_ambient_dir(into.path(), ambient_authority()).unwrap();
    let from = archive[..20].chain(Failing);
    let unpacked = unpack(from, &packed.digest, &dir, &LIMITS);
    assert!(
        matches!(unpacked, Err(Refused::Source(error)) if error.kind() == io::ErrorKind::ConnectionReset)
    );
}
