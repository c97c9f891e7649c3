//! What becomes of the folder, whoever changes it and whatever goes wrong.

mod sharing;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use tempfile::TempDir;

use super::*;
use crate::keys::ring::State;

const NOW: u64 = 1_800_000_000;

fn begun() -> (TempDir, Folder) {
    let root = TempDir::new().unwrap();
    let folder = Folder::at(&root.path().join("keys"));
    folder.begin(NOW).unwrap();
    (root, folder)
}

fn files(folder: &Folder) -> BTreeSet<String> {
    let files = fs::read_dir(&folder.0).unwrap();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

/// The files that a ring is made of.
fn expected(ring: &Ring) -> BTreeSet<String> {
    let keys = ring.entries().into_iter().map(|key| file_name(key.kind, &key.kid));
    keys.chain([MANIFEST.to_owned(), LOCK.to_owned()]).collect()
}

/// Why a service would not start.
fn complaint(folder: &Folder) -> String {
    format!("{:#}", folder.begin(NOW).err().expect("it should not start"))
}

fn rotate(folder: &Folder, now: u64) -> Ring {
    folder.change(now, |change| change.rotate(Kind::Access, true)).unwrap()
}

#[test]
fn keys_are_made_once_and_kept_for_the_owner_alone() {
    let (_root, folder) = begun();
    let first = folder.ring().unwrap();
    let states: Vec<_> = first.entries().iter().map(|key| (key.kind, key.state)).collect();
    let both = [State::Active, State::Next];
    let expected_states: Vec<_> =
        Kind::ALL.into_iter().flat_map(|kind| both.map(|state| (kind, state))).collect();
    assert_eq!(states, expected_states);
    assert_eq!(folder.begin(NOW + 1).unwrap().ring, first);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder.0), 0o700);
    assert_eq!(files(&folder), expected(&first), "no drafts are left behind");
    assert!(files(&folder).iter().all(|file| mode(&folder.path(file)) == 0o600));
}

#[test]
fn a_key_that_others_can_read_stops_the_start() {
    let (_root, folder) = begun();
    for file in files(&folder).into_iter().filter(|file| file != LOCK) {
        let path = folder.path(&file);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = complaint(&folder);
        assert!(error.contains(&file) && error.contains("chmod 600"), "{error}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    assert!(folder.begin(NOW).is_ok());
}

#[test]
fn a_key_that_is_missing_cut_short_or_another_stops_the_start_and_is_named() {
    let (_root, folder) = begun();
    let keys = folder.keys_beyond(&[]).unwrap().into_iter();
    let mut keys: Vec<_> = keys.map(|file| file.into_string().unwrap()).collect();
    keys.sort();
    assert_eq!(keys.len(), 4);
    for (file, other) in [(0, 1), (1, 0), (2, 3), (3, 2)].map(|(a, b)| (&keys[a], &keys[b])) {
        let path = folder.path(file);
        let good = fs::read(&path).unwrap();
        for bad in [b"short".to_vec(), fs::read(folder.path(other)).unwrap()] {
            fs::write(&path, bad).unwrap();
            let error = complaint(&folder);
            assert!(error.contains(file.as_str()), "{error}");
        }
        fs::remove_file(&path).unwrap();
        let error = complaint(&folder);
        assert!(error.contains(file.as_str()), "{error}");
        Draft::write(&path, &good).and_then(Draft::publish).unwrap();
    }
    assert!(folder.begin(NOW).is_ok());
}

#[test]
fn a_manifest_that_is_lost_or_broken_stops_the_start_and_costs_no_key() {
    let (_root, folder) = begun();
    let path = folder.path(MANIFEST);
    let good = fs::read(&path).unwrap();
    let before = files(&folder);
    fs::write(&path, b"{}").unwrap();
    assert!(complaint(&folder).contains("keys.json cannot be used"));
    fs::remove_file(&path).unwrap();
    assert!(complaint(&folder).contains("keys.json is missing"));
    let missing = folder.ring().unwrap_err().to_string();
    assert!(missing.contains("keys.json cannot be read"), "{missing}");

    // A manifest from before names keys that are gone: those that are there stay for a better one.
    Draft::write(&path, &good).and_then(Draft::publish).unwrap();
    assert_eq!(files(&folder), before);
    let revoked = folder.ring().unwrap().active(Kind::Access).to_owned();
    let ring = folder.change(NOW, |change| change.revoke(&revoked)).unwrap();
    let current = fs::read(&path).unwrap();
    fs::write(&path, good).unwrap();
    assert!(complaint(&folder).contains(&revoked));
    fs::write(&path, current).unwrap();
    assert_eq!(folder.begin(NOW).unwrap().ring, ring);
}

#[test]
fn a_first_start_that_died_is_begun_anew() {
    let (_root, folder) = begun();
    let old = files(&folder);
    // As it is after the keys were written, and before they were keys.
    fs::rename(folder.path(MANIFEST), folder.path("keys.json.draft")).unwrap();
    let ring = folder.begin(NOW).unwrap().ring;
    assert_eq!(files(&folder), expected(&ring));
    let kept: Vec<_> = files(&folder).intersection(&old).cloned().collect();
    assert_eq!(kept, [MANIFEST, LOCK], "those keys are gone");
}

#[test]
fn what_a_crash_left_is_removed_and_nothing_else_is() {
    let (_root, folder) = begun();
    let strangers = ["pepper.key", "access.txt", "access-.pem", "notes"];
    for file in strangers {
        fs::write(folder.path(file), b"mine").unwrap();
    }
    for file in ["access-lost.key", "refresh-r-lost.key", "access-x.key.draft", "keys.json.draft"] {
        fs::write(folder.path(file), b"left").unwrap();
    }
    let ring = folder.begin(NOW).unwrap().ring;
    let mut all = expected(&ring);
    all.extend(strangers.map(str::to_owned));
    assert_eq!(files(&folder), all);
}

#[test]
fn only_keys_that_are_none_any_more_lose_their_files() {
    let (_root, folder) = begun();
    let mut ring = folder.ring().unwrap();
    for step in 1..=3 {
        ring = rotate(&folder, NOW + step);
        assert_eq!(files(&folder), expected(&ring));
        assert_eq!(files(&folder).len(), 6 + usize::try_from(step).unwrap());
    }
    let (signing, next) = (
        ring.active(Kind::Access).to_owned(),
        ring.others(Kind::Access).next().unwrap().to_owned(),
    );
    let ring = folder.change(NOW + 4, |change| change.revoke(&signing)).unwrap();
    assert_eq!(ring.active(Kind::Access), next);
    assert!(!files(&folder).contains(&file_name(Kind::Access, &signing)));
    assert_eq!(files(&folder), expected(&ring));
    // Three have retired; one after the other goes when its time is over, with whatever else changes.
    for (kept, now) in [(3, NOW + 2100), (2, NOW + 2101), (1, NOW + 2102), (0, NOW + 2103)] {
        let ring = folder.change(now, |_| Ok(())).unwrap();
        assert_eq!(ring.others(Kind::Access).count(), kept + 1, "{now}");
        assert_eq!(files(&folder), expected(&ring));
    }
}

#[test]
fn a_change_that_is_refused_changes_nothing() {
    let (_root, folder) = begun();
    let (before, manifest) = (files(&folder), folder.manifest().unwrap());
    let young = folder.change(NOW + 599, |change| {
        change.rotate(Kind::Access, true)?;
        change.rotate(Kind::Refresh, false)
    });
    let why = young.unwrap_err().to_string();
    assert!(why.contains("refresh") && why.contains("wait 1 s"), "{why}");
    let unknown = folder.change(NOW, |change| change.revoke("nobody")).unwrap_err();
    assert!(unknown.to_string().contains("keys list"), "{unknown}");
    assert_eq!((files(&folder), folder.manifest().unwrap()), (before, manifest));
}

#[test]
fn a_folder_without_keys_is_not_made_by_a_change() {
    let root = TempDir::new().unwrap();
    let nowhere = Folder::at(&root.path().join("elsewhere"));
    let error = nowhere.change(NOW, |change| change.rotate(Kind::Access, true)).unwrap_err();
    assert!(error.to_string().contains("keys.json cannot be read"), "{error}");
    assert!(!nowhere.0.exists());
}
