//! What the service notices.

use std::path::Path;

use tempfile::TempDir;
use token::{Error, Subject, access, refresh};

use super::*;
use crate::keys::{Change, Kind};
use crate::tokens::Pair;

const NOW: u64 = 1_800_000_000;

struct World {
    root: TempDir,
    folder: Folder,
    tokens: Tokens,
    upkeep: Upkeep,
}

fn world() -> World {
    let root = TempDir::new().unwrap();
    let folder = Folder::at(root.path());
    let found = folder.begin(NOW).unwrap();
    let (tokens, upkeep) = Upkeep::begin(folder.clone(), found);
    World { root, folder, tokens, upkeep }
}

fn log_in(tokens: &Tokens, now: u64) -> Pair {
    let subject = Subject { user_id: 7, sid: "login".to_owned(), token_version: 0 };
    tokens.issue(&subject, None, now).unwrap()
}

fn rotate(folder: &Folder, now: u64) -> Ring {
    let both =
        |change: &mut Change| Kind::ALL.into_iter().try_for_each(|kind| change.rotate(kind, true));
    folder.change(now, both).unwrap()
}

fn has_file(root: &Path, kind: Kind, name: &str) -> bool {
    root.join(format!("{kind}-{name}.key")).exists()
}

#[test]
fn every_change_is_taken_over_once_and_told() {
    let World { root: _root, folder, tokens, mut upkeep } = world();
    let mut changes = tokens.changes();
    upkeep.look(NOW);
    assert_eq!((*changes.borrow(), changes.has_changed().unwrap()), (0, false));
    let old = log_in(&tokens, NOW);
    let ring = rotate(&folder, NOW + 1);
    for _ in 0..2 {
        upkeep.look(NOW + 1);
        assert_eq!(*changes.borrow_and_update(), 1);
    }
    let new = log_in(&tokens, NOW + 1);
    assert_eq!(access::kid(&new.access).unwrap(), ring.active(Kind::Access));
    assert_eq!(refresh::kid(&new.refresh).unwrap(), ring.active(Kind::Refresh));
    for pair in [old, new] {
        tokens.verify_access(&pair.access, NOW + 2).unwrap();
        tokens.verify_refresh(&pair.refresh, NOW + 2).unwrap();
    }
    let told: Vec<_> = tokens.public_keys().iter().map(|key| key.kid().to_owned()).collect();
    let known = [ring.active(Kind::Access)].into_iter().chain(ring.others(Kind::Access));
    assert_eq!(told, known.collect::<Vec<_>>());
}

#[test]
fn a_replica_that_has_not_noticed_yet_knows_the_key_already() {
    let World { root: _root, folder, tokens: slow, upkeep: _asleep } = world();
    rotate(&folder, NOW + 1);
    let (quick, _) = Upkeep::begin(folder.clone(), folder.look(&[]).unwrap().unwrap());
    let pair = log_in(&quick, NOW + 1);
    slow.verify_access(&pair.access, NOW + 1).unwrap();
    slow.verify_refresh(&pair.refresh, NOW + 1).unwrap();
    let late = log_in(&slow, NOW + 1);
    quick.verify_access(&late.access, NOW + 1).unwrap();
    quick.verify_refresh(&late.refresh, NOW + 1).unwrap();
}

#[test]
fn what_a_revoked_key_signed_is_refused() {
    let World { root, folder, tokens, mut upkeep } = world();
    let pair = log_in(&tokens, NOW);
    let ring = folder.ring().unwrap();
    for kind in Kind::ALL {
        folder.change(NOW, |change| change.revoke(ring.active(kind))).unwrap();
        assert!(!has_file(root.path(), kind, ring.active(kind)));
    }
    upkeep.look(NOW);
    assert_eq!(tokens.verify_access(&pair.access, NOW), Err(Error::Invalid));
    assert_eq!(tokens.verify_refresh(&pair.refresh, NOW), Err(Error::Invalid));
    let pair = log_in(&tokens, NOW);
    assert!(tokens.verify_access(&pair.access, NOW).is_ok());
    assert!(tokens.verify_refresh(&pair.refresh, NOW).is_ok());
}

#[test]
fn keys_that_have_retired_long_enough_are_removed_without_being_asked() {
    let World { root, folder, tokens, mut upkeep } = world();
    let old = folder.ring().unwrap();
    rotate(&folder, NOW);
    upkeep.look(NOW);
    let kept = |kind| has_file(root.path(), kind, old.active(kind));
    for (now, access, refresh) in [
        (NOW + 2099, true, true),
        (NOW + 2100, false, true),
        (NOW + 605_099, false, true),
        (NOW + 605_100, false, false),
    ] {
        upkeep.look(now);
        assert_eq!((kept(Kind::Access), kept(Kind::Refresh)), (access, refresh), "{now}");
        assert_eq!(tokens.public_keys().len(), if access { 3 } else { 2 });
    }
    assert_eq!(*tokens.changes().borrow(), 3);
}

#[test]
fn a_folder_that_cannot_be_read_leaves_the_keys_in_use() {
    let World { root, folder, tokens, mut upkeep } = world();
    let pair = log_in(&tokens, NOW);
    let manifest = root.path().join("keys.json");
    let good = std::fs::read(&manifest).unwrap();
    std::fs::write(&manifest, b"{}").unwrap();
    for _ in 0..2 {
        upkeep.look(NOW);
        assert!(upkeep.is_troubled);
        assert!(tokens.verify_access(&pair.access, NOW).is_ok());
    }
    std::fs::write(&manifest, good).unwrap();
    upkeep.look(NOW);
    assert!(!upkeep.is_troubled);
    assert_eq!(*tokens.changes().borrow(), 0);
    rotate(&folder, NOW);
    upkeep.look(NOW);
    assert_eq!(*tokens.changes().borrow(), 1);
}
