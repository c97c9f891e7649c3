//! Counting the passwords that people try.

use chrono::{DateTime, Utc};

use super::Accounts;
use crate::error::Error;
use crate::limits::{Origin, Target};

impl Accounts {
    /// Counts a password that somebody tries for an account: before it is hashed, and alike whether or
    /// not there is such an account.
    ///
    /// The widest limit comes last: whoever is stopped by another one uses up nothing that others share.
    pub(super) async fn count_try(
        &self,
        username: &str,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let target = Target::of(username);
        self.limits.try_password(&target, origin)?;
        self.count_for_account(&target, origin, now).await
    }

    /// Counts a password for an account as a whole.
    ///
    /// Others who guess must not lock the owner out: where the password was proven lately, this limit does
    /// not count.
    pub(super) async fn count_for_account(
        &self,
        target: &Target<'_>,
        origin: Origin,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tags = self.hasher.places(&target.key, origin);
        if !tags.is_empty() && self.store.is_known(tags, now).await? {
            return Ok(());
        }
        self.limits.try_account(target)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::net::IpAddr;
    use std::path::Path;
    use std::sync::Arc;

    use chrono::TimeDelta;
    use tempfile::TempDir;

    use super::super::tests::accounts;
    use super::*;
    use crate::config::Tries;
    use crate::limits::Limits;
    use crate::passwords::Hasher;
    use crate::peppers::Peppers;

    /// Accounts in `folder` after a start, with as many tries as there are unless told otherwise.
    async fn started(folder: &TempDir, tries: Tries) -> Accounts {
        let mut accounts = accounts(folder).await;
        accounts.hasher = Hasher::new(Peppers::open(folder.path()).unwrap(), 4, 1).unwrap();
        accounts.limits = Arc::new(Limits::new(tries));
        accounts
    }

    fn from(address: &str) -> Origin {
        Some(address.parse::<IpAddr>().unwrap()).into()
    }

    async fn register(accounts: &Accounts, name: &str, address: &str, now: DateTime<Utc>) {
        let password = "correct horse".into();
        accounts.register(name, password, None, from(address), now).await.unwrap();
    }

    /// Whether one more password may be tried for an account.
    async fn may_try(accounts: &Accounts, name: &str, origin: Origin, now: DateTime<Utc>) -> bool {
        match accounts.count_try(name, origin, now).await {
            Ok(()) => true,
            Err(Error::TooManyTries { .. }) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    /// Tries passwords from many places until there is none left to try.
    async fn hammer(accounts: &Accounts, name: &str, now: DateTime<Utc>) {
        for network in 0..=u8::MAX {
            if !may_try(accounts, name, from(&format!("198.51.{network}.1")), now).await {
                return;
            }
        }
        panic!("nobody was stopped");
    }

    fn change_pepper(folder: &Path) {
        fs::rename(folder.join("pepper.key"), folder.join("pepper-1.key")).unwrap();
    }

    #[tokio::test]
    async fn whoever_guesses_from_many_places_never_locks_the_owner_out() {
        let folder = tempfile::tempdir().unwrap();
        let now = chassis::clock::now();
        let tries = Tries { per_account: 5, per_pair: 3, ..Tries::UNLIMITED };
        let accounts = started(&folder, tries).await;
        register(&accounts, "Ada", "203.0.113.1", now).await;
        hammer(&accounts, "ada", now).await;
        let (home, elsewhere) = (from("203.0.113.200"), from("192.0.2.1"));
        assert!(!may_try(&accounts, "ada", elsewhere, now).await);
        for _ in 0..3 {
            // It is the account that counts, and not how it is spelled.
            assert!(may_try(&accounts, "ADA", home, now).await);
        }
        assert!(!may_try(&accounts, "ada", home, now).await, "at home the narrow limit counts");

        // A place is one of an account's, and of nobody else's.
        hammer(&accounts, "grace", now).await;
        assert!(!may_try(&accounts, "grace", home, now).await);
    }

    #[tokio::test]
    async fn the_places_of_an_account_are_known_after_a_start_and_another_pepper() {
        let folder = tempfile::tempdir().unwrap();
        let now = chassis::clock::now();
        let tries = Tries { per_account: 5, ..Tries::UNLIMITED };
        let accounts = started(&folder, tries).await;
        register(&accounts, "ada", "2001:db8:1:2::1", now).await;
        for restart in [|_: &Path| {}, change_pepper] {
            restart(folder.path());
            let accounts = started(&folder, tries).await;
            hammer(&accounts, "ada", now).await;
            assert!(may_try(&accounts, "ada", from("2001:db8:1:2:ffff::"), now).await);
            assert!(!may_try(&accounts, "ada", from("2001:db8:1:3::1"), now).await);
        }
        // Seen again, it is remembered with the pepper of now; the earlier one may go.
        let accounts = started(&folder, tries).await;
        let home = from("2001:db8:1:2::7");
        accounts.log_in("ada", "correct horse".into(), home, now).await.unwrap();
        fs::remove_file(folder.path().join("pepper-1.key")).unwrap();
        let accounts = started(&folder, tries).await;
        hammer(&accounts, "ada", now).await;
        assert!(may_try(&accounts, "ada", home, now).await);
        let (last, end) = (TimeDelta::days(30) - TimeDelta::microseconds(1), TimeDelta::days(30));
        assert!(may_try(&accounts, "ada", home, now + last).await);
        assert!(!may_try(&accounts, "ada", home, now + end).await, "a month is long enough");
    }

    /// Whoever had a password that was changed since may have been anywhere.
    #[tokio::test]
    async fn where_an_earlier_password_was_proven_is_no_place_of_the_owners() {
        let folder = tempfile::tempdir().unwrap();
        let now = chassis::clock::now();
        let accounts = started(&folder, Tries { per_account: 5, ..Tries::UNLIMITED }).await;
        let known = async |address: &str| may_try(&accounts, "ada", from(address), now).await;
        let enter = async |password: &str, address: &str| {
            accounts.log_in("ada", password.into(), from(address), now).await.unwrap()
        };
        register(&accounts, "ada", "203.0.113.1", now).await;
        let ada = enter("correct horse", "192.0.2.1").await;
        hammer(&accounts, "ada", now).await;
        assert!(known("203.0.113.1").await && known("192.0.2.1").await);

        let (claims, user) = accounts.logins.verify(&ada.access, now).await.unwrap();
        let (id, origin) = (user.id, from("192.0.2.1"));
        let passwords = ("correct horse".into(), "battery staple".into());
        let changed = accounts.change_password(claims, user, passwords.0, passwords.1, origin, now);
        changed.await.unwrap();
        assert!(!known("203.0.113.1").await && known("192.0.2.1").await, "it was changed there");

        let hash = accounts.hasher.hash("staple battery".into(), "ada".into()).await.unwrap();
        assert!(accounts.store.set_password(id, hash, now).await.unwrap());
        assert!(!known("192.0.2.1").await, "somebody else has set it");
    }

    #[tokio::test]
    async fn those_without_an_address_are_not_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let now = chassis::clock::now();
        let accounts = started(&folder, Tries { per_account: 5, ..Tries::UNLIMITED }).await;
        let nowhere = Origin::Unknown;
        accounts.register("ada", "correct horse".into(), None, nowhere, now).await.unwrap();
        hammer(&accounts, "ada", now).await;
        assert!(!may_try(&accounts, "ada", nowhere, now).await);
    }
}
