//! Where somebody is, as far as a browser says, and what they speak.

use crisis_resources::{accepted_languages, accepted_region};

fn code(accept_language: &str) -> Option<&'static str> {
    accepted_region(accept_language).map(|region| region.code.as_str())
}

#[test]
fn a_language_with_a_region_is_in_that_region() {
    assert_eq!(code("en-GB,en;q=0.9"), Some("GB"));
    assert_eq!(code("zh-Hant-TW"), Some("TW"));
    assert_eq!(code("EN-us"), Some("US"));
    assert_eq!(code("ca-ES-valencia"), Some("ES"));
    assert_eq!(code("en-UK"), Some("GB"));
}

#[test]
fn a_language_alone_is_in_no_region() {
    assert_eq!(code("de"), None);
    assert_eq!(code("en, de;q=0.5"), None);
    assert_eq!(code("zh-Hant"), None);
    assert_eq!(code("*"), None);
    assert_eq!(code(""), None);
}

#[test]
fn the_best_tag_with_a_region_wins_wherever_it_stands() {
    assert_eq!(code("en-US;q=0.5, de-AT;q=0.8"), Some("AT"));
    assert_eq!(code("de, en-US;q=0.5, fr-CH;q=0.4"), Some("US"));
    assert_eq!(code("pt-BR, pt-PT"), Some("BR"));
}

#[test]
fn a_region_nobody_knows_is_passed_over() {
    assert_eq!(code("en-ZZ, fr-FR;q=0.3"), Some("FR"));
    assert_eq!(code("es-419, es-MX;q=0.9"), Some("MX"));
    assert_eq!(code("en-AQ"), None);
}

#[test]
fn what_is_not_wanted_says_nothing() {
    assert_eq!(code("en-US;q=0, de-DE;q=0.1"), Some("DE"));
    assert_eq!(code("en-US;q=0.000"), None);
}

#[test]
fn extensions_and_private_tags_name_no_region() {
    assert_eq!(code("en-u-ca-GB"), None);
    assert_eq!(code("x-us-GB"), None);
    assert_eq!(code("de-x-at"), None);
}

#[test]
fn nonsense_is_passed_over() {
    for nonsense in ["en-US;q=", "en-US;q=nan", "en-US;q=2", "en-US;q", ";;;,,,", "-GB", "e1-GB"] {
        assert_eq!(code(nonsense), None, "{nonsense}");
    }
    assert_eq!(code("\u{fc}-GB, en-GB ; Q = 0.7"), Some("GB"));
}

#[test]
fn languages_come_best_first_and_once() {
    assert_eq!(accepted_languages("de-AT;q=0.8, fr, de;q=0.5, EN-gb;q=0.9"), ["fr", "en", "de"]);
    assert_eq!(accepted_languages("zh-Hant-TW, zh;q=0.9, *;q=0.1"), ["zh"]);
    assert_eq!(accepted_languages("ru;q=0, uk"), ["uk"]);
    assert!(accepted_languages("").is_empty());
}
