//! The commands `backup`, `restore` and `restored`.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use auth_service::commands::restored;
use chassis::process::Command;
use chassis::settings::Settings;
use database::{Database, Url};

use crate::backups::{self, AUTH, CHAT, Source};
use crate::{config, prepare};

/// Where it is said how a server is backed up.
const OF_A_SERVER: &str = "docs/OPERATIONS.md, \"Backup and restore\"";

/// Copies everything into a folder of its own.
pub(super) const BACKUP: Command = Command {
    name: "backup",
    usage: "FOLDER [--keep N]",
    what: "copies everything into a new folder in FOLDER, named after the time; may run beside the service. \
           --keep: removes all but the newest N backups there. A backup is as secret as the data",
    read: |arguments, settings| {
        let keep = arguments.value::<usize>(settings, "--keep");
        let folder = arguments.next(settings, "FOLDER", "where backups are kept");
        if keep == Some(Some(0)) {
            settings.problem("--keep", "must be 1 or more");
            return None;
        }
        let source = source(settings);
        let (keep, folder, source) = (keep?, PathBuf::from(folder?), source?);
        Some(Box::pin(async move { backups::make(&source, &folder, keep).await }))
    },
};

/// Brings a backup back.
pub(super) const RESTORE: Command = Command {
    name: "restore",
    usage: "FOLDER/TIME [--replace]",
    what: "brings a backup back, while the service is stopped. --replace: also where there is data, which is \
           kept beside it. All logins end, and whoever was deleted since stays deleted, as far as the data that \
           is replaced and the other backups in FOLDER tell",
    read: |arguments, settings| {
        let replaces = arguments.flag("--replace");
        let backup = arguments.next(settings, "FOLDER/TIME", "the folder of one backup");
        let source = source(settings);
        let (backup, source) = (PathBuf::from(backup?), source?);
        let is_at_home = |url: &Url, name: &str| url.file() == Some(source.data.join(name));
        if !is_at_home(&source.accounts, AUTH) || !is_at_home(&source.conversations, CHAT) {
            settings.problem(
                "AI_BUDDY_DATA",
                "is where a backup is restored: unset AUTH_DATABASE_URL and CHAT_DATABASE_URL, and move the \
                 databases afterwards",
            );
            return None;
        }
        Some(Box::pin(async move { backups::restore(&source.data, &backup, replaces).await }))
    },
};

/// What must be done after databases were restored otherwise.
pub(super) const RESTORED: Command = Command {
    read: |arguments, settings| {
        let (asked, folder) =
            (restored::Asked::read(arguments, settings), config::folder(settings));
        let folder = folder?;
        let (accounts, conversations) = databases(settings, &folder);
        let (asked, accounts, conversations) = (asked?, accounts?, conversations?);
        Some(Box::pin(async move {
            // Nothing is made where nothing was restored.
            for url in [&accounts, &conversations] {
                let found = Database::open_to_read(url).await;
                found.with_context(|| format!("{url} cannot be read"))?.close().await?;
            }
            let _lock = prepare(&folder)?;
            chat_service::migrate(&conversations).await?;
            let highest = chat_service::census(&conversations).await?.highest;
            let keys = config::keys(&folder);
            Ok(restored::tell(asked.carry_out(&accounts, &keys, highest).await?))
        }))
    },
    ..restored::COMMAND
};

fn databases(settings: &mut Settings, folder: &Path) -> (Option<Url>, Option<Url>) {
    (config::accounts(settings, folder), config::conversations(settings, folder))
}

/// What is backed up. A server has tools of its own for that.
fn source(settings: &mut Settings) -> Option<Source> {
    let data = config::folder(settings)?;
    let (accounts, conversations) = databases(settings, &data);
    let (accounts, conversations) = (accounts?, conversations?);
    if accounts.file().is_none() || conversations.file().is_none() {
        let what =
            "and CHAT_DATABASE_URL name a PostgreSQL server, which is backed up with pg_dump: see";
        settings.problem("AUTH_DATABASE_URL", &format!("{what} {OF_A_SERVER}"));
        return None;
    }
    let keys = config::keys(&data);
    Some(Source { data, accounts, conversations, keys })
}
