//! Whom to call, for anybody, whatever else is down.

use serde_json::{Value, json};

use super::answer::Answer;
use super::world::{ORIGIN, World, answer};

async fn ask(world: &World, query: &str, languages: &str) -> Answer {
    let request = world.request("GET", &format!("/api/crisis-resources/{query}"));
    answer(request.header("accept-language", languages)).await
}

#[tokio::test]
async fn help_is_found_while_everything_else_is_down_and_without_a_login() {
    let world = World::alone().await;
    for path in ["/api/crisis-resources/?region=gb", "/api/crisis-resources?region=GB"] {
        let answer = answer(world.request("GET", path)).await;
        let found = answer.json();
        assert_eq!((answer.status, &found["region"]), (200, &json!("GB")), "{path}");
        assert_eq!(found["name"], crisis_resources::region("GB").unwrap().name);
        assert!(found["emergency"].as_array().unwrap().contains(&json!("999")));
        let samaritans = |line: &Value| line["phone"] == "116 123";
        assert!(found["lines"].as_array().unwrap().iter().any(samaritans), "{}", answer.text);
    }
}

#[tokio::test]
async fn every_line_is_told_whole() {
    let world = World::alone().await;
    for region in crisis_resources::regions() {
        let found = ask(&world, &format!("?region={}", region.code), "").await.json();
        let lines = found["lines"].as_array().unwrap();
        assert_eq!((&found["region"], lines.len()), (&json!(region.code), region.lines.len()));
        for (line, expected) in lines.iter().zip(&region.lines) {
            assert_eq!(
                (&line["name"], &line["kind"]),
                (&json!(expected.name), &json!(expected.kind))
            );
            assert_eq!(line["phone"], json!(expected.phone));
            assert_eq!(line["chat_url"], json!(expected.chat));
            let sms = expected.sms.as_ref().map(|sms| (&sms.to, &sms.keyword));
            let sms = sms.map(|(to, keyword)| json!({"to": to, "keyword": keyword}));
            assert_eq!(line["sms"], json!(sms));
            assert_eq!(line["verified_at"], json!(expected.verified_at));
            assert_eq!(line.as_object().unwrap().len(), 10);
        }
    }
}

#[tokio::test]
async fn a_country_that_is_named_counts_more_than_languages() {
    let world = World::alone().await;
    for (query, languages, region) in [
        ("?region=FR", "en-GB", json!("FR")),
        ("?region=uk", "", json!("GB")),
        ("", "en-GB,en;q=0.9", json!("GB")),
        ("?region=", "de-DE", json!("DE")),
        // Wrong help is worse than help that fits everywhere.
        ("", "de", Value::Null),
        ("", "", Value::Null),
        ("?region=zz", "en-GB", Value::Null),
    ] {
        let answer = ask(&world, query, languages).await;
        let found = answer.json();
        assert_eq!((answer.status, &found["region"]), (200, &region), "{query} {languages}");
        assert_eq!(found["name"].is_null(), region.is_null());
        assert!(!found["directories"].as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_cannot_be_a_country_is_refused() {
    let world = World::alone().await;
    for wrong in ["G", "GBR", "1A", "%C3%A4", "G%20", "G%00", "United+Kingdom"] {
        let answer = ask(&world, &format!("?region={wrong}"), "en-GB").await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()), "{wrong}");
        assert!(answer.json()["region"].is_array(), "{wrong}");
        assert_eq!(answer.header("cache-control"), "no-store", "{wrong}");
    }
}

#[tokio::test]
async fn it_may_be_kept_and_a_token_does_not_matter() {
    let world = World::start().await;
    for authorization in ["", "Bearer", "Bearer a.b.c", "Basic YTpi"] {
        let request = world.request("GET", "/api/crisis-resources/").header("origin", ORIGIN);
        let answer = answer(request.header("authorization", authorization)).await;
        assert_eq!(answer.status, 200, "{authorization}");
        assert_eq!(answer.header("cache-control"), "public, max-age=3600");
        assert_eq!(answer.header("access-control-allow-origin"), ORIGIN);
        let vary = answer.headers.get_all("vary").iter().map(|value| value.to_str().unwrap());
        let vary = vary.collect::<Vec<_>>().join(", ");
        assert!(vary.contains("accept-language") && vary.contains("origin"), "{vary}");
    }
    let wrong = answer(world.request("POST", "/api/crisis-resources/")).await;
    assert_eq!(wrong.says(), (405, "method_not_allowed".to_owned()));
}
