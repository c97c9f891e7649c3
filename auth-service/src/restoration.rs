//! What is told of accounts for a backup, and what is done to them when they come back from one.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use chassis::clock::{self, unix_seconds};
use chassis::secret_file::{self, Draft};
use database::{Database, Url};

use crate::keys::Folder;
use crate::ledger::Ledger;
use crate::migrations::Migrator;
use crate::peppers::{self, Peppers};
use crate::store::{Inspection, Store};

pub use crate::store::Restored;

/// What accounts there are and were.
#[derive(Debug, Clone)]
pub struct Census {
    /// The highest number that an account has or had; 0 if there never was one.
    pub highest: i64,
    /// The last number that was given; the next account has one above it. 0 if none was.
    pub last_given: i64,
    /// The accounts that are deleted.
    pub deleted: Ledger,
}

/// Looks at the accounts at `url`, and changes nothing.
///
/// # Errors
/// When there are none, or they cannot be read.
pub async fn census(url: &Url) -> anyhow::Result<Census> {
    let look = async {
        let inspection = Inspection::open(url).await?;
        let (highest, last_given) = (inspection.highest().await, inspection.last_given().await);
        let deleted = inspection.deleted().await;
        inspection.close().await?;
        let (highest, last_given) = (highest?, last_given?.unwrap_or_default());
        let deleted = deleted?;
        Ok::<_, crate::error::Error>(Census { highest, last_given, deleted })
    };
    look.await.with_context(|| format!("the accounts in {url} cannot be read"))
}

/// Copies the peppers of passwords to a folder, which is made. The keys that tokens are signed with stay
/// behind: a restore ends all that they signed, and whoever steals a copy can sign nothing.
///
/// # Errors
/// When one cannot be read or written, or is none.
pub fn copy_peppers(keys: &Path, to: &Path) -> anyhow::Result<()> {
    // What is no pepper is found out now, not when it is needed.
    Peppers::find(keys)?;
    Folder::at(to).make()?;
    for file in peppers::files(keys)? {
        let place = to.join(file.file_name().context("a pepper has a name")?);
        Draft::write(&place, &secret_file::read(&file)?)
            .and_then(Draft::publish)
            .with_context(|| format!("{} cannot be written", place.display()))?;
    }
    Ok(())
}

/// Makes accounts that were restored safe to serve: brings them to this version; ends all logins and tokens,
/// also by putting other keys in the place of those in the folder `keys`; deletes once more whoever is in
/// `deleted`; has everybody who is deleted deleted elsewhere once more; and sees to it that no number is given
/// again, be it below `beyond` or of accounts that were made after the backup. May be done again. The service
/// must not run meanwhile.
///
/// # Errors
/// When keys or database cannot be used. Nothing is changed in a database whose peppers are not in `keys`.
pub async fn restore(
    url: &Url,
    keys: &Path,
    deleted: Ledger,
    beyond: i64,
) -> anyhow::Result<Restored> {
    let (peppers, now) = (Peppers::find(keys)?, clock::now());
    // None is made where there is none.
    let known = database::pending::<Migrator>(url).await;
    known.with_context(|| format!("the database {url} cannot be restored"))?;
    let database = Database::open::<Migrator>(url).await;
    let database = database.with_context(|| format!("the database {url} cannot be opened"))?;
    let store = Store::new(database.clone());
    let restored = async {
        let foreign = store.made_with_others(peppers.ids()).await?;
        peppers.check(foreign.as_deref())?;
        anyhow::Ok(store.restore(deleted, beyond, now).await?)
    };
    let restored = restored.await;
    database.close().await;
    let restored = restored?;
    Folder::at(keys).renew(unix_seconds(now))?;
    Ok(restored)
}

/// Reads ledgers from files; `-` is standard input.
///
/// # Errors
/// One sentence that names the file.
pub(crate) fn read_ledgers(files: &[String]) -> anyhow::Result<Ledger> {
    let mut all = Ledger::default();
    for file in files {
        let text = if file == "-" {
            std::io::read_to_string(std::io::stdin())
        } else {
            fs::read_to_string(file)
        };
        let text = text.with_context(|| format!("{file} cannot be read"))?;
        all.extend(Ledger::parse(&text).with_context(|| format!("{file} is no ledger"))?);
    }
    Ok(all)
}
