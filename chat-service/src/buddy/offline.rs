//! The offline buddy: replies written by people, for machines without a model.
//!
//! Each reflects what was said, offers one small thing that fits the theme and asks an open
//! question. It never pretends to understand more than it does.

mod themes;

use std::time::Duration;

use super::Answer;
use crate::draft::Draft;
use crate::prompt::Prompt;
use crate::safety;
use crate::store::{Finish, Sender, Usage};
use themes::{FALLBACK, THEMES, Theme};

/// Said once, with the first reply of a conversation.
const INTRODUCTION: &str = "Hi, I'm AI Buddy. I'm running without a language model right now, so \
my replies were written in advance by people: I can listen and offer small ideas, but I won't \
always catch the details, and I only know English. If things get too heavy, people who can help are \
at https://findahelpline.com, at any hour.";

/// Between two words, for somebody who watches them appear: a quick reader's pace.
const PACE: Duration = Duration::from_millis(25);

/// For all words together.
const LONGEST: Duration = Duration::from_secs(2);

/// Answers without a model.
pub(crate) struct Offline;

impl Offline {
    /// Says its answer word by word, at the pace of a reader if somebody watches.
    pub(crate) async fn reply(&self, prompt: &Prompt, draft: &Draft) -> Answer {
        let reply = choose(prompt);
        let words = reply.split_inclusive(char::is_whitespace);
        let count = u32::try_from(words.clone().count()).unwrap_or(u32::MAX).max(1);
        for word in words {
            draft.push(word);
            if draft.is_viewed() {
                tokio::time::sleep(PACE.min(LONGEST / count)).await;
            }
        }
        // No model was asked, so nothing was used.
        Answer { finish: Finish::Written, usage: Some(Usage::default()) }
    }
}

/// The reply to a prompt.
fn choose(prompt: &Prompt) -> String {
    let newest = prompt.newest();
    if let Some(danger) = safety::screen(newest) {
        return danger.reply().to_owned();
    }
    let spoken = prompt.messages.iter().rfind(|said| said.sender == Sender::Ai);
    if let Some(words) = spoken.and_then(|said| safety::follow_up(&said.text)) {
        return words.to_owned();
    }
    // How often the buddy has spoken decides which reply is next, so that none repeats at once.
    let spoken = prompt.messages.iter().filter(|said| said.sender == Sender::Ai).count();
    let theme = recognise(newest);
    let reply = theme.replies.get(spoken % theme.replies.len().max(1)).copied();
    let reply = reply.unwrap_or_default();
    if spoken == 0 { format!("{INTRODUCTION}\n\n{reply}") } else { reply.to_owned() }
}

/// The theme most of whose words are in the text.
fn recognise(text: &str) -> &'static Theme {
    let lower = text.to_lowercase().replace('’', "'");
    let words: Vec<&str> =
        lower.split(|letter: char| !letter.is_alphanumeric() && letter != '\'').collect();
    let hits = |theme: &Theme| {
        theme.words.iter().filter(|stem| words.iter().any(|word| fits(word, stem))).count()
    };
    // Of equals the first counts: the graver themes stand first.
    let best = THEMES.iter().rev().max_by_key(|theme| hits(theme));
    best.filter(|theme| hits(theme) > 0).unwrap_or(&FALLBACK)
}

/// A stem ends in `*` and fits every word that begins with it; anything else fits only itself.
fn fits(word: &str, stem: &str) -> bool {
    stem.strip_suffix('*').map_or(word == stem, |start| word.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Message;

    fn conversation(said: &[(Sender, &str)]) -> Prompt {
        let message = |&(sender, text): &(Sender, &str)| Message {
            id: 1,
            user_id: 1,
            session_id: 1,
            turn_id: 1,
            sender,
            text: text.into(),
            shown: true,
            created_at: chrono::DateTime::UNIX_EPOCH,
        };
        Prompt { system: "", messages: said.iter().map(message).collect(), is_cut: false }
    }

    #[test]
    fn it_introduces_itself_once_and_says_what_it_is() {
        let first = choose(&conversation(&[(Sender::User, "hello")]));
        assert!(first.contains("without a language model"), "{first}");
        let second = choose(&conversation(&[
            (Sender::User, "hello"),
            (Sender::Ai, &first),
            (Sender::User, "I can't sleep"),
        ]));
        assert!(!second.contains("language model"), "{second}");
    }

    #[test]
    fn themes_are_recognised_by_their_words() {
        for (text, theme) in [
            ("I'm feeling anxious about my upcoming exam", "anxiety"),
            ("nobody likes me, I am so lonely", "loneliness"),
            ("My grandmother died last week", "grief"),
            ("I feel sad and empty and I cry a lot", "sadness"),
            ("I lie awake all night, can't sleep", "sleep"),
            ("my boss shouted at me at work", "work"),
            ("we had a fight, my girlfriend left", "relationships"),
            ("I'm so angry at everyone", "anger"),
            ("I passed! I am so happy", "good news"),
            ("are you a real person?", "identity"),
            ("I need someone to talk to", "company"),
            ("Schmetterling", "anything"),
        ] {
            assert_eq!(recognise(text).name, theme, "{text}");
        }
    }

    #[test]
    fn the_same_feeling_twice_gets_two_replies() {
        let mut said =
            vec![(Sender::User, "I'm anxious"), (Sender::Ai, "…"), (Sender::User, "still anxious")];
        let first = choose(&conversation(&said));
        said.extend([(Sender::Ai, "…"), (Sender::User, "so anxious")]);
        assert_ne!(first, choose(&conversation(&said)));
    }

    #[test]
    fn danger_comes_before_every_theme() {
        let reply = choose(&conversation(&[(Sender::User, "work is bad, I want to die")]));
        assert!(reply.contains("emergency number"), "{reply}");
    }

    #[test]
    fn the_answer_to_are_you_safe_is_not_met_with_small_talk() {
        let first = choose(&conversation(&[(Sender::User, "I want to die")]));
        let mut said = vec![(Sender::User, "I want to die"), (Sender::Ai, first.as_str())];
        said.push((Sender::User, "no"));
        let second = choose(&conversation(&said));
        assert!(second.contains("emergency number"), "{second}");
        said.extend([(Sender::Ai, second.as_str()), (Sender::User, "my sister is here now")]);
        let third = choose(&conversation(&said));
        assert_ne!(third, second, "and not for ever");
    }

    #[test]
    fn every_theme_has_several_replies_and_each_asks_something() {
        for theme in THEMES.iter().chain([&FALLBACK]) {
            assert!(theme.replies.len() >= 3, "{}", theme.name);
            for reply in theme.replies {
                assert!(reply.contains('?'), "{}: {reply}", theme.name);
            }
        }
    }
}
