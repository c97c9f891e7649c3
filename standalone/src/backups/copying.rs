//! Files and folders of a backup: for their owner alone, counted, and on disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, chown};
use std::path::Path;

use anyhow::Context as _;
use chassis::secret_file;
use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

/// What is read at once, in bytes.
const PIECE: usize = 1 << 20;

/// What a file holds, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sum {
    /// In bytes.
    pub(super) size: u64,
    /// In hexadecimal digits.
    pub(super) sha256: String,
}

/// Reads a file to its end.
pub(super) fn sum(file: &Path) -> anyhow::Result<Sum> {
    let pass = || pass(&mut File::open(file)?, &mut io::sink());
    pass().with_context(|| format!("{} cannot be read", file.display()))
}

/// Copies a file to a place where there is none, for its owner alone, and puts the copy on disk.
pub(super) fn copy(file: &Path, to: &Path) -> anyhow::Result<Sum> {
    let copy = || {
        let mut source = File::open(file)?;
        let mut copy = secret_file::open(to, OpenOptions::new().write(true).truncate(true))?;
        let sum = pass(&mut source, &mut copy)?;
        copy.sync_all()?;
        Ok::<_, io::Error>(sum)
    };
    copy().with_context(|| format!("{} cannot be copied to {}", file.display(), to.display()))
}

/// Sums up some bytes.
pub(super) fn sum_of(bytes: &[u8]) -> anyhow::Result<Sum> {
    Ok(pass(&mut { bytes }, &mut io::sink())?)
}

fn pass(from: &mut impl Read, to: &mut impl Write) -> io::Result<Sum> {
    let (mut digest, mut size, mut piece) = (Context::new(&SHA256), 0, vec![0; PIECE]);
    loop {
        let count = match from.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        digest.update(&piece[..count]);
        to.write_all(&piece[..count])?;
        size += count as u64;
    }
    let digest = digest.finish();
    let digits = digest.as_ref().iter().map(|byte| format!("{byte:02x}"));
    let sha256 = digits.collect::<Vec<_>>().concat();
    Ok(Sum { size, sha256 })
}

/// Makes a folder for its owner alone. What an administrator (root) makes belongs to whom the folder belongs
/// to that it is in.
pub(super) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let make = || {
        DirBuilder::new().mode(0o700).create(folder)?;
        let parent = fs::metadata(folder.parent().unwrap_or(folder))?;
        if fs::metadata(folder)?.uid() == 0 && parent.uid() != 0 {
            chown(folder, Some(parent.uid()), Some(parent.gid()))?;
        }
        Ok::<_, io::Error>(())
    };
    make().with_context(|| format!("{} cannot be made", folder.display()))
}

/// Puts a file, or which files a folder holds, on disk.
pub(super) fn sync(path: &Path) -> anyhow::Result<()> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.with_context(|| format!("{} cannot be put on disk", path.display()))
}

/// Moves something to a name that nothing has, and puts on disk that it is there.
pub(super) fn rename(from: &Path, to: &Path) -> anyhow::Result<()> {
    let moved = fs::rename(from, to).and_then(|()| secret_file::sync_folder(to));
    moved.with_context(|| format!("{} cannot be moved to {}", from.display(), to.display()))
}

/// Removes a folder and all in it, if it is there.
pub(super) fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}
