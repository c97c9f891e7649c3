//! The accounts as they are kept.

mod user;

use chrono::{DateTime, Utc};
use database::Database;
use futures_util::FutureExt as _;
use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _, Set};

use crate::error::Error;
use crate::usernames::Username;

pub(crate) use user::Model as User;

/// The accounts. Clones share the database.
#[derive(Clone)]
pub(crate) struct Store {
    database: Database,
}

impl Store {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Adds an account. Whether the name is free is decided by the unique index, not by a look
    /// beforehand.
    pub(crate) async fn add_user(
        &self,
        username: Username,
        password_hash: String,
        now: DateTime<Utc>,
    ) -> Result<User, Error> {
        let row = user::ActiveModel {
            username: Set(username.display),
            username_key: Set(username.key),
            password_hash: Set(password_hash),
            is_active: Set(true),
            token_version: Set(0),
            created_at: Set(now),
            ..Default::default()
        };
        let added =
            self.database.write(|tx| async move { Ok::<_, Error>(row.insert(tx).await?) }.boxed());
        match added.await {
            Err(Error::Storage(error)) if error.is_duplicate() => Err(Error::UsernameTaken),
            other => other,
        }
    }

    pub(crate) async fn user_by_key(&self, key: String) -> Result<Option<User>, Error> {
        let query = user::Entity::find().filter(user::Column::UsernameKey.eq(key));
        self.database.read(|read| async move { Ok(query.one(&read).await?) }).await
    }

    pub(crate) async fn user_by_id(&self, id: i64) -> Result<Option<User>, Error> {
        let query = user::Entity::find_by_id(id);
        self.database.read(|read| async move { Ok(query.one(&read).await?) }).await
    }

    /// The hash of some account, to see what it was made with.
    pub(crate) async fn any_password_hash(&self) -> Result<Option<String>, Error> {
        let query = user::Entity::find();
        let user =
            self.database.read(|read| async move { Ok::<_, Error>(query.one(&read).await?) });
        Ok(user.await?.map(|user| user.password_hash))
    }
}
