//! What people have set.

use futures_util::FutureExt as _;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ConnectionTrait, EntityTrait as _, Set};

use super::Store;
use super::preference::{ActiveModel, Column, Entity};
use crate::error::Error;

impl Store {
    /// The country that a person set.
    pub(crate) async fn region(&self, user_id: i64) -> Result<Option<String>, Error> {
        self.of(user_id).read(move |read| async move { region(&read, user_id).await }).await
    }

    /// Sets the country that a person is in; `None` for nowhere in particular.
    pub(crate) async fn set_region(&self, user_id: i64, code: Option<String>) -> Result<(), Error> {
        self.of(user_id)
            .write(move |tx| {
                async move {
                    let region = Set(code.unwrap_or_default());
                    let row = ActiveModel { user_id: Set(user_id), region };
                    let again =
                        OnConflict::column(Column::UserId).update_column(Column::Region).to_owned();
                    Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
                    Ok(())
                }
                .boxed()
            })
            .await
    }
}

/// The country that a person set.
pub(super) async fn region(
    connection: &impl ConnectionTrait,
    user_id: i64,
) -> Result<Option<String>, Error> {
    let row = Entity::find_by_id(user_id).one(connection).await?;
    Ok(row.map(|row| row.region).filter(|code| !code.is_empty()))
}
