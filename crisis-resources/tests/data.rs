//! What holds for every entry, so that nobody is sent to a number that is not one.
#![expect(clippy::unwrap_used, reason = "a test without its data should stop")]

use chrono::{Months, NaiveDate};
use crisis_resources::{Line, Region, check, directories, regions};

fn lines() -> impl Iterator<Item = (&'static Region, &'static Line)> {
    regions().flat_map(|region| region.lines.iter().map(move |line| (region, line)))
}

/// Whether somebody at home can dial this. A country code in front of a short number is the mistake
/// that lists of help lines make most often, so a number with one has to be long.
fn dialable(number: &str) -> bool {
    let digits = number.chars().filter(char::is_ascii_digit).count();
    let fewest = if number.starts_with('+') { 10 } else { 2 };
    (fewest..=15).contains(&digits)
        && number.rfind('+').is_none_or(|at| at == 0)
        && number.chars().all(|c| c.is_ascii_digit() || " -+()".contains(c))
}

fn verified_at(line: &Line) -> NaiveDate {
    line.verified_at.parse().unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the test is about today")]
fn today() -> NaiveDate {
    chrono::Utc::now().date_naive()
}

#[test]
fn the_data_can_be_read() {
    assert_eq!(check(), Ok(()));
    assert!(regions().count() > 200);
    assert!(lines().count() > 60);
}

#[test]
fn every_line_can_be_contacted() {
    for (region, line) in lines() {
        let reachable = line.phone.is_some() || line.sms.is_some() || line.chat.is_some();
        assert!(reachable, "{} {}", region.code, line.name);
        assert!(
            !line.name.is_empty() && !line.languages.is_empty(),
            "{} {}",
            region.code,
            line.name
        );
    }
}

#[test]
fn every_line_says_where_it_comes_from() {
    for (region, line) in lines() {
        assert!(!line.sources.is_empty(), "{} {}", region.code, line.name);
    }
}

#[test]
fn every_kind_of_line_is_one_we_explain() {
    let kinds = [
        "suicide_crisis",
        "general_crisis",
        "crisis_text",
        "youth",
        "mental_health",
        "counselling",
    ];
    for (_, line) in lines() {
        assert!(kinds.contains(&line.kind.as_str()), "{}: {}", line.name, line.kind);
    }
}

#[test]
fn every_address_is_https() {
    let urls = lines().flat_map(|(_, line)| line.url.iter().chain(&line.chat));
    for url in urls.chain(directories().iter().map(|directory| &directory.url)) {
        assert!(url.starts_with("https://"), "{url}");
    }
}

#[test]
fn every_number_can_be_dialled() {
    for region in regions() {
        for number in &region.emergency {
            assert!(dialable(number) && number.len() <= 5, "{} {number}", region.code);
        }
    }
    for (region, line) in lines() {
        for number in line.phone.iter().chain(line.sms.iter().map(|sms| &sms.to)) {
            assert!(dialable(number), "{} {}: {number}", region.code, line.name);
        }
    }
}

#[test]
fn a_short_number_with_a_country_code_is_no_number() {
    for wrong in ["+44116123", "+33333114", "+1741741", "+1988", "119 ext. 8", "1-800-SUICIDE", ""]
    {
        assert!(!dialable(wrong), "{wrong}");
    }
}

#[test]
fn notes_hide_no_numbers() {
    for (region, line) in lines() {
        let note = line.note.as_deref().unwrap_or_default();
        let digits = note.chars().filter(char::is_ascii_digit).count();
        assert!(digits <= 4, "a number belongs in a field: {} {}: {note}", region.code, line.name);
    }
}

#[test]
fn no_line_was_last_checked_more_than_a_year_ago() {
    let today = today();
    let oldest = today.checked_sub_months(Months::new(12)).unwrap();
    let stale: Vec<String> = lines()
        .filter(|(_, line)| verified_at(line) < oldest)
        .map(|(region, line)| {
            let page = line.url.as_deref().unwrap_or("no page known, find the official one");
            format!("{} {}, {}: {page}", region.code, line.name, line.verified_at)
        })
        .collect();
    assert!(
        stale.is_empty(),
        "Check these lines again at their official pages, in crisis-resources/data/lines/*.toml: \
         correct the entry, set `verified_at` and name the source, or delete it. \
         The steps are at the head of crisis-resources/src/lib.rs.\n{}",
        stale.join("\n")
    );
}

#[test]
fn no_line_was_checked_in_the_future() {
    // A day of grace: the one who checked may live east of the one who tests.
    let tomorrow = today().succ_opt().unwrap();
    for (region, line) in lines() {
        assert!(verified_at(line) <= tomorrow, "{} {}", region.code, line.name);
    }
}
