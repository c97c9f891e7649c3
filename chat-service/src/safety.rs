//! Signs of danger in what a person writes, and the words for when the model cannot find any.
//!
//! Pure and in memory, so that nothing which may be down stands between a person and help. It looks
//! for plain first-person statements; it is a floor under the model's own judgement, not a
//! replacement for it, and errs on the side of offering help.

/// The person may be in danger of losing their life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Danger;

/// What people say who may not live much longer. Lower case, without apostrophes.
const SIGNS: [&str; 56] = [
    "kill myself",
    "killing myself",
    "end my life",
    "ending my life",
    "end it all",
    "take my own life",
    "taking my own life",
    "take my life",
    "suicidal",
    "commit suicide",
    "thinking about suicide",
    "thinking of suicide",
    "thoughts of suicide",
    "want to die",
    "wanna die",
    "want to be dead",
    "wish i was dead",
    "wish i were dead",
    "better off dead",
    "better off without me",
    "dont want to live",
    "dont want to be alive",
    "do not want to live",
    "dont want to be here anymore",
    "no reason to live",
    "nothing to live for",
    "cant go on living",
    "hang myself",
    "shoot myself",
    "jump off a bridge",
    "overdose on",
    "took an overdose",
    "hurt myself",
    "cut myself",
    "took all my pills",
    "took all the pills",
    "want to end it",
    "point in living",
    "point living",
    "cant go on anymore",
    "cannot go on living",
    "want 2 die",
    // The plainest words of other languages: whoever writes them gets help in English rather than none.
    "quiero morir",
    "suicidarme",
    "quitarme la vida",
    "ich will sterben",
    "nicht mehr leben",
    "mich umbringen",
    "je veux mourir",
    "me suicider",
    "quero morrer",
    "voglio morire",
    "想死",
    "不想活",
    "自杀",
    "أريد أن أموت",
];

/// Words just before a sign that take it back, as in "I would never kill myself".
const DENIALS: [&str; 5] = ["never", "not", "wont", "wouldnt", "dont"];
/// Words at which a new thought begins: a denial before them says nothing about the sign, as in
/// "I'm not okay I want to die" or "why not just kill myself".
const TURNS: [&str; 16] = [
    "i", "im", "ive", "id", "ill", "just", "but", "so", "because", "and", "now", "then", "or",
    "why", "that", "if",
];
/// How many words before a sign are looked at for a denial.
const REACH: usize = 3;

/// The emergency numbers and lines are those of the services themselves: 988lifeline.org and
/// 988.ca, samaritans.org, findahelpline.com; checked in November 2026.
const REPLY: &str = "I'm really glad you told me. What you describe sounds very painful, and your \
safety matters more than anything else right now.

If you might act on this, or have already taken or done something, please call your local emergency \
number now: 112 in Europe and many other countries, 911 in the US and Canada, 999 in the UK. Or ask \
somebody near you to call.

You can also talk to a person at any hour: call or text 988 in the US and Canada, call Samaritans on \
116 123 in the UK and Ireland, or find a line for your country at https://findahelpline.com.

If you can, be with somebody, and put distance between you and anything you could use to hurt \
yourself. I'm an AI, not a person, and I can't call anybody for you, but I'm here to keep talking \
while you reach out. Are you safe right now?";

/// What somebody is told who answers [`REPLY`] when there is no model to understand the answer.
const FOLLOW_UP: &str = "Thank you for answering me. I have no language model right now, so I may \
not understand what you just wrote, and this is too important for guessing.

If you are not safe: please call your local emergency number now (112, 911 or 999), or go to somebody \
and say \"I'm not safe, please stay with me\". By phone: 988 in the US and Canada, 116 123 in the UK and \
Ireland, and for other countries the lines at https://findahelpline.com.

If you are safe for the moment, I'm really glad. Please don't stay alone with this tonight: who could \
you call or sit with?";

/// Looks for signs of danger.
pub(crate) fn screen(text: &str) -> Option<Danger> {
    let plain = normalise(text);
    // Every clause by itself: a "no" in one says nothing about the next.
    let clauses = plain.split(['.', ',', ';', '!', '?', '\n', ':']);
    let mut signs = clauses.flat_map(|clause| {
        let found = SIGNS.iter().flat_map(|sign| clause.match_indices(sign));
        found.map(|(at, _)| clause.get(..at).unwrap_or_default())
    });
    // One that stands is enough, whatever was denied before it.
    signs.any(|before| !is_denied(before)).then_some(Danger)
}

/// Whether the words before a sign take it back.
fn is_denied(before: &str) -> bool {
    let mut near = before.split_whitespace().rev().take(REACH).peekable();
    while let Some(word) = near.next() {
        if TURNS.contains(&word) {
            return false;
        }
        if DENIALS.contains(&word) {
            return near.peek() != Some(&"why");
        }
    }
    false
}

/// Lower case, apostrophes of all kinds dropped, runs of spaces made one.
fn normalise(text: &str) -> String {
    let letters = text.chars().filter(|letter| !"'’‘`´\u{200b}\u{200d}".contains(*letter));
    let lower: String = letters.flat_map(char::to_lowercase).collect();
    let lines = lower.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.collect::<Vec<_>>().join("\n")
}

impl Danger {
    /// What a person in danger is told when nobody else can answer.
    #[expect(clippy::unused_self, reason = "only somebody in danger is told this")]
    pub(crate) fn reply(self) -> &'static str {
        REPLY
    }
}

/// What to say next if the last thing said was [`Danger::reply`], by somebody who cannot understand
/// what the person answered.
pub(crate) fn follow_up(last_said: &str) -> Option<&'static str> {
    (last_said == REPLY).then_some(FOLLOW_UP)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_statements_are_heard_however_they_are_typed() {
        for text in [
            "I want to die",
            "i WANT   to\u{a0}die.",
            "I don’t want to live like this",
            "I'm not okay. I have been thinking about suicide",
            "no, I want to kill myself",
            "everyone would be better off without me",
            "I took an overdose an hour ago",
            "Honestly? I wish I were dead",
            "I'm not okay I want to die",
            "there's no point I want to die",
            "I don't know I want to die",
            "why not kill myself",
            "I took all my pills",
            "I want to end it",
            "There is no point in living",
            "Ich will nicht mehr leben",
            "Quiero morir",
            "我想死",
            "why not just kill myself",
            "I said I would never kill myself but now I will kill myself",
        ] {
            assert_eq!(screen(text), Some(Danger), "{text}");
        }
    }

    #[test]
    fn ordinary_trouble_and_denials_are_not_taken_for_danger() {
        for text in [
            "I'm dying to see that film",
            "this homework is killing me",
            "I would never kill myself",
            "I do not want to die, I want to get better",
            "I'm not going to kill myself",
            "no, I am not suicidal",
            "my exam is tomorrow and I am so anxious",
            "",
        ] {
            assert_eq!(screen(text), None, "{text}");
        }
    }

    #[test]
    fn the_words_for_a_crisis_name_real_help_and_say_what_is_speaking() {
        for needed in ["112", "911", "999", "988", "116 123", "findahelpline.com", "I'm an AI"] {
            assert!(Danger.reply().contains(needed), "{needed}");
        }
    }
}
