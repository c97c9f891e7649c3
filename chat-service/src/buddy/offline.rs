//! The offline buddy: replies written in advance, for machines without a model.
//!
//! Each reflects what was said, offers one small thing that fits the theme and asks an open
//! question. It never pretends to understand more than it does.

mod themes;

use std::time::Duration;

use super::Answer;
use crate::draft::Draft;
use crate::prompt::Prompt;
use crate::safety::{self, Category, Notice, Tier};
use crate::store::{Finish, Sender, Usage};
use themes::{FALLBACK, HINTS, THEMES, Theme};

/// Said once, with the first reply of a conversation.
const INTRODUCTION: &str = "Hi, I'm AI Buddy. I'm running without a language model right now, so \
my replies were written in advance: I can listen and offer small ideas, but I won't \
always catch the details, and I only know English. If things get too heavy, people who can help are \
at https://findahelpline.com, at any hour.";

/// Between two words, for somebody who watches them appear: a quick reader's pace.
const PACE: Duration = Duration::from_millis(25);

/// For all words together.
const LONGEST: Duration = Duration::from_secs(2);

/// Messages after danger that are taken for answers to words for a crisis.
const ANSWERS: usize = 2;

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
        Answer { finish: Finish::Written, usage: Some(Usage::default()), removed: Vec::new() }
    }
}

/// The reply to a prompt.
fn choose(prompt: &Prompt) -> String {
    let notice = prompt.notice.as_ref();
    if let Some(notice) = notice
        && (is_beyond_themes(notice) || answers_danger(prompt))
    {
        return notice.reply(prompt.messages.last().map_or(0, |said| said.turn_id));
    }
    let pointer = notice.map(Notice::message);
    // How often the buddy has spoken decides which reply is next, so that none repeats at once.
    let spoken = prompt.messages.iter().filter(|said| said.sender == Sender::Ai).count();
    let is_hint = notice.is_some_and(|notice| notice.tier == Tier::Elevated);
    let theme = if is_hint { &HINTS } else { recognise(prompt.newest()) };
    let reply = theme.replies.get(spoken % theme.replies.len().max(1)).copied();
    let reply = reply.unwrap_or_default();
    let introduction = (spoken == 0).then(|| INTRODUCTION.to_owned());
    let parts = introduction.into_iter().chain([reply.to_owned()]).chain(pointer);
    parts.collect::<Vec<_>>().join("\n\n")
}

/// Whether only words for a crisis will do.
fn is_beyond_themes(notice: &Notice) -> bool {
    let is_about_death = notice.categories.contains(&Category::SelfHarm);
    match notice.tier {
        Tier::Imminent | Tier::Third => true,
        Tier::High => notice.is_urgent(),
        // Of hints, those at violence and illness have words of their own.
        _ => !is_about_death,
    }
}

/// Whether the person answers words for a crisis: it takes more than we understand to tell whether
/// they are safe.
fn answers_danger(prompt: &Prompt) -> bool {
    let said = prompt.messages.iter().rev().filter(|said| said.sender == Sender::User);
    said.skip(1).take(ANSWERS).any(|said| safety::screen_closely(&said.text).tier.is_danger())
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
    use chrono::DateTime;

    use super::*;
    use crate::safety::{Conversation, Whereabouts};
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
            created_at: DateTime::UNIX_EPOCH,
        };
        let whereabouts = Whereabouts::of(None, "");
        let mut talk = Conversation::default();
        let heard = said.iter().filter(|(sender, _)| *sender == Sender::User);
        let heard = heard.map(|(_, text)| talk.hear(text, DateTime::UNIX_EPOCH)).last();
        let notice = heard.and_then(|heard| Notice::of(&heard, whereabouts));
        let (system, messages) = (String::new(), said.iter().map(message).collect());
        Prompt { system, messages, is_cut: false, notice, whereabouts }
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
        let region = Whereabouts::of(None, "").region;
        assert!(safety::guard::names_help(&second, region), "{second}");
        let weather = [(Sender::User, "my sister is here now"), (Sender::Ai, "I hear you.")];
        said.extend(weather.into_iter().cycle().take(4));
        said.push((Sender::User, "my sister is here now"));
        let third = choose(&conversation(&said));
        assert_ne!(third, second, "and not for ever");
    }

    #[test]
    fn a_hint_is_not_met_with_cheer_and_violence_not_with_questions_about_death() {
        let hint = "everyone would be better off without me";
        let reply = choose(&conversation(&[(Sender::User, hint)]));
        assert!(reply.contains("suicide") && !reply.contains("lovely"), "{reply}");
        let hurt = "my boyfriend hits me and I'm scared of him";
        let reply = choose(&conversation(&[(Sender::User, hurt)]));
        assert!(reply.contains("not your fault"), "{reply}");
    }

    #[test]
    fn after_something_was_done_every_reply_names_help() {
        let mut said = vec![(Sender::User, "I took 40 paracetamol")];
        for next in ["yes", "I feel sick", "I'm alone", "I don't want to call"] {
            said.extend([(Sender::Ai, "Please call 112."), (Sender::User, next)]);
            let reply = choose(&conversation(&said));
            let region = Whereabouts::of(None, "").region;
            assert!(safety::guard::names_help(&reply, region), "{next}: {reply}");
        }
    }

    #[test]
    fn every_theme_has_several_replies_and_each_asks_something() {
        for theme in THEMES.iter().chain([&FALLBACK, &HINTS]) {
            assert!(theme.replies.len() >= 3, "{}", theme.name);
            for reply in theme.replies {
                assert!(reply.contains('?'), "{}: {reply}", theme.name);
            }
        }
    }
}
