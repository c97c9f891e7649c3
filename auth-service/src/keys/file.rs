//! A file that only its owner may read, and that is there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};

/// What the name of a file that is not finished ends in.
pub(super) const UNFINISHED: &str = ".draft";

/// Reads a file that nobody else can read.
pub(super) fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let name = path.display();
    let unreadable = || format!("{name} cannot be read");
    let mode = fs::metadata(path).with_context(unreadable)?.permissions();
    let for_others = mode.mode() & 0o077;
    ensure!(
        for_others == 0,
        "{name} can be read by others than its owner: chmod 600 it, and replace it if they are strangers",
    );
    fs::read(path).with_context(unreadable)
}

/// A file with all of its bytes on disk, under a name that nobody looks for.
pub(super) struct Draft {
    file: PathBuf,
    place: PathBuf,
}

impl Draft {
    /// Writes what is to become the file at `place`. One at a time: the name of a draft is fixed, so
    /// that what a crash left is found and overwritten.
    pub(super) fn write(place: &Path, bytes: &[u8]) -> io::Result<Self> {
        let draft = Self { file: unfinished(place), place: place.to_owned() };
        let mut file = open(&draft.file, OpenOptions::new().write(true).truncate(true))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        sync_folder(place)?;
        Ok(draft)
    }

    /// Puts it in its place, where it may replace another one.
    pub(super) fn publish(self) -> io::Result<()> {
        fs::rename(&self.file, &self.place)?;
        sync_folder(&self.place)
    }
}

/// Where the draft of a file is.
pub(super) fn unfinished(place: &Path) -> PathBuf {
    let mut name = place.as_os_str().to_owned();
    name.push(UNFINISHED);
    name.into()
}

/// Opens a file for its owner alone, making it if need be. What an administrator (root) makes belongs to
/// whom the folder belongs to: the service must be able to read it.
pub(super) fn open(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    let file = options.create(true).mode(0o600).open(path)?;
    let (folder, made) = (fs::metadata(folder_of(path))?, file.metadata()?);
    if made.uid() == 0 && folder.uid() != 0 {
        fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
    }
    Ok(file)
}

/// Puts on disk which files a folder holds.
pub(super) fn sync_folder(file: &Path) -> io::Result<()> {
    File::open(folder_of(file))?.sync_all()
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
