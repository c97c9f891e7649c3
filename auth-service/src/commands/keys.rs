//! The commands `keys list`, `keys rotate` and `keys revoke`. They work on the folder alone; a service
//! that uses it notices within a second.

use std::fmt::Write as _;
use std::path::PathBuf;

use chassis::clock;
use chassis::process::{Arguments, Command, Work};
use chassis::settings::Settings;
use chrono::DateTime;

use crate::keys::{Folder, Kind, Ring};

/// Tells of the keys; for a binary whose key folder is a setting of its own, as the others here.
pub const LIST: Command = Command {
    name: "keys list",
    usage: "",
    what: "which keys tokens are signed and verified with; may run beside the service",
    read: |_, settings| list(folder(settings)),
};

/// Changes the keys that sign.
pub const ROTATE: Command = Command {
    name: "keys rotate",
    usage: "[--now] [access|refresh]",
    what: "lets the next keys sign from now on; what was signed before stays good. --now: even if not \
           everybody who verifies tokens knows them yet. May run beside the service",
    read: |arguments, settings| rotate(arguments, folder(settings)),
};

/// Does away with a key.
pub const REVOKE: Command = Command {
    name: "keys revoke",
    usage: "KID",
    what: "does away with a key at once, and with all that it signed; may run beside the service",
    read: |arguments, settings| {
        let folder = folder(settings);
        revoke(arguments, settings, folder)
    },
};

/// Reads what is asked of `keys list`. `folder` is `None` if the settings know what is wrong with it.
#[must_use]
pub fn list(folder: Option<PathBuf>) -> Option<Work> {
    let folder = Folder::at(&folder?);
    Some(Box::pin(async move { Ok(table(&folder.ring()?)) }))
}

/// Reads what is asked of `keys rotate`, as [`list`] does.
pub fn rotate(arguments: &mut Arguments, folder: Option<PathBuf>) -> Option<Work> {
    let at_once = arguments.flag("--now");
    let mut kinds: Vec<_> =
        Kind::ALL.into_iter().filter(|kind| arguments.flag(&kind.to_string())).collect();
    if kinds.is_empty() {
        kinds = Kind::ALL.to_vec();
    }
    let folder = Folder::at(&folder?);
    Some(Box::pin(async move {
        let ring = folder.change(clock::unix_seconds(clock::now()), |change| {
            kinds.into_iter().try_for_each(|kind| change.rotate(kind, at_once))
        });
        Ok(table(&ring?))
    }))
}

/// Reads what is asked of `keys revoke`, as [`list`] does.
pub fn revoke(
    arguments: &mut Arguments,
    settings: &mut Settings,
    folder: Option<PathBuf>,
) -> Option<Work> {
    let kid = arguments.next(settings, "KID", "the name of a key");
    let (kid, folder) = (kid?, Folder::at(&folder?));
    Some(Box::pin(async move {
        let ring = folder.change(clock::unix_seconds(clock::now()), |change| change.revoke(&kid));
        Ok(table(&ring?))
    }))
}

fn folder(settings: &mut Settings) -> Option<PathBuf> {
    settings.required("AUTH_KEYS_DIR", "folder of the signing keys")
}

/// The keys as people read them. Names are public, and nothing else of a key is here.
fn table(ring: &Ring) -> String {
    let keys = ring.entries();
    let width = keys.iter().map(|key| key.kid.len()).max().unwrap_or_default();
    let mut text = format!("{:width$}  {:7}  {:7}  since (UTC)\n", "kid", "kind", "state");
    for key in keys {
        let since = i64::try_from(key.since).ok();
        let since = since.and_then(|since| DateTime::from_timestamp(since, 0));
        let since = since.map_or_else(String::new, |since| since.format("%F %T").to_string());
        // Writing to a String cannot fail.
        let _infallible =
            writeln!(text, "{:width$}  {:7}  {:7}  {since}", key.kid, key.kind, key.state);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_tells_names_and_times_and_lines_up() {
        let mut ring =
            Ring::new(["a1".into(), "a2".into()], ["r-1".into(), "r-2".into()], 1_800_000_000);
        ring.rotate(Kind::Access, "a3".into(), 1_800_000_600, false).unwrap();
        let expected = "\
            kid  kind     state    since (UTC)\n\
            a2   access   active   2027-01-15 08:10:00\n\
            a3   access   next     2027-01-15 08:10:00\n\
            a1   access   retired  2027-01-15 08:10:00\n\
            r-1  refresh  active   2027-01-15 08:00:00\n\
            r-2  refresh  next     2027-01-15 08:00:00\n";
        assert_eq!(table(&ring), expected);
    }
}
