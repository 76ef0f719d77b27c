//! `otto` is killed during a build.

use std::fs;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use sha2::{Digest, Sha256};

use crate::support::{World, wait_until_gone};

/// How often it is killed, unless the variable `OTTO_TEST_KILLS` says otherwise.
const KILLS: u64 = 10;

/// How many pieces a build stores: each is a moment to be killed at.
const PIECES: u64 = 64;

/// The files of the blobs, each of which has to be what its name says.
pub(super) fn blobs(world: &World) -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(&world.path("home/.local/share/otto/blobs"), &mut found);
    found
}

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files(&path, found),
            false => found.push(path),
        }
    }
}

fn is_whole(path: &Path) -> bool {
    let digest = Sha256::digest(fs::read(path).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.to_string_lossy().replace('/', "");
    name.ends_with(&digest)
}

/// Numbers that look random, and are the same every time.
fn seeded(seed: u64) -> u64 {
    let mut state = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

#[test]
fn a_build_that_is_killed_leaves_no_process_and_no_half_blob_and_the_next_one_succeeds() {
    let kills = std::env::var("OTTO_TEST_KILLS").ok();
    let kills = kills.map_or(KILLS, |kills| kills.parse().unwrap());
    let world = World::with_puppet();
    let build = format!(r#"build = ["pid", "blob archive {PIECES}"]"#);
    let project = world.puppet("shop", &[&build]);
    project.otto(&["compile"]).ok();
    for seed in 0..kills {
        let mut run = project.otto(&["build"]).start();
        let plugin = run.wait_for("the plugin is process ");
        let plugin = plugin.trim().rsplit(' ').next().unwrap().parse().unwrap();
        // The last ones are those in which the build is recorded.
        for piece in 0..seeded(seed) % (PIECES + 1) {
            run.wait_for(&format!("piece {piece} "));
        }
        run.signal(Signal::KILL);
        run.finish();
        wait_until_gone(plugin);
        // A store that cannot be opened is an error.
        project.otto(&["status"]).ok();
        for path in blobs(&world) {
            assert!(is_whole(&path), "seed {seed}: {}", path.display());
        }
    }
    project.otto(&["build"]).ok();
    let blobs = blobs(&world);
    assert_eq!(blobs.len(), 1, "{blobs:?}");
}
