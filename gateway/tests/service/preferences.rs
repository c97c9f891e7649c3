//! What a person has set.

use chassis::status::Failure;
use proto::chat::v1::{
    GetPreferencesResponse, Preferences, UpdatePreferencesRequest, UpdatePreferencesResponse,
};
use serde_json::{Value, json};
use tonic::{Code, Status};

use super::world::{World, answer};

const PATH: &str = "/api/account/preferences/";

fn in_region(region: &str) -> Preferences {
    Preferences { region: region.to_owned() }
}

#[tokio::test]
async fn what_is_set_is_shown() {
    let world = World::start().await;
    for (region, shown) in [("GB", json!("GB")), ("", Value::Null)] {
        world
            .chat
            .preferences
            .answers(move |_| Ok(GetPreferencesResponse { preferences: Some(in_region(region)) }));
        let answer = world.get(PATH).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"region": shown})));
    }
    world.chat.preferences.answers(|_| Ok(GetPreferencesResponse::default()));
    assert_eq!(world.get(PATH).await.says(), (500, "internal".to_owned()));
}

#[tokio::test]
async fn a_country_is_set_and_taken_back() {
    let world = World::start().await;
    world.chat.prefer.answers(|request: UpdatePreferencesRequest| {
        let region = request.region.unwrap_or_default().to_uppercase();
        Ok(UpdatePreferencesResponse { preferences: Some(in_region(&region)) })
    });
    for (region, asked, shown) in [
        (json!("gb"), "gb", json!("GB")),
        (json!(""), "", Value::Null),
        (Value::Null, "", Value::Null),
    ] {
        let request = world.request_as_user("PATCH", PATH).json(&json!({"region": region}));
        let answer = answer(request).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"region": shown})));
        let expected = UpdatePreferencesRequest { region: Some(asked.to_owned()) };
        assert_eq!(world.chat.prefer.last().message, expected);
    }
}

#[tokio::test]
async fn what_is_no_country_is_refused_under_its_name() {
    let world = World::start().await;
    let set = |body: Value| answer(world.request_as_user("PATCH", PATH).json(&body));
    for wrong in [json!({}), json!({"region": 1}), json!({"region": ["GB"]})] {
        let answer = set(wrong).await;
        assert_eq!(answer.says(), (400, "invalid".to_owned()));
        assert!(answer.json()["region"].is_array());
    }
    assert!(world.chat.prefer.calls().is_empty());
    let (code, domain) = (Code::InvalidArgument, proto::chat::DOMAIN);
    let (reason, message, retry_after) = ("REGION_INVALID", "", None);
    let field = Some(("region", "No country has this code."));
    let status: Status =
        Failure { code, domain, reason, message, retry_after, field, metadata: &[] }.into();
    world.chat.prefer.answers(move |_| Err(status.clone()));
    let refused = set(json!({"region": "xx"})).await;
    assert_eq!(refused.says(), (400, "invalid".to_owned()));
    assert_eq!(refused.json()["region"], json!(["No country has this code."]));
}
