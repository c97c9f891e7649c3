//! Deleting sessions.

use futures_util::FutureExt as _;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, DeleteMany, EntityTrait, QueryFilter as _, QuerySelect as _, QueryTrait as _,
    Select,
};

use super::{Store, message, messages, owned_session, request, session, turn};
use crate::error::Error;

/// Rows that are deleted in one go.
pub(super) const DELETED_AT_ONCE: u64 = 250;

impl Store {
    /// Deletes a session and everything said in it, a part at a time: nobody else waits for a long
    /// conversation to be gone. Cut off in between, it can be asked for again. Returns the turns that
    /// were open.
    pub(crate) async fn delete_session(
        &self,
        user_id: i64,
        session_id: i64,
    ) -> Result<Vec<i64>, Error> {
        let open = self.begin_to_delete(user_id, session_id).await?;
        let said = messages::said_in(user_id, session_id).select_only();
        let said = said.column(message::Column::Id).limit(DELETED_AT_ONCE).into_query();
        let some = || message::Column::Id.in_subquery(said.clone());
        self.delete_in_parts(|| message::Entity::delete_many().filter(some())).await?;
        let turns = turns_of(user_id, session_id).limit(DELETED_AT_ONCE).into_query();
        let some = || turn::Column::Id.in_subquery(turns.clone());
        self.delete_in_parts(|| turn::Entity::delete_many().filter(some())).await?;
        let last = self.database.write_patiently(move |tx| {
            async move {
                session::Entity::delete_by_id(session_id).exec(tx).await?;
                Ok::<_, Error>(open)
            }
            .boxed()
        });
        let open = last.await?;
        self.database.wipe();
        Ok(open)
    }

    /// Finds what is open in a session, and forgets what its requests were compared with: what was
    /// said is not to be guessed from that.
    async fn begin_to_delete(&self, user_id: i64, session_id: i64) -> Result<Vec<i64>, Error> {
        self.of(user_id)
            .write(move |tx| {
                async move {
                    owned_session(tx, user_id, session_id).await?;
                    let turns = turns_of(user_id, session_id);
                    request::Entity::update_many()
                        .filter(request::Column::UserId.eq(user_id))
                        .filter(request::Column::MadeId.in_subquery(turns.clone().into_query()))
                        .filter(request::Column::Method.ne(crate::conversations::CREATE_SESSION))
                        .col_expr(request::Column::Fingerprint, Expr::value(""))
                        .exec(tx)
                        .await?;
                    Ok(turns.filter(turn::is_open()).into_tuple().all(tx).await?)
                }
                .boxed()
            })
            .await
    }

    /// Deletes rows in parts of [`DELETED_AT_ONCE`], until a part is not full.
    pub(super) async fn delete_in_parts<E: EntityTrait>(
        &self,
        part: impl Fn() -> DeleteMany<E>,
    ) -> Result<(), Error> {
        loop {
            let part = part();
            let deleted = self.database.write_patiently(move |tx| {
                async move { Ok::<_, Error>(part.exec(tx).await?.rows_affected) }.boxed()
            });
            if deleted.await? < DELETED_AT_ONCE {
                return Ok(());
            }
        }
    }
}

/// The ids of a session's turns.
fn turns_of(user_id: i64, session_id: i64) -> Select<turn::Entity> {
    turn::Entity::find()
        .filter(turn::Column::UserId.eq(user_id))
        .filter(turn::Column::SessionId.eq(session_id))
        .select_only()
        .column(turn::Column::Id)
}
