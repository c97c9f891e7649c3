//! Every way a key can go.

use super::*;

const START: u64 = 1_800_000_000;
/// What an access token lives, and five minutes.
const HALF_AN_HOUR: u64 = 35 * 60;
/// What a refresh token lives, and five minutes.
const A_WEEK: u64 = 7 * 24 * 3600 + 5 * 60;

fn ring() -> Ring {
    Ring::new(["a1".into(), "a2".into()], ["r1".into(), "r2".into()], START)
}

fn entry(kind: Kind, name: &str, state: State, since: u64) -> Entry {
    Entry { kind, kid: name.to_owned(), state, since }
}

/// The keys of a kind in short.
fn told(ring: &Ring, kind: Kind) -> String {
    let keys = ring.entries().into_iter().filter(|key| key.kind == kind);
    let keys = keys.map(|key| format!("{} {} +{}", key.kid, key.state, key.since - START));
    keys.collect::<Vec<_>>().join(", ")
}

#[test]
fn the_first_ring_has_a_key_that_signs_and_one_that_will() {
    let ring = ring();
    assert_eq!(told(&ring, Kind::Access), "a1 active +0, a2 next +0");
    assert_eq!(told(&ring, Kind::Refresh), "r1 active +0, r2 next +0");
    assert_eq!((ring.active(Kind::Access), ring.active(Kind::Refresh)), ("a1", "r1"));
    assert_eq!(ring.others(Kind::Refresh).collect::<Vec<_>>(), ["r2"]);
}

#[test]
fn rotating_goes_from_next_to_active_to_retired() {
    let mut ring = ring();
    ring.rotate(Kind::Access, "a3".into(), START + 600, false).unwrap();
    assert_eq!(told(&ring, Kind::Access), "a2 active +600, a3 next +600, a1 retired +600");
    assert_eq!(told(&ring, Kind::Refresh), "r1 active +0, r2 next +0", "the other kind stays");
    ring.rotate(Kind::Access, "a4".into(), START + 1200, false).unwrap();
    let expected = "a3 active +1200, a4 next +1200, a2 retired +1200, a1 retired +600";
    assert_eq!(told(&ring, Kind::Access), expected);
    assert_eq!(ring.others(Kind::Access).collect::<Vec<_>>(), ["a4", "a2", "a1"]);
}

#[test]
fn a_key_that_not_everybody_knows_does_not_sign_unless_it_must() {
    let mut ring = ring();
    for (now, wait) in [(START, 600), (START + 599, 1), (START - 60, 600)] {
        let refused = ring.rotate(Kind::Refresh, "r3".into(), now, false);
        assert_eq!(refused, Err(Refusal::Young { kind: Kind::Refresh, wait }));
    }
    assert_eq!(told(&ring, Kind::Refresh), "r1 active +0, r2 next +0");
    ring.rotate(Kind::Refresh, "r3".into(), START + 1, true).unwrap();
    assert_eq!(told(&ring, Kind::Refresh), "r2 active +1, r3 next +1, r1 retired +1");
}

#[test]
fn a_revoked_key_is_gone_whatever_it_did() {
    let mut three = ring();
    three.rotate(Kind::Access, "a3".into(), START + 600, false).unwrap();
    for (kid, left) in [
        ("a2", "a3 active +700, a4 next +700, a1 retired +600"),
        ("a3", "a2 active +600, a4 next +700, a1 retired +600"),
        ("a1", "a2 active +600, a3 next +600"),
    ] {
        let mut ring = three.clone();
        ring.revoke(kid, "a4".into(), START + 700).unwrap();
        assert_eq!(told(&ring, Kind::Access), left, "{kid}");
        assert_eq!(told(&ring, Kind::Refresh), "r1 active +0, r2 next +0");
        assert_eq!(ring.revoke(kid, "a5".into(), START + 700), Err(Refusal::Unknown));
    }
    assert_eq!(three.revoke("a4", "a5".into(), START), Err(Refusal::Unknown));
}

#[test]
fn every_key_can_be_revoked_one_after_the_other() {
    let mut ring = ring();
    for fresh in 3..9 {
        let signing = ring.active(Kind::Refresh).to_owned();
        ring.revoke(&signing, format!("r{fresh}"), START + fresh).unwrap();
    }
    assert_eq!(told(&ring, Kind::Refresh), "r7 active +8, r8 next +8");
}

#[test]
fn a_retired_key_goes_when_all_that_it_signed_is_over_and_not_before() {
    for (kind, patience) in [(Kind::Access, HALF_AN_HOUR), (Kind::Refresh, A_WEEK)] {
        let mut ring = ring();
        for (kid, now) in [("k3", START + 1000), ("k4", START + 2000)] {
            ring.rotate(kind, kid.into(), now, false).unwrap();
        }
        let count = |ring: &Ring| ring.others(kind).count();
        let first = START + 1000 + patience;
        assert!(!ring.has_expired(first - 1) && ring.has_expired(first));
        ring.expire(first - 1);
        assert_eq!(count(&ring), 3);
        ring.expire(first);
        assert_eq!(count(&ring), 2);
        assert!(!ring.has_expired(first));
        // However old they are, the keys that sign and will sign stay.
        ring.expire(u64::MAX);
        assert_eq!(ring.others(kind).collect::<Vec<_>>(), ["k4"]);
        assert_eq!(ring.active(kind), "k3");
    }
}

#[test]
fn what_a_key_does_is_what_was_written_down_in_whatever_order() {
    let keys = [
        // The oldest is to come, the youngest is over: neither age nor place says anything.
        entry(Kind::Access, "a1", State::Next, START),
        entry(Kind::Access, "a2", State::Active, START + 1),
        entry(Kind::Access, "a3", State::Retired, START + 2),
    ];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let refresh = ring().entries().into_iter().filter(|key| key.kind == Kind::Refresh);
        let access = order.iter().map(|place| keys[*place].clone());
        let mut ring = Ring::of(&access.chain(refresh).collect::<Vec<_>>()).unwrap();
        assert_eq!(told(&ring, Kind::Access), "a2 active +1, a1 next +0, a3 retired +2");
        assert_eq!(Ring::of(&ring.entries()), Ok(ring.clone()));
        ring.expire(START + 2 + HALF_AN_HOUR);
        assert_eq!(told(&ring, Kind::Access), "a2 active +1, a1 next +0");
    }
}

#[test]
fn entries_that_are_no_ring_are_told_by_what_is_wrong() {
    let (kind, state) = (Kind::Refresh, State::Next);
    let whole = ring().entries();
    let without: Vec<_> = whole.iter().filter(|key| key.kid != "r2").cloned().collect();
    assert_eq!(Ring::of(&without), Err(Fault::Missing { kind, state }));
    let with = |key: Entry| Ring::of(&[whole.as_slice(), &[key]].concat());
    assert_eq!(with(entry(kind, "r3", state, START)), Err(Fault::Several { kind, state }));
    let twice = with(entry(kind, "a1", State::Retired, START));
    assert_eq!(twice, Err(Fault::Twice("a1".to_owned())));
    for name in ["", "../../etc/passwd", "a/b", "a b", "é", &"a".repeat(65)] {
        assert_eq!(with(entry(kind, name, State::Retired, START)), Err(Fault::Name), "{name}");
    }
    assert_eq!(Ring::of(&[]).err().unwrap().to_string(), "it names no active access key");
}
