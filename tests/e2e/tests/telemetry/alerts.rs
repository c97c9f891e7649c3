//! Alerts: each is explained, and asks for numbers that there are.

use std::collections::BTreeSet;

use crate::boundaries::root;

fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap()
}

#[test]
fn every_alert_is_explained_and_every_explanation_has_its_alert() {
    let (rules, page) = (read("deploy/observability/alerts.yml"), read("docs/OPERATIONS.md"));
    let alerts: BTreeSet<_> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `AiBuddy"));
    let rows: Vec<_> = rows.filter_map(|row| row.split('`').next()).collect();
    let explained = rows.iter().map(|name| format!("AiBuddy{name}")).collect::<BTreeSet<_>>();
    assert!(alerts.len() > 5);
    assert_eq!(explained, alerts.into_iter().map(str::to_owned).collect());
}

#[test]
fn alerts_ask_for_numbers_that_there_are() {
    let declared = [
        chassis::telemetry::metrics::MEASURES.to_vec(),
        auth_service::measures(),
        chat_service::measures(),
    ];
    let declared = declared.concat();
    let is_declared = |word: &str| {
        let endings = ["", "_bucket", "_count", "_sum"];
        let plain = endings.iter().filter_map(|ending| word.strip_suffix(ending));
        plain.into_iter().any(|name| declared.iter().any(|measure| measure.name == name))
    };
    let rules = read("deploy/observability/alerts.yml");
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = rules.split(|letter| !is_part(letter)).filter(|word| {
        let starts =
            ["http_server", "rpc_", "db_", "gen_ai_client", "aibuddy_", "process_", "otel_"];
        starts.iter().any(|start| word.starts_with(start))
    });
    let words: BTreeSet<_> = words.collect();
    assert!(words.len() > 8, "{words:?}");
    for word in words {
        assert!(is_declared(word), "{word}");
    }
}
