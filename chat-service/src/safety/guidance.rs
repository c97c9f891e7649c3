//! What the model is told about the person it answers, beside who it is to be.

use std::fmt::Write as _;

use super::language::Language;
use super::notice::{Display, Notice, Whereabouts};
use super::tier::{Category, Tier};
use super::words;

/// When the person, or somebody near them, may be in danger.
const IMMINENT: &str = "What this person wrote reads as if they may act very soon, or have already \
done something. First of all ask them, calmly and in one sentence, to call the emergency number now or to \
have somebody near them do it. Then stay with them: short sentences, one question, no advice on anything \
else.";
const DONE: &str = "They may have hurt themselves already. If they bleed, ask them to press a clean cloth hard \
on the wound. Ask them to open the door and to stay awake until the ambulance is there.";
const HIGH: &str = "What this person wrote reads as if they may want to end their life or hurt \
themselves. Say that you are glad they told you, ask directly and calmly whether they are thinking about \
killing themselves and whether they are safe right now, and name the help below once. Suggest distance from \
anything they could use, and being with somebody. Do not argue, do not ask for a promise, do not lecture.";
const ELEVATED: &str = "What this person wrote may be a hint that they do not want to live. Answer what \
they said first; then ask, gently and directly, in one question, whether they are thinking about death or \
suicide. Do not list hotlines unless they say yes.";
const STILL: &str = "Earlier in this or a recent conversation the person was in danger. One calm message \
does not mean that it is over: stay attentive, and ask once how safe they feel now, if that was not asked \
just before.";
const THIRD: &str = "This person seems to worry about somebody else who may be in danger. Help them to \
help: stay with that person or reach them, ask them directly about suicide, do not leave them alone while \
it is acute, call the emergency number if they may act. Ask also how the writer is doing.";

/// What the model is told; empty if there is nothing to tell.
pub(crate) fn of(notice: Option<&Notice>, whereabouts: Whereabouts) -> String {
    let mut text = String::new();
    if let Some(notice) = notice {
        let about = match (notice.tier, notice.display) {
            (Tier::High | Tier::Imminent, Display::Pointer) => STILL,
            (Tier::Imminent, _) => IMMINENT,
            (Tier::High, _) => HIGH,
            (Tier::Third, _) => THIRD,
            _ => ELEVATED,
        };
        let _written = write!(text, "Right now\n- {about}");
        if notice.is_done {
            let _written = write!(text, "\n- {DONE}");
        }
        for category in &notice.categories {
            if let Some(more) = more(*category) {
                let _written = write!(text, "\n- {more}");
            }
        }
        text.push_str("\n\n");
    }
    let region = whereabouts.region;
    if !region.code.is_empty() || notice.is_some() {
        let english = words::of(Language::English);
        let (emergency, line) = (english.emergency(region), english.line(region));
        let place = if region.code.is_empty() { "not known" } else { &region.name };
        let _written = write!(
            text,
            "Help where this person is ({place})\n- Emergency: {emergency}. To talk: {line}. Name no other \
             numbers and no other links."
        );
    }
    text.trim_end().to_owned()
}

fn more(category: Category) -> Option<&'static str> {
    match category {
        Category::SelfHarm => None,
        Category::HarmToOthers => Some(
            "They may hurt somebody: ask about it calmly, ask for distance \
            from that person and from weapons.",
        ),
        Category::Abuse => Some(
            "Somebody may be hurting them: believe them, do not blame, ask whether \
            they are safe now, do not push them to leave or to confront.",
        ),
        Category::EatingDisorder => Some(
            "Eating may have become dangerous: name no numbers of weight or \
            calories, and suggest a doctor soon.",
        ),
        Category::Psychosis => Some(
            "They may hear voices that command: do not argue with what they hear \
            and do not confirm it; ask whether they can keep from following it, and for a person nearby.",
        ),
        Category::Overdose => Some(
            "They may have taken something: ask them to call the emergency number \
            now even if they feel fine, and not to wait for symptoms.",
        ),
    }
}
