//! Which numbers and hosts are ours.

use crisis_resources::{knows_host, knows_number, regions};

#[test]
fn a_number_is_known_however_it_is_written() {
    for number in ["116 123", "116123", "116-123", "(116) 123", "0800.111.0.111", "tel:988"] {
        assert!(knows_number(number), "{number}");
    }
}

#[test]
fn emergency_text_and_second_numbers_are_known_too() {
    for number in ["911", "112", "000", "741741", "85258", "0800 111 0 222", "+254 722 178 177"] {
        assert!(knows_number(number), "{number}");
    }
}

#[test]
fn a_number_nobody_gave_us_is_not_known() {
    for number in ["1-800-273-8255", "12345", "+44 116 123", "988988", "no number", ""] {
        assert!(!knows_number(number), "{number}");
    }
}

#[test]
fn every_number_that_can_be_offered_is_known() {
    for region in regions() {
        assert!(region.emergency.iter().all(|number| knows_number(number)), "{}", region.code);
        for line in &region.lines {
            assert!(line.phone.iter().all(|number| knows_number(number)), "{}", line.name);
            assert!(line.sms.iter().all(|sms| knows_number(&sms.to)), "{}", line.name);
        }
    }
}

#[test]
fn hosts_are_known_in_any_letter_case_and_with_or_without_www() {
    for host in ["988lifeline.org", "WWW.Samaritans.ORG", "samaritans.org", "befrienders.org"] {
        assert!(knows_host(host), "{host}");
    }
}

#[test]
fn a_host_that_only_looks_like_ours_is_not_known() {
    for host in ["samaritans.org.example.com", "notsamaritans.org", "org", "www.", ""] {
        assert!(!knows_host(host), "{host}");
    }
}
