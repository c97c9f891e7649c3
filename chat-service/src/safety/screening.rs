//! What the rules that were found in a message add up to, and what it sounds like beside them.
//!
//! A hit is judged where it stands: a denial, another person, a past, a joke takes it back only on
//! evidence in its own clause, and takes back nothing else. What is taken back was still mentioned.

mod place;
mod subject;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::ops::Range;

use super::language::Language;
use super::reader::{self, Findings};
use super::rules::{Cue, Flag, Found, Hit, RULES, Rule, Rules};
use super::score::Score;
use super::spelling::Word;
use super::tier::{Category, Tier};
use super::tokens::{Break, Tokens};
use place::Place;
use subject::Subject;

/// What a message says by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Screening {
    /// How grave it is.
    pub tier: Tier,
    /// What it is about, if it is grave at all.
    pub categories: Vec<Category>,
    /// The rules that decided, by their ids, and the sign of the score or the reader if it changed what
    /// they found.
    pub rules: Vec<&'static str>,
    /// The language of what was found.
    pub language: Option<Language>,
    /// Whether something was done already.
    pub is_done: bool,
    /// Whether it is only what the message sounds like that makes it as grave.
    pub(super) is_sound: bool,
    /// Whether it sounds like distress, which counts for what comes after it.
    pub(super) sounds_distressed: bool,
    /// Whether it is worth a second look.
    certainty: Certainty,
    /// Where the danger stands that rules found: which words.
    places: Vec<Range<usize>>,
    /// What it says about the conversation it is part of.
    pub(super) signs: u32,
}

/// Whether what was found can be relied on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Certainty {
    #[default]
    Clear,
    Doubtful,
    /// It was read, and not even a hint was read out of it.
    Unconfirmed,
}

impl Screening {
    /// Whether it is worth a second look.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.certainty == Certainty::Doubtful
    }

    /// Whether it is about danger to oneself by rules alone: read, it is calm.
    pub(super) fn reads_calm(&self) -> bool {
        self.certainty == Certainty::Unconfirmed
    }

    pub(super) fn has(&self, cue: Cue) -> bool {
        self.signs & cue.bit() != 0
    }

    /// What becomes of it when the message is read.
    fn reconsidered(mut self, words: &[Word], tokens: &Tokens) -> Self {
        self.certainty = Certainty::Clear;
        let score = Score::of(words);
        if self.tier.is_danger() && !self.is_sound && reader::is_sure(score) {
            return self;
        }
        let Some(findings) = Findings::of(words, tokens, &self.places) else { return self };
        let may_be_lowered = self.may_be_lowered() && reader::is_all_legible(words);
        if may_be_lowered && findings.read_calm() {
            self.certainty = Certainty::Unconfirmed;
        }
        match findings.correct(self.tier, self.is_sound) {
            Some(raised) if raised.0 > self.tier => self.raise(raised),
            Some(lowered) if may_be_lowered => self.lower(lowered),
            _ => {}
        }
        self
    }

    /// Whether the encoder knows better: of other dangers than to oneself it has learned nothing, and of
    /// other languages little. What was done already is not for it to take back.
    fn may_be_lowered(&self) -> bool {
        self.categories == [Category::SelfHarm]
            && !self.is_done
            && self.language.is_none_or(|language| language == Language::English)
    }

    /// Lowers what was found to what the message means when it is read.
    fn lower(&mut self, (tier, sign): (Tier, &'static str)) {
        self.tier = tier;
        if tier < Tier::Third {
            self.categories.clear();
        }
        self.rules.push(sign);
    }

    /// Raises what was found to what the message sounds like.
    fn raise(&mut self, (tier, sign): (Tier, &'static str)) {
        (self.tier, self.is_sound) = (tier, true);
        self.categories.push(Category::SelfHarm);
        self.categories.sort_unstable();
        self.categories.dedup();
        self.rules.push(sign);
    }
}

/// Looks for danger in a message. Pure and in memory: nothing that may be down stands between a
/// person and help. Takes time in proportion to the length of the text.
#[must_use]
pub fn screen(text: &str) -> Screening {
    // Nobody serves with rules that cannot be read: see `check`.
    let tokens = Tokens::of(text);
    RULES.as_ref().map(|rules| Judge::of(rules, &tokens).screen()).unwrap_or_default()
}

/// Looks again at a message that there is doubt about: by reading its gravest passages. Takes
/// milliseconds, besides about as long as [`screen`].
#[must_use]
pub fn reconsider(text: &str, found: Screening) -> Screening {
    if !found.is_doubtful() {
        return found;
    }
    // Where rules cannot be read, nothing is found and so nothing is doubtful.
    spell(text, |words, tokens| found.reconsidered(words, tokens))
}

/// Looks for danger in a message, and looks again where there is doubt.
#[must_use]
pub fn screen_closely(text: &str) -> Screening {
    reconsider(text, screen(text))
}

/// Looks at the words of a text, spelt as rules would have them.
pub(super) fn spell<T: Default>(text: &str, look: impl FnOnce(&[Word], &Tokens) -> T) -> T {
    let tokens = Tokens::of(text);
    let read = |rules: &Rules| look(&rules.spelling.read(&tokens), &tokens);
    RULES.as_ref().map(read).unwrap_or_default()
}

/// What the rules alone find in a message.
#[cfg(test)]
pub(super) fn find(text: &str) -> Screening {
    let tokens = Tokens::of(text);
    RULES.as_ref().map(|rules| Judge::of(rules, &tokens).sum_up()).unwrap_or_default()
}

/// The words of a text in lower case and without accents, slips and all.
#[must_use]
pub fn folded_words(text: &str) -> Vec<String> {
    Tokens::of(text).tokens.into_iter().map(|token| token.text).collect()
}

/// Whether an ordinary word, in lower case, would be taken for a word of the rules if the list of
/// ordinary words (`rules/ordinary.txt`) did not hold it: what that list is made with.
#[must_use]
pub fn is_mistaken(word: &str) -> bool {
    RULES.as_ref().is_ok_and(|rules| rules.spelling.is_mistaken(word))
}

/// Whether a word, in lower case, would be taken for a common English one if the list of uncommon words
/// (`spelling/uncommon.txt`) did not hold it: what that list is made with.
#[must_use]
pub fn is_corrected(word: &str) -> bool {
    RULES.as_ref().is_ok_and(|rules| rules.spelling.is_corrected(word))
}

/// Tells whether the rules can be read.
///
/// # Errors
/// What is wrong with them.
pub(super) fn check() -> Result<(), String> {
    RULES.as_ref().map(|_| ()).map_err(Clone::clone)
}

/// A message and what was found in it.
struct Judge<'t> {
    rules: &'static Rules,
    words: Vec<Word<'t>>,
    found: Found,
    /// Words before which somebody laughs.
    laughs: BTreeSet<usize>,
    /// What it sounds like, once somebody asked.
    score: OnceCell<Score>,
}

impl<'t> Judge<'t> {
    fn of(rules: &'static Rules, tokens: &'t Tokens) -> Self {
        let words = rules.spelling.read(tokens);
        let found = rules.find(&words);
        let laughs = tokens.laughs.iter().copied().collect();
        Self { rules, words, found, laughs, score: OnceCell::new() }
    }

    /// What the rules find, and what the message sounds like beside them.
    fn screen(&self) -> Screening {
        let mut sum = self.sum_up();
        // Nothing is graver to whom help is shown anyway; but it may be less.
        if sum.tier.is_danger() {
            sum.certainty = Certainty::Doubtful;
            return sum;
        }
        let score = self.score();
        sum.sounds_distressed = score.is_distressed();
        if let Some(raised) = score.raises(sum.tier, reader::is_all_legible(&self.words)) {
            sum.raise(raised);
        }
        if reader::is_doubtful(score, sum.tier) {
            sum.certainty = Certainty::Doubtful;
        }
        sum
    }

    fn score(&self) -> Score {
        *self.score.get_or_init(|| Score::of(&self.words))
    }

    fn sum_up(&self) -> Screening {
        let mut sum = Screening::default();
        let (mut categories, mut ids) = (BTreeSet::new(), BTreeSet::new());
        for marks in &self.found.marks {
            sum.signs |= marks.iter().fold(0, |all, marks| all | marks);
        }
        let mut best: Vec<(Tier, &'static Rule, Hit)> = Vec::new();
        for hit in &self.found.hits {
            let Some(rule) = self.rules.all.get(hit.rule) else { continue };
            let tier = self.judge(rule, *hit, sum.signs);
            best.push((tier, rule, *hit));
        }
        sum.tier = best.iter().map(|(tier, ..)| *tier).max().unwrap_or_default();
        for (tier, rule, hit) in best {
            // What is less grave than the rest by more than a step adds nothing to say.
            if tier >= Tier::Third && (tier == sum.tier || tier >= Tier::Elevated) {
                categories.insert(rule.category);
            }
            if tier == sum.tier {
                sum.places.extend(tier.is_danger().then_some(hit.start..hit.end));
                ids.insert(rule.id.as_str());
                sum.language.get_or_insert(rule.language);
                sum.is_done |= tier == Tier::Imminent && rule.is(Flag::Done);
            }
        }
        sum.categories = categories.into_iter().collect();
        sum.rules = ids.into_iter().collect();
        sum
    }

    fn judge(&self, rule: &'static Rule, hit: Hit, signs: u32) -> Tier {
        let place = Place {
            rule,
            hit,
            clause: self.around(hit, Break::Soft),
            sentence: self.around(hit, Break::Hard),
        };
        let tier = rule.tier;
        if self.has(&place, place.last(), Cue::Figure)
            || self.is_denied(&place)
            || self.is_refuted(&place)
        {
            return Tier::Low;
        }
        if rule.is(Flag::Ambiguous) && signs & Cue::Relation.bit() != 0 {
            return Tier::Low;
        }
        if rule.is(Flag::Loose) && self.is_crossed(&place) {
            return Tier::Low;
        }
        let is_me = signs & Cue::IsMe.bit() != 0;
        if rule.is(Flag::Assented) {
            let is_meant = signs & Cue::Assent.bit() != 0 || is_me;
            let is_own = matches!(self.subject(&place), Subject::Own) || is_me;
            return if is_meant && is_own { Tier::High } else { Tier::Low };
        }
        if tier == Tier::Third && is_me {
            return Tier::High;
        }
        if tier == Tier::Third {
            let told = self.any(&place, &place.sentence, Cue::Story)
                || self.any(&place, &place.sentence, Cue::Past);
            return if told { Tier::Low } else { tier };
        }
        match self.subject(&place) {
            Subject::Own => {}
            Subject::Other | Subject::Nobody if is_me => {}
            Subject::Other
                if rule.category == Category::SelfHarm
                    && !self.any(&place, &place.sentence, Cue::Story) =>
            {
                return Tier::Third;
            }
            Subject::Other | Subject::Nobody => return Tier::Low,
        }
        let tier = self.in_time(&place, tier, signs);
        let is_joke = !rule.is(Flag::Literal) && self.is_joke(&place);
        match tier {
            Tier::Imminent | Tier::High
                if rule.is(Flag::Backed)
                    && !self.is_soon(&place, signs)
                    && !self.score().backs() =>
            {
                Tier::Elevated
            }
            Tier::Imminent | Tier::High if is_joke => Tier::Elevated,
            Tier::Elevated if is_joke => Tier::Low,
            Tier::High if self.is_soon(&place, signs) => Tier::Imminent,
            tier => tier,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_sounds_like_adds_to_what_it_is_about() {
        let text = "my boyfriend hits me when he drinks and I mean to finish myself with what is in \
                    the drawer";
        let found = find(text);
        assert_eq!((found.tier, found.categories), (Tier::Elevated, vec![Category::Abuse]));
        let heard = screen(text);
        assert_eq!(heard.tier, Tier::High);
        assert_eq!(heard.categories, [Category::SelfHarm, Category::Abuse]);
    }

    #[test]
    fn letters_set_apart_are_words_in_every_alphabet() {
        for text in ["I want to kill myself", "quiero morir", "أريد أن أموت", "मैं मरना चाहता हूँ"]
        {
            let spread = |word: &str| word.chars().map(String::from).collect::<Vec<_>>().join(" ");
            let apart = text.split(' ').map(spread).collect::<Vec<_>>().join("  ");
            assert!(find(text).tier.is_danger(), "{text}");
            assert_eq!(find(&apart).tier, find(text).tier, "{apart}");
        }
    }
}
