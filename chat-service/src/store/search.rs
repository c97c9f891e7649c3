//! Search in what one person said and was told.

mod snippet;

use database::Reading;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait as _, FromQueryResult,
    QueryFilter as _, QueryOrder as _, Statement,
};

use super::{Feedback, Message, Store, message, messages, owned_session};
use crate::error::Error;

/// Newest first. The owner stands in the index, so that what others said is left out before it is
/// looked at. `CROSS JOIN` keeps the order: the other way round the index would be asked about each message
/// that the person ever said.
const SQLITE: &str = "SELECT search.rowid AS id
    FROM search CROSS JOIN messages ON messages.id = search.rowid
    WHERE search MATCH $1 AND messages.user_id = $2 AND search.rowid < $3
        AND ($4 = 0 OR messages.session_id = $4)
    ORDER BY search.rowid DESC LIMIT $5";
/// The same. Materialized, so that what was found is put in order, and not everything of the person looked
/// through in order.
const POSTGRES: &str = "WITH found AS MATERIALIZED (
        SELECT id FROM messages
        WHERE search @@ $1::tsquery AND user_id = $2 AND id < $3
            AND ($4 = 0 OR session_id = $4)
    )
    SELECT id FROM found ORDER BY id DESC LIMIT $5";
/// Words in the language of [`POSTGRES`]: what the index makes several words of is one after the other, and
/// the last may be unfinished, if `$3` says so.
const WORDS: &str = "SELECT string_agg(
        replace(search_words(word), ' ', ':B <-> ')
            || CASE WHEN number = $2 AND $3 THEN ':*B' ELSE ':B' END, ' & ' ORDER BY number
    ) AS words
    FROM regexp_split_to_table($1, ' ') WITH ORDINALITY AS words(word, number)
    WHERE search_words(word) <> ''";

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
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let size = i64::try_from(size).unwrap_or(i64::MAX);
        self.of(user_id)
            .read(move |read| async move {
                if let Some(session_id) = session_id {
                    owned_session(&read, user_id, session_id).await?;
                }
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let backend = read.get_database_backend();
                let (search, query) = match backend {
                    DbBackend::Postgres => (POSTGRES, tsquery(&read, user_id, &words).await?),
                    _ => (SQLITE, query(user_id, &words)),
                };
                let values = [
                    query.into(),
                    user_id.into(),
                    before.unwrap_or(i64::MAX).into(),
                    session_id.unwrap_or(0).into(),
                    size.into(),
                ];
                let statement = Statement::from_sql_and_values(backend, search, values);
                let found = Found::find_by_statement(statement).all(&read).await?;
                let rows = message::Entity::find()
                    .filter(message::Column::Id.is_in(found.iter().map(|found| found.id)))
                    .order_by_asc(message::Column::Id)
                    .all(&read)
                    .await?;
                let hits = messages::with_feedback(&read, rows).await?.into_iter().rev();
                let hit = |message: (Message, Option<Feedback>)| {
                    let snippet = snippet::around(&message.0.text, &words);
                    Hit { message, snippet }
                };
                Ok(hits.map(hit).collect())
            })
            .await
    }
}

/// Whether there is enough of the last word for the rest to be guessed: the index knows beginnings only by
/// going through all words of everybody that have it.
fn may_go_on(words: &[&str]) -> bool {
    words.last().is_some_and(|last| last.len() >= SHORTEST_BEGINNING)
}

/// In the language of PostgreSQL's index, which knows best what it makes of a word.
async fn tsquery(read: &Reading, user_id: i64, words: &[&str]) -> Result<String, Error> {
    let last = i64::try_from(words.len()).unwrap_or(i64::MAX);
    let values = [words.join(" ").into(), last.into(), may_go_on(words).into()];
    let statement = Statement::from_sql_and_values(DbBackend::Postgres, WORDS, values);
    let row = read.query_one_raw(statement).await?;
    let found: Option<Option<String>> = row.map(|row| row.try_get("", "words")).transpose()?;
    let words = found.flatten().map(|words| format!(" & {words}")).unwrap_or_default();
    Ok(format!("user{user_id}:A{words}"))
}

/// In the language of SQLite's index. Every word is quoted: none of them is an operator.
fn query(user_id: i64, words: &[&str]) -> String {
    let quoted = words.iter().map(|word| format!("\"{}\"", word.replace('"', "\"\"")));
    let quoted: Vec<String> = quoted.collect();
    let rest = if may_go_on(words) { "*" } else { "" };
    format!("owner:\"user{user_id}\" AND text:({}{rest})", quoted.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::plan_of;

    #[tokio::test(flavor = "multi_thread")]
    async fn the_index_is_asked_once_and_not_for_each_message() {
        let values = [query(7, &["exam"]).into(), 7.into(), 9.into(), 0.into(), 20.into()];
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, SQLITE, values);
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
