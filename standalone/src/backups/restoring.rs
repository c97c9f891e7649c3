//! Restoring a backup: all that it must not bring back is dealt with before anybody is served.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, ensure};
use auth_service::restoration::{self, Restored};
use auth_service::{Ledger, commands::restored};
use chassis::secret_file::Draft;
use chat_service::Census;
use database::Url;

use super::making::known_before;
use super::manifest::Manifest;
use super::{AUTH, CHAT, DELETED, KEYS, copying, names_in, switching};

/// Why a database that is whole cannot be brought to this version.
const LATER: &str = "it cannot be brought to this version; is it of a later one?";

/// What is known from elsewhere than the backup: whose deletion must hold, and which numbers were given.
#[derive(Default)]
struct Known {
    deleted: Ledger,
    highest: i64,
    /// What could not be read, for the person at the terminal.
    unread: Vec<String>,
}

/// Restores the backup in the folder `backup` into the data folder. What is there is kept beside it, if
/// `may_replace` says that it may be replaced at all. Says what it did.
///
/// # Errors
/// When the backup is not whole or of a later version, somebody works in the data folder, or it has data
/// that may not be replaced; nothing is changed then.
pub(crate) async fn restore(
    data: &Path,
    backup: &Path,
    may_replace: bool,
) -> anyhow::Result<String> {
    let manifest = Manifest::read(backup)?;
    manifest.verify(backup)?;
    let _lock = crate::prepare(data)?;
    ensure!(
        may_replace || !switching::is_occupied(data),
        "there is data in {}: with --replace it is moved aside, and the backup takes its place",
        data.display()
    );
    let known = Known::gather(data, backup, &manifest).await?;
    let unread = known.unread.clone();
    let draft = switching::draft(data);
    let prepared = match prepare(&draft, backup, &manifest, known).await {
        Ok(prepared) => prepared,
        Err(error) => {
            copying::remove(&draft)?;
            return Err(error.context("nothing was restored"));
        }
    };
    switching::decide(data)?;
    let replaced = switching::finish(data)?;

    let (accounts, Census { sessions, messages, .. }) = prepared;
    let mut said = format!(
        "{} is restored into {}\nsessions: {sessions}, messages: {messages}\n",
        backup.display(),
        data.display()
    );
    said.push_str(&restored::tell(accounts));
    if let Some(replaced) = replaced {
        // Writing to a String cannot fail.
        let _infallible = write!(
            said,
            "\nwhat was there before is in {}, as secret as the rest: remove it when nobody needs it any more",
            replaced.display()
        );
    }
    for what in unread {
        let _infallible = write!(
            said,
            "\nWARNING: {what}. Whoever was deleted as only that could have told is back: delete them again."
        );
    }
    Ok(said)
}

impl Known {
    /// From what is to be replaced, and from all other backups in the same folder.
    async fn gather(data: &Path, backup: &Path, manifest: &Manifest) -> anyhow::Result<Self> {
        let (deleted, highest) = (manifest.deleted.clone(), manifest.highest_account);
        let mut known = Self { deleted, highest, unread: Vec::new() };
        let backup = backup.canonicalize().with_context(|| backup.display().to_string())?;
        if let Some(folder) = backup.parent() {
            for other in names_in(folder)?.iter().map(|name| folder.join(name)) {
                match Manifest::read(&other) {
                    Ok(other) => known.add(other.deleted, other.highest_account),
                    Err(error) => known.unread.push(format!("{error:#}")),
                }
            }
        }
        match known_before(data) {
            Ok(deleted) => known.add(deleted, 0),
            Err(error) => known.unread.push(format!("{error:#}")),
        }
        let accounts = data.join(AUTH);
        if accounts.exists() {
            match restoration::census(&Url::of_file(&accounts)).await {
                Ok(accounts) => known.add(accounts.deleted, accounts.highest),
                Err(error) => known.unread.push(format!("{error:#}")),
            }
        }
        Ok(known)
    }

    fn add(&mut self, deleted: Ledger, highest: i64) {
        self.deleted.extend(deleted);
        self.highest = self.highest.max(highest);
    }
}

/// Prepares everything that is to be in the data folder, and puts it on disk.
async fn prepare(
    draft: &Path,
    backup: &Path,
    manifest: &Manifest,
    known: Known,
) -> anyhow::Result<(Restored, Census)> {
    let keys = draft.join(KEYS);
    copying::make_folder(draft)?;
    copying::make_folder(&keys)?;
    for (name, sum) in &manifest.files {
        let copied = copying::copy(&backup.join(name), &draft.join(name))?;
        ensure!(copied == *sum, "{name} has changed meanwhile");
    }
    let [chat, auth] = [CHAT, AUTH].map(|name| draft.join(name));
    for file in [&chat, &auth] {
        let examined = database::examine(file).await;
        examined.with_context(|| format!("{} is not whole", file.display()))?;
    }
    let [conversations, accounts] = [&chat, &auth].map(|file| Url::of_file(file));
    chat_service::migrate(&conversations).await.context(LATER)?;
    auth_service::migrate(&accounts).await.context(LATER)?;
    let census = chat_service::census(&conversations).await?;
    let mut all = known.deleted.clone();
    all.extend(restoration::census(&accounts).await?.deleted);
    let highest = known.highest.max(census.highest);
    let restored = restoration::restore(&accounts, &keys, known.deleted, highest).await?;
    Draft::write(&draft.join(DELETED), all.to_string().as_bytes())
        .and_then(Draft::publish)
        .context("the ledger of deletions cannot be written")?;
    for file in [&chat, &auth] {
        switching::settle(file)?;
        copying::sync(file)?;
    }
    copying::sync(&keys)?;
    copying::sync(draft)?;
    Ok((restored, census))
}
