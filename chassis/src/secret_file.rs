//! A file that only its owner may read, and that is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use rustix::process::geteuid;

/// What the name of a file that is not finished ends in.
pub const UNFINISHED: &str = ".draft";

/// Reads a file that nobody else can read: its owner is us, or it is root's and handed to us by its group. What is
/// looked at is the file that is read, whatever has its name a moment later.
///
/// # Errors
/// One sentence that names the file.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
    let unreadable = || format!("{name} cannot be read");
    let mut file = File::open(path).with_context(unreadable)?;
    let found = file.metadata().with_context(unreadable)?;
    ensure!(
        is_private(found.mode(), found.uid(), geteuid().as_raw()),
        "{name} can be read by others than its owner: chmod 600 it, and replace it if they are strangers",
    );
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).with_context(unreadable)?;
    Ok(bytes)
}

/// Whether what has this mode and this owner is nobody's business but ours. What root hands to somebody else
/// can only be handed to a group: that is how Kubernetes mounts secrets, and `PostgreSQL` takes keys so, too.
fn is_private(mode: u32, owner: u32, us: u32) -> bool {
    let allowed = if owner == 0 && us != 0 { 0o740 } else { 0o700 };
    mode & 0o777 & !allowed == 0
}

/// A file with all of its bytes on disk, under a name that nobody looks for.
#[derive(Debug)]
pub struct Draft {
    file: PathBuf,
    place: PathBuf,
}

impl Draft {
    /// Writes what is to become the file at `place`. One at a time: the name of a draft is fixed, so
    /// that what a crash left is found and overwritten.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(place: &Path, bytes: &[u8]) -> io::Result<Self> {
        let draft = Self { file: unfinished(place), place: place.to_owned() };
        let mut file = open(&draft.file, OpenOptions::new().write(true).truncate(true))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        sync_folder(place)?;
        Ok(draft)
    }

    /// Puts it in its place, where it may replace another one.
    ///
    /// # Errors
    /// When it cannot be moved there.
    pub fn publish(self) -> io::Result<()> {
        fs::rename(&self.file, &self.place)?;
        sync_folder(&self.place)
    }
}

/// Where the draft of a file is.
#[must_use]
pub fn unfinished(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(UNFINISHED);
    name.into()
}

/// Opens a file for its owner alone, making it if need be. What an administrator (root) makes belongs to
/// whom the folder belongs to: the service must be able to read it.
///
/// # Errors
/// When it cannot be opened, or not be handed over.
pub fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.create(true).mode(0o600).open(path)?;
    let (folder, made) = (fs::metadata(folder_of(path))?, file.metadata()?);
    if made.uid() == 0 && folder.uid() != 0 {
        fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(file)
}

/// Puts on disk which files the folder of a file holds.
///
/// # Errors
/// When the folder cannot be opened.
pub fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(folder_of(file))?.sync_all()
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn what_root_hands_to_our_group_is_ours_and_what_we_hand_on_is_not() {
        let (root, us, them) = (0, 65_532, 1_000);
        for (mode, owner, who, expected) in [
            (0o600, us, us, true),
            (0o400, us, us, true),
            (0o440, root, us, true),
            (0o640, root, us, true),
            (0o440, us, us, false),
            (0o440, them, us, false),
            (0o460, root, us, false),
            (0o444, root, us, false),
            (0o640, root, root, false),
            (0o600, root, root, true),
        ] {
            assert_eq!(is_private(mode, owner, who), expected, "{mode:o} of {owner} for {who}");
        }
    }

    #[test]
    fn what_others_can_read_is_not_read_whoever_changes_files_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, mode) in [("ours", 0o600), ("open", 0o644)] {
            fs::write(path(name), name).unwrap();
            fs::set_permissions(path(name), fs::Permissions::from_mode(mode)).unwrap();
        }
        let place = path("place");
        fs::hard_link(path("ours"), &place).unwrap();
        let is_over = AtomicBool::new(false);
        let mut read_of_ours = 0;
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for name in ["open", "ours"].into_iter().cycle() {
                    fs::hard_link(path(name), path("next")).unwrap();
                    fs::rename(path("next"), &place).unwrap();
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
            for _ in 0..20_000 {
                match read(&place) {
                    Ok(bytes) if bytes == b"ours" => read_of_ours += 1,
                    Ok(bytes) => {
                        is_over.store(true, Ordering::Relaxed);
                        panic!("{}", String::from_utf8_lossy(&bytes));
                    }
                    Err(error) => assert!(error.to_string().contains("by others"), "{error}"),
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
        assert!(read_of_ours > 0, "it is read at all");
    }
}
