//! A look at everything that the service needs. Nothing is made and nothing changed.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use chassis::checkup::{Checkup, permissions};
use chassis::clock::unix_seconds;
use chrono::{DateTime, Utc};
use database::Url;

use crate::keys::{Folder, Snapshot};
use crate::migrations::Migrator;
use crate::passwords::Hasher;
use crate::peppers::Peppers;
use crate::self_test;
use crate::store::Inspection;

pub(super) async fn run(url: &Url, keys: &Path, cost: u32, now: DateTime<Utc>) -> Checkup {
    let mut checkup = Checkup::default();
    let found = checkup.add("signing keys", signing_keys(keys), |found| {
        let count = found.ring.entries().len();
        format!("{count} in {}, for their owner alone", keys.display())
    });
    if let Some(found) = &found {
        let verdict = self_test::run(&found.keys, unix_seconds(now));
        checkup.add("self-test", verdict, |()| "tokens are judged as they should be".into());
    }
    let peppers = checkup.add("peppers", Peppers::find(keys), |peppers| {
        let (count, current) = (peppers.ids().len(), peppers.current().id());
        format!("{count}, for their owner alone; new hashes are made with {current}")
    });
    checkup.add("folder of keys", permissions(keys, 0o022, "700"), |()| {
        "nobody else can put files there".into()
    });
    let is_known = database::check::<Migrator>(url, "accounts", &mut checkup).await;
    if is_known {
        checkup.add("names and numbers", identities(url).await, |()| {
            "names are unique, numbers are never used again".into()
        });
    }
    if let Some(peppers) = peppers.as_ref().filter(|_| is_known) {
        checkup.add("password hashes", hashes(url, peppers).await, |count| {
            format!("{count}, all of known peppers")
        });
        checkup.add("deleted names", names(url, peppers).await, |count| {
            format!("{count}, all of known peppers")
        });
    }
    if let Some(peppers) = peppers {
        checkup.add("hashing", time_a_hash(peppers, cost).await, |taken| {
            format!("one password takes {} ms at cost {cost}", taken.as_millis())
        });
    }
    checkup
}

fn signing_keys(folder: &Path) -> anyhow::Result<Snapshot> {
    // Whatever is there differs from nothing.
    Folder::at(folder).look(b"")?.context("keys.json is empty")
}

async fn identities(url: &Url) -> anyhow::Result<()> {
    let inspection = Inspection::open(url).await?;
    let (unique, rising) = (inspection.names_are_unique().await, inspection.numbers_rise().await);
    inspection.close().await?;
    ensure!(unique?, "users.username_key has no unique index: two people could have one name");
    ensure!(rising?, "users.id does not only rise: a number could be given to somebody else");
    Ok(())
}

/// How many hashes there are, if each names a known pepper.
async fn hashes(url: &Url, peppers: &Peppers) -> anyhow::Result<u64> {
    let inspection = Inspection::open(url).await?;
    let counted = inspection.count_passwords(&peppers.ids()).await;
    inspection.close().await?;
    let (all, foreign) = counted?;
    ensure!(
        foreign == 0,
        "{foreign} of {all} name no pepper that is here: these people cannot log in. Put back the \
         pepper-*.key that they were made with",
    );
    Ok(all)
}

/// How many names of deleted accounts there are, if each is known by a pepper that is here.
async fn names(url: &Url, peppers: &Peppers) -> anyhow::Result<u64> {
    let inspection = Inspection::open(url).await?;
    let counted = inspection.count_traces(&peppers.ids()).await;
    inspection.close().await?;
    let (all, foreign) = counted?;
    ensure!(
        foreign == 0,
        "{foreign} of {all} name no pepper that is here: somebody else could register them. Put back the \
         pepper-*.key that they were made with",
    );
    Ok(all)
}

async fn time_a_hash(peppers: Peppers, cost: u32) -> anyhow::Result<Duration> {
    let hasher = Hasher::new(peppers, cost, 1)?;
    let begun = Instant::now();
    hasher.rehash("a password that nobody has".into()).await?;
    Ok(begun.elapsed())
}
