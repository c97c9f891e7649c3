//! The words written in advance: what is said in a crisis, in eight languages.
//!
//! The texts are data (`words/*.toml`), compiled in, so that they are there when nothing else is.
//! Their numbers are those of the region the person is in.

use std::sync::LazyLock;

use crisis_resources::{Line, Region};
use serde::Deserialize;

use super::guard;
use super::language::Language;

/// Where lines of all countries are listed.
const DIRECTORY: &str = "https://findahelpline.com";

/// Of every language, in the order of [`Language`].
static ALL: LazyLock<[Words; 8]> = LazyLock::new(|| {
    // Words that cannot be read are empty, but nobody meets them: `check` fails at start.
    Language::ALL.map(|language| read(language).unwrap_or_default())
});

/// What a reply or a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A plan, means or a time.
    Imminent,
    /// Something was taken or done already.
    Done,
    /// The person wants to die, hurts themselves, or prepares for it.
    High,
    /// Somebody else is in danger.
    Third,
    /// Violence against somebody else.
    HarmToOthers,
    /// Violence or abuse that the person suffers.
    Abuse,
    /// Eating, or not eating, as a danger.
    EatingDisorder,
    /// Voices that command.
    Psychosis,
}

/// When it is said what is speaking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disclosure {
    /// When a conversation begins.
    Start,
    /// Every few hours of it.
    Reminder,
    /// Where the law prescribes the wording.
    Statutory,
}

/// All words of one language.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    language: String,
    again: [String; 3],
    still_there: String,
    pointer: String,
    appended: String,
    appended_short: String,
    phrases: Phrases,
    reply: Texts,
    notice: Texts,
    replaced: Replaced,
    disclosure: Disclosures,
}

/// What the texts are filled with.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Phrases {
    emergency_number: String,
    or: String,
    emergency_unknown: String,
    line: String,
    line_unknown: String,
    call: String,
    text: String,
    text_free: String,
    chat: String,
    join: String,
}

/// A text of each [`Kind`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    imminent: String,
    done: String,
    high: String,
    third: String,
    harm_to_others: String,
    abuse: String,
    eating_disorder: String,
    psychosis: String,
}

/// A sentence for each [`guard::Kind`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Replaced {
    phone: String,
    link: String,
    method: String,
    encouragement: String,
    secrecy: String,
    dependence: String,
    human: String,
    contacted: String,
    diagnosis: String,
}

/// A text for each [`Disclosure`].
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Disclosures {
    start: String,
    reminder: String,
    statutory: String,
}

/// The words of a language.
pub(crate) fn of(language: Language) -> &'static Words {
    &ALL[language as usize]
}

/// Whether all words can be read; a service that finds otherwise must not start.
///
/// # Errors
/// The first language whose words cannot be read, and why.
pub(crate) fn check() -> Result<(), String> {
    Language::ALL.into_iter().try_for_each(|language| read(language).map(drop))?;
    // Read now, and not when the first person needs them.
    LazyLock::force(&ALL);
    Ok(())
}

fn read(language: Language) -> Result<Words, String> {
    let code = language.code();
    let words: Words =
        toml::from_str(source(language)).map_err(|e| format!("words/{code}: {e}"))?;
    if words.language == code { Ok(words) } else { Err(format!("words/{code}: another language")) }
}

fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("words/en.toml"),
        Language::Spanish => include_str!("words/es.toml"),
        Language::French => include_str!("words/fr.toml"),
        Language::German => include_str!("words/de.toml"),
        Language::Portuguese => include_str!("words/pt.toml"),
        Language::Arabic => include_str!("words/ar.toml"),
        Language::Hindi => include_str!("words/hi.toml"),
        Language::Chinese => include_str!("words/zh.toml"),
    }
}

impl Words {
    /// The whole reply when no model can answer.
    pub(crate) fn reply(&self, kind: Kind, region: &Region) -> String {
        self.fill(self.reply.of(kind), region)
    }

    /// The `n`th reply after [`reply`](Self::reply) while the same crisis goes on, counted from 0.
    pub(crate) fn again(&self, n: usize, region: &Region) -> String {
        self.fill(&self.again[n % self.again.len()], region)
    }

    /// The text of the card above a model's reply.
    pub(crate) fn notice(&self, kind: Kind, region: &Region) -> String {
        self.fill(self.notice.of(kind), region)
    }

    /// The one line above a model's reply when the card was shown not long ago.
    pub(crate) fn still_there(&self, region: &Region) -> String {
        self.fill(&self.still_there, region)
    }

    /// What stands beside a reply when there are only hints.
    pub(crate) fn pointer(&self) -> &str {
        &self.pointer
    }

    /// What ends a model's reply that named no help.
    pub(crate) fn appended(&self, region: &Region) -> String {
        self.fill(&self.appended, region)
    }

    /// [`appended`](Self::appended), for later turns.
    pub(crate) fn appended_short(&self, region: &Region) -> String {
        self.fill(&self.appended_short, region)
    }

    /// What stands in place of a sentence that was taken out.
    pub(crate) fn replaced(&self, kind: guard::Kind) -> String {
        let sentence = match kind {
            guard::Kind::Phone => &self.replaced.phone,
            guard::Kind::Link => &self.replaced.link,
            guard::Kind::Method => &self.replaced.method,
            guard::Kind::Encouragement => &self.replaced.encouragement,
            guard::Kind::Secrecy => &self.replaced.secrecy,
            guard::Kind::Dependence => &self.replaced.dependence,
            guard::Kind::Human => &self.replaced.human,
            guard::Kind::Contacted => &self.replaced.contacted,
            guard::Kind::Diagnosis => &self.replaced.diagnosis,
        };
        sentence.replace("{directory}", DIRECTORY)
    }

    /// What is speaking.
    pub(crate) fn disclosure(&self, when: Disclosure, region: &Region) -> String {
        let text = match when {
            Disclosure::Start => &self.disclosure.start,
            Disclosure::Reminder => &self.disclosure.reminder,
            Disclosure::Statutory => &self.disclosure.statutory,
        };
        self.fill(text, region)
    }

    /// A text with help of `region` in it.
    pub(crate) fn fill(&self, template: &str, region: &Region) -> String {
        template
            .replace("{emergency}", &self.emergency(region))
            .replace("{line}", &self.line(region))
            .replace("{directory}", DIRECTORY)
    }

    /// What to dial: "911 or 112", or what fits everywhere.
    pub(crate) fn emergency(&self, region: &Region) -> String {
        if region.emergency.is_empty() {
            return self.phrases.emergency_unknown.clone();
        }
        let number = |number: &String| self.phrases.emergency_number.replace("{number}", number);
        region.emergency.iter().map(number).collect::<Vec<_>>().join(&self.phrases.or)
    }

    /// A line of `region` and how to reach it: one that speaks the language of these words, or else
    /// the first.
    pub(crate) fn line(&self, region: &Region) -> String {
        let speaks = |line: &&Line| line.languages.contains(&self.language);
        match region.lines.iter().find(speaks).or(region.lines.first()) {
            Some(line) => {
                let ways = self.phrases.ways(line).join(&self.phrases.join);
                self.phrases.line.replace("{name}", &line.name).replace("{ways}", &ways)
            }
            None => self.phrases.line_unknown.replace("{directory}", DIRECTORY),
        }
    }
}

impl Phrases {
    fn ways(&self, line: &Line) -> Vec<String> {
        let call = line.phone.as_ref().map(|number| self.call.replace("{number}", number));
        let text = line.sms.as_ref().map(|sms| match &sms.keyword {
            Some(word) => self.text.replace("{keyword}", word).replace("{number}", &sms.to),
            None => self.text_free.replace("{number}", &sms.to),
        });
        let chat = line.chat.as_ref().map(|url| self.chat.replace("{url}", url));
        [call, text, chat].into_iter().flatten().collect()
    }
}

impl Texts {
    fn of(&self, kind: Kind) -> &str {
        match kind {
            Kind::Imminent => &self.imminent,
            Kind::Done => &self.done,
            Kind::High => &self.high,
            Kind::Third => &self.third,
            Kind::HarmToOthers => &self.harm_to_others,
            Kind::Abuse => &self.abuse,
            Kind::EatingDisorder => &self.eating_disorder,
            Kind::Psychosis => &self.psychosis,
        }
    }
}

#[cfg(test)]
mod tests;
