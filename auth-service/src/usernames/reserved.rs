//! Names that nobody may have.

use icu_casemap::CaseMapper;
use unicode_security::skeleton;

/// Whoever had one of these names could speak for those who run this (`admin`, `support`), for the
/// buddy itself (`aibuddy`) or for a program that found nobody (`null`). A short list: it is about
/// being believed, and people do not believe `admin2`.
const RESERVED: [&str; 23] = [
    "admin",
    "administrator",
    "root",
    "sysadmin",
    "system",
    "support",
    "help",
    "helpdesk",
    "moderator",
    "mod",
    "staff",
    "security",
    "official",
    "aibuddy",
    "ai-buddy",
    "ai_buddy",
    "ai.buddy",
    "buddy",
    "assistant",
    "anonymous",
    "none",
    "null",
    "undefined",
];

/// Whether a name is one of those, or looks like one: `display` as it is shown, `key` as it is
/// compared.
///
/// Among names of plain ASCII nothing counts as looking alike: `user1`, `userl` and `userI` are
/// three people, and many have such a name.
pub(super) fn covers(display: &str, key: &str) -> bool {
    if key.is_ascii() {
        return RESERVED.contains(&key);
    }
    let shapes = [shape(display), shape(key)];
    RESERVED.iter().any(|name| {
        let capitals = shape(&name.to_ascii_uppercase());
        shapes.contains(&shape(name)) || shapes.contains(&capitals)
    })
}

/// What a text looks like to whoever reads quickly: equal for all texts that can be mistaken for each
/// other. Capitals of one script look like small letters of another, hence twice.
fn shape(text: &str) -> String {
    let seen: String = skeleton(text).collect();
    skeleton(&CaseMapper::new().fold_string(&seen)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::folding::fold;

    fn is_reserved(name: &str) -> bool {
        covers(name, &fold(name))
    }

    #[test]
    fn reserved_names_are_reserved_in_all_spellings() {
        for name in RESERVED {
            assert_eq!(fold(name).as_str(), name, "as it is compared");
            assert!(is_reserved(name) && is_reserved(&name.to_uppercase()), "{name}");
        }
        for name in ["Admin", "ａｄｍｉｎ", "ＡＤＭＩＮ", "ſupport", "ⓡⓞⓞⓣ"] {
            assert!(is_reserved(name), "{name}");
        }
    }

    #[test]
    fn what_looks_like_a_reserved_name_is_reserved() {
        for name in [
            "аdmin", // Cyrillic а
            "һеӏр",  // Cyrillic throughout
            "admın", // without its dot
            "ɑdmin", // another Latin a
            "rооt",  // Cyrillic о
            "ꓮꓓꓟꓲꓠ", // Lisu throughout
            "ᏚᎢᎪᖴᖴ", // Cherokee and Inuktitut
        ] {
            assert!(is_reserved(name), "{name}");
        }
    }

    #[test]
    fn plain_names_are_nobody_elses() {
        for name in [
            "ada",
            "user1",
            "userl",
            "userI",
            "user0",
            "userO",
            "rnod",
            "he1p",
            "r00t",
            "adrnin",
            "admin2",
            "my_admin",
            "supporter",
            "émile",
            "Ёлка",
            "你好",
            "nulł",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
