//! From where the passwords of accounts were proven lately.

use chrono::{DateTime, TimeDelta, Utc};
use database::Sweep as _;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
    QuerySelect as _, QueryTrait as _, Set,
};

use super::{Store, place};
use crate::error::Error;

/// How long a place is known.
const LIFETIME: TimeDelta = TimeDelta::days(30);
/// Places known of one account; another one takes the place of the one that was not seen for longest.
const MOST: u64 = 20;
/// Rows of any account deleted with each new one: more than one, so that they become fewer, and never so
/// many that others wait for it.
const SWEPT_AT_ONCE: u64 = 100;

impl Store {
    /// Whether a password was proven lately where one of these tags stands for.
    pub(crate) async fn is_known(
        &self,
        tags: Vec<String>,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let query = place::Entity::find()
            .filter(place::Column::Tag.is_in(tags))
            .filter(place::Column::SeenAt.gt(now - LIFETIME));
        self.database.read(|read| async move { Ok(query.one(&read).await?.is_some()) }).await
    }
}

/// Forgets all places of an account in a transaction of somebody else's: whoever has its password may be
/// somebody else now.
pub(super) async fn forget(tx: &impl ConnectionTrait, user_id: i64) -> Result<(), Error> {
    let whose = place::Column::UserId.eq(user_id);
    place::Entity::delete_many().filter(whose).exec(tx).await?;
    Ok(())
}

/// Remembers a place in a transaction of somebody else's.
pub(super) async fn remember(
    tx: &impl ConnectionTrait,
    user_id: i64,
    tag: String,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let row = place::ActiveModel { tag: Set(tag), user_id: Set(user_id), seen_at: Set(at) };
    let mut again = OnConflict::column(place::Column::Tag);
    again.update_columns([place::Column::UserId, place::Column::SeenAt]);
    place::Entity::insert(row).on_conflict(again).exec_without_returning(tx).await?;
    let tags = || place::Entity::find().select_only().column(place::Column::Tag);
    // One more than there may be, unless somebody lowers the number one day.
    let too_many = tags()
        .filter(place::Column::UserId.eq(user_id))
        .order_by_desc(place::Column::SeenAt)
        .order_by_desc(place::Column::Tag)
        .offset(MOST)
        .some_to_sweep(SWEPT_AT_ONCE);
    let some_expired =
        tags().filter(place::Column::SeenAt.lte(at - LIFETIME)).some_to_sweep(SWEPT_AT_ONCE);
    for some in [too_many, some_expired] {
        let gone = place::Column::Tag.in_subquery(some.into_query());
        place::Entity::delete_many().filter(gone).exec(tx).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use database::Database;
    use sea_orm::PaginatorTrait as _;

    use super::*;
    use crate::migrations::Migrator;
    use crate::store::{Added, Beginning, Candidate, User};

    async fn log_in(store: &Store, user: &User, place: &str, at: DateTime<Utc>) {
        let sid = token::random_id().unwrap();
        let login = Beginning { place: Some(place.to_owned()), ..Beginning::of(&sid, at) };
        store.begin_login(user, login).await.unwrap();
    }

    async fn rows(store: &Store) -> u64 {
        let query = place::Entity::find();
        let count = store.database.read(|read| async move { Ok(query.count(&read).await?) });
        count.await.map_err(|error: Error| error).unwrap()
    }

    #[tokio::test]
    async fn places_are_known_in_bounded_number_and_the_latest_stay() {
        let folder = tempfile::tempdir().unwrap();
        let url = scratch::url(folder.path(), "auth");
        let store = Store::new(Database::open::<Migrator>(&url).await.unwrap());
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let mut people = Vec::new();
        for name in ["ada", "grace"] {
            let added = store.add_user(Candidate::of(name, ""), None, start).await;
            let Ok(Added::New(user)) = added else { panic!("{name} should be new") };
            people.push(user);
        }
        let [ada, grace] = &people[..] else { panic!("two people") };
        let is_known =
            async |tag: &str, at| store.is_known(vec![tag.to_owned()], at).await.unwrap();

        log_in(&store, grace, "grace at home", start).await;
        let most = i64::try_from(MOST).unwrap();
        for number in 0..most {
            log_in(&store, ada, &format!("place {number}"), start + TimeDelta::seconds(number))
                .await;
        }
        let later = start + TimeDelta::minutes(1);
        log_in(&store, ada, "place 0", later).await;
        assert_eq!(rows(&store).await, MOST + 1, "a place that is seen again is the same place");
        log_in(&store, ada, "one more", later).await;
        assert_eq!(rows(&store).await, MOST + 1);
        assert!(!is_known("place 1", later).await);
        for tag in ["place 0", "place 2", "one more", "grace at home"] {
            assert!(is_known(tag, later).await, "{tag}");
        }

        // A place is known for a month, counted from when it was seen last, and then it goes.
        let end = start + LIFETIME;
        assert!(is_known("grace at home", end - TimeDelta::microseconds(1)).await);
        assert!(!is_known("grace at home", end).await);
        assert!(is_known("place 0", later + LIFETIME - TimeDelta::microseconds(1)).await);
        log_in(&store, grace, "grace at work", later + LIFETIME).await;
        assert_eq!(rows(&store).await, 1);
    }
}
