//! The accounts as they are kept.

mod acts;
mod audit;
mod credentials;
mod deletion;
mod deletions;
mod inspection;
mod locks;
mod login;
mod logins;
mod operator;
mod overview;
mod password_hashes;
mod place;
mod places;
mod registration;
mod registrations;
mod restoration;
mod revocation;
mod revocations;
mod stored_hash;
mod traces;
mod user;

use database::Database;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use crate::error::Error;

pub(crate) use acts::Actor;
pub(crate) use audit::Model as Note;
pub(crate) use credentials::Kept;
pub(crate) use inspection::Inspection;
pub(crate) use login::Model as Login;
pub(crate) use logins::Beginning;
pub(crate) use registrations::{Added, Candidate};
pub use restoration::Restored;
pub(crate) use revocation::Model as Revocation;
pub(crate) use revocations::LONGEST as LONGEST_REVOCATION;
pub(crate) use stored_hash::StoredHash;
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

    pub(crate) async fn user_by_key(&self, key: String) -> Result<Option<User>, Error> {
        let query = user::Entity::find().filter(user::Column::UsernameKey.eq(key));
        self.database.read(|read| async move { Ok(query.one(&read).await?) }).await
    }

    pub(crate) async fn user_by_id(&self, id: i64) -> Result<Option<User>, Error> {
        let query = user::Entity::find_by_id(id);
        self.database.read(|read| async move { Ok(query.one(&read).await?) }).await
    }
}
