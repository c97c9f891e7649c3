//! Where a database is, as a setting says it.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use chassis::settings::Settings;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::sqlite::SqliteConnectOptions;
use secrecy::ExposeSecret as _;

use crate::Error;

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
}

impl Url {
    /// The SQLite database in this file.
    #[must_use]
    pub fn of_file(path: &Path) -> Self {
        Self(Place::Sqlite(Box::new(SqliteConnectOptions::new().filename(path))))
    }

    /// Reads the setting `NAME_URL`, and the password that goes with it, `NAME_PASSWORD`; `what` says what
    /// is kept there. `None`: `settings` knows what is wrong.
    pub fn read(settings: &mut Settings, name: &str, what: &str) -> Option<Self> {
        let help = format!("database of {what}, sqlite:PATH or postgres://USER@HOST/NAME");
        let url = settings.required::<Self>(&format!("{name}_URL"), &help);
        Self::with_password(settings, name, url.map(Some))?
    }

    /// As [`Self::read`], where there is a database without such a setting: `Some(None)`.
    pub fn read_optional(settings: &mut Settings, name: &str, what: &str) -> Option<Option<Self>> {
        let help =
            format!("database of {what}, postgres://USER@HOST/NAME; in the data folder if not set");
        let url = settings.optional::<Self>(&format!("{name}_URL"), &help);
        Self::with_password(settings, name, url)
    }

    #[expect(clippy::option_option, reason = "wrong, not set, set")]
    fn with_password(
        settings: &mut Settings,
        name: &str,
        url: Option<Option<Self>>,
    ) -> Option<Option<Self>> {
        let name = format!("{name}_PASSWORD");
        let password = settings.secret(&name, "password of the PostgreSQL user");
        let (mut url, password) = (url?, password?);
        if let (Some(Self(Place::Postgres(server))), Some(password)) = (&mut url, password) {
            server.options = server.options.clone().password(password.expose_secret());
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
        Ok(Self(Place::Postgres(Box::new(Server { options, is_pooled }))))
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
