//! How a password is hashed and verified: the computing, on whatever thread.

use std::hint::black_box;
use std::ops::Range;
use std::str::FromStr as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD, STANDARD};
use bcrypt::HashParts;
use icu_normalizer::ComposingNormalizerBorrowed as Normalizer;
use ring::hmac;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

use super::{SCHEME, Verdict, pepper_of};
use crate::error::Error;
use crate::peppers::{Pepper, Peppers};

/// Lowest cost that is honoured in a stored hash, unless new ones are made with less: nobody but a
/// tamperer makes them cheaper.
const LOWEST_COST: u32 = 10;
/// Highest cost that is honoured in a stored hash: a tampered row must not cost hours.
const HIGHEST_COST: u32 = 14;
/// For work whose result nobody looks at.
const NO_SALT: [u8; 16] = [0; 16];

/// How passwords are hashed here.
pub(super) struct Recipe {
    pub(super) peppers: Peppers,
    cost: u32,
    /// What is verified for an account that does not exist, so that it costs the same.
    dummy: String,
}

/// A stored hash that can be verified.
struct Stored<'a> {
    pepper: &'a Pepper,
    bcrypt: &'a str,
    cost: u32,
}

impl Recipe {
    pub(super) fn new(peppers: Peppers, cost: u32) -> Result<Self, Error> {
        Ok(Self { peppers, cost, dummy: random_bcrypt(cost)? })
    }

    /// The text to store for a password.
    pub(super) fn hash(&self, password: &SecretString) -> Result<String, Error> {
        let pepper = self.peppers.current();
        let hash = bcrypt::hash(prepare(pepper, password).as_bytes(), self.cost)?;
        Ok(format!("{SCHEME}{}{hash}", pepper.id()))
    }

    /// Judges a password. `None`, and whatever cannot be verified, costs the same work.
    pub(super) fn verify(
        &self,
        password: &SecretString,
        stored: Option<&str>,
    ) -> Result<Verdict, Error> {
        let was_stored = stored.is_some();
        let known = stored.and_then(|stored| self.read(stored));
        let is_known = known.is_some();
        let stored = known.unwrap_or_else(|| self.dummy());
        let prepared = prepare(stored.pepper, password);
        let is_right = bcrypt::verify(prepared.as_bytes(), stored.bcrypt)?;
        for cost in self.missing(stored.cost) {
            pay(&prepared, cost)?;
        }
        Ok(match (is_known, is_right) {
            (false, _) if was_stored => Verdict::Untrusted,
            (false, _) | (true, false) => Verdict::Wrong,
            (true, true) if self.would_make(&stored) => Verdict::Right,
            (true, true) => Verdict::Outdated,
        })
    }

    /// The costs that have to be paid for a hash of a lower one, so that refusing it takes as long as
    /// refusing a name that does not exist. Each is twice the one before: 10 and 11 make 10 into 12.
    fn missing(&self, paid: u32) -> Range<u32> {
        paid..self.cost
    }

    /// Whether a new hash would be made the same way.
    fn would_make(&self, stored: &Stored<'_>) -> bool {
        stored.cost == self.cost && stored.pepper.id() == self.peppers.current().id()
    }

    /// A stored hash, if we can and should verify it.
    fn read<'a>(&'a self, stored: &'a str) -> Option<Stored<'a>> {
        let id = pepper_of(stored)?;
        let bcrypt = stored.strip_prefix(SCHEME)?.strip_prefix(id)?;
        let cost = HashParts::from_str(bcrypt).ok()?.get_cost();
        let honoured = LOWEST_COST.min(self.cost)..=HIGHEST_COST;
        let pepper = self.peppers.named(id)?;
        honoured.contains(&cost).then_some(Stored { pepper, bcrypt, cost })
    }

    fn dummy(&self) -> Stored<'_> {
        Stored { pepper: self.peppers.current(), bcrypt: &self.dummy, cost: self.cost }
    }
}

/// Work for nothing.
fn pay(prepared: &str, cost: u32) -> Result<(), Error> {
    #[cfg(test)]
    tests::PAID.set(tests::PAID.get() + (1 << cost));
    black_box(bcrypt::hash_with_salt(prepared.as_bytes(), cost, NO_SALT)?);
    Ok(())
}

/// The 64 characters that bcrypt gets, wiped after use.
fn prepare(pepper: &Pepper, password: &SecretString) -> Zeroizing<String> {
    let composed = Normalizer::new_nfc().normalize(password.expose_secret()).into_owned();
    let composed = Zeroizing::new(composed);
    Zeroizing::new(STANDARD.encode(hmac::sign(pepper.key(), composed.as_bytes())))
}

/// A well-formed bcrypt hash that no password has.
fn random_bcrypt(cost: u32) -> Result<String, Error> {
    let engine = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);
    let salt = engine.encode(token::keys::random_bytes::<16>()?);
    let digest = engine.encode(token::keys::random_bytes::<23>()?);
    Ok(format!("$2b${cost:02}${salt}{digest}"))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Cheap, as all tests are.
    const COST: u32 = 4;

    thread_local! {
        /// Rounds that a test paid for nothing.
        pub(super) static PAID: Cell<u64> = const { Cell::new(0) };
    }

    fn recipe(cost: u32) -> Recipe {
        Recipe::new(Peppers::generate().unwrap(), cost).unwrap()
    }

    /// The same peppers, another cost.
    fn at(cost: u32, recipe: Recipe) -> Recipe {
        Recipe::new(recipe.peppers, cost).unwrap()
    }

    fn verdict(recipe: &Recipe, password: &str, stored: &str) -> Verdict {
        recipe.verify(&password.into(), Some(stored)).unwrap()
    }

    #[test]
    fn only_the_very_same_password_is_right() {
        let recipe = recipe(COST);
        let long = "correct horse ".repeat(10);
        let hash = recipe.hash(&long.as_str().into()).unwrap();
        assert!(hash.starts_with("$ab1$"), "{hash}");
        assert_eq!(verdict(&recipe, &long, &hash), Verdict::Right);
        for wrong in [&format!("{long}b"), &long[..72], long.trim(), ""] {
            assert_eq!(verdict(&recipe, wrong, &hash), Verdict::Wrong);
        }
        // The same letters, typed on two keyboards.
        let hash = recipe.hash(&"caf\u{e9} caf\u{e9}".into()).unwrap();
        assert_eq!(verdict(&recipe, "cafe\u{301} cafe\u{301}", &hash), Verdict::Right);
    }

    #[test]
    fn two_accounts_with_one_password_look_different() {
        let recipe = recipe(COST);
        let hash = || recipe.hash(&"correct horse".into()).unwrap();
        assert_ne!(hash(), hash());
    }

    #[test]
    fn a_hash_that_cannot_be_trusted_fits_no_password() {
        let recipe = recipe(COST);
        let good = recipe.hash(&"correct horse".into()).unwrap();
        let costly = good.replace("$2b$04$", "$2b$31$");
        let foreign = good.replacen(recipe.peppers.current().id(), "00000000", 1);
        for broken in [&costly, &foreign, "", "$ab1$", "$ab1$$", "plain", "é"] {
            assert_eq!(verdict(&recipe, "correct horse", broken), Verdict::Untrusted, "{broken}");
        }
        assert_eq!(recipe.verify(&"correct horse".into(), None).unwrap(), Verdict::Wrong);
    }

    #[test]
    fn only_costs_within_bounds_are_honoured() {
        let mut recipe = recipe(COST);
        let id = recipe.peppers.current().id().to_owned();
        for (cost, honoured) in [(4, 4..=14), (9, 9..=14), (10, 10..=14), (12, 10..=14)] {
            recipe = at(cost, recipe);
            for stored in 4..=31 {
                let text = format!("{SCHEME}{id}{}", random_bcrypt(stored).unwrap());
                let is_read = recipe.read(&text).is_some();
                assert_eq!(is_read, honoured.contains(&stored), "{stored} at {cost}");
            }
        }
    }

    #[test]
    fn a_hash_of_a_lower_cost_is_as_much_work_as_a_name_that_does_not_exist() {
        let mut recipe = recipe(COST);
        let units = |cost: u32| 1_u64 << cost;
        for cost in 10..=14 {
            recipe = at(cost, recipe);
            for paid in 10..=cost {
                let extra: u64 = recipe.missing(paid).map(units).sum();
                assert_eq!(units(paid) + extra, units(recipe.dummy().cost), "{paid} at {cost}");
            }
        }
    }

    #[test]
    fn a_hash_of_another_cost_is_right_and_outdated() {
        let ten = recipe(10);
        let hash = ten.hash(&"correct horse".into()).unwrap();
        assert_eq!(verdict(&ten, "correct horse", &hash), Verdict::Right);
        assert_eq!(PAID.get(), 0);
        let eleven = at(11, ten);
        assert_eq!(verdict(&eleven, "correct horse", &hash), Verdict::Outdated);
        assert_eq!(PAID.take(), 1 << 10, "what is missing from ten to eleven");
        assert_eq!(verdict(&eleven, "wrong horse", &hash), Verdict::Wrong);
        assert_eq!(PAID.take(), 1 << 10, "the same for a wrong one");
        assert_eq!(verdict(&eleven, "wrong horse", "no hash"), Verdict::Untrusted);
        assert_eq!(PAID.get(), 0, "the dummy is dear enough");
        // Lowered again: what was made meanwhile is still good.
        let dear = eleven.hash(&"correct horse".into()).unwrap();
        assert_eq!(verdict(&at(10, eleven), "correct horse", &dear), Verdict::Outdated);
    }

    #[test]
    fn a_hash_of_an_earlier_pepper_is_right_and_outdated() {
        let folder = tempfile::tempdir().unwrap();
        let open = || Recipe::new(Peppers::open(folder.path()).unwrap(), COST).unwrap();
        let hash = open().hash(&"correct horse".into()).unwrap();
        let pepper = |name: &str| folder.path().join(name);
        std::fs::rename(pepper("pepper.key"), pepper("pepper-1.key")).unwrap();
        let changed = open();
        assert_eq!(verdict(&changed, "correct horse", &hash), Verdict::Outdated);
        assert_eq!(verdict(&changed, "wrong horse", &hash), Verdict::Wrong);
        let anew = changed.hash(&"correct horse".into()).unwrap();
        assert_eq!(verdict(&changed, "correct horse", &anew), Verdict::Right);
        std::fs::remove_file(pepper("pepper-1.key")).unwrap();
        assert_eq!(verdict(&open(), "correct horse", &hash), Verdict::Untrusted);
    }
}
