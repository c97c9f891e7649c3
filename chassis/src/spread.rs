//! Times that differ, so that many do not do the same thing at the same moment.

use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};

/// About `time`, give or take this `share` of it.
#[must_use]
pub fn about(time: Duration, share: f64) -> Duration {
    let mut dice = [0];
    // Without any randomness it is as long as was said.
    let thrown = SystemRandom::new().fill(&mut dice).map_or(0.5, |()| f64::from(dice[0]) / 255.0);
    time.mul_f64(1.0 - share + 2.0 * share * thrown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_about_as_long_as_they_should_and_not_all_the_same() {
        let time = Duration::from_secs(10);
        let mut times: Vec<_> = (0..200).map(|_| about(time, 0.5)).collect();
        times.sort();
        assert!(times[0] >= time / 2 && times[199] <= time * 3 / 2, "{times:?}");
        assert!(times[199] > times[0] + time / 2, "{times:?}");
        assert_eq!(about(time, 0.0), time);
    }
}
