//! Several who work in the folder.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::sync::Barrier;
use std::thread;

use super::*;

#[test]
fn changes_at_once_come_one_after_the_other_and_readers_never_miss_a_key() {
    let (_root, folder) = begun();
    let together = Barrier::new(5);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                together.wait();
                for _ in 0..10 {
                    // Half of what there is goes at once: readers meet files that vanish.
                    let ring = rotate(&folder, NOW);
                    let oldest = ring.others(Kind::Access).last().unwrap();
                    // Another one may have been faster.
                    let _gone = folder.change(NOW, |change| change.revoke(oldest));
                }
            });
        }
        together.wait();
        let mut known = Vec::new();
        for _ in 0..200 {
            if let Some(found) = folder.look(&known).unwrap() {
                known = found.manifest;
            }
        }
    });
    let ring = folder.ring().unwrap();
    assert_eq!(files(&folder), expected(&ring));
    assert_eq!(folder.look(&[]).unwrap().unwrap().ring, ring);
}

#[test]
fn what_an_administrator_makes_belongs_to_the_service() {
    let (_root, folder) = begun();
    let somebody = 54_321;
    if chown(&folder.0, Some(somebody), None).is_err() {
        // Only an administrator can give something away.
        return;
    }
    let ring = rotate(&folder, NOW);
    let next = file_name(Kind::Access, ring.others(Kind::Access).next().unwrap());
    for file in [MANIFEST, &next] {
        assert_eq!(fs::metadata(folder.path(file)).unwrap().uid(), somebody, "{file}");
    }
}
