//! What an operator does to accounts, and what is said then.

use std::path::PathBuf;

use anyhow::{bail, ensure};
use chassis::clock;
use secrecy::SecretString;

use super::terminal;
use super::whom::Whom;
use crate::error::Error;
use crate::passwords::Hasher;
use crate::peppers::Peppers;
use crate::store::{Actor, Candidate, Store};
use crate::usernames::Username;

/// What is said when the service or another operator was faster.
const OVERTAKEN: &str = "the account has changed in the meantime; nothing was done, try again";

/// What passwords are hashed with.
pub(super) struct Secrets {
    pub(super) keys: PathBuf,
    pub(super) cost: u32,
}

impl Secrets {
    async fn hasher(self, store: &Store) -> anyhow::Result<Hasher> {
        // None is made here: it would be in a wrong place, or belong to whoever runs the command.
        let peppers = Peppers::find(&self.keys)?;
        let foreign = store.made_with_others(peppers.ids()).await?;
        peppers.check(foreign.as_deref())?;
        Ok(Hasher::new(peppers, self.cost, 1)?)
    }
}

pub(super) async fn create(store: &Store, name: &str, secrets: Secrets) -> anyhow::Result<String> {
    // Whatever is wrong already is said before anybody has to think of a password.
    let name = Username::parse(name)?;
    let hasher = secrets.hasher(store).await?;
    ensure!(store.user_by_key(name.key.clone()).await?.is_none(), Error::UsernameTaken);
    let password_hash = ask_and_hash(&hasher, &name.display).await?;
    let traces = hasher.traces(&name.key);
    let candidate = Candidate { name, traces, password_hash, login: None };
    let user = store.create(candidate, clock::now()).await?;
    Ok(format!("{} is account {}.", user.username, user.id))
}

pub(super) async fn set_password(
    store: &Store,
    whom: &Whom,
    secrets: Secrets,
) -> anyhow::Result<String> {
    let user = whom.find_living(store).await?;
    let hasher = secrets.hasher(store).await?;
    let hash = ask_and_hash(&hasher, &user.username).await?;
    ensure!(store.set_password(user.id, hash, clock::now()).await?, OVERTAKEN);
    let who = format!("{} (account {})", user.username, user.id);
    let note = if user.is_active { "" } else { " It is inactive still." };
    Ok(format!("{who} has another password, and all its logins have ended.{note}"))
}

pub(super) async fn set_active(
    store: &Store,
    whom: &Whom,
    is_active: bool,
) -> anyhow::Result<String> {
    let user = whom.find_living(store).await?;
    let who = format!("{} (account {})", user.username, user.id);
    let state = if is_active { "active" } else { "inactive" };
    Ok(if user.is_active == is_active {
        format!("{who} is {state} already; nothing was changed.")
    } else {
        ensure!(store.set_active(user.id, is_active, clock::now()).await?, OVERTAKEN);
        let note = if is_active { "" } else { ", and all its logins have ended" };
        format!("{who} is {state}{note}.")
    })
}

pub(super) async fn delete(store: &Store, whom: &Whom, is_sure: bool) -> anyhow::Result<String> {
    let user = whom.find_living(store).await?;
    let who = format!("{} (account {})", user.username, user.id);
    if !is_sure {
        let what = format!("This deletes {who} and all that it wrote, for good.");
        terminal::confirm(what, user.username.clone()).await?;
    }
    match store.begin_deletion(&user, Actor::Operator, clock::now()).await {
        Err(Error::LoginEnded | Error::AccountUnavailable) => bail!(OVERTAKEN),
        begun => begun?,
    }
    Ok(format!(
        "{who} is deleted. What is kept of it elsewhere goes within seconds where the service runs, and \
         otherwise as soon as it does."
    ))
}

/// Judged and hashed as at a registration.
async fn ask_and_hash(hasher: &Hasher, username: &str) -> anyhow::Result<String> {
    let password: SecretString = terminal::ask_for_password().await?;
    Ok(hasher.hash(password, username.to_owned()).await?)
}
