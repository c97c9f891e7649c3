use std::collections::BTreeSet;

use super::*;

const KINDS: [Kind; 8] = [
    Kind::Imminent,
    Kind::Done,
    Kind::High,
    Kind::Third,
    Kind::HarmToOthers,
    Kind::Abuse,
    Kind::EatingDisorder,
    Kind::Psychosis,
];
const REPLACED: [guard::Kind; 9] = [
    guard::Kind::Phone,
    guard::Kind::Link,
    guard::Kind::Method,
    guard::Kind::Encouragement,
    guard::Kind::Secrecy,
    guard::Kind::Dependence,
    guard::Kind::Human,
    guard::Kind::Contacted,
    guard::Kind::Diagnosis,
];

/// How each language says "I'm an AI" and "I'm still here".
const SPEAKER: [(Language, &str, &str); 8] = [
    (Language::English, "I'm an AI", "I'm still here"),
    (Language::Spanish, "Soy una IA", "Sigo aquí"),
    (Language::French, "Je suis une IA", "Je suis toujours là"),
    (Language::German, "Ich bin eine KI", "Ich bin noch da"),
    (Language::Portuguese, "Sou uma IA", "Continuo aqui"),
    (Language::Arabic, "أنا ذكاء اصطناعي", "ما زلت هنا"),
    (Language::Hindi, "मैं एक AI हूँ", "मैं अब भी यहाँ हूँ"),
    (Language::Chinese, "我是人工智能", "我还在这里"),
];

/// How each language asks about suicide: with the word, and not so as to hear a no.
const QUESTION: [(Language, &str); 8] = [
    (Language::English, "are you thinking about killing yourself?"),
    (Language::Spanish, "¿estás pensando en quitarte la vida?"),
    (Language::French, "pensez-vous à vous suicider\u{a0}?"),
    (Language::German, "Denkst du daran, dir das Leben zu nehmen?"),
    (Language::Portuguese, "você pensa em se matar?"),
    (Language::Arabic, "هل تراودك أفكار بالانتحار؟"),
    (Language::Hindi, "क्या आपके मन में अपनी जान लेने के विचार आ रहे हैं?"),
    (Language::Chinese, "你有自杀的想法吗？"),
];

/// What shames, argues, demands, diagnoses, promises or pretends. Lower case.
const NEVER: &str = "\
your family|promise|selfish|calm down|i understand|i know how you feel|it makes sense|commit suicide|
you're not thinking|are you?|secret|i have called|i've called|i feel|at any hour|protocol|ideation|
tu familia|promete|egoísta|cálmate|te entiendo|
votre famille|promettez|égoïste|calmez-vous|je comprends|
deine familie|versprich|egoistisch|beruhige dich|ich verstehe|selbstmord|geheim|
sua família|prometa|acalme-se|entendo você|segredo|
عائلتك|أناني|اهدأ|لا تقلق|
आपका परिवार|वादा|स्वार्थी|शांत हो जाइए|
你的家人|答应我|自私|冷静";

fn britain() -> &'static Region {
    crisis_resources::region("gb").unwrap()
}

fn anywhere() -> &'static Region {
    crisis_resources::anywhere()
}

/// Everything that can be said in `region`.
fn all(words: &Words, region: &Region) -> Vec<String> {
    let mut all: Vec<String> = KINDS
        .iter()
        .flat_map(|kind| [words.reply(*kind, region), words.notice(*kind, region)])
        .chain((0..3).map(|n| words.again(n, region)))
        .chain(REPLACED.iter().map(|kind| words.replaced(*kind)))
        .collect();
    for when in [Disclosure::Start, Disclosure::Reminder, Disclosure::Statutory] {
        all.push(words.disclosure(when, region));
    }
    all.push(words.still_there(region));
    all.push(words.pointer().to_owned());
    all.push(words.appended(region));
    all.push(words.appended_short(region));
    all
}

#[test]
fn every_language_has_all_its_words() {
    assert_eq!(check(), Ok(()));
    for language in Language::ALL {
        assert_eq!(of(language).language, language.code());
        for text in all(of(language), britain()) {
            assert!(!text.trim().is_empty(), "{language:?}");
            assert_eq!(text, text.trim(), "{language:?}");
        }
    }
}

#[test]
fn every_reply_names_the_emergency_number_and_a_line() {
    for language in Language::ALL {
        let words = of(language);
        for region in [britain(), anywhere()] {
            let (emergency, line) = (words.emergency(region), words.line(region));
            let replies = KINDS.map(|kind| words.reply(kind, region));
            let ends =
                [words.still_there(region), words.appended(region), words.appended_short(region)];
            for text in replies.into_iter().chain(ends) {
                assert_eq!(text.matches(&emergency).count(), 1, "{language:?}: {text}");
                assert_eq!(text.matches(&line).count(), 1, "{language:?}: {text}");
            }
            for text in (0..3).map(|n| words.again(n, region)) {
                assert!(text.contains(&emergency) || text.contains(&line), "{language:?}: {text}");
            }
            for kind in [Kind::Imminent, Kind::Done] {
                assert!(words.notice(kind, region).contains(&emergency), "{language:?}");
            }
            assert!(words.disclosure(Disclosure::Start, region).contains(&emergency));
        }
    }
}

#[test]
fn nothing_is_left_to_fill_in_wherever_somebody_is() {
    for language in Language::ALL {
        for region in crisis_resources::regions().chain([anywhere()]) {
            for text in all(of(language), region) {
                assert!(!text.contains(['{', '}']), "{language:?} {}: {text}", region.code);
            }
        }
    }
}

#[test]
fn nobody_in_a_crisis_gets_a_wall_of_text() {
    for language in Language::ALL {
        let words = of(language);
        for region in [britain(), anywhere()] {
            for text in KINDS.map(|kind| words.reply(kind, region)) {
                assert!(length(language, &text) <= longest(language), "{language:?}: {text}");
            }
            for text in (0..3).map(|n| words.again(n, region)) {
                let most = longest(language) * 6 / 7;
                assert!(length(language, &text) <= most, "{language:?}: {text}");
            }
        }
    }
}

fn longest(language: Language) -> usize {
    if language == Language::Chinese { 220 } else { 95 }
}

/// In words; where these are written without spaces, in characters.
fn length(language: Language, text: &str) -> usize {
    if language == Language::Chinese {
        return text.chars().filter(|letter| !letter.is_whitespace()).count();
    }
    text.split_whitespace().filter(|word| word.contains(char::is_alphanumeric)).count()
}

#[test]
fn every_reply_says_that_it_is_an_ai_and_still_here() {
    for (language, is_ai, is_here) in SPEAKER {
        for kind in KINDS {
            let reply = of(language).reply(kind, britain());
            assert!(reply.contains(is_ai), "{language:?}: {reply}");
            assert!(reply.contains(is_here), "{language:?}: {reply}");
        }
        assert!(of(language).replaced(guard::Kind::Human).starts_with(is_ai), "{language:?}");
    }
}

#[test]
fn somebody_who_may_want_to_die_is_asked_plainly() {
    for (language, question) in QUESTION {
        let reply = of(language).reply(Kind::High, britain());
        assert!(reply.contains(question), "{language:?}: {reply}");
    }
}

#[test]
fn an_emergency_comes_before_everything_else() {
    for language in Language::ALL {
        let words = of(language);
        for kind in [Kind::Imminent, Kind::Done] {
            let reply = words.reply(kind, britain());
            let first = reply.lines().next().unwrap();
            assert!(first.contains(&words.emergency(britain())), "{language:?}: {reply}");
        }
    }
}

#[test]
fn nothing_shames_argues_demands_or_pretends() {
    for language in Language::ALL {
        for text in all(of(language), britain()) {
            let lower = text.to_lowercase();
            for never in NEVER.split(['|', '\n']).filter(|phrase| !phrase.is_empty()) {
                assert!(!lower.contains(never), "{language:?}, {never}: {text}");
            }
        }
    }
}

#[test]
fn the_same_words_are_not_said_twice() {
    for language in Language::ALL {
        for region in [britain(), anywhere()] {
            let texts = all(of(language), region);
            let different: BTreeSet<&String> = texts.iter().collect();
            assert_eq!(different.len(), texts.len(), "{language:?}");
        }
        let words = of(language);
        assert_eq!(words.again(3, britain()), words.again(0, britain()));
    }
}

#[test]
fn numbers_come_from_the_region_and_not_from_the_words() {
    for language in Language::ALL {
        let lines = source(language).lines().filter(|line| !line.starts_with('#'));
        for line in lines.filter(|line| !line.starts_with("emergency_unknown")) {
            // The marks that keep numbers from being turned round are written with digits too.
            let written = line.replace("\\u2066", "").replace("\\u2068", "").replace("\\u2069", "");
            assert!(!written.contains(|letter: char| letter.is_numeric()), "{language:?}: {line}");
        }
    }
}

#[test]
fn somebody_in_britain_is_told_of_the_samaritans() {
    let words = of(Language::English);
    assert_eq!(words.emergency(britain()), "999 or 112");
    assert_eq!(words.line(britain()), "Samaritans (call 116 123)");
    let america = crisis_resources::region("US").unwrap();
    assert_eq!(words.line(america), "988 Suicide & Crisis Lifeline (call 988, or text 988)");
}

#[test]
fn somebody_who_may_be_anywhere_is_told_how_to_find_help() {
    let words = of(Language::English);
    assert_eq!(words.line(anywhere()), "a line for your country at https://findahelpline.com");
    for number in ["112", "911", "999"] {
        for language in Language::ALL {
            assert!(of(language).emergency(anywhere()).contains(number), "{language:?}");
        }
    }
    assert!(crisis_resources::knows_host("findahelpline.com"));
}

#[test]
fn a_line_that_speaks_the_language_goes_before_the_first_one() {
    let line = |name: &str, phone: Option<&str>, language: &str| Line {
        name: name.to_owned(),
        phone: phone.map(str::to_owned),
        languages: vec![language.to_owned()],
        chat: phone.is_none().then(|| "https://example.org".to_owned()),
        ..britain().lines.first().unwrap().clone()
    };
    let lines = vec![line("Erste", Some("1"), "de"), line("Second", None, "en")];
    let region = Region { lines, ..anywhere().clone() };
    assert_eq!(of(Language::English).line(&region), "Second (chat at https://example.org)");
    assert_eq!(of(Language::German).line(&region), "Erste (Telefon 1)");
    assert_eq!(of(Language::Hindi).line(&region), "Erste (फ़ोन: 1)");
}

#[test]
fn arabic_does_not_turn_numbers_round() {
    let line = of(Language::Arabic).line(britain());
    assert!(line.contains("\u{2066}116 123\u{2069}"), "{line}");
}
