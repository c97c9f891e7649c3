//! What is free, what is stopped, and when it goes on.

use std::net::IpAddr;

use governor::clock::FakeRelativeClock;

use super::*;

/// Limits on a clock that only the test moves.
struct Stage {
    limits: Limits<FakeRelativeClock>,
    clock: FakeRelativeClock,
}

impl Stage {
    fn with(tries: Tries) -> Self {
        let clock = FakeRelativeClock::default();
        let limits = Limits::with_clock(tries, &clock);
        Self { limits, clock }
    }

    fn try_password(&self, name: &str, address: &str) -> Result<(), Error> {
        let target = Target::of(name);
        self.limits.try_password(&target, from(address))?;
        self.limits.try_account(&target)
    }

    /// How many of `tries` passwords may be tried, in a row from the first.
    fn free(&self, name: &str, address: &str, tries: usize) -> usize {
        let taken = (0..tries).take_while(|_| self.try_password(name, address).is_ok());
        taken.count()
    }
}

fn from(address: &str) -> Origin {
    Some(address.parse::<IpAddr>().unwrap()).into()
}

fn wait(outcome: Result<(), Error>) -> Duration {
    match outcome {
        Err(Error::TooManyTries { retry_after }) => retry_after,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_network_is_one_place_however_many_addresses_it_has() {
    for (one, other) in [
        ("192.0.2.1", "192.0.2.254"),
        ("192.0.2.1", "::ffff:192.0.2.9"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
    ] {
        assert_eq!(from(one), from(other));
    }
    for (one, other) in
        [("192.0.2.1", "192.0.3.1"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("::1", "127.0.0.1")]
    {
        assert_ne!(from(one), from(other));
    }
    assert_ne!(from("0.0.0.0"), Origin::from(None));
}

#[test]
fn one_who_hammers_one_account_is_stopped_and_told_when_to_come_back() {
    let stage = Stage::with(Tries::default());
    assert_eq!(stage.free("ada", "192.0.2.1", 100), 10);
    // Another spelling is the same account, another address of the network the same place.
    assert_eq!(wait(stage.try_password("ADA", "192.0.2.7")), PAIR);
    stage.clock.advance(Duration::from_secs(2));
    assert_eq!(wait(stage.try_password("ada", "192.0.2.1")), Duration::from_secs(4));
    stage.clock.advance(Duration::from_secs(4));
    assert_eq!(stage.free("ada", "192.0.2.1", 100), 1, "one has come back");
    stage.clock.advance(PAIR * 100);
    assert_eq!(stage.free("ada", "192.0.2.1", 100), 10, "never more than at first");
}

#[test]
fn whoever_is_stopped_uses_up_nothing_that_others_share() {
    let stage = Stage::with(Tries::default());
    stage.free("ada", "192.0.2.1", 10);
    for _ in 0..1_000 {
        wait(stage.try_password("ada", "192.0.2.1"));
    }
    // 10 of 120 passwords of the network are gone, and 10 of 60 of the account.
    let names = (0..200).map(|name| format!("name{name}"));
    let free = names.take_while(|name| stage.try_password(name, "192.0.2.1").is_ok());
    assert_eq!(free.count(), 110);
    let others = (0..200).map(|network| format!("198.51.{network}.1"));
    let free = others.take_while(|address| stage.try_password("ada", address).is_ok());
    assert_eq!(free.count(), 50);
}

#[test]
fn names_that_nobody_has_or_can_have_are_counted_too() {
    let stage = Stage::with(Tries { per_pair: 3, ..Tries::UNLIMITED });
    let long = "a".repeat(1_000);
    for name in ["ada", "", "a b", "nul\0", "\u{202e}ada", &long] {
        assert_eq!(stage.free(name, "192.0.2.1", 9), 3, "{name:?}");
    }
}

#[test]
fn many_places_share_what_an_account_has() {
    let stage = Stage::with(Tries { per_account: 5, per_pair: 3, ..Tries::UNLIMITED });
    let places = (0..50).map(|network| format!("192.0.{network}.1"));
    let free = places.filter(|address| stage.try_password("ada", address).is_ok());
    assert_eq!(free.count(), 5);
    assert_eq!(wait(stage.limits.try_account(&Target::of("ADA"))), ACCOUNT);
    assert_eq!(stage.free("grace", "203.0.113.1", 9), 3, "and for nobody else");
    stage.clock.advance(ACCOUNT);
    assert!(stage.limits.try_account(&Target::of("ada")).is_ok(), "one has come back");
}

#[test]
fn registrations_and_refreshes_have_limits_of_their_own() {
    let stage = Stage::with(Tries::default());
    let home = from("192.0.2.1");
    let free = (0..100).take_while(|_| stage.limits.try_registration(home).is_ok());
    assert_eq!(free.count(), 60);
    assert_eq!(wait(stage.limits.try_registration(home)), REGISTRATION);
    assert!(stage.limits.try_registration(Origin::Unknown).is_ok());
    assert_eq!(stage.free("ada", "192.0.2.1", 100), 10, "they are no passwords");

    let free = (0..100).take_while(|_| stage.limits.try_refresh("phone").is_ok());
    assert_eq!(free.count(), 60);
    assert_eq!(wait(stage.limits.try_refresh("phone")), REFRESH);
    assert!(stage.limits.try_refresh("laptop").is_ok());
}

#[test]
fn zero_is_no_limit() {
    let stage = Stage::with(Tries::UNLIMITED);
    assert_eq!(stage.free("ada", "192.0.2.1", 2_000), 2_000);
    assert!((0..2_000).all(|_| stage.limits.try_registration(Origin::Unknown).is_ok()));
    assert!((0..2_000).all(|_| stage.limits.try_refresh("phone").is_ok()));
}

#[test]
fn who_has_not_tried_lately_is_forgotten() {
    let stage = Stage::with(Tries::default());
    for index in 0..10_000_u32 {
        let address = IpAddr::from((0x0a00_0000 + index * 256).to_be_bytes());
        stage.limits.try_password(&Target::of("ada"), Some(address).into()).unwrap();
        stage.clock.advance(Duration::from_secs(1));
    }
    assert!(stage.limits.addresses.len() <= 1_025, "{}", stage.limits.addresses.len());
    assert!(stage.limits.pairs.len() <= 1_025, "{}", stage.limits.pairs.len());
}

#[test]
fn who_is_forgotten_has_nothing_left_to_wait_for() {
    let stage = Stage::with(Tries { per_pair: 2, ..Tries::UNLIMITED });
    stage.free("ada", "192.0.2.1", 2);
    for name in 0..5_000 {
        assert!(stage.try_password(&format!("name{name}"), "192.0.2.1").is_ok());
    }
    wait(stage.try_password("ada", "192.0.2.1"));
}
