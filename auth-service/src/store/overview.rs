//! Accounts as an operator sees them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::{Note, Store, User, audit, login, user};
use crate::error::Error;

impl Store {
    /// The accounts whose numbers come after `id`, at most so many.
    pub(crate) async fn users_after(&self, id: i64, most: u64) -> Result<Vec<User>, Error> {
        let query = user::Entity::find()
            .filter(user::Column::Id.gt(id))
            .order_by_asc(user::Column::Id)
            .limit(most);
        self.database.read(|read| async move { Ok(query.all(&read).await?) }).await
    }

    /// How many logins these accounts have; one that has none is not there.
    pub(crate) async fn logins_of(
        &self,
        users: &[User],
        now: DateTime<Utc>,
    ) -> Result<HashMap<i64, i64>, Error> {
        let query = login::Entity::find()
            .select_only()
            .column(login::Column::UserId)
            .column_as(login::Column::Sid.count(), "logins")
            .filter(login::Column::UserId.is_in(users.iter().map(|user| user.id)))
            .filter(login::Column::ExpiresAt.gt(now))
            .group_by(login::Column::UserId);
        let read = |read| async move { Ok(query.into_tuple::<(i64, i64)>().all(&read).await?) };
        let counted = self.database.read(read).await;
        counted.map(|counted: Vec<_>| counted.into_iter().collect())
    }

    /// What was done to an account last, at most so much of it, the newest first.
    pub(crate) async fn notes_about(&self, user_id: i64, most: u64) -> Result<Vec<Note>, Error> {
        let query = audit::Entity::find()
            .filter(audit::Column::UserId.eq(user_id))
            .order_by_desc(audit::Column::Id)
            .limit(most);
        self.database.read(|read| async move { Ok(query.all(&read).await?) }).await
    }
}
