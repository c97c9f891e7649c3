//! Putting what was restored in the place of what is there: all of it, whoever dies meanwhile.
//!
//! What is restored is prepared in a folder of its own. Once that has its final name it is decided: whoever
//! works in the data folder next moves everything to its place first, from wherever that was cut off.

use std::path::{Path, PathBuf};
use std::{fs, iter};

use anyhow::{Context as _, ensure};

use super::{AUTH, CHAT, DELETED, KEYS, copying, name_of_now};

/// Where what is to be restored is prepared.
const UNFINISHED: &str = "restore.unfinished";
/// Where it is when it is whole.
const READY: &str = "restore.ready";
/// In there: what was in its place before.
const REPLACED: &str = "replaced";
/// What is moved, in this order.
const ITEMS: [&str; 4] = [CHAT, AUTH, KEYS, DELETED];
/// What SQLite, and whoever opens a database, puts beside it.
const BESIDE: [&str; 4] = ["-wal", "-shm", "-journal", ".open"];

/// Where what is to be restored into `data` is prepared.
pub(super) fn draft(data: &Path) -> PathBuf {
    data.join(UNFINISHED)
}

/// Whether there is anything in `data` that a restore would replace.
pub(super) fn is_occupied(data: &Path) -> bool {
    let names = [CHAT, AUTH].map(|name| BESIDE[..3].iter().map(move |end| format!("{name}{end}")));
    let beside = names.into_iter().flatten();
    ITEMS.into_iter().map(str::to_owned).chain(beside).any(|name| data.join(name).exists())
}

/// Makes sure that no restore into `data` was cut off on its way.
pub(crate) fn check(data: &Path) -> anyhow::Result<()> {
    ensure!(
        !data.join(READY).exists(),
        "a restore into {} was cut off: start ai-buddy, which brings it to its end",
        data.display()
    );
    Ok(())
}

/// Removes what was put beside a database that nobody has open any more. All of it must be in the database.
pub(super) fn settle(database: &Path) -> anyhow::Result<()> {
    for end in BESIDE {
        let mut beside = database.as_os_str().to_owned();
        beside.push(end);
        let beside = PathBuf::from(beside);
        let Ok(found) = fs::metadata(&beside) else { continue };
        let is_index = end == "-shm";
        ensure!(is_index || found.len() == 0, "{} was not closed cleanly", database.display());
        fs::remove_file(&beside).with_context(|| beside.display().to_string())?;
    }
    Ok(())
}

/// Decides that what was prepared is to take its place.
pub(super) fn decide(data: &Path) -> anyhow::Result<()> {
    copying::rename(&draft(data), &data.join(READY))
}

/// Brings to its end what was decided, and removes what was not. Returns where what was there before is, if
/// there was anything. Only whoever holds the lock of the data folder may.
pub(crate) fn finish(data: &Path) -> anyhow::Result<Option<PathBuf>> {
    copying::remove(&draft(data))?;
    let ready = data.join(READY);
    if !ready.exists() {
        return Ok(None);
    }
    let replaced = ready.join(REPLACED);
    if !replaced.exists() {
        copying::make_folder(&replaced)?;
        copying::sync(&ready)?;
    }
    for item in ITEMS {
        // What is not there any more is in its place already.
        if ready.join(item).exists() {
            let beside = BESIDE.iter().map(|end| format!("{item}{end}"));
            for old in beside.chain([item.to_owned()]) {
                if data.join(&old).exists() {
                    copying::rename(&data.join(&old), &replaced.join(&old))?;
                }
            }
            copying::sync(data)?;
            copying::rename(&ready.join(item), &data.join(item))?;
        }
    }
    copying::sync(&ready)?;
    let had_something = fs::read_dir(&replaced)?.next().is_some();
    let kept = free(&data.join(format!("{REPLACED}-{}", name_of_now())));
    if had_something {
        copying::rename(&replaced, &kept)?;
    }
    copying::remove(&ready)?;
    copying::sync(data)?;
    Ok(had_something.then_some(kept))
}

/// This place, or one beside it if there is something already.
fn free(place: &Path) -> PathBuf {
    let name = place.display();
    let others = (2..).map(|number| PathBuf::from(format!("{name}-{number}")));
    let mut all = iter::once(place.to_owned()).chain(others);
    all.find(|place| !place.exists()).unwrap_or_else(|| place.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a data folder holds, without what is only there for a while.
    fn told(data: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(data).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                found.extend(told(&path).iter().map(|inside| format!("{name}/{inside}")));
            } else {
                found.push(format!("{name} {}", fs::read_to_string(&path).unwrap()));
            }
        }
        found.sort();
        found
    }

    fn fill(folder: &Path, what: &str, files: &[&str]) {
        fs::create_dir_all(folder.join(KEYS)).unwrap();
        for file in files {
            fs::write(folder.join(file), what).unwrap();
        }
    }

    #[test]
    fn what_was_decided_is_brought_to_its_end_from_wherever_it_was_cut_off() {
        let new = ["chat.db new", "auth.db new", "keys/k new", "deleted.csv new"];
        let old = ["chat.db", "chat.db-wal", "auth.db", "auth.db.open", "keys/k"];
        // Each move is one that a crash may come after.
        for moves in 0..=old.len() + new.len() {
            let folder = tempfile::tempdir().unwrap();
            let data = folder.path();
            fill(data, "old", &old);
            fill(&draft(data), "new", &["chat.db", "auth.db", "keys/k", "deleted.csv"]);
            decide(data).unwrap();
            assert!(check(data).is_err());
            let replaced = data.join(READY).join(REPLACED);
            fs::create_dir(&replaced).unwrap();
            let order = [
                ("chat.db-wal", true),
                ("chat.db", true),
                ("chat.db", false),
                ("auth.db.open", true),
                ("auth.db", true),
                ("auth.db", false),
                ("keys", true),
                ("keys", false),
                ("deleted.csv", false),
            ];
            for (name, is_old) in order.iter().take(moves) {
                let (from, to) = match is_old {
                    true => (data.to_owned(), replaced.clone()),
                    false => (data.join(READY), data.to_owned()),
                };
                fs::rename(from.join(name), to.join(name)).unwrap();
            }
            let kept = finish(data).unwrap().unwrap();
            let kept_name = kept.file_name().unwrap().to_string_lossy().into_owned();
            let kept = old.iter().map(|file| format!("{kept_name}/{file} old"));
            let mut expected: Vec<_> =
                new.iter().map(|file| (*file).to_owned()).chain(kept).collect();
            expected.sort();
            assert_eq!(told(data), expected, "after {moves} moves");
            assert!(check(data).is_ok() && finish(data).unwrap().is_none());
        }
    }

    #[test]
    fn what_two_restores_of_one_second_replace_is_kept_apart() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("replaced-2026-11-27T22-49-27Z");
        assert_eq!(free(&place), place);
        fs::create_dir(&place).unwrap();
        let second = free(&place);
        assert_eq!(second, folder.path().join("replaced-2026-11-27T22-49-27Z-2"));
        fs::create_dir(&second).unwrap();
        assert_eq!(free(&place), folder.path().join("replaced-2026-11-27T22-49-27Z-3"));
    }

    #[test]
    fn what_was_not_decided_is_gone_and_what_was_there_stays() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_occupied(folder.path()));
        fill(folder.path(), "old", &["auth.db-wal"]);
        assert!(is_occupied(folder.path()));
        fill(&draft(folder.path()), "new", &["chat.db"]);
        assert!(finish(folder.path()).unwrap().is_none());
        assert_eq!(told(folder.path()), ["auth.db-wal old"]);
    }
}
