//! A look at whether what is kept is whole. Nothing is made and nothing changed.

use std::time::Duration;

use anyhow::ensure;
use chassis::checkup::Checkup;
use database::Url;

use crate::error::Error;
use crate::migrations::Migrator;
use crate::store::{Inspection, Wholeness};

/// Between two looks at turns that lack something. Who deletes a conversation takes it away in parts: what is found
/// changes until that is done.
const PAUSE: Duration = Duration::from_secs(2);
/// So many looks, at most.
const LOOKS: usize = 30;

pub(super) async fn run(url: &Url) -> Checkup {
    let mut checkup = Checkup::default();
    if database::check::<Migrator>(url, "conversations", &mut checkup).await {
        checkup.add("turns", turns(url).await, |Wholeness { turns, open, .. }| {
            format!("{turns}, each with what was said and its reply, but for {open} still to be answered")
        });
        checkup.add("owners", owners(url).await, |()| {
            "whatever is in a conversation belongs to whose conversation it is".into()
        });
    }
    checkup
}

/// How many turns there are, if none lacks anything.
async fn turns(url: &Url) -> anyhow::Result<Wholeness> {
    let inspection = Inspection::open(url).await?;
    let found = settled(&inspection).await;
    inspection.close().await?;
    let found = found?;
    let (broken, turns) = (found.broken.len(), found.turns);
    ensure!(
        broken == 0,
        "of {turns}, {broken} lack what was said or its reply: a conversation was not deleted to its end, \
         or something was lost",
    );
    Ok(found)
}

/// What is found when it does not change any more.
async fn settled(inspection: &Inspection) -> Result<Wholeness, Error> {
    let mut found = inspection.wholeness().await?;
    for _ in 1..LOOKS {
        if found.broken.is_empty() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        let before = std::mem::replace(&mut found, inspection.wholeness().await?);
        if before.broken == found.broken {
            break;
        }
    }
    Ok(found)
}

async fn owners(url: &Url) -> anyhow::Result<()> {
    let inspection = Inspection::open(url).await?;
    let strays = inspection.count_strays().await;
    inspection.close().await?;
    let strays = strays?;
    ensure!(
        strays == 0,
        "{strays} turns and messages are in conversations of somebody else, or in none"
    );
    Ok(())
}
