//! From where the password of an account was proven.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

use super::{Origin, Target};

/// How long a place is known.
const LIFETIME: TimeDelta = TimeDelta::days(30);
/// Places known at once; if there are more, the half that was not seen for longest is forgotten.
const MOST: usize = 65_536;

/// From where the password of each account was proven lately. In memory: after a restart nobody is known,
/// and whoever logs in is known again.
#[derive(Default)]
pub(super) struct Known {
    seen: Mutex<HashMap<(Target, Origin), DateTime<Utc>>>,
}

impl Known {
    pub(super) fn remember(&self, target: Target, origin: Origin, now: DateTime<Utc>) {
        // Those without an address are not one place.
        if origin == Origin::Unknown {
            return;
        }
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.insert((target, origin), now);
        if seen.len() > MOST {
            let mut times: Vec<_> = seen.values().copied().collect();
            let (_, middle, _) = times.select_nth_unstable(MOST / 2);
            let middle = *middle;
            seen.retain(|_, at| *at > middle);
            seen.insert((target, origin), now);
        }
    }

    pub(super) fn knows(&self, target: Target, origin: Origin, now: DateTime<Utc>) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(target, origin)).is_some_and(|at| now - *at < LIFETIME)
    }

    /// How many places are known.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}
