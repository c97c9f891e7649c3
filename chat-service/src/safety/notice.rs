//! What goes with a reply: help, how to show it, and words written in advance.

use crisis_resources::Region;

use super::conversation::Heard;
use super::language::Language;
use super::tier::{Category, Tier};
use super::words::{self, Kind};

/// Where a person is, and what they speak.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whereabouts {
    /// The country they set, else the one their program tells, else anywhere.
    pub(crate) region: &'static Region,
    /// The language their program asks for, as far as we have words in it.
    pub(crate) language: Language,
}

impl Whereabouts {
    /// `set` is a country the person set; `accepted` is an `Accept-Language` header.
    pub(crate) fn of(set: Option<&str>, accepted: &str) -> Self {
        let set = set.and_then(crisis_resources::region);
        let region = set.or_else(|| crisis_resources::accepted_region(accepted));
        let languages = crisis_resources::accepted_languages(accepted);
        let language = languages.iter().find_map(|code| Language::of_code(code));
        Self {
            region: region.unwrap_or_else(crisis_resources::anywhere),
            language: language.unwrap_or_default(),
        }
    }
}

/// How help is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Display {
    /// Whole, above the reply.
    Card,
    /// A line above the reply.
    Line,
    /// A small link beside it.
    Pointer,
}

impl Display {
    const ALL: [Self; 3] = [Self::Card, Self::Line, Self::Pointer];

    /// Its name in the database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Line => "line",
            Self::Pointer => "pointer",
        }
    }

    /// Reads what [`Self::name`] wrote.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|display| display.name() == name)
    }
}

/// What was noticed in a turn, and goes with its reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// How grave the conversation is.
    pub(crate) tier: Tier,
    pub(crate) categories: Vec<Category>,
    pub(crate) display: Display,
    /// Whether something was done already.
    pub(crate) is_done: bool,
    pub(crate) region: &'static Region,
    /// The language of its words.
    pub(crate) language: Language,
}

impl Notice {
    /// What goes with the reply to a message; `None` if nothing does.
    pub(crate) fn of(heard: &Heard, whereabouts: Whereabouts) -> Option<Self> {
        let said = &heard.screening;
        let display = match (heard.tier, heard.raised) {
            (Tier::None | Tier::Low, _) => return None,
            _ if heard.is_card => Display::Card,
            (_, raised) if raised.is_danger() => Display::Line,
            (Tier::Third, _) | (_, Tier::Third) => Display::Line,
            (Tier::Elevated, raised) if raised < Tier::Elevated => return None,
            _ => Display::Pointer,
        };
        // Who worries about somebody else needs words for that, also after a hint of their own; not
        // while they are in danger themselves.
        let is_about_other = heard.raised == Tier::Third && !heard.tier.is_danger();
        let tier = if is_about_other { Tier::Third } else { heard.tier };
        let mut categories = said.categories.clone();
        if categories.is_empty() {
            categories.push(Category::SelfHarm);
        }
        let language = said.language.unwrap_or(whereabouts.language);
        let (is_done, region) = (said.is_done, whereabouts.region);
        Some(Self { tier, categories, display, is_done, region, language })
    }

    /// What goes with a reply on the model's judgement alone.
    pub(crate) fn raised(tier: Tier, whereabouts: Whereabouts) -> Self {
        let display = match tier {
            Tier::High | Tier::Imminent => Display::Card,
            Tier::Third => Display::Line,
            _ => Display::Pointer,
        };
        let Whereabouts { region, language } = whereabouts;
        let categories = vec![Category::SelfHarm];
        Self { tier, categories, display, is_done: false, region, language }
    }

    /// Where the person is, as far as this notice knows.
    pub(crate) fn whereabouts(&self) -> Whereabouts {
        Whereabouts { region: self.region, language: self.language }
    }

    /// Whether another says no less.
    pub(crate) fn is_within(&self, other: Option<&Self>) -> bool {
        other.is_some_and(|other| self.tier <= other.tier)
    }

    /// Whether help must go out before anything else, and no error may be the answer.
    pub(crate) fn is_danger(&self) -> bool {
        self.tier.is_danger()
    }

    /// Whether this very message is the danger, and not only what was said before it.
    pub(crate) fn is_urgent(&self) -> bool {
        self.is_danger() && self.display != Display::Pointer
    }

    fn kind(&self) -> Kind {
        let is_about = |category| self.categories.contains(&category);
        match self.tier {
            Tier::Third => Kind::Third,
            _ if self.is_done || is_about(Category::Overdose) => Kind::Done,
            Tier::Imminent => Kind::Imminent,
            _ if is_about(Category::SelfHarm) => Kind::High,
            _ if is_about(Category::Abuse) => Kind::Abuse,
            _ if is_about(Category::HarmToOthers) => Kind::HarmToOthers,
            _ if is_about(Category::Psychosis) => Kind::Psychosis,
            _ if is_about(Category::EatingDisorder) => Kind::EatingDisorder,
            _ => Kind::High,
        }
    }

    /// The words beside the help.
    pub(crate) fn message(&self) -> String {
        let words = words::of(self.language);
        match self.display {
            Display::Card => words.notice(self.kind(), self.region),
            Display::Line if self.tier == Tier::Third => words.notice(Kind::Third, self.region),
            Display::Line => words.still_there(self.region),
            // What was taken works on while somebody speaks of other things.
            Display::Pointer if self.tier == Tier::Imminent => words.still_there(self.region),
            Display::Pointer => words.pointer().to_owned(),
        }
    }

    /// The reply where no model can answer. `number` varies it from turn to turn.
    pub(crate) fn reply(&self, number: i64) -> String {
        let words = words::of(self.language);
        let is_apart = matches!(self.tier, Tier::Third | Tier::Elevated);
        if self.display == Display::Card || is_apart {
            return words.reply(self.kind(), self.region);
        }
        words.again(usize::try_from(number).unwrap_or_default(), self.region)
    }

    /// What must follow a reply that names no help; `None` if it does, or need not.
    pub(crate) fn missing(&self, reply: &str) -> Option<String> {
        if !self.is_urgent() || super::guard::names_help(reply, self.region) {
            return None;
        }
        let words = words::of(self.language);
        Some(match self.display {
            Display::Card => words.appended(self.region),
            _ => words.appended_short(self.region),
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::safety::Conversation;

    fn notices(said: &[&str], accepted: &str) -> Vec<Option<Notice>> {
        let (mut talk, whereabouts) = (Conversation::default(), Whereabouts::of(None, accepted));
        let hear = |text: &&str| Notice::of(&talk.hear(text, DateTime::UNIX_EPOCH), whereabouts);
        said.iter().map(hear).collect()
    }

    #[test]
    fn the_country_one_set_counts_more_than_the_language_of_a_program() {
        let region = |set, accepted| Whereabouts::of(set, accepted).region.code.as_str();
        assert_eq!(region(Some("gb"), "de-DE"), "GB");
        assert_eq!(region(None, "de-DE,en;q=0.5"), "DE");
        assert_eq!(region(None, "de"), "", "a language is no country");
        assert_eq!(Whereabouts::of(None, "fr-CA").language, Language::French);
        assert_eq!(Whereabouts::of(None, "fi").language, Language::English);
    }

    #[test]
    fn help_is_shown_whole_once_and_then_in_a_line() {
        let found = notices(&["I want to die", "I really want to die", "it rained today"], "en-GB");
        let shown: Vec<_> = found.iter().flatten().map(|notice| notice.display).collect();
        assert_eq!(shown, [Display::Card, Display::Line, Display::Pointer]);
        assert!(found.iter().flatten().all(Notice::is_danger), "one quiet turn changes nothing");
        assert!(found[0].as_ref().unwrap().reply(1).contains("116 123"));
    }

    #[test]
    fn after_something_was_done_the_pointer_names_whom_to_call() {
        let found = notices(&["I took all my pills an hour ago", "it rained today"], "en-GB");
        let quiet = found[1].clone().unwrap();
        assert_eq!((quiet.tier, quiet.display), (Tier::Imminent, Display::Pointer));
        assert!(quiet.message().contains("999"), "{}", quiet.message());
    }

    #[test]
    fn hints_get_a_pointer_and_others_get_words_about_others() {
        let found = notices(&["I can't go on like this"], "en-US");
        let hint = found[0].clone().unwrap();
        assert_eq!((hint.tier, hint.display), (Tier::Elevated, Display::Pointer));
        let found = notices(&["my friend wants to kill herself"], "en-US");
        let other = found[0].clone().unwrap();
        assert_eq!((other.tier, other.display), (Tier::Third, Display::Line));
        assert_eq!(notices(&["lovely weather"], "en-US"), [None]);
    }

    #[test]
    fn a_reply_without_help_is_completed_and_one_with_help_is_left_alone() {
        let found = notices(&["I want to die"], "en-US");
        let notice = found[0].clone().unwrap();
        assert!(notice.missing("I hear you.").unwrap().contains("988"));
        assert_eq!(notice.missing("I hear you. Please call 988 now."), None);
    }

    #[test]
    fn what_was_taken_already_is_answered_with_an_ambulance() {
        let found = notices(&["I took all my pills an hour ago"], "en-US");
        let notice = found[0].clone().unwrap();
        assert_eq!(notice.tier, Tier::Imminent);
        assert!(notice.reply(1).contains("911"));
    }

    #[test]
    fn whoever_worries_about_somebody_is_told_how_to_help_after_a_hint_of_their_own_too() {
        let said = ["nobody would miss me", "my friend wants to kill himself, what do I do"];
        let other = notices(&said, "en-US")[1].clone().unwrap();
        assert_eq!((other.tier, other.display), (Tier::Third, Display::Line));
        assert!(other.message().contains("stay with them"), "{}", other.message());
    }
}
