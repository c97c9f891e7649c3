//! Alerts: each is explained, and asks for numbers that there are.

use std::collections::BTreeSet;

use e2e::Numbers;
use openai_stub::Stub;

use super::measured;
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
fn alerts_and_dashboards_ask_for_numbers_that_there_are() {
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
    let rules = read("deploy/observability/alerts.yml")
        + &read("deploy/observability/grafana/dashboards/ai-buddy.json");
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

/// A rule that asks for a label that nobody sets tells of something that is not so, for ever.
#[test]
fn whatever_services_alerts_ask_for_are_labels_of_the_configuration_that_is_documented() {
    let (rules, page) = (read("deploy/observability/alerts.yml"), read("docs/OPERATIONS.md"));
    let named = rules.split("service=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let named: BTreeSet<_> = named.collect();
    assert_eq!(named.len(), 3, "{named:?}");
    for service in named {
        assert!(page.contains(&format!("labels: {{service: {service}}}")), "{service}");
    }
}

/// That there is one more of something is only seen where it was known that there was none.
#[tokio::test(flavor = "multi_thread")]
async fn endings_that_alerts_wait_for_are_counted_from_the_start() {
    let rules = read("deploy/observability/alerts.yml");
    let named = rules.split("outcome=~\"").skip(1).filter_map(|rest| rest.split('"').next());
    let named: BTreeSet<_> = named.flat_map(|names| names.split('|')).collect();
    assert!(named.len() > 4, "{named:?}");
    let stub = Stub::start().await.unwrap();
    let (_process, _product, address) = measured(&stub, &[]).await;
    let numbers = Numbers::at(&address).await;
    for name in named {
        let series = format!("aibuddy_turns_total{{outcome=\"{name}\"}}");
        assert!(numbers.series().any(|(known, count)| known == series && count == 0.0), "{series}");
    }
}
