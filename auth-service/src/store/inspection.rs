//! A look at the database by somebody who changes nothing: whether it is as it should be.

use chrono::{DateTime, Utc};
use database::{Database, Url, Visitor};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait, PaginatorTrait as _,
    QueryFilter as _, QuerySelect as _, Select, Statement,
};

use super::{restoration, traces, user};
use crate::error::Error;
use crate::ledger::Ledger;
use crate::passwords;

/// A question, in the words of either database.
struct Question {
    sqlite: &'static str,
    postgres: &'static str,
}

/// Whether a unique index, over all rows, is about the keys of names alone.
const NAMES_ARE_UNIQUE: Question = Question {
    sqlite: "SELECT EXISTS (
        SELECT 1 FROM pragma_index_list('users') AS list
        WHERE list.\"unique\" = 1 AND list.partial = 0
        AND (SELECT group_concat(name) FROM pragma_index_info(list.name)) = 'username_key'
    )",
    postgres: "SELECT EXISTS (
        SELECT 1 FROM pg_index AS index
        WHERE index.indrelid = 'users'::regclass AND index.indisunique AND index.indisvalid
        AND index.indpred IS NULL AND index.indnkeyatts = 1
        AND index.indkey[0] = (SELECT attnum FROM pg_attribute
            WHERE attrelid = 'users'::regclass AND attname = 'username_key')
    )",
};

/// Whether the numbers of accounts only rise, whatever is deleted.
const NUMBERS_RISE: Question = Question {
    sqlite: "SELECT EXISTS (
        SELECT 1 FROM sqlite_master
        WHERE type = 'table' AND name = 'users' AND upper(sql) LIKE '%AUTOINCREMENT%'
    )",
    postgres: "SELECT EXISTS (
        SELECT 1 FROM pg_attribute JOIN pg_sequence
            ON seqrelid = pg_get_serial_sequence('users', 'id')::regclass
        WHERE attrelid = 'users'::regclass AND attname = 'id' AND attidentity <> ''
        AND seqincrement > 0 AND NOT seqcycle
    )",
};

/// A look at the database.
pub(crate) struct Inspection(Visitor);

impl Inspection {
    /// Opens a database that is there already.
    pub(crate) async fn open(url: &Url) -> Result<Self, Error> {
        Ok(Self(Database::open_to_read(url).await?))
    }

    pub(crate) async fn names_are_unique(&self) -> Result<bool, Error> {
        self.asks(NAMES_ARE_UNIQUE).await
    }

    pub(crate) async fn numbers_rise(&self) -> Result<bool, Error> {
        self.asks(NUMBERS_RISE).await
    }

    /// How many accounts have a password, and how many of their hashes name none of these peppers.
    pub(crate) async fn count_passwords(&self, known: &[String]) -> Result<(u64, u64), Error> {
        let all = user::Entity::find().filter(user::Column::DeletedAt.is_null());
        let others = known.iter().fold(all.clone(), |query, id| {
            let named = format!("{}{id}$%", passwords::SCHEME);
            query.filter(user::Column::PasswordHash.not_like(named))
        });
        self.counts(all, others).await
    }

    /// How many deleted accounts left a trace of their name, and how many of these name none of these
    /// peppers.
    pub(crate) async fn count_traces(&self, known: &[String]) -> Result<(u64, u64), Error> {
        self.counts(traces::all(), traces::others(known)).await
    }

    /// The highest number that an account has; accounts that are deleted keep theirs.
    pub(crate) async fn highest(&self) -> Result<i64, Error> {
        self.0.read(|read| async move { restoration::highest(&read).await }).await
    }

    /// The last number that was given to an account, if any was.
    pub(crate) async fn last_given(&self) -> Result<Option<i64>, Error> {
        self.0.read(|read| async move { restoration::last_given(&read).await }).await
    }

    /// The accounts that are deleted.
    pub(crate) async fn deleted(&self) -> Result<Ledger, Error> {
        let deleted = user::Entity::find()
            .select_only()
            .columns([user::Column::Id, user::Column::CreatedAt])
            .filter(user::Column::DeletedAt.is_not_null());
        let deleted = self.0.read(|read| async move {
            let deleted: Vec<(i64, DateTime<Utc>)> = deleted.into_tuple().all(&read).await?;
            Ok::<_, Error>(deleted)
        });
        Ok(deleted.await?.into_iter().collect())
    }

    pub(crate) async fn close(self) -> Result<(), Error> {
        Ok(self.0.close().await?)
    }

    async fn counts(
        &self,
        all: Select<user::Entity>,
        others: Select<user::Entity>,
    ) -> Result<(u64, u64), Error> {
        let counted = self
            .0
            .read(|read| async move { Ok((all.count(&read).await?, others.count(&read).await?)) });
        counted.await
    }

    async fn asks(&self, question: Question) -> Result<bool, Error> {
        let answer = self.0.read(|read| async move {
            let backend = read.get_database_backend();
            let query = match backend {
                DbBackend::Postgres => question.postgres,
                _ => question.sqlite,
            };
            let row = read.query_one_raw(Statement::from_string(backend, query)).await?;
            Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(false))
        });
        answer.await
    }
}
