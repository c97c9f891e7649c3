//! How long screening takes, and a second look.

use std::fmt;
use std::hint::black_box;
use std::time::{Duration, Instant};

use chat_service::safety::{reconsider, screen};
use serde::Serialize;

use crate::table::Table;

/// Kinds of text, each to be repeated until it is long enough.
const TEXTS: [(&str, &str); 5] = [
    (
        "ordinary prose",
        "Today I finished the report early, so I walked home along the canal. My brother called about \
         the garden, and we talked for an hour about tomatoes, the new neighbours and a film he had \
         seen. In the evening I cooked soup, read two chapters and went to bed before eleven. ",
    ),
    (
        "distress prose",
        "I can't sleep and I can't stop crying, and nobody at home sees how tired I am of everything. \
         Some nights I don't know how to go on, I feel like a burden and I just want it to stop. Then \
         morning comes, I go to work, I smile, and I tell them all that I am fine, but I'm not. ",
    ),
    (
        "German distress",
        "Ich kann nicht schlafen und nicht aufhören zu weinen, und zu Hause sieht niemand, wie müde ich \
         von allem bin. Manchmal weiß ich nicht, wie es weitergehen soll, ich falle allen zur Last. Dann \
         kommt der Morgen, ich gehe zur Arbeit, ich lächle und sage, dass es mir gut geht. ",
    ),
    (
        "Chinese distress",
        "我睡不着，一直在哭，家里没有人看得出我有多累。有些晚上我不知道怎么撑下去，觉得自己是大家的负担，\
         只想让这一切停下来。到了早上，我去上班，笑着跟大家说我没事，其实我有事。",
    ),
    (
        "repeated signs",
        "kill my want to die kill not kill never kill my self if i die i want to end it all my life i \
         don't want to not want to die to die to myself pills bridge tonight suicide no suicide ",
    ),
];

/// The length that most long messages have, in characters.
const LENGTH: usize = 2_000;
/// How often each text of that length is screened.
const RUNS: usize = 4_000;
/// Lengths for which the time should grow no faster than they do.
const LENGTHS: [usize; 4] = [1 << 10, 10 << 10, 100 << 10, 1 << 20];
/// How often each of those is screened.
const GROWTH_RUNS: usize = 9;

/// Kinds of text that are worth a second look, and how many characters of them are looked at.
const DOUBTFUL: [(&str, &str, usize); 3] = [
    (
        "a doubtful line",
        "I am so done with all of this, honestly, there is nothing left in it for me. ",
        60,
    ),
    ("a doubtful message", TEXTS[1].1, 250),
    ("a doubtful letter", TEXTS[1].1, LENGTH),
];
/// How often each of those is looked at again.
const LOOKS: usize = 200;

/// The times that screening took, and the second look after it.
#[derive(Debug, Serialize)]
pub struct Bench {
    optimised: bool,
    speed: Vec<Times>,
    growth: Vec<Times>,
    looks: Vec<Times>,
}

#[derive(Debug, Serialize)]
struct Times {
    text: &'static str,
    characters: usize,
    runs: usize,
    p50_microseconds: f64,
    p99_microseconds: f64,
    nanoseconds_per_character: f64,
}

impl Times {
    fn screen((text, words): (&'static str, &str), characters: usize, runs: usize) -> Self {
        let long: String = words.chars().cycle().take(characters).collect();
        Self::measure((text, characters), runs, || {
            let start = Instant::now();
            black_box(screen(black_box(&long)));
            start.elapsed()
        })
    }

    fn look((text, words, characters): (&'static str, &str, usize), runs: usize) -> Self {
        let long: String = words.chars().cycle().take(characters).collect();
        let found = screen(&long);
        Self::measure((text, characters), runs, || {
            let found = found.clone();
            let start = Instant::now();
            black_box(reconsider(black_box(&long), found));
            start.elapsed()
        })
    }

    fn measure(
        (text, characters): (&'static str, usize),
        runs: usize,
        time: impl FnMut() -> Duration,
    ) -> Self {
        let mut times: Vec<_> = std::iter::repeat_with(time).take(runs).collect();
        times.sort_unstable();
        let p50 = percentile(&times, 50);
        let length = u32::try_from(characters).map_or(f64::INFINITY, f64::from);
        Self {
            text,
            characters,
            runs,
            p50_microseconds: p50.as_secs_f64() * 1e6,
            p99_microseconds: percentile(&times, 99).as_secs_f64() * 1e6,
            nanoseconds_per_character: p50.as_secs_f64() * 1e9 / length,
        }
    }

    fn line(&self) -> Vec<String> {
        vec![
            self.text.to_owned(),
            self.characters.to_string(),
            self.runs.to_string(),
            format!("{:.1}", self.p50_microseconds),
            format!("{:.1}", self.p99_microseconds),
            format!("{:.1}", self.nanoseconds_per_character),
        ]
    }
}

/// The time that so many percent stay within.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

impl Bench {
    /// Screens each kind of text at the usual length many times, and at growing lengths a few times;
    /// looks again at those that are worth it.
    #[must_use]
    pub fn run() -> Self {
        let speed = TEXTS.map(|text| Times::screen(text, LENGTH, RUNS)).into();
        let lengths = TEXTS.iter().flat_map(|text| LENGTHS.map(|length| (*text, length)));
        let growth = lengths.map(|(text, length)| Times::screen(text, length, GROWTH_RUNS));
        let growth = growth.collect();
        let looks = DOUBTFUL.map(|text| Times::look(text, LOOKS)).into();
        Self { optimised: !cfg!(debug_assertions), speed, growth, looks }
    }
}

impl fmt::Display for Bench {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table =
            Table::new(1, &["text", "characters", "runs", "p50 µs", "p99 µs", "ns/character"]);
        for times in self.speed.iter().chain(&self.growth).chain(&self.looks) {
            table.add(times.line());
        }
        write!(f, "{table}")?;
        if !self.optimised {
            writeln!(f, "Not optimised: these times say little. Run it with --release.")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_times_that_were_measured() {
        let times: Vec<_> = (1..=200).map(Duration::from_micros).collect();
        assert_eq!(percentile(&times, 50), Duration::from_micros(100));
        assert_eq!(percentile(&times, 99), Duration::from_micros(198));
        assert_eq!(percentile(&times[..1], 99), Duration::from_micros(1));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }

    #[test]
    fn a_measurement_says_what_it_measured() {
        let times = Times::screen(TEXTS[0], 300, 3);
        assert_eq!((times.characters, times.runs), (300, 3));
        assert!(times.p50_microseconds > 0.0 && times.p50_microseconds <= times.p99_microseconds);
        assert_eq!(times.line().len(), 6);
        let times = Times::look(DOUBTFUL[0], 2);
        assert_eq!((times.characters, times.runs), (60, 2));
    }
}
