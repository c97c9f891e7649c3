use chassis::process::Arguments;
use chassis::settings::Settings;
use serde_json::json;

use super::*;

fn day(day: &str, event: &str, tier: &str, category: &str, region: &str, count: i64) -> SafetyDay {
    let [day, event, tier, category, region] =
        [day, event, tier, category, region].map(str::to_owned);
    SafetyDay { day, event, tier, category, region, count }
}

fn some() -> Report {
    let events = vec![
        day("2026-01-01", "noticed", "high", "self_harm", "GB", 2),
        day("2026-03-01", "noticed", "high", "self_harm", "", 1),
        day("2026-03-01", "noticed", "third", "abuse", "GB", 1),
        day("2026-03-01", "referred", "high", "self_harm", "GB", 2),
        day("2026-03-02", "referred", "high", "self_harm", "", 3),
        day("2026-03-02", "removed", "", "phone", "", 4),
        day("2026-03-03", "removed", "", "method", "", 1),
        day("2026-03-03", "removed", "", "phone", "", 1),
        day("2026-03-03", "disclosed", "", "", "", 9),
    ];
    Report::of("2026-01-01".into(), "2026-12-31".into(), &Counted { events, turns: 320 })
}

#[test]
fn days_add_up_by_what_they_have_in_common() {
    let report = serde_json::to_value(some()).unwrap();
    assert_eq!(report["turns"], 320);
    assert_eq!(report["noticed"]["total"], 4);
    let tiers = json!({"imminent": 0, "high": 3, "elevated": 0, "third": 1});
    assert_eq!(report["noticed"]["by_tier"], tiers);
    assert_eq!(report["noticed"]["by_category"]["self_harm"], 3);
    assert_eq!(report["noticed"]["by_category"]["psychosis"], 0);
    assert_eq!(report["referred"]["by_region"], json!({"GB": 2, "unknown": 3}));
    assert_eq!(report["removed"], json!({"total": 6, "by_kind": {"phone": 5, "method": 1}}));
    assert_eq!(report["written"]["total"], 0);
    assert_eq!(report["disclosed"], 9);
}

#[test]
fn the_table_has_a_line_for_everything_and_leads_to_the_protocol() {
    let table = some().to_string();
    let counts = |name: &str, count: &str| {
        table
            .lines()
            .any(|line| line.trim().starts_with(name) && line.ends_with(&format!(" {count}")))
    };
    assert!(counts("Turns in which something was noticed (12.5 of 1000)", "4"), "{table}");
    assert!(counts("Times help was shown (referrals)", "5"), "{table}");
    assert!(counts("unknown", "3") && counts("phone", "5") && counts("imminent", "0"), "{table}");
    assert!(table.trim_end().ends_with("docs/SAFETY.md"), "{table}");
    let widths = table.lines().filter(|line| line.ends_with(|end: char| end.is_ascii_digit()));
    let widths: Vec<_> = widths.map(str::len).collect();
    assert!(widths.iter().all(|width| width == &widths[0]), "{table}");
}

#[test]
fn a_year_in_which_nobody_came_is_told_too() {
    let table =
        Report::of("2026-01-01".into(), "2026-12-31".into(), &Counted::default()).to_string();
    assert!(table.contains("something was noticed  "), "{table}");
}

#[test]
fn this_year_is_told_up_to_today() {
    let now = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    assert_eq!(days(2026, now), ("2026-01-01".to_owned(), "2026-11-18".to_owned()));
    assert_eq!(days(2025, now), ("2025-01-01".to_owned(), "2025-12-31".to_owned()));
}

#[tokio::test]
async fn where_nothing_was_ever_kept_that_is_said_and_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chat.db");
    let error = report(&Url::of_file(&path), 2026).await.unwrap_err();
    assert!(error.to_string().contains("there is no database"), "{error}");
    assert!(!path.exists());
    std::fs::write(&path, "").unwrap();
    let error = report(&Url::of_file(&path), 2026).await.unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}

#[test]
fn the_command_asks_for_nothing_but_the_database() {
    let mut settings = Settings::from_pairs([("CHAT_DATABASE_URL", "sqlite:chat.db")]);
    assert!((COMMAND.read)(&mut Arguments::default(), &mut settings).is_some());
    assert_eq!(settings.problems(), None);
    let mut settings = Settings::from_pairs([]);
    assert!((COMMAND.read)(&mut Arguments::default(), &mut settings).is_none());
    assert_eq!(settings.problems().unwrap(), "CHAT_DATABASE_URL is not set");
}
