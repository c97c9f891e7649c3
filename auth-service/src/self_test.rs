//! A look, at every start, at whether tokens are judged as they should be.
//!
//! A verifier that takes too much still answers everybody, so nobody would notice. Here tokens that
//! differ from a good one in a single thing are signed with the service's own key; they never leave
//! this function.

use anyhow::{Context as _, anyhow, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::Ed25519KeyPair;
use serde_json::{Map, Value, json};
use token::{Claims, Error, Subject, access, refresh};

use crate::keys::Keys;

/// One token, and what must be said about it.
struct Check {
    /// What the token is: `a token that …`.
    name: &'static str,
    token: String,
    /// When it is looked at.
    now: u64,
    verdict: Result<(), Error>,
}

/// Makes sure that `keys` sign what they verify, and refuse what they must.
///
/// # Errors
/// A sentence that names the token that was judged wrongly.
pub(crate) fn run(keys: &Keys, now: u64) -> anyhow::Result<()> {
    judge(&checks(keys, now)?, |token, now| keys.verify_access(token, now))
}

fn judge(
    checks: &[Check],
    verify: impl Fn(&str, u64) -> Result<Claims, Error>,
) -> anyhow::Result<()> {
    for Check { name, token, now, verdict } in checks {
        let found = verify(token, *now).map(|_| ());
        ensure!(
            found == *verdict,
            "the self-test of tokens failed: {name} should be {}, and is {}",
            told(verdict),
            told(&found),
        );
    }
    Ok(())
}

fn told(verdict: &Result<(), Error>) -> String {
    match verdict {
        Ok(()) => "good".to_owned(),
        Err(error) => format!("refused (\"{error}\")"),
    }
}

fn checks(keys: &Keys, now: u64) -> anyhow::Result<Vec<Check>> {
    // No account has this number.
    let subject = Subject { user_id: i64::MAX, sid: token::random_id()?, token_version: 0 };
    let good = access::issue(&keys.signing, &subject, now)?;
    let refresh = refresh::issue(&keys.refresh, &subject, now)?;
    let pair = Ed25519KeyPair::from_pkcs8(keys.signing.pkcs8())
        .map_err(|_| anyhow!("the key that signs cannot be used"))?;
    let sign = |message: &[u8]| pair.sign(message).as_ref().to_vec();
    let public = hmac::Key::new(hmac::HMAC_SHA256, keys.signing.public().as_bytes());

    let draft = Draft::of(&good)?;
    let symmetric = draft.with_header("alg", json!("HS256"));
    let unsigned = draft.with_header("alg", json!("none"));
    let abroad = draft.with_claim("aud", json!("somebody-else"));
    let critical = draft.with_header("crit", json!(["exp"]));
    let (end, invalid) = (now.saturating_add(access::LIFETIME), || Err(Error::Invalid));
    let check = |name, token, now, verdict| Check { name, token, now, verdict };
    Ok(vec![
        check("a token of our own", good.clone(), now, Ok(())),
        check("a token in its last second", good.clone(), end - 1, Ok(())),
        check("a token that ends now", good, end, invalid()),
        // Without this one, the others might be refused for how they were put together.
        check("a token signed by hand", draft.signed(sign), now, Ok(())),
        check(
            "a token signed with the public key as a secret (HS256)",
            symmetric.signed(|message| hmac::sign(&public, message).as_ref().to_vec()),
            now,
            invalid(),
        ),
        check(
            "a token without a signature (alg none)",
            unsigned.signed(|_| vec![]),
            now,
            invalid(),
        ),
        check("a token for another audience", abroad.signed(sign), now, invalid()),
        check("a token with critical extensions (crit)", critical.signed(sign), now, invalid()),
        check("a refresh token in place of an access token", refresh, now, Err(Error::WrongType)),
    ])
}

/// A token taken apart.
#[derive(Clone)]
struct Draft {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Draft {
    fn of(token: &str) -> anyhow::Result<Self> {
        let part = |position| {
            let part = token.split('.').nth(position).context("a token has three parts")?;
            anyhow::Ok(serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part)?)?)
        };
        Ok(Self { header: part(0)?, claims: part(1)? })
    }

    fn with_header(&self, name: &str, value: Value) -> Self {
        let mut draft = self.clone();
        draft.header.insert(name.to_owned(), value);
        draft
    }

    fn with_claim(&self, name: &str, value: Value) -> Self {
        let mut draft = self.clone();
        draft.claims.insert(name.to_owned(), value);
        draft
    }

    fn signed(&self, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let [header, claims] = [&self.header, &self.claims]
            .map(|part| URL_SAFE_NO_PAD.encode(Value::Object(part.clone()).to_string()));
        let message = format!("{header}.{claims}");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(sign(message.as_bytes())))
    }
}

#[cfg(test)]
mod tests {
    use token::keys::{RefreshKey, SigningKey};

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn keys() -> Keys {
        Keys::single(SigningKey::generate().unwrap(), RefreshKey::generate().unwrap())
    }

    #[test]
    fn a_start_goes_on_when_every_token_is_judged_as_it_should_be() {
        run(&keys(), NOW).unwrap();
    }

    #[test]
    fn a_start_stops_at_every_single_token_that_is_judged_wrongly() {
        let keys = keys();
        let checks = checks(&keys, NOW).unwrap();
        assert_eq!(checks.len(), 9);
        for check in &checks {
            let wrong = |token: &str, now| {
                if (token, now) != (check.token.as_str(), check.now) {
                    return keys.verify_access(token, now);
                }
                match check.verdict {
                    Ok(()) => Err(Error::Invalid),
                    Err(_) => keys.verify_access(&checks[0].token, NOW),
                }
            };
            let sentence = judge(&checks, wrong).unwrap_err().to_string();
            assert!(sentence.contains(check.name), "{}: {sentence}", check.name);
        }
    }

    #[test]
    fn a_refusal_for_another_reason_is_a_surprise_too() {
        let keys = keys();
        let checks = checks(&keys, NOW).unwrap();
        let gloomy = |token: &str, now| match keys.verify_access(token, now) {
            Err(Error::WrongType) => Err(Error::Entropy),
            verdict => verdict,
        };
        let sentence = judge(&checks, gloomy).unwrap_err().to_string();
        assert!(sentence.contains("a refresh token"), "{sentence}");
    }
}
