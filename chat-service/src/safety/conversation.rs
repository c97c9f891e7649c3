//! What was said before, as far as it matters for what is said now.
//!
//! A danger is remembered: one "I'm fine" does not end it, time and quiet turns do. Distress and a
//! question about means add up, also when turns lie between them; so does a goodbye after despair.

use chrono::{DateTime, TimeDelta, Utc};

use super::rules::Cue;
use super::screening::{Screening, screen_closely};
use super::tier::Tier;

/// Turns of a person in which distress and a question about means belong together.
const WINDOW: u16 = 12;
/// Turns without a sign after which a danger counts as one step less grave.
const QUIET: u16 = 12;
/// Time without a sign after which it does.
const FADES: TimeDelta = TimeDelta::hours(24);
/// How long a danger follows its person into other conversations.
const FOLLOWS: TimeDelta = TimeDelta::hours(72);
/// Turns after which help is shown whole again.
const AGAIN: u16 = 6;
/// The sign that somebody did what they spoke of.
const ACTED: &str = "state.done_after_danger";

/// What is remembered of a conversation. No words, only how grave it was and how long ago.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Conversation {
    /// The gravest that still counts.
    pub(crate) tier: Tier,
    /// When that was last confirmed.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Turns since then.
    pub(crate) quiet: u16,
    /// Turns since distress was told; `None` if it was not.
    pub(crate) distress: Option<u16>,
    /// Turns since hopelessness or worse was told.
    pub(crate) despair: Option<u16>,
    /// The gravest tier that help was shown whole for, and the turns since.
    pub(crate) shown: Option<(Tier, u16)>,
}

/// What a message amounts to in its conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heard {
    /// How grave the conversation is, with what was said before.
    pub tier: Tier,
    /// How grave this message is, where what was said before makes it graver.
    pub raised: Tier,
    /// The message by itself.
    pub screening: Screening,
    /// The rules that decided, by their ids.
    pub rules: Vec<&'static str>,
    /// Whether help is to be shown whole.
    pub(crate) is_card: bool,
}

impl Conversation {
    /// Hears what a person says next.
    pub fn hear(&mut self, text: &str, now: DateTime<Utc>) -> Heard {
        self.take_in(screen_closely(text), now)
    }

    /// Takes in what a message says.
    pub(crate) fn take_in(&mut self, mut said: Screening, now: DateTime<Utc>) -> Heard {
        self.fade(now);
        let before = *self;
        for age in [&mut self.distress, &mut self.despair].into_iter().flatten() {
            *age = age.saturating_add(1);
        }
        if said.has(Cue::Distress) {
            self.distress = Some(0);
        }
        let is_hint = said.tier >= Tier::Elevated;
        // What sounds grave for the means in it is not graver by them once more, nor is what reads calm.
        let is_told = is_near(before.distress) || is_near(before.despair);
        if is_hint && !said.is_sound && (!said.reads_calm() || is_told) {
            (self.distress, self.despair) = (Some(0), Some(0));
        }
        let (raised, sign) = self.raise(&said, &before);
        if is_hint {
            (self.distress, self.despair) = (Some(0), Some(0));
        } else if said.sounds_distressed {
            self.distress = Some(0);
        }
        let mut rules = said.rules.clone();
        rules.extend(sign);
        said.is_done |= sign == Some(ACTED);
        if raised >= Tier::Elevated && raised >= self.tier {
            (self.tier, self.since, self.quiet) = (raised, Some(now), 0);
        } else if raised >= Tier::Elevated {
            (self.since, self.quiet) = (Some(now), 0);
        } else {
            self.quiet = self.quiet.saturating_add(1);
        }
        let tier = raised.max(self.tier);
        let is_card = self.show(raised);
        Heard { tier, raised, screening: said, rules, is_card }
    }

    /// Raises the tier of what was said last, on somebody else's judgement. Never lowers it. What
    /// somebody else goes through is not remembered.
    pub(crate) fn raise_to(&mut self, tier: Tier, now: DateTime<Utc>) {
        if tier < Tier::Elevated {
            return;
        }
        (self.tier, self.since, self.quiet) = (self.tier.max(tier), Some(now), 0);
        (self.distress, self.despair) = (Some(0), Some(0));
        if tier.is_danger() {
            self.note_shown(tier);
        }
    }

    /// What a new conversation of a person begins with, after another.
    pub(crate) fn follow(&self, now: DateTime<Utc>) -> Self {
        let mut before = *self;
        before.fade(now);
        let recent = before.since.is_some_and(|since| now - since < FOLLOWS);
        let tier = if recent { before.tier } else { Tier::None };
        Self { tier, since: before.since.filter(|_| recent), ..Self::default() }
    }

    /// What was said before makes of what is said now, and the sign that did.
    fn raise(&self, said: &Screening, before: &Self) -> (Tier, Option<&'static str>) {
        let (distress, despair) = (is_near(self.distress), is_near(self.despair));
        let is_grave = despair || self.tier >= Tier::Elevated;
        // A goodbye and a calm say something only after what was said before them.
        let was_danger = before.tier.is_danger();
        let was_grave = is_near(before.despair) || before.tier >= Tier::Elevated;
        // Where somebody else's danger is told of, the goodbye was theirs.
        let is_farewell = said.has(Cue::Farewell) && said.tier != Tier::Third;
        let found = [
            (said.has(Cue::Means) && is_grave, Tier::High, "state.means_after_despair"),
            (said.has(Cue::Means) && distress, Tier::Elevated, "state.means_after_distress"),
            (said.has(Cue::AtHand) && is_grave, Tier::High, "state.means_at_hand"),
            (said.has(Cue::AtHand) && was_danger, Tier::Imminent, "state.means_at_hand"),
            (said.has(Cue::Acted) && was_danger, Tier::Imminent, ACTED),
            (said.has(Cue::Unsafe) && was_grave, Tier::High, "state.not_safe"),
            (is_farewell && was_grave, Tier::High, "state.goodbye"),
            (said.has(Cue::Calm) && was_danger, before.tier, "state.false_calm"),
            (said.has(Cue::Calm) && was_grave, Tier::Elevated, "state.false_calm"),
        ];
        let gravest =
            found.into_iter().filter(|(is_so, ..)| *is_so).max_by_key(|(_, tier, _)| *tier);
        match gravest {
            Some((_, tier, sign)) if tier > said.tier => (tier, Some(sign)),
            _ => (said.tier, None),
        }
    }

    /// Lets what is long ago count for less.
    fn fade(&mut self, now: DateTime<Utc>) {
        while let Some(since) = self.since
            && (now - since >= FADES || self.quiet >= QUIET)
        {
            self.tier = match self.tier {
                Tier::Imminent => Tier::High,
                Tier::High => Tier::Elevated,
                _ => Tier::None,
            };
            let next = if now - since >= FADES { since + FADES } else { now };
            (self.since, self.quiet) = (Some(next).filter(|_| self.tier > Tier::None), 0);
        }
    }

    /// Notes whether help is shown whole: at first, when it is graver than before, and after a while.
    /// For what was said earlier, or elsewhere, it is not: a "hello" is not met with a wall of words.
    fn show(&mut self, raised: Tier) -> bool {
        if let Some((_, turns)) = &mut self.shown {
            *turns = turns.saturating_add(1);
        }
        let is_due = match self.shown {
            None => true,
            Some((shown, turns)) => raised > shown || turns >= AGAIN,
        };
        let is_card = raised.is_danger() && is_due;
        if is_card {
            self.note_shown(raised);
        }
        is_card
    }

    /// Notes that help is shown whole now.
    fn note_shown(&mut self, tier: Tier) {
        let shown = self.shown.map_or(tier, |(shown, _)| shown.max(tier));
        self.shown = Some((shown, 0));
    }
}

/// Whether something was told so few turns ago that what is said now belongs to it.
fn is_near(age: Option<u16>) -> bool {
    age.is_some_and(|age| age <= WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    #[test]
    fn one_denial_does_not_end_a_danger() {
        let mut talk = Conversation::default();
        assert_eq!(talk.hear("I want to kill myself", at(0)).tier, Tier::High);
        let denied = talk.hear("forget it, I'm fine, I don't want to die", at(1));
        assert!(denied.raised < Tier::Elevated);
        assert_eq!(denied.tier, Tier::High);
        assert!(!denied.is_card, "and the same wall of words is not shown again");
    }

    #[test]
    fn a_danger_fades_with_quiet_turns_and_with_time() {
        let mut talk = Conversation::default();
        talk.hear("I want to kill myself", at(0));
        let tiers: Vec<_> = (1..30).map(|turn| talk.hear("we made soup", at(turn)).tier).collect();
        assert_eq!(tiers[5], Tier::High);
        assert_eq!(tiers[15], Tier::Elevated);
        assert_eq!(tiers[28], Tier::None);
        let mut talk = Conversation::default();
        talk.hear("I want to kill myself", at(0));
        assert_eq!(talk.hear("good morning", at(60 * 25)).tier, Tier::Elevated);
        assert_eq!(talk.hear("good morning", at(60 * 24 * 9)).tier, Tier::None);
    }

    #[test]
    fn a_danger_follows_its_person_for_a_while() {
        let mut talk = Conversation::default();
        talk.hear("I want to kill myself", at(0));
        assert_eq!(talk.follow(at(10)).tier, Tier::High);
        assert_eq!(talk.follow(at(60 * 40)).tier, Tier::Elevated);
        assert_eq!(talk.follow(at(60 * 80)).tier, Tier::None);
        let mut elsewhere = talk.follow(at(10));
        let greeting = elsewhere.hear("hello again", at(10));
        assert!(greeting.tier == Tier::High && !greeting.is_card);
        assert!(elsewhere.hear("I want to kill myself", at(11)).is_card);
    }

    #[test]
    fn a_question_about_means_is_grave_after_distress_and_not_without() {
        let question = "what is the tallest bridge in the city?";
        let mut curious = Conversation::default();
        assert!(curious.hear(question, at(0)).raised < Tier::Elevated);
        let mut sad = Conversation::default();
        sad.hear("I lost my job and my wife left me", at(0));
        sad.hear("it rained all day", at(1));
        assert!(sad.hear(question, at(2)).raised >= Tier::Elevated);
    }

    #[test]
    fn means_make_what_reads_calm_no_graver_but_after_distress_they_do() {
        for text in [
            "Does life insurance usually pay out for suicide after two years? I'm new at claims.",
            "In chapter nine the detective finds the note on the desk. Does it read as a suicide?",
        ] {
            let said = screen_closely(text);
            assert!(said.reads_calm() && (said.has(Cue::Means) || said.has(Cue::AtHand)), "{text}");
            let heard = Conversation::default().hear(text, at(0));
            assert!(heard.raised < Tier::High, "{text} {:?}", heard.rules);
            let mut talk = Conversation::default();
            talk.hear("I lost my job and my wife left me", at(0));
            assert_eq!(talk.hear(text, at(1)).raised, Tier::High, "{text}");
        }
    }

    #[test]
    fn a_goodbye_after_despair_is_danger() {
        let mut talk = Conversation::default();
        talk.hear("I can't go on like this anymore", at(0));
        let heard = talk.hear("thank you for everything. goodbye", at(3));
        assert_eq!(heard.raised, Tier::High);
        assert!(heard.is_card);
        assert!(Conversation::default().hear("thank you, bye!", at(0)).raised < Tier::Elevated);
    }

    #[test]
    fn a_goodbye_that_is_told_of_somebody_else_is_no_goodbye() {
        let mut talk = Conversation::default();
        talk.hear("I can't go on like this anymore", at(0));
        let told = "my friend sent me a goodbye text and then she tried to kill herself. she is safe \
                    now, how do I check in on her?";
        let heard = talk.hear(told, at(1));
        assert_eq!(heard.screening.tier, Tier::Third);
        assert!(heard.raised < Tier::High, "{:?}", heard.rules);
    }

    #[test]
    fn a_judgement_raises_and_never_lowers_and_others_are_not_remembered() {
        let mut talk = Conversation::default();
        talk.raise_to(Tier::Third, at(0));
        assert_eq!(talk, Conversation::default());
        talk.raise_to(Tier::High, at(0));
        talk.raise_to(Tier::Elevated, at(1));
        assert_eq!((talk.tier, talk.since), (Tier::High, Some(at(1))));
        assert!(!talk.hear("I want to die", at(2)).is_card, "help was shown whole just now");
    }

    #[test]
    fn means_at_hand_a_deed_and_an_answer_are_understood_after_danger() {
        for (next, tier, is_done) in [
            ("I have the pills here", Tier::Imminent, false),
            ("I took them", Tier::Imminent, true),
            ("I did it", Tier::Imminent, true),
            ("no, I'm not safe", Tier::High, false),
        ] {
            let mut talk = Conversation::default();
            assert!(talk.hear(next, at(0)).raised < tier, "{next}");
            let mut talk = Conversation::default();
            talk.hear("I want to kill myself", at(1));
            let heard = talk.hear(next, at(2));
            assert_eq!((heard.raised, heard.screening.is_done), (tier, is_done), "{next}");
        }
    }

    #[test]
    fn help_is_shown_whole_again_when_it_gets_worse_and_after_a_while() {
        let mut talk = Conversation::default();
        let cards: Vec<_> =
            (0..8).map(|turn| talk.hear("I want to die", at(turn)).is_card).collect();
        assert_eq!(cards, [true, false, false, false, false, false, true, false]);
        assert!(talk.hear("I took all the pills an hour ago", at(9)).is_card);
    }
}
