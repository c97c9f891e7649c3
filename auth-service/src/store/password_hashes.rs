//! The hashes of passwords as they are kept: which peppers they name, and how one takes the place of
//! another.

use futures_util::FutureExt as _;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::{Store, user};
use crate::error::Error;
use crate::passwords;

impl Store {
    /// Puts a hash in the place of `old`. False if `old` is not there any more: whoever changed it
    /// in the meantime knew better.
    pub(crate) async fn replace_password_hash(
        &self,
        user_id: i64,
        old: String,
        new: String,
    ) -> Result<bool, Error> {
        let replacement = user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(new))
            .filter(user::Column::Id.eq(user_id))
            .filter(user::Column::PasswordHash.eq(old));
        self.database
            .write(move |tx| {
                async move { Ok(replacement.exec(tx).await?.rows_affected > 0) }.boxed()
            })
            .await
    }

    /// What names another pepper than `known` ones, if there is anything: a password hash, or else the
    /// trace of a deleted account's name. Looks at all accounts.
    pub(crate) async fn made_with_others(
        &self,
        known: Vec<String>,
    ) -> Result<Option<String>, Error> {
        let named = |id: &str| format!("{}{id}$%", passwords::SCHEME);
        // Eight characters that may be any.
        let any = user::Entity::find().filter(user::Column::PasswordHash.like(named("________")));
        let others = known
            .iter()
            .fold(any, |query, id| query.filter(user::Column::PasswordHash.not_like(named(id))));
        let user =
            self.database.read(|read| async move { Ok::<_, Error>(others.one(&read).await?) });
        match user.await? {
            Some(user) => Ok(Some(user.password_hash.0)),
            None => self.trace_of_others(&known).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use chassis::clock;
    use database::Database;

    use super::*;
    use crate::migrations::Migrator;
    use crate::store::{Added, Candidate, User};

    async fn store(folder: &tempfile::TempDir) -> Store {
        let url = scratch::url(folder.path(), "auth");
        Store::new(Database::open::<Migrator>(&url).await.unwrap())
    }

    async fn add(store: &Store, name: &str, hash: &str) -> User {
        match store.add_user(Candidate::of(name, hash), None, clock::now()).await {
            Ok(Added::New(user)) => user,
            _ => panic!("{hash}"),
        }
    }

    #[tokio::test]
    async fn of_two_hashes_made_of_one_the_first_stays_and_a_change_is_never_undone() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let (ada, bob) = (add(&store, "ada", "old").await, add(&store, "bob", "old").await);
        let replace = |new: &str| store.replace_password_hash(ada.id, "old".into(), new.into());
        // Two logins that both saw the old hash.
        let (first, second) = tokio::join!(replace("first"), replace("second"));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert!(first != second, "one of them");
        let kept = if first { "first" } else { "second" };
        let hash = async |id| store.user_by_id(id).await.unwrap().unwrap().password_hash.0;
        assert_eq!(hash(ada.id).await, kept);

        // A password is changed, and then comes a login that saw what was there before.
        assert!(store.replace_password_hash(ada.id, kept.into(), "changed".into()).await.unwrap());
        for late in ["old", kept] {
            let undone = store.replace_password_hash(ada.id, late.into(), "undone".into()).await;
            assert!(!undone.unwrap());
        }
        assert_eq!(hash(ada.id).await, "changed");
        assert_eq!(hash(bob.id).await, "old", "what is another's stays");
        assert!(!store.replace_password_hash(99, "old".into(), "new".into()).await.unwrap());
    }

    #[tokio::test]
    async fn one_account_with_another_pepper_is_found_among_all() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder).await;
        let others = async |known: &[&str]| {
            let known = known.iter().map(ToString::to_string).collect();
            store.made_with_others(known).await.unwrap()
        };
        assert_eq!(others(&[]).await, None);
        for (name, hash) in [
            ("ada", "$ab1$0000aaaa$2b$12$x"),
            ("bob", "$ab1$0000bbbb$2b$12$x"),
            ("gone", ""),
            ("broken", "$ab1$no pepper at all"),
        ] {
            add(&store, name, hash).await;
        }
        assert_eq!(others(&["0000bbbb", "0000aaaa"]).await, None);
        assert_eq!(others(&["0000aaaa"]).await.as_deref(), Some("$ab1$0000bbbb$2b$12$x"));
        assert_eq!(others(&["0000bbbb"]).await.as_deref(), Some("$ab1$0000aaaa$2b$12$x"));
    }
}
