//! Which links an archive may hold.

use std::path::{Component, Path};

/// Whether a link at `path` stays inside of the directory that `path` is relative to.
///
/// It does if its target is relative and climbs, at its beginning only, no further than to that
/// directory. That can be told without looking at a file: whatever links such a target leads
/// through begin at a place inside, and stay there by the same rule. A target that climbs later on,
/// such as `a/../b`, may go anywhere, since `a` may be a link.
pub(super) fn stays_inside(path: &Path, target: &Path) -> bool {
    let mut depth = path.components().count().saturating_sub(1);
    let mut has_descended = false;
    for component in target.components() {
        match component {
            Component::CurDir => {}
            Component::Normal(_) => has_descended = true,
            Component::ParentDir if !has_descended && depth > 0 => depth -= 1,
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return false,
        }
    }
    !target.as_os_str().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_may_climb_to_the_directory_and_no_further() {
        for (path, target) in [
            ("a", "b"),
            ("a", "./b/c"),
            ("a", "."),
            ("a/b", "../c"),
            ("a/b/c", "../.."),
            ("a/b/c", "../../d"),
        ] {
            assert!(stays_inside(path.as_ref(), target.as_ref()), "{target}");
        }
        for (path, target) in [
            ("a", ""),
            ("a", "/etc/passwd"),
            ("a", ".."),
            ("a", "../a"),
            ("a/b", "../../c"),
            ("a/b", "c/../../d"),
            ("a/b", "c/../d"),
        ] {
            assert!(!stays_inside(path.as_ref(), target.as_ref()), "{target}");
        }
    }
}
