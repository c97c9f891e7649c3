//! What the crisis layer makes of a row.

use chat_service::safety::{Conversation, Tier};
use chrono::{DateTime, TimeDelta};

use crate::rows::Row;

/// How a row was heard.
#[derive(Debug)]
pub struct Hearing {
    /// The highest tier that a turn of it reached.
    pub tier: Tier,
    /// What each turn was raised to.
    pub turns: Vec<Tier>,
    /// The rules that spoke, in the order they did.
    pub rules: Vec<&'static str>,
}

impl Hearing {
    /// Hears turns one after another, a minute apart, as one conversation.
    #[must_use]
    pub fn of(turns: &[String]) -> Self {
        let mut conversation = Conversation::default();
        // A fixed time, so that a result is the same tomorrow.
        let mut now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        let mut hearing = Self { tier: Tier::None, turns: Vec::new(), rules: Vec::new() };
        for turn in turns {
            let heard = conversation.hear(turn, now);
            now += TimeDelta::minutes(1);
            hearing.tier = hearing.tier.max(heard.raised);
            hearing.turns.push(heard.raised);
            for rule in heard.rules {
                if !hearing.rules.contains(&rule) {
                    hearing.rules.push(rule);
                }
            }
        }
        hearing
    }

    /// The first turn, from 1, that was raised this high.
    #[must_use]
    pub fn first_at(&self, tier: Tier) -> Option<usize> {
        self.turns.iter().position(|turn| *turn >= tier).map(|at| at + 1)
    }
}

/// Hears rows, each one as a conversation of its own.
#[must_use]
pub fn hear(rows: &[Row]) -> Vec<(&Row, Hearing)> {
    rows.iter().map(|row| (row, Hearing::of(&row.turns))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_is_as_high_as_its_highest_turn_and_flagged_where_it_was() {
        let turns = ["hello", "my exam was fine", "I want to kill myself", "never mind"];
        let hearing = Hearing::of(&turns.map(str::to_owned));
        assert!(hearing.tier >= Tier::High);
        assert_eq!(hearing.turns.len(), 4);
        assert_eq!(hearing.first_at(Tier::High), Some(3));
        assert!(!hearing.rules.is_empty());
    }

    #[test]
    fn a_calm_sentence_is_never_flagged() {
        let hearing = Hearing::of(&["I had pasta for lunch.".to_owned()]);
        assert_eq!(hearing.first_at(Tier::Elevated), None);
        assert!(hearing.tier < Tier::Elevated);
    }
}
