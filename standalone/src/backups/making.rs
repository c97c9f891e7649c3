//! Making a backup, beside the product or without it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use auth_service::{Ledger, restoration};
use chassis::secret_file;

use super::manifest::Manifest;
use super::{AUTH, CHAT, DELETED, KEYS, Source, copying, is_name, name_of_now, names_in};

/// What the name of a backup ends in that is being made, or removed. It begins with a dot.
const UNFINISHED: &str = ".unfinished";
/// Between two looks at whether a name is free: there is one for each second.
const AGAIN: Duration = Duration::from_millis(50);

/// Makes a backup in `folder`, and keeps no more than `keep` there. Says what it did.
///
/// # Errors
/// When something cannot be read or written; there is no backup then.
pub(crate) async fn make(
    source: &Source,
    folder: &Path,
    keep: Option<usize>,
) -> anyhow::Result<String> {
    super::check(&source.data)?;
    let files = [&source.accounts, &source.conversations].map(database::Url::file);
    let before = files.clone().map(identity);
    ensure!(
        before.iter().all(Option::is_some),
        "there is nothing to back up in {}: set AI_BUDDY_DATA to the folder that everything is kept in",
        source.data.display()
    );
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.with_context(|| format!("{} cannot be made", folder.display()))?;
    let _lock = lock(folder)?;
    remove_leftovers(folder)?;
    let name = free_name(folder).await;
    let (place, draft) = (folder.join(&name), unfinished(folder, &name));
    let made = async {
        fill(source, &name, &draft).await?;
        // Whoever restores meanwhile replaces one database after the other.
        super::check(&source.data)?;
        ensure!(files.map(identity) == before, "something was restored meanwhile: try again");
        copying::rename(&draft, &place)
    };
    if let Err(error) = made.await {
        copying::remove(&draft)?;
        return Err(error.context(format!("no backup was made in {}", folder.display())));
    }
    let mut said = vec![format!("{}: {} bytes", place.display(), size(&place)?)];
    for old in too_many(folder, keep, &name)? {
        // What is removed is none from the first moment on.
        copying::rename(&folder.join(&old), &unfinished(folder, &old))?;
        copying::remove(&unfinished(folder, &old))?;
        said.push(format!("{}: removed", folder.join(&old).display()));
    }
    Ok(said.join("\n"))
}

/// Makes sure that nobody else makes a backup here, as long as what is returned lives.
fn lock(folder: &Path) -> anyhow::Result<File> {
    let lock = secret_file::open(&folder.join("lock"), OpenOptions::new().append(true));
    let lock = lock.with_context(|| format!("{} cannot be written", folder.display()))?;
    if lock.try_lock().is_err() {
        bail!("another backup is being made in {}", folder.display());
    }
    Ok(lock)
}

/// Copies everything, in this order: whoever has a conversation in the copy has an account in it, and the
/// peppers of all passwords are there.
async fn fill(source: &Source, name: &str, draft: &Path) -> anyhow::Result<()> {
    copying::make_folder(draft)?;
    for (url, file) in [(&source.conversations, CHAT), (&source.accounts, AUTH)] {
        let copy = draft.join(file);
        let copied = database::copy(url, &copy).await;
        copied.with_context(|| format!("{url} cannot be copied to {}", copy.display()))?;
        let examined = database::examine(&copy).await;
        examined.with_context(|| format!("the copy of {url} is not whole"))?;
        copying::sync(&copy)?;
    }
    let keys = draft.join(KEYS);
    restoration::copy_peppers(&source.keys, &keys)?;
    copying::sync(&keys)?;

    let accounts = restoration::census(&database::Url::of_file(&draft.join(AUTH))).await?;
    let mut deleted = accounts.deleted;
    deleted.extend(known_before(&source.data)?);
    let mut manifest = Manifest::new(name, accounts.highest, deleted);
    for file in files_in(draft, &keys)? {
        let place = file.strip_prefix(draft)?.to_string_lossy().into_owned();
        manifest.files.insert(place, copying::sum(&file)?);
    }
    manifest.write(draft)?;
    copying::sync(draft)
}

/// Whom a data folder knows to be deleted from before a restore.
pub(super) fn known_before(data: &Path) -> anyhow::Result<Ledger> {
    let file = data.join(DELETED);
    if !file.exists() {
        return Ok(Ledger::default());
    }
    let text = secret_file::read(&file)?;
    let read = Ledger::parse(&String::from_utf8_lossy(&text));
    read.with_context(|| format!("{} is no ledger", file.display()))
}

fn files_in(draft: &Path, keys: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = vec![draft.join(CHAT), draft.join(AUTH)];
    for entry in fs::read_dir(keys)? {
        files.push(entry?.path());
    }
    Ok(files)
}

/// The name of this second, when it is nobody's.
async fn free_name(folder: &Path) -> String {
    loop {
        let name = name_of_now();
        if !folder.join(&name).exists() {
            return name;
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn unfinished(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".{name}{UNFINISHED}"))
}

/// Removes what those left who were cut off. Only whoever holds the lock may.
fn remove_leftovers(folder: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let name = name.strip_prefix('.').and_then(|name| name.strip_suffix(UNFINISHED));
        if name.is_some_and(is_name) {
            copying::remove(&path)?;
        }
    }
    Ok(())
}

/// The backups beyond the newest `keep`, whatever the clock says never the one made just now.
fn too_many(folder: &Path, keep: Option<usize>, made: &str) -> anyhow::Result<Vec<String>> {
    let Some(keep) = keep else { return Ok(Vec::new()) };
    let mut others: Vec<_> = names_in(folder)?.into_iter().filter(|name| name != made).collect();
    others.truncate(others.len().saturating_sub(keep.saturating_sub(1)));
    Ok(others)
}

fn size(backup: &Path) -> anyhow::Result<u64> {
    let sizes = [CHAT, AUTH].map(|file| fs::metadata(backup.join(file)).map(|file| file.len()));
    sizes.into_iter().sum::<std::io::Result<u64>>().with_context(|| backup.display().to_string())
}

/// Which file has a name.
fn identity(file: Option<PathBuf>) -> Option<(u64, u64)> {
    let found = fs::metadata(file?).ok()?;
    Some((found.dev(), found.ino()))
}
