//! Which letters may stand together in a name.
//!
//! Unicode UTS 39 calls it "highly restrictive": all of one script, or Latin beside what East Asia
//! writes together. So no letter passes for one of another script. Its list of characters that
//! identifiers had better not hold is not followed: whole languages are on it, and rare surnames.

use unicode_script::Script;
use unicode_security::GeneralSecurityProfile as _;
use unicode_security::general_security_profile::IdentifierType;
use unicode_security::mixed_script::AugmentedScriptSet as Writing;

/// Whether `text` mixes scripts that nobody writes together.
pub(super) fn are_mixed(text: &str) -> bool {
    let (mut all, mut beside_latin) = (Writing::default(), Writing::default());
    for writing in text.chars().map(Writing::for_char) {
        all.intersect_with(writing);
        if !writing.base.contains_script(Script::Latin) {
            beside_latin.intersect_with(writing);
        }
    }
    // Chinese with Bopomofo, Japanese, Korean.
    let is_east_asian = beside_latin.hanb || beside_latin.jpan || beside_latin.kore;
    all.is_empty() && !is_east_asian
}

/// Whether `text` holds a letter that is drawn as nothing.
pub(super) fn are_invisible(text: &str) -> bool {
    text.chars().any(|letter| letter.identifier_type() == Some(IdentifierType::Default_Ignorable))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_together_may_stand_together() {
        for name in [
            "",
            "ada_1",
            "ada@x.org",
            "émile",
            "ţepeş",
            "Ёлка2",
            "ελλη",
            "שרה7",
            "سام۱",
            "अदा१",
            "你好ada",
            "ひらカタ漢字abc",
            "한국어abc",
            "abc한漢",
            "ㄅ漢abc",
            "ꓐꓑ",
            "ᏣᎳᎩ",
            "ⵣⴰⵣ",
        ] {
            assert!(!are_mixed(name), "{name}");
        }
    }

    #[test]
    fn what_only_looks_alike_may_not() {
        for name in ["аda", "adа", "ελa", "Ελкa", "ひ한", "अдा", "user١", "你привет", "שרa"]
        {
            assert!(are_mixed(name), "{name}");
        }
    }

    #[test]
    fn letters_that_nobody_sees_are_seen() {
        for name in ["\u{1160}", "ada\u{115f}", "a\u{ad}b", "a\u{200d}b"] {
            assert!(are_invisible(name), "{name:?}");
        }
        assert!(!are_invisible("ada你好한"));
    }
}
