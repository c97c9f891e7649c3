//! Every region of the world has an answer, and the ones people ask about have the right one.
#![expect(clippy::unwrap_used, reason = "a test without its data should stop")]

use crisis_resources::{Line, Region, anywhere, directories, region, regions};

/// ISO 3166-1 alpha-2.
const ISO: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ \
    BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM \
    DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS \
    GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ \
    MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM \
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV \
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI \
    VN VU WF WS YE YT ZA ZM ZW";

fn phones(code: &str) -> Vec<&'static str> {
    lines(code).iter().filter_map(|line| line.phone.as_deref()).collect()
}

fn lines(code: &str) -> &'static [Line] {
    &region(code).unwrap().lines
}

#[test]
fn every_region_of_the_world_has_emergency_numbers_or_the_fallback() {
    let codes: Vec<&str> = ISO.split_whitespace().collect();
    assert_eq!(codes.len(), 249);
    for code in codes {
        let found: &Region = region(code).unwrap_or(anywhere());
        if found == anywhere() {
            assert!(!directories().is_empty());
        } else {
            assert_eq!(found.code, code);
            assert!(!found.emergency.is_empty(), "{code} has no emergency number");
        }
    }
}

#[test]
fn no_region_is_made_up() {
    for region in regions() {
        let code = region.code.as_str();
        assert!(ISO.contains(code) || ["AC", "XK"].contains(&code), "{code}");
    }
}

#[test]
fn codes_are_found_in_any_letter_case() {
    assert_eq!(region("de"), region("DE"));
    assert_eq!(region("dE").unwrap().name, "Germany");
    assert_eq!(region(""), None);
    assert_eq!(region("ZZ"), None);
}

#[test]
fn people_say_uk_and_mean_gb() {
    assert_eq!(region("UK").unwrap().code, "GB");
    assert_eq!(region("uk").unwrap().code, "GB");
}

#[test]
fn anywhere_promises_no_number() {
    assert_eq!(anywhere().code, "");
    assert!(anywhere().emergency.is_empty());
    assert!(anywhere().lines.is_empty());
    assert_eq!(directories()[0].url, "https://findahelpline.com");
}

#[test]
fn the_united_states_have_988_by_voice_and_text() {
    let first = &lines("US")[0];
    assert_eq!(first.phone.as_deref(), Some("988"));
    assert_eq!(first.sms.as_ref().unwrap().to, "988");
    assert_eq!(region("US").unwrap().emergency, ["911"]);
    let text_line = lines("US").iter().find(|line| line.kind == "crisis_text").unwrap();
    let sms = text_line.sms.as_ref().unwrap();
    assert_eq!((sms.to.as_str(), sms.keyword.as_deref()), ("741741", Some("HOME")));
}

#[test]
fn the_united_kingdom_has_the_samaritans() {
    assert_eq!(lines("GB")[0].name, "Samaritans");
    assert_eq!(phones("GB"), ["116 123"]);
    assert_eq!(region("GB").unwrap().emergency, ["999", "112"]);
}

#[test]
fn short_numbers_are_as_dialled_at_home() {
    assert_eq!(phones("FR"), ["3114"]);
    assert_eq!(phones("CA"), ["988"]);
    assert_eq!(phones("IN")[0], "14416");
    assert_eq!(phones("KR"), ["109"]);
}

#[test]
fn both_numbers_of_a_service_are_entries() {
    assert_eq!(phones("DE"), ["0800 111 0 111", "0800 111 0 222"]);
    assert_eq!(phones("NL"), ["0800-0113", "113"]);
}

#[test]
fn australia_and_new_zealand_have_their_own_emergency_numbers() {
    assert_eq!(region("AU").unwrap().emergency, ["000"]);
    assert!(phones("AU").contains(&"1800 55 1800"));
    assert_eq!(region("NZ").unwrap().emergency, ["111"]);
    assert_eq!(phones("NZ"), ["0800 543 354"]);
}

#[test]
fn a_region_without_a_line_that_can_be_trusted_still_has_emergency_numbers() {
    assert!(lines("IT").is_empty());
    assert_eq!(region("IT").unwrap().emergency, ["112", "118"]);
}
