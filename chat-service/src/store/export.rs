//! Everything of one person, a page at a time.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
};

use super::{
    Feedback, Message, Session, Store, Turn, UsageDay, message, messages, preferences, session,
    turn, usage_day,
};
use crate::error::Error;

/// Turns read at once.
const TURNS: u64 = 100;

/// A turn, and what was said in it.
pub(crate) struct Piece {
    pub(crate) turn: Turn,
    pub(crate) said: Vec<(Message, Option<Feedback>)>,
}

impl Store {
    /// The country that a person set, however long it takes to read.
    pub(crate) async fn kept_region(&self, user_id: i64) -> Result<Option<String>, Error> {
        let read = move |read| async move { preferences::region(&read, user_id).await };
        self.of(user_id).read_patiently(read).await
    }

    /// The session of this person that follows another.
    pub(crate) async fn next_session(
        &self,
        user_id: i64,
        after: i64,
    ) -> Result<Option<Session>, Error> {
        let query = session::Entity::find()
            .filter(session::Column::UserId.eq(user_id))
            .filter(session::Column::Id.gt(after))
            .order_by_asc(session::Column::Id);
        self.of(user_id).read_patiently(|read| async move { Ok(query.one(&read).await?) }).await
    }

    /// The next turns of a session, and what was said in them. Empty: there are no more.
    pub(crate) async fn next_turns(
        &self,
        session: &Session,
        after: i64,
    ) -> Result<Vec<Piece>, Error> {
        let query = turn::Entity::find()
            .filter(turn::Column::UserId.eq(session.user_id))
            .filter(turn::Column::SessionId.eq(session.id))
            .filter(turn::Column::Id.gt(after))
            .order_by_asc(turn::Column::Id)
            .limit(TURNS);
        self.of(session.user_id)
            .read_patiently(|read| async move {
                let turns = query.all(&read).await?;
                let said = message::Entity::find()
                    .filter(message::Column::TurnId.is_in(turns.iter().map(|turn| turn.id)))
                    .order_by_asc(message::Column::Id)
                    .all(&read)
                    .await?;
                let mut said = messages::with_feedback(&read, said).await?.into_iter().peekable();
                let mut pieces = Vec::new();
                for turn in turns {
                    let mut here = Vec::new();
                    while let Some(one) = said.next_if(|(said, _)| said.turn_id == turn.id) {
                        here.push(one);
                    }
                    pieces.push(Piece { turn, said: here });
                }
                Ok(pieces)
            })
            .await
    }

    /// Everything a person has used.
    pub(crate) async fn all_usage(&self, user_id: i64) -> Result<Vec<UsageDay>, Error> {
        let query = usage_day::Entity::find()
            .filter(usage_day::Column::UserId.eq(user_id))
            .order_by_asc(usage_day::Column::Day);
        self.of(user_id).read_patiently(|read| async move { Ok(query.all(&read).await?) }).await
    }
}
