//! Branches: what was there before an edit or another reply stays, but is not shown.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures_util::FutureExt as _;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait as _,
    FromQueryResult, QueryFilter as _, QueryOrder as _, Statement, Value,
};

use super::end::{self, Keep};
use super::{
    Message, Sender, Store, Told, Turn, Viewed, message, owned_session, owned_turn, sessions,
    touch, turn,
};
use crate::error::Error;

/// Everything from a turn back to the beginning, and from it on to the latest end.
const CHAIN: &str = "WITH RECURSIVE
    back(id, parent_id) AS (
        SELECT id, parent_id FROM turns WHERE id = $1
        UNION ALL SELECT turns.id, turns.parent_id FROM turns JOIN back ON turns.id = back.parent_id
    ),
    forth(id) AS (
        SELECT (SELECT MAX(id) FROM turns WHERE parent_id = $1)
        UNION ALL SELECT (SELECT MAX(id) FROM turns WHERE parent_id = forth.id) FROM forth
            WHERE forth.id IS NOT NULL
    )
    SELECT id FROM back UNION ALL SELECT id FROM forth WHERE id IS NOT NULL";
/// The turns before one in its own branch, the nearest first, and it.
const BACK: &str = "WITH RECURSIVE back(id, parent_id, number) AS (
        SELECT id, parent_id, 1 FROM turns WHERE id = $1
        UNION ALL SELECT turns.id, turns.parent_id, number + 1
            FROM turns JOIN back ON turns.id = back.parent_id WHERE number < $2
    ) SELECT id FROM back";
/// Turns named in one statement.
const AT_ONCE: usize = 500;

#[derive(FromQueryResult)]
struct Link {
    id: i64,
}

impl Store {
    /// Shows the branch that a turn is in.
    pub(crate) async fn select(&self, user_id: i64, turn_id: i64) -> Result<Viewed, Error> {
        self.of(user_id)
            .write(move |tx| {
                async move {
                    let chosen = owned_turn(tx, user_id, turn_id).await?;
                    enter(tx, &chosen).await?;
                    touch(tx, chosen.session_id, None).await?;
                    let session = owned_session(tx, user_id, chosen.session_id).await?;
                    sessions::viewed(tx, session).await
                }
                .boxed()
            })
            .await
    }
}

/// Shows the branch that a turn is in.
async fn enter(tx: &DatabaseTransaction, turn: &Turn) -> Result<(), Error> {
    let chain = chain(tx, CHAIN, vec![turn.id.into()]).await?;
    hide(tx, turn, 0).await?;
    for some in chain.chunks(AT_ONCE) {
        show(tx, some).await?;
    }
    Ok(())
}

/// What was said up to a turn's message in a branch that is not shown, oldest first: of so many turns
/// at most.
pub(super) async fn said_before(
    connection: &impl ConnectionTrait,
    turn: &Turn,
    most: u64,
) -> Result<Vec<Message>, Error> {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let back = chain(connection, BACK, vec![turn.id.into(), most.into()]).await?;
    let turns = turn::Entity::find()
        .filter(turn::Column::Id.is_in(back.iter().copied()))
        .all(connection)
        .await?;
    let asked = message::Column::Id.is_in(turns.iter().map(Turn::user_message_id));
    let answered = Condition::all()
        .add(message::Column::TurnId.is_in(back.into_iter().filter(|id| *id != turn.id)))
        .add(message::Column::Sender.eq(Sender::Ai));
    let said = message::Entity::find()
        .filter(Condition::any().add(asked).add(answered))
        .order_by_asc(message::Column::Id);
    Ok(said.all(connection).await?)
}

async fn chain(
    connection: &impl ConnectionTrait,
    query: &str,
    values: Vec<Value>,
) -> Result<Vec<i64>, Error> {
    let backend = connection.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, query, values);
    let links = Link::find_by_statement(statement).all(connection).await?;
    Ok(links.into_iter().map(|link| link.id).collect())
}

/// Leaves the branch from a turn on: what is at work there is stopped, and nothing of it is shown.
/// What they have `told` so far is kept. Returns the turns that were stopped.
pub(super) async fn leave(
    tx: &DatabaseTransaction,
    turn: &Turn,
    told: &mut HashMap<i64, Told>,
    now: DateTime<Utc>,
) -> Result<Vec<i64>, Error> {
    let parent = turn.parent_id.unwrap_or(0);
    let mut stopped = stop_after(tx, turn, parent, told, now).await?;
    if !turn.shown {
        enter(tx, turn).await?;
        stopped.extend(stop_after(tx, turn, parent, told, now).await?);
    }
    hide(tx, turn, parent).await?;
    Ok(stopped)
}

/// Stops what is at work in the branch that is shown, after the turn `parent`.
async fn stop_after(
    tx: &DatabaseTransaction,
    turn: &Turn,
    parent: i64,
    told: &mut HashMap<i64, Told>,
    now: DateTime<Utc>,
) -> Result<Vec<i64>, Error> {
    let open = turn::Entity::find()
        .filter(turn::Column::UserId.eq(turn.user_id))
        .filter(turn::Column::SessionId.eq(turn.session_id))
        .filter(turn::Column::Id.gt(parent))
        .filter(turn::Column::Shown.eq(true))
        .filter(turn::is_open())
        .order_by_asc(turn::Column::Id)
        .all(tx)
        .await?;
    for open in &open {
        end::stop(tx, open, Keep::default(), told.remove(&open.id), now).await?;
    }
    Ok(open.into_iter().map(|open| open.id).collect())
}

/// Shows a message that another turn answers now.
pub(super) async fn show_message(
    connection: &impl ConnectionTrait,
    message_id: i64,
) -> Result<(), Error> {
    message::Entity::update_many()
        .filter(message::Column::Id.eq(message_id))
        .col_expr(message::Column::Shown, Expr::value(true))
        .exec(connection)
        .await?;
    Ok(())
}

/// Hides everything in a turn's session that came after the turn `after`.
async fn hide(connection: &impl ConnectionTrait, turn: &Turn, after: i64) -> Result<(), Error> {
    turn::Entity::update_many()
        .filter(turn::Column::UserId.eq(turn.user_id))
        .filter(turn::Column::SessionId.eq(turn.session_id))
        .filter(turn::Column::Id.gt(after))
        .filter(turn::Column::Shown.eq(true))
        .col_expr(turn::Column::Shown, Expr::value(false))
        .exec(connection)
        .await?;
    message::Entity::update_many()
        .filter(message::Column::UserId.eq(turn.user_id))
        .filter(message::Column::SessionId.eq(turn.session_id))
        .filter(message::Column::TurnId.gt(after))
        .filter(message::Column::Shown.eq(true))
        .col_expr(message::Column::Shown, Expr::value(false))
        .exec(connection)
        .await?;
    Ok(())
}

/// Shows turns, their replies, and what they answer.
async fn show(connection: &impl ConnectionTrait, turns: &[i64]) -> Result<(), Error> {
    let shown = turn::Entity::update_many()
        .filter(turn::Column::Id.is_in(turns.iter().copied()))
        .col_expr(turn::Column::Shown, Expr::value(true))
        .exec_with_returning(connection)
        .await?;
    let answered = shown.iter().map(Turn::user_message_id);
    message::Entity::update_many()
        .filter(message::Column::Id.is_in(answered))
        .col_expr(message::Column::Shown, Expr::value(true))
        .exec(connection)
        .await?;
    message::Entity::update_many()
        .filter(message::Column::TurnId.is_in(turns.iter().copied()))
        .filter(message::Column::Sender.eq(Sender::Ai))
        .col_expr(message::Column::Shown, Expr::value(true))
        .exec(connection)
        .await?;
    Ok(())
}
