//! Whether somebody knows the password of an account, and what is done once they showed it.

use secrecy::SecretString;

use super::Accounts;
use crate::error::Error;
use crate::passwords::Verdict;
use crate::store::User;

impl Accounts {
    /// The account, if it is active and `password` is its own. Otherwise, and without an account,
    /// the same work for nothing.
    pub(super) async fn prove(
        &self,
        user: Option<User>,
        password: SecretString,
    ) -> Result<Option<User>, Error> {
        let (user, verdict) = self.examine(user, password).await?;
        Ok(user.filter(|_| verdict.is_proven()))
    }

    /// The account, if it is active, and whether `password` is its own. Without an account, the same
    /// work for nothing.
    pub(super) async fn examine(
        &self,
        user: Option<User>,
        password: SecretString,
    ) -> Result<(Option<User>, Verdict), Error> {
        let user = user.filter(|user| user.is_active);
        let hash = user.as_ref().map(|user| user.password_hash.0.clone());
        let verdict = self.hasher.verify(password, hash).await?;
        if verdict == Verdict::Untrusted
            && let Some(user) = &user
        {
            tracing::warn!(
                user_id = user.id,
                "what is stored for a password is no hash of ours; nobody can log in to this account"
            );
        }
        Ok((user, verdict))
    }

    /// Hashes a password that was just proven anew, beside the answer, unless there is too much to
    /// do: the next login will try again.
    pub(super) fn renew_hash(&self, user: &User, password: SecretString) {
        let (hasher, store) = (self.hasher.clone(), self.store.clone());
        let (id, old) = (user.id, user.password_hash.0.clone());
        self.background.spawn(async move {
            let renewed = async {
                let new = hasher.rehash(password).await?;
                store.replace_password_hash(id, old, new).await
            };
            match renewed.await {
                Ok(is_done) => tracing::debug!(is_done, "a password was hashed anew"),
                Err(error) => tracing::info!(%error, "a password was not hashed anew"),
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::accounts;
    use super::*;
    use crate::limits::Origin;
    use crate::passwords::Hasher;
    use crate::peppers::Peppers;

    #[tokio::test]
    async fn a_login_needs_nobody_to_hash_anew_and_the_next_one_tries_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut accounts = accounts(&folder).await;
        let hasher = || Hasher::new(Peppers::open(folder.path()).unwrap(), 4, 1).unwrap();
        accounts.hasher = hasher();
        let now = chassis::clock::now();
        let nowhere = Origin::Unknown;
        let ada = accounts.register("ada", "correct horse".into(), None, nowhere, now).await;
        let user = ada.unwrap().user;
        let pepper = |name: &str| folder.path().join(name);
        std::fs::rename(pepper("pepper.key"), pepper("pepper-1.key")).unwrap();
        accounts.hasher = hasher();
        let log_in = || accounts.log_in("ada", "correct horse".into(), nowhere, now);
        let kept = async || {
            assert!(accounts.background.drain(Duration::from_mins(1)).await);
            accounts.store.user_by_id(user.id).await.unwrap().unwrap().password_hash.0
        };

        // What is done beside the login begins when this test waits, and then the thread is taken.
        log_in().await.unwrap();
        let busy = accounts.hasher.occupy();
        assert_eq!(kept().await, user.password_hash.0);
        drop(busy);
        log_in().await.unwrap();
        let new = kept().await;
        assert_ne!(new, user.password_hash.0);
        let verdict = accounts.hasher.verify("correct horse".into(), Some(new.clone())).await;
        assert_eq!(verdict.unwrap(), Verdict::Right);
        log_in().await.unwrap();
        assert_eq!(kept().await, new, "once is enough");
    }
}
