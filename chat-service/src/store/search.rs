//! Search in what one person said and was told.

use sea_orm::{
    ColumnTrait as _, EntityTrait as _, FromQueryResult, QueryFilter as _, QueryOrder as _,
    Statement,
};

use super::{Feedback, Message, Store, message, messages, owned_session};
use crate::error::Error;

/// Newest first. The owner stands in the index, so that what others said is left out before it is
/// looked at; the tokens around a hit are 16, enough to recognise a sentence. `CROSS JOIN` keeps the
/// order: the other way round the index would be asked about each message that the person ever said.
const SEARCH: &str = "SELECT search.rowid AS id,
        snippet(search, 0, '', '', '…', 16) AS snippet
    FROM search CROSS JOIN messages ON messages.id = search.rowid
    WHERE search MATCH $1 AND messages.user_id = $2 AND search.rowid < $3
        AND ($4 = 0 OR messages.session_id = $4)
    ORDER BY search.rowid DESC LIMIT $5";

/// How much of a word must be there for the rest to be guessed, in bytes: three Latin letters, or one
/// of a script in which one says as much.
const SHORTEST_BEGINNING: usize = 3;

/// Something that was found.
pub(crate) struct Hit {
    pub(crate) message: (Message, Option<Feedback>),
    /// The part of it that has the words.
    pub(crate) snippet: String,
}

#[derive(FromQueryResult)]
struct Found {
    id: i64,
    snippet: String,
}

impl Store {
    /// Messages of this person that have all the words, newest first, from a message on.
    pub(crate) async fn search(
        &self,
        user_id: i64,
        session_id: Option<i64>,
        words: &[&str],
        before: Option<i64>,
        size: u64,
    ) -> Result<Vec<Hit>, Error> {
        let query = query(user_id, words);
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        self.of(user_id)
            .read(move |read| async move {
                if let Some(session_id) = session_id {
                    owned_session(&read, user_id, session_id).await?;
                }
                let values = [
                    query.into(),
                    user_id.into(),
                    before.unwrap_or(i64::MAX).into(),
                    session_id.unwrap_or(0).into(),
                    size.into(),
                ];
                let backend = read.get_database_backend();
                let statement = Statement::from_sql_and_values(backend, SEARCH, values);
                let found = Found::find_by_statement(statement).all(&read).await?;
                let ids = found.iter().map(|found| found.id);
                let rows = message::Entity::find()
                    .filter(message::Column::Id.is_in(ids))
                    .order_by_asc(message::Column::Id)
                    .all(&read)
                    .await?;
                let rows = messages::with_feedback(&read, rows).await?;
                let snippets = found.into_iter().map(|found| found.snippet);
                // Both have the same rows, one of them upside down.
                let hits = rows.into_iter().rev().zip(snippets);
                Ok(hits.map(|(message, snippet)| Hit { message, snippet }).collect())
            })
            .await
    }
}

/// In the index's own language. Every word is quoted: none of them is an operator. The last may be
/// unfinished, if there is enough of it: the index knows beginnings only by going through all words of
/// everybody that have it.
fn query(user_id: i64, words: &[&str]) -> String {
    let quoted = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\"")));
    let quoted: Vec<String> = quoted.collect();
    let may_go_on = words.last().is_some_and(|last| last.len() >= SHORTEST_BEGINNING);
    let rest = if may_go_on { "*" } else { "" };
    format!("owner:\"user{user_id}\" AND text:({}{rest})", quoted.join(" AND "))
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;
    use crate::store::tests::plan_of;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_index_is_asked_once_and_not_for_each_message() {
        let values = [query(7, &["exam"]).into(), 7.into(), 9.into(), 0.into(), 20.into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, SEARCH, values);
        let plan = plan_of(statement).await;
        assert!(plan.starts_with("SCAN search VIRTUAL TABLE"), "{plan}");
    }

    #[test]
    fn words_are_words_and_never_operators() {
        let query = query(7, &["exam", "NOT", "a\"b"]);
        assert_eq!(super::query(7, &["is"]), r#"owner:"user7" AND text:("is")"#);
        assert_eq!(query, r#"owner:"user7" AND text:("exam" AND "NOT" AND "a""b"*)"#);
    }
}
