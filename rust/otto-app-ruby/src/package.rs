//! What gems need of the operating system, which is Debian in the images of Ruby.

use std::collections::BTreeSet;

use serde::Serialize;

/// The packages for a set of gems.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Packages {
    /// To build them.
    pub(crate) build: BTreeSet<&'static str>,
    /// To run them.
    pub(crate) run: BTreeSet<&'static str>,
}

/// A gem, what it takes to build it, and what it takes to run it.
type Row = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const TABLE: [Row; 9] = [
    ("charlock_holmes", &["libicu-dev"], &["libicu-dev"]),
    ("curb", &["libcurl4-openssl-dev"], &["libcurl4"]),
    ("image_processing", &[], &["libvips"]),
    ("mysql2", &["default-libmysqlclient-dev"], &["libmariadb3"]),
    ("pg", &["libpq-dev"], &["libpq5"]),
    ("psych", &["libyaml-dev"], &[]),
    ("rmagick", &["libmagickwand-dev"], &["libmagickwand-dev"]),
    ("ruby-vips", &[], &["libvips"]),
    ("sqlite3", &["libsqlite3-dev"], &["libsqlite3-0"]),
];

impl Packages {
    pub(crate) fn of(gems: &BTreeSet<String>, needs_git: bool) -> Self {
        let mut packages = Self {
            build: BTreeSet::from(["build-essential", "pkg-config"]),
            run: BTreeSet::new(),
        };
        if needs_git {
            packages.build.insert("git");
        }
        for (gem, build, run) in TABLE {
            if gems.contains(gem) {
                packages.build.extend(build);
                packages.run.extend(run);
            }
        }
        packages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_follow_from_gems() {
        let gems = BTreeSet::from(["pg".to_owned(), "rack".to_owned()]);
        let packages = Packages::of(&gems, true);
        let build: Vec<_> = packages.build.into_iter().collect();
        assert_eq!(build, ["build-essential", "git", "libpq-dev", "pkg-config"]);
        assert_eq!(packages.run, BTreeSet::from(["libpq5"]));
    }
}
