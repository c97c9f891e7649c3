//! What is left of the names of deleted accounts: which peppers it was made with.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Select};

use super::{Store, user};
use crate::error::Error;
use crate::peppers::TRACE;

impl Store {
    /// A trace that names another pepper than `known` ones, if there is one. Looks at all accounts.
    pub(super) async fn trace_of_others(&self, known: &[String]) -> Result<Option<String>, Error> {
        let others = others(known);
        let user =
            self.database.read(|read| async move { Ok::<_, Error>(others.one(&read).await?) });
        Ok(user.await?.map(|user| user.username_key))
    }
}

/// All deleted accounts of which no more than a trace is left.
pub(super) fn all() -> Select<user::Entity> {
    let deleted = user::Entity::find().filter(user::Column::DeletedAt.is_not_null());
    deleted.filter(user::Column::UsernameKey.like(format!("{TRACE}%")))
}

/// Those whose traces name none of these peppers. A trace of before they named one is taken to be of a
/// known one.
pub(super) fn others(known: &[String]) -> Select<user::Entity> {
    let of = |id: &str| format!("{TRACE}{id}:%");
    // Eight characters that may be any.
    let any = all().filter(user::Column::UsernameKey.like(of("________")));
    known.iter().fold(any, |query, id| query.filter(user::Column::UsernameKey.not_like(of(id))))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use chassis::clock;
    use database::Database;

    use super::*;
    use crate::migrations::Migrator;
    use crate::passwords::Hasher;
    use crate::peppers::Peppers;
    use crate::store::{Actor, Added, Candidate};
    use crate::usernames::Username;

    fn hasher(folder: &Path) -> Hasher {
        Hasher::new(Peppers::open(folder).unwrap(), 4, 1).unwrap()
    }

    /// Whether somebody can register a name.
    async fn is_free(store: &Store, folder: &Path, name: &str) -> bool {
        let traces = hasher(folder).traces(&Username::parse(name).unwrap().key);
        let candidate = Candidate { traces, ..Candidate::of(name, "") };
        match store.add_user(candidate, None, clock::now()).await {
            Ok(Added::New(_)) => true,
            Err(Error::UsernameTaken) => false,
            _ => panic!("{name}"),
        }
    }

    /// Registers somebody and deletes the account; `trace` is left.
    async fn delete(store: &Store, name: &str, trace: String) {
        let added = store.add_user(Candidate::of(name, ""), None, clock::now()).await;
        let Ok(Added::New(user)) = added else { panic!("{name} should be new") };
        store.begin_deletion(&user, Actor::User, clock::now()).await.unwrap();
        store.finish_deletion(user.id, trace).await.unwrap();
    }

    #[tokio::test]
    async fn a_name_stays_nobodys_with_every_pepper_and_a_lost_one_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let url = scratch::url(folder, "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let notice = async || {
            let peppers = Peppers::open(folder).unwrap();
            let foreign = store.made_with_others(peppers.ids()).await.unwrap();
            peppers.check(foreign.as_deref()).map_err(|error| error.to_string())
        };
        delete(&store, "ada", hasher(folder).trace("ada")).await;
        // As it was written before traces named their pepper.
        let trace = hasher(folder).trace("grace");
        let tag = trace.rsplit(':').next().unwrap();
        delete(&store, "grace", format!("deleted:{tag}")).await;
        let known =
            async || (is_free(&store, folder, "ada").await, is_free(&store, folder, "grace").await);
        assert_eq!(known().await, (false, false));

        let earlier = folder.join("pepper-1.key");
        fs::rename(folder.join("pepper.key"), &earlier).unwrap();
        assert_eq!(known().await, (false, false));
        notice().await.unwrap();
        let lost = Peppers::open(folder).unwrap().ids().pop().unwrap();
        fs::remove_file(&earlier).unwrap();
        let why = notice().await.unwrap_err();
        assert!(why.contains(&lost) && why.contains("deleted accounts"), "{why}");
    }
}
