//! The answers of the original, case by case, beside ours.
//!
//! Each table holds recorded cases under their recorded names. In `SAME` our answer has the recorded
//! status, the recorded keys and, where the words are ours to choose, the recorded words. In
//! `DIFFERENT` it has not, on purpose, and the reason stands there. Rows are asked in the order of the
//! recording, those of `SAME` first.

mod accept;
mod answers;
mod cases;
mod cors;
mod login;
mod methods;
mod paths;
mod race;
mod refresh;
mod register;
mod register_bodies;
mod register_passwords;
mod send;
mod send_latest;
mod send_sessions;
mod send_tokens;
mod stage;
pub(crate) mod tokens;
mod verdict;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use cases::{Case, Difference};

/// How many cases were recorded in each group that is repeated here.
const RECORDED: [(&str, usize); 10] = [
    ("cors", 17),
    ("csrf", 1),
    ("get", 5),
    ("login", 40),
    ("options", 6),
    ("path", 17),
    ("race", 3),
    ("refresh", 28),
    ("register", 103),
    ("send", 114),
];

const SAME: [&[Case]; 16] = [
    register::SAME,
    register_passwords::SAME,
    register_bodies::SAME,
    login::SAME,
    refresh::SAME,
    refresh::SAME_FORGED,
    send::SAME,
    send_latest::SAME_FIRST,
    send_latest::SAME_LATER,
    send_sessions::SAME,
    send_tokens::SAME,
    methods::SAME,
    accept::SAME,
    paths::SAME,
    cors::SAME,
    cors::SAME_REFUSED,
];

const DIFFERENT: [&[Difference]; 13] = [
    register::DIFFERENT,
    register_passwords::DIFFERENT,
    register_bodies::DIFFERENT,
    login::DIFFERENT,
    refresh::DIFFERENT,
    send::DIFFERENT,
    send_sessions::DIFFERENT,
    send_tokens::DIFFERENT,
    methods::DIFFERENT,
    accept::DIFFERENT,
    paths::DIFFERENT,
    cors::DIFFERENT,
    race::DIFFERENT,
];

#[test]
fn every_recorded_case_has_one_row() {
    let same = SAME.into_iter().flatten();
    let different = DIFFERENT.into_iter().flatten().flat_map(|difference| difference.cases);
    let names: Vec<_> = same.chain(different).map(|case| case.name).collect();
    let distinct: BTreeSet<_> = names.iter().collect();
    assert_eq!(distinct.len(), names.len(), "a name stands twice");
    let mut counts = BTreeMap::<_, usize>::new();
    for name in names {
        *counts.entry(name.split('/').next().unwrap_or_default()).or_default() += 1;
    }
    assert_eq!(counts, BTreeMap::from(RECORDED));
}
