//! What the model is sent: the persona, as much of the history as fits, the new message.

use crate::safety::{Notice, Whereabouts, guidance};
use crate::store::{Message, Sender};

/// Who the buddy is, word for word.
const PERSONA: &str = include_str!("persona.md");

/// What one message costs besides its text: role and separators of the chat format.
const TOKENS_PER_MESSAGE: usize = 4;

/// How much a model takes at once, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// In all.
    pub all: usize,
    /// Of that, for the reply.
    pub reply: usize,
    /// Of that, in case our estimates are too low.
    pub reserve: usize,
}

impl Window {
    /// What is left for the prompt.
    pub(crate) fn budget(self) -> usize {
        self.all.saturating_sub(self.reply + self.reserve)
    }
}

/// What the model is sent.
#[derive(Debug, Clone)]
pub(crate) struct Prompt {
    /// Who it is to be.
    pub(crate) system: String,
    /// What was said, oldest first, ending with the new message. Roles come from here alone: no
    /// text can give itself another.
    pub(crate) messages: Vec<Message>,
    /// Whether older messages are left out.
    pub(crate) is_cut: bool,
    /// What was noticed in the new message.
    pub(crate) notice: Option<Notice>,
    /// Where its person is.
    pub(crate) whereabouts: Whereabouts,
}

impl Prompt {
    /// The persona and the last of the messages always, and the newest part of what comes before it
    /// that fits into `budget` tokens. `is_cut`: there was more than `messages`. A last message that
    /// alone is too long is abridged: what its end asks is answered rather than nothing.
    pub(crate) fn assemble(
        messages: Vec<Message>,
        is_cut: bool,
        budget: usize,
        (notice, whereabouts): (Option<Notice>, Whereabouts),
    ) -> Self {
        let guidance = guidance::of(notice.as_ref(), whereabouts);
        let system = format!("{PERSONA}\n{guidance}");
        let system = system.trim_end().to_owned();
        Self { system, messages, is_cut, notice, whereabouts }.fit(budget)
    }

    /// A prompt of three quarters of the size, for a model that counts more than we do.
    pub(crate) fn shrink(self) -> Self {
        let budget = self.tokens() * 3 / 4;
        self.fit(budget)
    }

    /// Begins with something the person said, as far as there is a choice.
    fn fit(mut self, budget: usize) -> Self {
        let mut new = self.messages.pop();
        let mut left = budget.saturating_sub(tokens(&self.system));
        if let Some(new) = &mut new {
            if tokens(&new.text) > left {
                new.text = abridge(&new.text, left);
                self.is_cut = true;
            }
            left = left.saturating_sub(tokens(&new.text));
        }
        let kept = self.messages.iter().rev().take_while(|message| {
            let cost = tokens(&message.text);
            let fits = cost <= left;
            left = left.saturating_sub(cost);
            fits
        });
        let start = self.messages.len() - kept.count();
        if start > 0 || self.is_cut {
            let rest = self.messages.iter().skip(start);
            let answers = rest.take_while(|said| said.sender == Sender::Ai).count();
            self.messages.drain(..start + answers);
            self.is_cut = true;
        }
        self.messages.extend(new);
        self
    }

    /// The new message.
    pub(crate) fn newest(&self) -> &str {
        self.messages.last().map_or("", |message| &message.text)
    }

    /// What it costs, by our estimate.
    pub(crate) fn tokens(&self) -> usize {
        let said: usize = self.messages.iter().map(|message| tokens(&message.text)).sum();
        tokens(&self.system) + said
    }
}

/// Leaves out the middle of a text: a third of what may stay is its beginning, the rest its end.
fn abridge(text: &str, budget: usize) -> String {
    const GAP: &str = "\n[…]\n";
    let left = tenths(budget.saturating_sub(tokens(GAP)));
    let start = fitting(text.chars(), left / 3);
    let head: String = text.chars().take(start).collect();
    let end = fitting(text.chars().rev(), left - left / 3);
    let tail: String = text.chars().skip(text.chars().count().saturating_sub(end)).collect();
    head + GAP + &tail
}

/// How many of these letters cost no more than so many tenths of a token.
fn fitting(letters: impl Iterator<Item = char>, mut left: usize) -> usize {
    let costs = letters.map(cost).take_while(|cost| {
        let fits = *cost <= left;
        left = left.saturating_sub(*cost);
        fits
    });
    costs.count()
}

fn tenths(tokens: usize) -> usize {
    tokens.saturating_mul(10)
}

/// How many tokens a message may cost: an estimate on the high side, because a tokenizer is another
/// one for every model and keeps 45 MB in memory. Common tokenizers make 0.2 to 0.35 tokens of a
/// Latin letter, at most one of other letters, at most three of an emoji.
pub(crate) fn tokens(text: &str) -> usize {
    text.chars().map(cost).sum::<usize>() / 10 + TOKENS_PER_MESSAGE
}

/// What a letter may cost, in tenths of a token.
fn cost(letter: char) -> usize {
    match letter {
        'a'..='z' | 'A'..='Z' | ' ' => 3,
        '\0'..='\u{7f}' => 8,
        '\u{80}'..='\u{ffff}' => 10,
        _ => 30,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A prompt for somebody nothing is known of.
    fn assemble(messages: Vec<Message>, is_cut: bool, budget: usize) -> Prompt {
        Prompt::assemble(messages, is_cut, budget, (None, Whereabouts::of(None, "")))
    }

    fn message(id: i64, sender: Sender, text: &str) -> Message {
        let created_at = chrono::DateTime::UNIX_EPOCH;
        let text = text.into();
        Message { id, user_id: 1, session_id: 1, turn_id: 1, sender, text, shown: true, created_at }
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

    /// So many turns, and then a question.
    fn conversation(turns: i64, question: &str) -> Vec<Message> {
        let mut said = history(turns);
        said.push(message(2 * turns, Sender::User, question));
        said
    }

    #[test]
    fn a_short_history_is_sent_whole_and_in_order() {
        let prompt = assemble(conversation(3, "and now?"), false, 10_000);
        let ids: Vec<_> = prompt.messages.iter().map(|message| message.id).collect();
        assert_eq!(ids, [0, 1, 2, 3, 4, 5, 6]);
        assert_eq!(prompt.newest(), "and now?");
        assert!(!prompt.is_cut);
    }

    #[test]
    fn a_long_history_is_cut_to_the_budget_at_a_question() {
        let budget = tokens(PERSONA) + 200;
        let prompt = assemble(conversation(200, "and now?"), true, budget);
        assert!(prompt.tokens() <= budget);
        assert!(prompt.messages.len() > 4, "and it is not empty");
        assert!(prompt.is_cut);
        assert_eq!(prompt.messages.first().unwrap().sender, Sender::User);
        let before = prompt.messages.len() - 2;
        assert_eq!(prompt.messages.get(before).unwrap().id, 399, "the newest stay");
    }

    #[test]
    fn a_shrunk_prompt_is_smaller_and_ends_alike() {
        let prompt = assemble(conversation(50, "and now?"), false, 100_000);
        let before = prompt.tokens();
        let smaller = prompt.shrink();
        assert!(smaller.tokens() <= before * 3 / 4);
        assert_eq!(smaller.newest(), "and now?");
        assert!(smaller.is_cut);
    }

    #[test]
    fn a_message_larger_than_the_budget_is_abridged_and_sent_alone() {
        for filler in ["word ", "Wort für Wort ", "字", "😀"] {
            let text = format!("It began {}and now?", filler.repeat(10_000));
            let mut said = history(3);
            said.push(message(9, Sender::User, &text));
            let budget = tokens(PERSONA) + 500;
            let prompt = assemble(said, false, budget);
            assert_eq!(prompt.messages.len(), 1);
            assert!(prompt.is_cut && prompt.tokens() <= budget, "{}", prompt.tokens());
            assert!(prompt.tokens() > budget - 50, "as much of it as fits");
            assert!(prompt.newest().starts_with("It began") && prompt.newest().ends_with("now?"));
        }
    }

    #[test]
    fn a_window_leaves_room_for_the_reply() {
        let window = Window { all: 4_000, reply: 1_000, reserve: 200 };
        assert_eq!(window.budget(), 2_800);
        assert_eq!(Window { all: 10, reply: 1_000, reserve: 0 }.budget(), 0);
    }
}
