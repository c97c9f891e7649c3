//! Titles of conversations, made of the first thing said, at once and without asking anybody.

use crate::safety::Tier;

/// Longest title made here, in characters.
const MOST: usize = 60;
/// Longest title a person may give, in characters.
pub(crate) const MOST_OWN: usize = 200;
/// In place of words that should not stand in a list for anybody to see.
pub(crate) const DISCREET: &str = "A conversation";

/// The first words of a text, cut between two words. Where something grave was noticed, the title
/// tells nothing to whoever looks over the person's shoulder.
pub(crate) fn of(text: &str, tier: Tier) -> String {
    if tier > Tier::None {
        return DISCREET.to_owned();
    }
    let words = text.split_whitespace().filter(|word| !word.contains("://"));
    let mut title = String::new();
    for word in words {
        let word: String = word.chars().filter(|letter| !is_markup(*letter)).collect();
        let length = title.chars().count() + usize::from(!title.is_empty()) + word.chars().count();
        if length > MOST {
            if title.is_empty() {
                title.extend(word.chars().take(MOST - 1));
            }
            title.push('…');
            break;
        }
        if !title.is_empty() && !word.is_empty() {
            title.push(' ');
        }
        title.push_str(&word);
    }
    if title.is_empty() { DISCREET.to_owned() } else { title }
}

fn is_markup(letter: char) -> bool {
    letter.is_control() || "#*_`<>|~".contains(letter)
}

#[cfg(test)]
mod tests {
    use super::{DISCREET, MOST, Tier};

    fn of(text: &str) -> String {
        super::of(text, Tier::None)
    }

    #[test]
    fn a_title_is_the_first_words() {
        assert_eq!(
            of("I'm feeling  anxious\nabout **my** exam"),
            "I'm feeling anxious about my exam"
        );
        let long = of(&"word ".repeat(100));
        assert!(long.chars().count() <= MOST + 1 && long.ends_with("word…"), "{long}");
        assert_eq!(of(&"x".repeat(500)).chars().count(), MOST);
        assert_eq!(of("see https://example.org/secret now"), "see now");
        assert_eq!(of("###"), DISCREET);
    }

    #[test]
    fn danger_is_nobody_elses_business() {
        assert_eq!(super::of("I want to die", Tier::High), DISCREET);
        assert_eq!(super::of("my friend wants to die", Tier::Third), DISCREET);
    }
}
