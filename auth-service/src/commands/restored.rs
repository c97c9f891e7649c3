//! The command `restored`: what is done to accounts after a database was restored.

use std::path::Path;

use chassis::process::{Arguments, Command};
use chassis::settings::Settings;
use database::Url;

use super::{OwnSettings, Place as _};
use crate::restoration::{self, Restored, read_ledgers};

/// The command, for a binary whose database and key folder are settings of their own.
pub const COMMAND: Command = Command {
    name: "restored",
    usage: "[--deleted FILE]... [--beyond NUMBER]",
    what: "what must be done after a database was restored and before the service starts: ends all logins and \
           tokens, replaces the keys that sign, keeps deleted who was deleted, also those in each FILE \
           (id,created_at; - is standard input), and gives no number again, none up to NUMBER either",
    read: |arguments, settings| {
        let (asked, place) =
            (Asked::read(arguments, settings), OwnSettings::accounts_and_keys(settings));
        let (asked, (url, keys)) = (asked?, place?);
        Some(Box::pin(async move {
            Ok(format!("{url}\n{}", tell(asked.carry_out(&url, &keys, 0).await?)))
        }))
    },
};

/// The highest number that can be asked for: far above any account's, far below what JSON can tell.
const HIGHEST: i64 = 1 << 48;

/// What is asked of the command.
#[derive(Debug)]
pub struct Asked {
    ledgers: Vec<String>,
    beyond: i64,
}

impl Asked {
    /// Reads the arguments. `None`: the settings know what is wrong.
    pub fn read(arguments: &mut Arguments, settings: &mut Settings) -> Option<Self> {
        let mut ledgers = Vec::new();
        while let Some(file) = arguments.value(settings, "--deleted")? {
            ledgers.push(file);
        }
        let beyond = arguments.value(settings, "--beyond")?.unwrap_or_default();
        if !(0..=HIGHEST).contains(&beyond) {
            settings.problem("--beyond", &format!("must be from 0 to {HIGHEST}"));
            return None;
        }
        Some(Self { ledgers, beyond })
    }

    /// Does it. `beyond` is a number that somebody else knows of.
    ///
    /// # Errors
    /// As [`restoration::restore`], and when a ledger cannot be read.
    pub async fn carry_out(&self, url: &Url, keys: &Path, beyond: i64) -> anyhow::Result<Restored> {
        let deleted = read_ledgers(&self.ledgers)?;
        restoration::restore(url, keys, deleted, self.beyond.max(beyond)).await
    }
}

/// What was done, for the person at the terminal.
#[must_use]
pub fn tell(restored: Restored) -> String {
    let Restored { accounts, deleted_again, deletions, beyond } = restored;
    format!(
        "accounts: {accounts}; everybody must log in again\n\
         deletions that are carried out again: {deletions}, {deleted_again} of them of accounts that were \
         deleted after the backup\n\
         new accounts get numbers above {beyond}"
    )
}
