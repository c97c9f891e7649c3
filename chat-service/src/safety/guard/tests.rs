//! Replies as models write them: the good ones pass untouched, whatever the pieces.

use std::time::{Duration, Instant};

use crisis_resources::region;
use proptest::prelude::*;

use super::*;

/// Good replies, with a line of `%` between two.
const REPLIES: &str = include_str!("replies.txt");

fn replies() -> Vec<&'static str> {
    REPLIES.split("\n%\n").map(str::trim).collect()
}

fn guard(code: &str) -> Guard {
    Guard::new(region(code), Language::English)
}

/// All that a reply becomes in a region, told at once.
fn said_in(code: &str, text: &str) -> String {
    let mut guard = guard(code);
    guard.push(text) + &guard.finish()
}

fn said(text: &str) -> String {
    said_in("US", text)
}

fn removed(code: &str, text: &str) -> Vec<Kind> {
    let mut guard = guard(code);
    guard.push(text);
    guard.finish();
    guard.removed().to_vec()
}

#[test]
fn good_replies_pass_untouched() {
    assert!(replies().len() >= 60);
    for reply in replies() {
        assert_eq!(said(reply), reply);
        let is_american = ["911", "988", "741741"].iter().any(|number| reply.contains(number));
        if !is_american {
            assert_eq!(said_in("", reply), reply);
        }
    }
}

#[test]
fn numbers_nobody_knows_are_taken_out() {
    for text in [
        "You can call 1-800-555-0199 any time.",
        "Call 1-800-SUICIDE now.",
        "Call 1\u{200b}-800\u{200b}-555-0199.",
        "Their number is 5 5 5 0 1 9 9.",
        "Call １-８００-５５５-０１９９.",
        "اتصل بالرقم ٥٥٥٠١٩٩١٢.",
        "कॉल करें ९९९८८८७७७६.",
        "Try the helpline (0800 55 66 77 88).",
        "**Hotline:** +44 20 7946 0958",
        "Text HELP to 55512.",
        "Call the 955 lifeline.",
        "Dial 9-5-5 for help.",
        "Ring 1⃣-8⃣0⃣0⃣-5⃣5⃣5⃣-0⃣1⃣9⃣9⃣",
        "请拨打 400-161-0000。",
        "The number is 1-800-273-TALK",
    ] {
        assert_eq!(removed("US", text), [Kind::Phone], "{text}: {}", said(text));
    }
}

#[test]
fn a_number_is_taken_out_wherever_its_pieces_stand() {
    for text in [
        "Call 1-800-555.\n01-99.",
        "Call this number:\n555-0199-22",
        "Here are some hotlines.\n- 55512",
        "Call 1-800.\n555-0199.",
        "Call 1. 800. 555. 0199",
        "Call (800)\n555\n0199",
    ] {
        assert_eq!(removed("US", text), [Kind::Phone], "{text}: {}", said(text));
    }
}

#[test]
fn short_numbers_are_right_only_where_they_are_answered() {
    for (code, text) in [
        ("GB", "Call 999 or 116 123."),
        ("DE", "Ruf die 112 an oder die 0800 111 0 111."),
        ("FR", "Appelle le 3114 ou le 15."),
        ("IN", "Call 14416."),
        ("AU", "Call 000 now."),
        ("DE", "If you are in the US, call 988."),
        ("", "Call 112 now."),
        ("", "Call 112, or 911 in North America, or 999 in the UK."),
        ("US", "Call 988/911."),
        ("US", "You can call 988 (24/7) or 911."),
        ("US", "Call +1 988."),
        ("GB", "Call +44 116 123."),
        ("DE", "Call +49 800 111 0 111."),
    ] {
        assert_eq!(said_in(code, text), text, "{code}");
    }
    for (code, text) in [
        ("DE", "Call 988 now."),
        ("US", "Please call 3114."),
        ("DE", "Ruf die 15 an."),
        ("GB", "Please call 955."),
        ("", "Dial 119 now."),
        ("", "Please call 988."),
        ("", "Call 911 now."),
        ("US", "Please text 85258."),
    ] {
        assert_eq!(removed(code, text), [Kind::Phone], "{code}: {text}");
    }
}

#[test]
fn every_line_of_ours_may_be_named_where_it_is() {
    for region in crisis_resources::regions() {
        let mut texts = vec![format!("In danger, call {} now.", region.emergency.join(" or "))];
        for line in &region.lines {
            texts
                .extend(line.phone.iter().map(|it| format!("You can call {} on {it}.", line.name)));
            texts.extend(line.phone.iter().map(|it| format!("Call {it} (24/7), it's free.")));
            texts.extend(line.sms.iter().map(|it| format!("Text HOME to {}.", it.to)));
            texts.extend(line.url.iter().chain(&line.chat).map(|it| format!("See {it} or call.")));
        }
        for text in texts {
            assert_eq!(said_in(&region.code, &text), text, "{}", region.name);
            assert!(region.emergency.is_empty() || names_help(&text, region), "{text}");
        }
    }
}

#[test]
fn addresses_nobody_knows_are_taken_out() {
    for text in [
        "See https://crisis-help.example.com for more.",
        "Visit [this page](http://talk.example.org/now).",
        "Go to suicidehelpnow.com today",
        "Write to help@nobody.example.",
        "WWW.HOPELINE.ORG is good.",
    ] {
        assert_eq!(removed("US", text), [Kind::Link], "{text}");
    }
    let ours = "See [a list](https://findahelpline.com) or https://988lifeline.org/.";
    assert_eq!(said(ours), ours);
}

#[test]
fn the_same_is_not_said_twice() {
    let instead = replacement(Kind::Secrecy, Language::English);
    let text = "Hello. Don't tell anyone. Let's keep this between us. I'm here.";
    let told = said(text);
    assert_eq!(told.matches(&instead).count(), 1, "{told}");
    assert!(told.starts_with("Hello. ") && told.ends_with(" I'm here."), "{told}");
}

#[test]
fn what_was_told_before_a_sentence_is_taken_out_stays() {
    let mut guard = guard("US");
    assert_eq!(guard.push("I think you could really try "), "I think you could really try");
    assert_eq!(guard.push("1-800-5"), "");
    assert_eq!(guard.push("55-0199"), "");
    let instead = replacement(Kind::Phone, Language::English);
    assert_eq!(guard.finish(), format!("… {instead}"));
    assert_eq!(guard.removed(), [Kind::Phone]);
}

#[test]
fn no_example_is_told_even_for_a_moment() {
    for text in phrases::examples() {
        let mut guard = guard("US");
        let mut told = String::new();
        for letter in text.chars() {
            told.push_str(&guard.push(letter.encode_utf8(&mut [0; 4])));
            assert_eq!(phrases::find(&told, 0, false), None, "{told}");
        }
        told.push_str(&guard.finish());
        assert_eq!(removed("US", &told), [], "{text}: {told}");
    }
}

#[test]
fn words_without_danger_go_out_at_once() {
    let mut guard = guard("US");
    assert_eq!(guard.push("That "), "That");
    assert_eq!(guard.push("sounds "), " sounds");
    assert_eq!(guard.push("hard. W"), " hard.");
    assert_eq!(guard.finish(), " W");
}

#[test]
fn a_sentence_without_end_is_judged_in_parts() {
    let long = "and so it goes ".repeat(40);
    assert_eq!(said(&long), long);
    let told = said(&format!("{long}kill {long}yourself"));
    assert!(told.contains("kill"));
    let told = said(&format!("In 1990 {long} call 1-800-555-0199 {long}"));
    assert!(!told.contains("0199"), "{told}");
}

#[test]
fn help_is_named_by_a_number_or_an_address_of_the_region() {
    let us = region("US").unwrap();
    for text in
        ["call 988", "Please dial 9-1-1.", "see https://988lifeline.org", "text HOME to 741741"]
    {
        assert!(names_help(text, us), "{text}");
    }
    for text in ["call 116 123", "I have 988 reasons", "call someone", "call 555-0199"] {
        assert!(!names_help(text, us), "{text}");
    }
    let anywhere = crisis_resources::anywhere();
    assert!(names_help("call 112", anywhere));
    assert!(names_help("see findahelpline.com", anywhere));
    assert!(!names_help("please talk to somebody", anywhere));
    assert!(names_help("appelle le 15", region("FR").unwrap()));
    assert!(!names_help("in 15 minutes call me", region("FR").unwrap()));
}

#[test]
fn what_the_guard_says_itself_passes_the_guard() {
    for language in Language::ALL {
        for kind in Kind::ALL {
            let text = replacement(kind, language);
            assert_eq!(said_in("", &text), text);
        }
    }
}

#[test]
fn a_long_sentence_is_judged_quickly() {
    let text = "If you call 1 friend and tell them only this, no pill or secret can ".repeat(6);
    let text = text.get(..395).unwrap();
    let judge = || {
        let start = Instant::now();
        let mut guard = guard("");
        guard.push(text);
        guard.finish();
        start.elapsed()
    };
    judge();
    let best = (0..20).map(|_| judge()).min().unwrap();
    // Ten times the time in a release, with room for a busy machine.
    assert!(best < Duration::from_millis(30), "{best:?}");
}

/// Texts made of harmless and harmful pieces.
fn texts() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "I hear you. ",
        " ",
        "\n",
        "\n\n",
        "- ",
        "1. ",
        "call ",
        "988",
        "1-800-555-",
        "0199",
        ". don't tell ",
        "anyone, ",
        ".",
        "! ",
        ". kill ",
        "yourself, ",
        "https://",
        "evil.com ",
        "你",
        "自杀",
        "。",
        "secret ",
        "our ",
        "the ",
        "\u{200b}",
        "**",
        "… ",
        "ｘ",
        "٣",
        "only I ",
        "understand you",
        "pills ",
        "take 40 ",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn how_a_reply_is_cut_makes_no_difference(text in texts(), sizes in prop::collection::vec(1usize..9, 1..30)) {
        let mut guard = guard("US");
        let (mut told, mut rest) = (String::new(), text.chars().peekable());
        let mut sizes = sizes.iter().cycle();
        while rest.peek().is_some() {
            let piece: String = rest.by_ref().take(*sizes.next().unwrap()).collect();
            told.push_str(&guard.push(&piece));
        }
        told.push_str(&guard.finish());
        prop_assert_eq!(told, said(&text));
    }

    #[test]
    fn nothing_harmful_was_told_at_any_moment(text in texts()) {
        let mut guard = guard("US");
        let mut told = String::new();
        for letter in text.chars() {
            told.push_str(&guard.push(letter.encode_utf8(&mut [0; 4])));
            for line in told.lines() {
                prop_assert!(!line.contains("0199") || !line.contains("555"), "{}", told);
                prop_assert!(!line.contains("evil.com"), "{}", told);
                // "Don't kill yourself" may be said.
                prop_assert!(!line.contains("kill yourself") || line.contains("don't"), "{}", told);
                prop_assert!(!line.contains("tell anyone"), "{}", told);
            }
        }
    }
}
