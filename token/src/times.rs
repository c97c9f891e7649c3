//! The rules about time that both kinds of token share.

use crate::Error;

/// How far `iat` and `nbf` may lie ahead of our clock, in seconds: clocks of two machines differ.
const SKEW: u64 = 5;

/// Checks `iat`, `nbf` and `exp` against `now` (seconds since the epoch).
///
/// A token dies at `exp`, not after it, and may not claim a longer life than `lifetime` seconds.
pub(crate) fn check(
    iat: Option<u64>,
    nbf: Option<u64>,
    exp: u64,
    lifetime: u64,
    now: u64,
) -> Result<(), Error> {
    let (Some(iat), Some(nbf)) = (iat, nbf) else {
        return Err(Error::Invalid);
    };
    let started = iat <= now.saturating_add(SKEW) && nbf <= now.saturating_add(SKEW);
    let running = exp > now && exp.saturating_sub(iat) <= lifetime;
    if started && running { Ok(()) } else { Err(Error::Invalid) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_800_000_000;

    #[test]
    fn a_token_lives_from_its_birth_to_the_second_before_its_end() {
        let lives = |iat, nbf, exp| check(Some(iat), Some(nbf), exp, 1800, NOW).is_ok();
        assert!(lives(NOW, NOW, NOW + 1800));
        assert!(lives(NOW - 1799, NOW - 1799, NOW + 1), "one second left");
        assert!(!lives(NOW - 1800, NOW - 1800, NOW), "over at exp, not after it");
        assert!(lives(NOW + 5, NOW + 5, NOW + 1805), "a clock five seconds ahead");
        assert!(!lives(NOW + 6, NOW, NOW + 1800), "issued in the future");
        assert!(!lives(NOW, NOW + 6, NOW + 1800), "not valid yet");
        assert!(!lives(NOW, NOW, NOW + 1801), "claims a longer life than we give");
        assert!(!lives(NOW, NOW, u64::MAX));
        assert_eq!(check(None, Some(NOW), NOW + 1, 1800, NOW), Err(Error::Invalid));
        assert_eq!(check(Some(NOW), None, NOW + 1, 1800, NOW), Err(Error::Invalid));
    }
}
