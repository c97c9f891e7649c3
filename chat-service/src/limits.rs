//! What one person may have of us, and how much of it is left.

use std::time::Duration;

use chrono::{DateTime, Days, NaiveTime, Utc};

/// What one person may have.
#[derive(Debug, Clone)]
pub struct PersonLimits {
    /// Turns at work at once, in all sessions together.
    pub at_work: u32,
    /// Messages of one session waiting for their turn.
    pub in_line: u32,
    /// Turns begun on one day (UTC); `None`: as many as they like.
    pub daily: Option<u32>,
}

/// One limit, and how much of it is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) policy: Policy,
    pub(crate) quota: i64,
    pub(crate) remaining: i64,
    /// When all of it is there again, for a limit with a window.
    pub(crate) reset: Option<Duration>,
}

/// What is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Turns at work at once.
    Turns,
    /// Turns a day.
    Daily,
}

impl Policy {
    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Turns => "turns",
            Self::Daily => "daily",
        }
    }
}

impl PersonLimits {
    /// What is left of the turns at work.
    pub(crate) fn turns(&self, at_work: u64) -> Allowance {
        let (quota, used) = (i64::from(self.at_work), i64::try_from(at_work).unwrap_or(i64::MAX));
        Allowance { policy: Policy::Turns, quota, remaining: (quota - used).max(0), reset: None }
    }

    /// What is left of the day's turns, where they are counted.
    pub(crate) fn daily(&self, used: i64, now: DateTime<Utc>) -> Option<Allowance> {
        let quota = i64::from(self.daily?);
        let (remaining, reset) = ((quota - used).max(0), Some(until_midnight(now)));
        Some(Allowance { policy: Policy::Daily, quota, remaining, reset })
    }
}

/// The day that a time is counted to.
pub(crate) fn day(now: DateTime<Utc>) -> String {
    now.format("%Y-%m-%d").to_string()
}

fn until_midnight(now: DateTime<Utc>) -> Duration {
    let tomorrow = now.date_naive().checked_add_days(Days::new(1));
    let midnight = tomorrow.map(|day| day.and_time(NaiveTime::MIN).and_utc());
    midnight.and_then(|midnight| (midnight - now).to_std().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_counted_down_to_nothing_and_begins_anew_at_midnight() {
        let limits = PersonLimits { at_work: 2, in_line: 4, daily: Some(10) };
        let now = DateTime::from_timestamp(86_400 - 30, 0).unwrap();
        let left = limits.daily(4, now).unwrap();
        assert_eq!((left.quota, left.remaining), (10, 6));
        assert_eq!(left.reset, Some(Duration::from_secs(30)));
        assert_eq!(limits.daily(11, now).unwrap().remaining, 0);
        assert_eq!(day(now), "1970-01-01");
        assert_eq!(limits.turns(3).remaining, 0);
        let boundless = PersonLimits { daily: None, ..limits };
        assert_eq!(boundless.daily(1_000_000, now), None);
    }
}
