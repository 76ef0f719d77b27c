//! The services that an application needs beside it, told from its gems.

use std::collections::BTreeSet;

use crate::problem::{Problem, quoted};
use crate::settings::Settings;

/// A kind of service.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The gems that talk to it.
    gems: &'static [&'static str],
    image: &'static str,
    /// The version to run if nobody says which.
    version: &'static str,
    pub(crate) port: u16,
    /// The environment variable that tells an application where it is.
    variable: &'static str,
    /// What the variable holds while the application is developed. The name of the service is that
    /// of its host.
    url: &'static str,
    /// What its container wants while the application is developed.
    pub(crate) environment: &'static [(&'static str, &'static str)],
    /// Where its container keeps what is to outlive it.
    pub(crate) volume: Option<&'static str>,
    /// What succeeds in its container once it can be used.
    pub(crate) ready: &'static [&'static str],
    pub(crate) is_database: bool,
}

/// In the order of their names. The first database is the one in `DATABASE_URL`.
const KINDS: [Kind; 6] = [
    Kind {
        name: "memcached",
        gems: &["dalli", "memcached"],
        image: "docker.io/library/memcached",
        version: "1.6",
        port: 11211,
        variable: "MEMCACHE_SERVERS",
        url: "memcached:11211",
        environment: &[],
        volume: None,
        ready: &[],
        is_database: false,
    },
    Kind {
        name: "mongodb",
        gems: &["mongo", "mongoid"],
        image: "docker.io/library/mongo",
        version: "8",
        port: 27017,
        variable: "MONGODB_URI",
        url: "mongodb://mongodb:27017/app",
        environment: &[],
        volume: Some("/data/db"),
        ready: &["mongosh", "--quiet", "--eval", "db.runCommand('ping')"],
        is_database: false,
    },
    Kind {
        name: "mysql",
        gems: &["mysql2", "trilogy"],
        image: "docker.io/library/mysql",
        version: "8.4",
        port: 3306,
        variable: "DATABASE_URL",
        url: "mysql2://root@mysql:3306/app",
        environment: &[
            ("MYSQL_ALLOW_EMPTY_PASSWORD", "1"),
            ("MYSQL_DATABASE", "app"),
        ],
        volume: Some("/var/lib/mysql"),
        // Over TCP: the server that sets the database up listens on a socket only.
        ready: &["mysqladmin", "--host=127.0.0.1", "--silent", "ping"],
        is_database: true,
    },
    Kind {
        name: "postgresql",
        gems: &["pg"],
        image: "docker.io/library/postgres",
        version: "17",
        port: 5432,
        variable: "DATABASE_URL",
        url: "postgresql://postgres@postgresql:5432/app",
        environment: &[
            ("PGDATA", "/var/lib/postgresql/otto/data"),
            ("POSTGRES_DB", "app"),
            ("POSTGRES_HOST_AUTH_METHOD", "trust"),
        ],
        volume: Some("/var/lib/postgresql/otto"),
        ready: &["pg_isready", "--host=127.0.0.1", "--quiet"],
        is_database: true,
    },
    Kind {
        name: "rabbitmq",
        gems: &["bunny", "sneakers"],
        image: "docker.io/library/rabbitmq",
        version: "4",
        port: 5672,
        variable: "RABBITMQ_URL",
        url: "amqp://rabbitmq:5672",
        environment: &[],
        volume: Some("/var/lib/rabbitmq"),
        ready: &["rabbitmq-diagnostics", "--quiet", "check_port_connectivity"],
        is_database: false,
    },
    Kind {
        name: "redis",
        gems: &["redis", "redis-client", "resque", "sidekiq"],
        image: "docker.io/library/redis",
        version: "7",
        port: 6379,
        variable: "REDIS_URL",
        url: "redis://redis:6379/0",
        environment: &[],
        volume: Some("/data"),
        ready: &["redis-cli", "ping"],
        is_database: false,
    },
];

/// A service that an application needs.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    pub(crate) kind: &'static Kind,
    pub(crate) version: String,
    /// The gems that told so, sorted. None if the Appfile asks for it.
    pub(crate) gems: Vec<String>,
    pub(crate) variable: &'static str,
    pub(crate) url: String,
}

impl Service {
    pub(crate) fn image(&self) -> String {
        format!("{}:{}", self.kind.image, self.version)
    }
}

/// Whether there is a service of this name.
pub(crate) fn is_known(name: &str) -> bool {
    KINDS.iter().any(|kind| kind.name == name)
}

/// The services that the gems talk to, or the Appfile asks for, by name.
pub(crate) fn needed(
    gems: &BTreeSet<String>,
    settings: &Settings,
) -> Result<Vec<Service>, Problem> {
    let mut services = Vec::new();
    for kind in &KINDS {
        let mut telling: Vec<_> = kind
            .gems
            .iter()
            .filter(|gem| gems.contains(**gem))
            .collect();
        telling.sort();
        let asked = settings.services.get(kind.name);
        if telling.is_empty() && asked.is_none() {
            continue;
        }
        let version = match asked {
            Some(Some(version)) => tag(version, kind.name, settings)?,
            _ => kind.version.to_owned(),
        };
        services.push(Service {
            kind,
            version,
            gems: telling.into_iter().map(|&gem| gem.to_owned()).collect(),
            variable: kind.variable,
            url: url(kind, gems),
        });
    }
    let databases = services
        .iter()
        .filter(|s| s.kind.variable == "DATABASE_URL");
    if databases.count() > 1 {
        // Only one can have the name that Rails knows, and the other one needs one too.
        for service in services.iter_mut().filter(|s| s.kind.name == "mysql") {
            service.variable = "MYSQL_URL";
        }
    }
    Ok(services)
}

/// Rails takes the name of its adapter from the URL.
fn url(kind: &Kind, gems: &BTreeSet<String>) -> String {
    match kind.url.strip_prefix("mysql2:") {
        Some(rest) if gems.contains("trilogy") && !gems.contains("mysql2") => {
            format!("trilogy:{rest}")
        }
        _ => kind.url.to_owned(),
    }
}

/// A version that may stand in the name of an image.
fn tag(version: &str, service: &str, settings: &Settings) -> Result<String, Problem> {
    let is_valid = version.len() <= 32
        && version.starts_with(|c: char| c.is_ascii_alphanumeric())
        && version
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
    if is_valid {
        return Ok(version.to_owned());
    }
    Err(Problem::invalid(
        format!("{} is not a version of {service}", quoted(version)),
        format!(
            "write a version such as {} in its `customization`",
            example(service)
        ),
    )
    .at(settings.place()))
}

fn example(service: &str) -> &'static str {
    let kind = KINDS.iter().find(|kind| kind.name == service);
    kind.map_or("1.0", |kind| kind.version)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn told(gems: &[&str], services: &[(&str, Option<&str>)]) -> Vec<String> {
        let gems: BTreeSet<_> = gems.iter().map(|&gem| gem.to_owned()).collect();
        let settings = Settings {
            services: services
                .iter()
                .map(|(name, version)| (name.to_string(), version.map(str::to_owned)))
                .collect(),
            ..Settings::default()
        };
        needed(&gems, &settings)
            .unwrap()
            .into_iter()
            .map(|s| {
                format!(
                    "{} {} {} {}",
                    s.kind.name,
                    s.version,
                    s.variable,
                    s.gems.join("+")
                )
            })
            .collect()
    }

    #[test]
    fn the_table_is_in_order_and_its_versions_are_valid() {
        assert!(KINDS.is_sorted_by_key(|kind| kind.name));
        for kind in &KINDS {
            assert!(tag(kind.version, kind.name, &Settings::default()).is_ok());
        }
    }

    #[test]
    fn services_are_told_from_gems() {
        assert_eq!(told(&["rack", "puma"], &[]), [""; 0]);
        assert_eq!(
            told(&["pg", "sidekiq", "redis-client", "dalli"], &[]),
            [
                "memcached 1.6 MEMCACHE_SERVERS dalli",
                "postgresql 17 DATABASE_URL pg",
                "redis 7 REDIS_URL redis-client+sidekiq",
            ]
        );
        assert_eq!(told(&["bunny", "mongo"], &[]).len(), 2);
    }

    #[test]
    fn the_appfile_may_ask_for_a_version_or_a_service() {
        assert_eq!(
            told(&["pg"], &[("postgresql", Some("15")), ("redis", None)]),
            ["postgresql 15 DATABASE_URL pg", "redis 7 REDIS_URL "]
        );
    }

    #[test]
    fn two_databases_have_two_variables() {
        assert_eq!(
            told(&["pg", "mysql2"], &[]),
            [
                "mysql 8.4 MYSQL_URL mysql2",
                "postgresql 17 DATABASE_URL pg"
            ]
        );
    }

    #[test]
    fn the_url_names_the_adapter_that_is_there() {
        let urls = |gem: &str| {
            let gems = BTreeSet::from([gem.to_owned()]);
            needed(&gems, &Settings::default()).unwrap()[0].url.clone()
        };
        assert_eq!(urls("trilogy"), "trilogy://root@mysql:3306/app");
        assert_eq!(urls("mysql2"), "mysql2://root@mysql:3306/app");
    }

    #[test]
    fn a_version_that_is_none_is_refused() {
        for version in [
            "",
            "17; id",
            "../x",
            "17 AS y",
            "17@sha256:0",
            &"1".repeat(33),
        ] {
            let settings = Settings {
                services: BTreeMap::from([("redis".to_owned(), Some(version.to_owned()))]),
                ..Settings::default()
            };
            assert!(needed(&BTreeSet::new(), &settings).is_err(), "{version}");
        }
    }
}
