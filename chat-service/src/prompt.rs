//! What the model is sent: the persona, as much of the history as fits, the new message.

use crate::store::{Message, Sender};

/// Who the buddy is, word for word.
const PERSONA: &str = include_str!("persona.md");

/// What one message costs besides its text: role and separators of the chat format.
const TOKENS_PER_MESSAGE: usize = 4;

/// What the model is sent.
#[derive(Debug)]
pub(crate) struct Prompt {
    /// Who it is to be.
    pub(crate) system: &'static str,
    /// What was said, oldest first, ending with the new message. Roles come from here alone: no
    /// text can give itself another.
    pub(crate) messages: Vec<Message>,
}

impl Prompt {
    /// The persona and the new message always, and the newest part of `history` (oldest first) that
    /// fits into `budget` tokens. The part begins with something the person said.
    pub(crate) fn assemble(mut history: Vec<Message>, new: &Message, budget: usize) -> Self {
        let mut left = budget.saturating_sub(tokens(PERSONA) + tokens(&new.text));
        let kept = history.iter().rev().take_while(|message| {
            let cost = tokens(&message.text);
            let fits = cost <= left;
            left = left.saturating_sub(cost);
            fits
        });
        let start = history.len() - kept.count();
        let answers = history.iter().skip(start).take_while(|said| said.sender == Sender::Ai);
        let start = start + answers.count();
        let mut messages = history.split_off(start);
        messages.push(new.clone());
        Self { system: PERSONA, messages }
    }

    /// The new message.
    pub(crate) fn newest(&self) -> &str {
        self.messages.last().map_or("", |message| &message.text)
    }
}

/// How many tokens a message may cost: an estimate on the high side, because a tokenizer is another
/// one for every model and keeps 45 MB in memory. Common tokenizers make 0.2 to 0.35 tokens of a
/// Latin letter, at most one of other letters, at most three of an emoji.
pub(crate) fn tokens(text: &str) -> usize {
    let tenths: usize = text
        .chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | ' ' => 3,
            '\0'..='\u{7f}' => 8,
            '\u{80}'..='\u{ffff}' => 10,
            _ => 30,
        })
        .sum();
    tenths / 10 + TOKENS_PER_MESSAGE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: i64, sender: Sender, text: &str) -> Message {
        let created_at = chrono::DateTime::UNIX_EPOCH;
        Message { id, user_id: 1, session_id: 1, turn_id: 1, sender, text: text.into(), created_at }
    }

    fn history(turns: i64) -> Vec<Message> {
        let turn = |turn: i64| {
            [
                message(2 * turn, Sender::User, &format!("question number {turn}")),
                message(2 * turn + 1, Sender::Ai, &format!("answer number {turn}")),
            ]
        };
        (0..turns).flat_map(turn).collect()
    }

    #[test]
    fn a_short_history_is_sent_whole_and_in_order() {
        let new = message(99, Sender::User, "and now?");
        let prompt = Prompt::assemble(history(3), &new, 10_000);
        let ids: Vec<_> = prompt.messages.iter().map(|message| message.id).collect();
        assert_eq!(ids, [0, 1, 2, 3, 4, 5, 99]);
        assert_eq!(prompt.newest(), "and now?");
    }

    #[test]
    fn a_long_history_is_cut_to_the_budget_at_a_question() {
        let new = message(999, Sender::User, "and now?");
        let budget = tokens(PERSONA) + 200;
        let prompt = Prompt::assemble(history(200), &new, budget);
        let spent: usize = prompt.messages.iter().map(|message| tokens(&message.text)).sum();
        assert!(tokens(PERSONA) + spent <= budget);
        assert!(prompt.messages.len() > 4, "and it is not empty");
        assert_eq!(prompt.messages.first().unwrap().sender, Sender::User);
        assert_eq!(
            prompt.messages.get(prompt.messages.len() - 2).unwrap().id,
            399,
            "the newest stay"
        );
    }

    #[test]
    fn a_message_larger_than_the_budget_is_still_sent_alone() {
        let new = message(9, Sender::User, &"word ".repeat(10_000));
        let prompt = Prompt::assemble(history(5), &new, 1_000);
        assert_eq!(prompt.messages.len(), 1);
    }

    #[test]
    fn the_persona_says_what_it_is_and_where_help_is() {
        for word in ["not a person", "not a therapist", "emergency", "988"] {
            assert!(PERSONA.contains(word), "{word}");
        }
    }
}
