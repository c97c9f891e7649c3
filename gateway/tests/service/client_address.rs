//! From which address the auth service is told that somebody calls.

use std::collections::BTreeSet;

use reqwest::RequestBuilder;
use serde_json::json;

use super::world::{World, answer};

/// Headers in which one proxy or another says for whom it asks, or anybody whatever they like.
const CLAIMS: [&str; 8] = [
    "x-forwarded-for",
    "x-real-ip",
    "forwarded",
    "true-client-ip",
    "cf-connecting-ip",
    "x-client-ip",
    "x-client-address",
    "x-cluster-client-ip",
];

fn log_in(world: &World) -> RequestBuilder {
    let body = json!({"username": "ada", "password": "correct horse"});
    world.request("POST", "/api/login/").json(&body)
}

/// From where the auth service was told that the last login came.
async fn told(world: &World, request: RequestBuilder) -> String {
    assert_eq!(answer(request).await.status, 200);
    world.auth.log_in.last().metadata("x-client-address").to_owned()
}

async fn trusting(proxies: &str) -> World {
    let proxies = proxies.parse().unwrap();
    World::start_with(|config| config.trusted_proxies = proxies).await
}

#[tokio::test]
async fn whoever_makes_up_where_they_call_from_is_not_believed() {
    let world = World::start().await;
    let mut all = BTreeSet::new();
    for number in 1..=20 {
        let mut request = log_in(&world);
        for claim in CLAIMS {
            let value = match claim {
                "forwarded" => format!("for=198.51.100.{number}"),
                _ => format!("198.51.100.{number}"),
            };
            request = request.header(claim, value);
        }
        all.insert(told(&world, request).await);
        let calls = world.auth.log_in.last().metadata;
        assert_eq!(calls.get_all("x-client-address").iter().count(), 1);
    }
    assert_eq!(all, BTreeSet::from(["127.0.0.1".to_owned()]));
}

#[tokio::test]
async fn behind_a_proxy_of_ours_the_right_most_hop_that_is_none_counts() {
    let world = trusting("127.0.0.0/8, 10.0.0.0/8").await;
    for (lines, expected) in [
        (vec!["203.0.113.9"], "203.0.113.9"),
        (vec!["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (vec!["198.51.100.1", "203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        (vec!["2001:db8::9"], "2001:db8::9"),
        (vec!["198.51.100.1, unknown"], "127.0.0.1"),
        (vec![], "127.0.0.1"),
    ] {
        let request = log_in(&world).header("x-real-ip", "198.51.100.7");
        let request =
            lines.iter().fold(request, |request, line| request.header("x-forwarded-for", *line));
        assert_eq!(told(&world, request).await, expected, "{lines:?}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_none_of_ours_is_itself_the_client() {
    let world = trusting("10.0.0.0/8").await;
    let request = log_in(&world).header("x-forwarded-for", "203.0.113.9");
    assert_eq!(told(&world, request).await, "127.0.0.1");
}

#[tokio::test]
async fn whatever_the_auth_service_is_asked_it_is_told_for_whom() {
    let world = trusting("127.0.0.1").await;
    let name = json!({"username": "ada", "password": "correct horse"});
    let passwords = json!({"current_password": "correct horse", "new_password": "battery staple"});
    for (method, path, body) in [
        ("POST", "/api/register/", &name),
        ("POST", "/api/login/", &name),
        ("POST", "/api/refresh/", &json!({"refresh": "a.b.c"})),
        ("POST", "/api/logout/", &json!({"refresh": "a.b.c"})),
        ("POST", "/api/change-password/", &passwords),
        ("DELETE", "/api/account/", &json!({"password": "correct horse"})),
        ("GET", "/api/account/", &json!({})),
    ] {
        let request = world.request_as_user(method, path).json(body);
        let answer = answer(request.header("x-forwarded-for", "203.0.113.9")).await;
        assert!(answer.status < 300, "{path}: {}", answer.status);
    }
    let auth = &world.auth;
    for metadata in [
        auth.register.last().metadata,
        auth.log_in.last().metadata,
        auth.refresh.last().metadata,
        auth.log_out.last().metadata,
        auth.change_password.last().metadata,
        auth.delete_account.last().metadata,
        auth.account.last().metadata,
    ] {
        assert_eq!(metadata.get("x-client-address").unwrap(), "203.0.113.9");
    }
}
