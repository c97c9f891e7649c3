//! Where a database is, as a setting says it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chassis::settings::Settings;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use secrecy::ExposeSecret as _;

use crate::Error;

/// Connections of one process to a server, if nobody says otherwise; it begins to suffer at a few hundred
/// altogether.
const CONNECTIONS: u32 = 20;
/// Those who read never wait for those who write: each has one of their own.
const FEWEST: u32 = 2;
const MOST: u32 = 200;

/// Where a database is: `sqlite:PATH` or `postgres://USER@HOST/NAME`. Shown without its password.
#[derive(Clone)]
pub struct Url(Place);

#[derive(Clone)]
pub(crate) enum Place {
    Sqlite(Box<SqliteConnectOptions>),
    Postgres(Box<Server>),
}

/// A database of a PostgreSQL server.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) options: PgConnectOptions,
    /// Whether a pooler stands in between that may give each transaction another connection: nothing is
    /// kept with a connection then.
    pub(crate) is_pooled: bool,
    /// Connections of one process, at most, two at least.
    pub(crate) connections: u32,
}

impl Server {
    /// How many of its connections are for reading.
    pub(crate) fn readers(&self) -> u32 {
        self.connections - self.writers()
    }

    /// How many are for writing.
    pub(crate) fn writers(&self) -> u32 {
        self.connections / 2
    }
}

impl Url {
    /// The SQLite database in this file.
    #[must_use]
    pub fn of_file(path: &Path) -> Self {
        Self(Place::Sqlite(Box::new(SqliteConnectOptions::new().filename(path))))
    }

    /// Reads the setting `NAME_URL`, and what goes with it of a server, `NAME_PASSWORD` and
    /// `NAME_CONNECTIONS`; `what` says what is kept there. `None`: `settings` knows what is wrong.
    pub fn read(settings: &mut Settings, name: &str, what: &str) -> Option<Self> {
        let help = format!("database of {what}, sqlite:PATH or postgres://USER@HOST/NAME");
        let url = settings.required::<Self>(&format!("{name}_URL"), &help);
        Self::of_server(settings, name, url.map(Some))?
    }

    /// As [`Self::read`], where there is a database without such a setting: `Some(None)`.
    pub fn read_optional(settings: &mut Settings, name: &str, what: &str) -> Option<Option<Self>> {
        let help =
            format!("database of {what}, postgres://USER@HOST/NAME; in the data folder if not set");
        let url = settings.optional::<Self>(&format!("{name}_URL"), &help);
        Self::of_server(settings, name, url)
    }

    #[expect(clippy::option_option, reason = "wrong, not set, set")]
    fn of_server(
        settings: &mut Settings,
        name: &str,
        url: Option<Option<Self>>,
    ) -> Option<Option<Self>> {
        let password =
            settings.secret(&format!("{name}_PASSWORD"), "password of the PostgreSQL user");
        let connections = settings.number(
            &format!("{name}_CONNECTIONS"),
            CONNECTIONS.into(),
            FEWEST.into()..=MOST.into(),
            "connections of this process to a PostgreSQL server, half of them for reading",
        );
        let (mut url, password, connections) = (url?, password?, connections?);
        if let Some(Self(Place::Postgres(server))) = &mut url {
            if let Some(password) = password {
                server.options = server.options.clone().password(password.expose_secret());
            }
            server.connections = u32::try_from(connections).unwrap_or(CONNECTIONS);
        }
        Some(url)
    }

    /// The file, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<PathBuf> {
        match &self.0 {
            Place::Sqlite(options) => Some(options.get_filename().to_owned()),
            Place::Postgres(_) => None,
        }
    }

    /// The file, if it is one, and what SQLite has put beside it.
    #[must_use]
    pub fn files(&self) -> Vec<PathBuf> {
        let Some(file) = self.file() else { return Vec::new() };
        let beside = ["-wal", "-shm"].map(|ending| {
            let mut name = file.clone().into_os_string();
            name.push(ending);
            PathBuf::from(name)
        });
        let beside = beside.into_iter().filter(|file| file.exists());
        std::iter::once(file.clone()).chain(beside).collect()
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0
    }
}

impl FromStr for Url {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.starts_with("sqlite:") {
            if text == "sqlite::memory:" || text.contains("mode=memory") {
                let why = "it must name a file: memory is not shared between connections";
                return Err(Error::Address(why));
            }
            let options = text.parse().map_err(|_| Error::Address("it names no file"))?;
            return Ok(Self(Place::Sqlite(Box::new(options))));
        }
        if !text.starts_with("postgres://") && !text.starts_with("postgresql://") {
            return Err(Error::Address("it must begin with sqlite: or postgres://"));
        }
        let options: PgConnectOptions = text
            .parse()
            .map_err(|_| Error::Address("it is no address of a PostgreSQL database"))?;
        if options.get_database().is_none() {
            return Err(Error::Address("it must name a database: postgres://USER@HOST/NAME"));
        }
        let is_pooled = text.contains("statement-cache-capacity=0");
        let server = Server { options, is_pooled, connections: CONNECTIONS };
        Ok(Self(Place::Postgres(Box::new(server))))
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Sqlite(options) => write!(f, "sqlite:{}", options.get_filename().display()),
            Place::Postgres(server) => {
                let options = &server.options;
                let (user, host) = (options.get_username(), options.get_host());
                let name = options.get_database().unwrap_or_default();
                write!(f, "postgres://{user}@{host}:{}/{name}", options.get_port())
            }
        }
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Url({self})")
    }
}
