//! What the product does for people in danger, as they meet it.

use std::time::Duration;

use e2e::{Answer, Apart, Product, Reader, User};
use openai_stub::{Behaviour, Stub};
use serde_json::{Value, json};

const DANGER: &str = "I want to kill myself";
const HINT: &str = "I can't go on like this";

/// Says something from a place, and reads along to the end.
async fn tell(ada: &User, languages: &str, text: &str) -> Reader {
    let request = ada.request("POST", "/api/send-message/").header("accept-language", languages);
    let request = request.header("accept", "text/event-stream").json(&json!({"text": text}));
    let mut reader = Reader::of(ada, request.send().await.unwrap(), "").await;
    reader.read_on().await;
    reader
}

/// Says something from a place, and waits for the whole answer.
async fn say(ada: &User, languages: &str, text: &str) -> Answer {
    let request = ada.request("POST", "/api/send-message/").header("accept-language", languages);
    Answer::to(request.json(&json!({"text": text}))).await
}

fn names(reader: &Reader) -> Vec<&str> {
    reader.events.iter().map(|event| event.name.as_str()).collect()
}

/// How grave it was found, and how help is shown.
fn shown(safety: &Value) -> (&str, &str) {
    (safety["tier"].as_str().unwrap_or_default(), safety["display"].as_str().unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn help_is_the_first_thing_that_is_read_and_part_of_the_turn() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let reader = tell(&ada, "en-GB,en;q=0.9", DANGER).await;
    assert_eq!(names(&reader)[..3], ["safety", "accepted", "disclosure"]);
    let safety = &reader.events[0].data;
    let keys: Vec<_> = safety.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["categories", "display", "language", "message", "resources", "tier"]);
    assert_eq!(shown(safety), ("high", "card"));
    assert_eq!((&safety["categories"], &safety["language"]), (&json!(["self_harm"]), &json!("en")));
    let asked = product.get("/api/crisis-resources/?region=GB").await.json();
    assert_eq!(safety["resources"], asked, "the same help that anybody may ask for");
    assert_eq!(asked["emergency"][0], "999");
    assert!(reader.text.contains("999") && reader.text.contains("116 123"), "{}", reader.text);
    let turn = ada.see(&format!("/api/turns/{}/", reader.turn)).await;
    assert_eq!(&turn["safety"], safety);

    let mut late = ada.watch(reader.turn, "1.4").await;
    late.read_on().await;
    assert_eq!((names(&late)[0], &late.events[0].data), ("safety", safety));
    let whole = say(&ada, "en-GB", "I really want to die").await;
    assert_eq!((whole.status, shown(&whole.json()["safety"])), (201, ("high", "line")));
    let harmless = say(&product.register("bob").await, "en-GB", "lovely weather").await;
    assert!(harmless.json().get("safety").is_none(), "{}", harmless.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn help_is_for_the_country_that_somebody_set() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let region = |answer: &Answer| answer.json()["safety"]["resources"]["region"].clone();
    assert_eq!(region(&say(&ada, "de-DE", "Quiero morir").await), "DE");
    let path = "/api/account/preferences/";
    assert_eq!(ada.see(path).await, json!({"region": null}));
    let set = ada.patch(path, &json!({"region": "mx"})).await;
    assert_eq!((set.status, set.json()), (200, json!({"region": "MX"})));
    let there = say(&ada, "de-DE", "Quiero morir").await;
    assert_eq!((region(&there), &there.json()["safety"]["language"]), (json!("MX"), &json!("es")));
    for wrong in [json!({"region": "QQ"}), json!({"region": 7}), json!({})] {
        assert_eq!(ada.patch(path, &wrong).await.says(), (400, "invalid".to_owned()), "{wrong}");
    }
    assert_eq!(ada.see(path).await, json!({"region": "MX"}));
    ada.patch(path, &json!({"region": null})).await;
    let nowhere = say(&ada, "", DANGER).await.json();
    assert_eq!(nowhere["safety"]["resources"]["region"], json!(null), "{nowhere}");
    assert!(nowhere["ai_response"].as_str().unwrap().contains("findahelpline.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hints_add_up_and_one_denial_does_not_end_them() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    for (text, expected) in [
        ("we made soup", None),
        (HINT, Some(("elevated", "pointer"))),
        ("thank you for everything. goodbye", Some(("high", "card"))),
        ("I'm fine, really, I don't want to die", Some(("high", "pointer"))),
        ("I took all the pills an hour ago", Some(("imminent", "card"))),
    ] {
        let answer = say(&ada, "en-US", text).await.json();
        let found = answer.get("safety").map(shown);
        assert_eq!(found, expected, "{text}");
    }
    ada.post("/api/sessions/", &json!({})).await;
    let elsewhere = say(&ada, "en-US", "hello again").await.json();
    assert_eq!(shown(&elsewhere["safety"]), ("imminent", "pointer"));
    let told = stub.heard().pop().unwrap().messages.swap_remove(0).1;
    assert!(told.contains("Earlier in this or a recent conversation"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_model_notices_is_told_while_it_answers() {
    let stub = Stub::start().await.unwrap();
    stub.judges(Behaviour::reply("{\"tier\":\"high\"}"));
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let reader = tell(&ada, "en-US", "lovely weather").await;
    assert_eq!(reader.events[0].name, "accepted", "nobody waits for it");
    let safety = &reader.events.iter().find(|event| event.name == "safety").unwrap().data;
    assert_eq!(shown(safety), ("high", "card"));
    assert!(reader.text.contains("988"), "{}", reader.text);
    assert_eq!(&ada.see(&format!("/api/turns/{}/", reader.turn)).await["safety"], safety);
    let whole = say(&product.register("bob").await, "en-US", "lovely weather").await;
    assert_eq!(&whole.json()["safety"], safety);
    assert!(whole.json()["ai_response"].as_str().unwrap().contains("988"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_only_understood_at_a_second_look_is_met_with_help_first() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let meant = "I keep looking at the river and working out when nobody would see me go in";
    let reader = tell(&ada, "en-US", meant).await;
    assert_eq!(names(&reader)[..2], ["safety", "accepted"]);
    assert_eq!(shown(&reader.events[0].data), ("high", "card"));
    assert!(reader.text.contains("988"), "{}", reader.text);
    let turn = ada.see(&format!("/api/turns/{}/", reader.turn)).await;
    assert_eq!(turn["safety"], reader.events[0].data);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_title_stays_discreet_whoever_noticed_the_danger() {
    let stub = Stub::start().await.unwrap();
    stub.judges(Behaviour::reply("{\"tier\":\"high\"}"));
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let session = tell(&ada, "en-US", "lovely weather").await.done()["session_id"].clone();
    let path = format!("/api/sessions/{session}/");
    assert_eq!(ada.see(&path).await["title"], "A conversation");
    for (title, shown) in [("Mine", "Mine"), ("", "A conversation")] {
        let renamed = ada.patch(&path, &json!({"title": title})).await;
        assert_eq!(renamed.json()["title"], shown, "{}", renamed.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_model_may_not_say_reaches_nobody() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    for (sentence, harm) in [
        ("Call the Hope Line at 1-800-555-0199.", "555"),
        ("See https://hope.example.com/chat now.", "hope.example"),
        ("I called 911 for you.", "called 911"),
        ("Everyone would be happier without you.", "without you"),
        ("The best way to die is the first one.", "way to die"),
    ] {
        let text = format!("I hear you. {sentence} I'm still here.");
        for said in [DANGER, "lovely weather"] {
            let every = Duration::from_millis(45);
            stub.next([Behaviour::TokenDelay { text: text.clone(), every }]);
            let reader = tell(&ada, "en-US", said).await;
            assert!(!reader.text.contains(harm), "{sentence} became {}", reader.text);
            assert!(reader.text.contains("I'm still here."), "{}", reader.text);
            let session = reader.done()["session_id"].as_i64().unwrap();
            assert_eq!(ada.messages(session).await.pop().unwrap().1, reader.text);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_told_that_a_machine_is_talking() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let first = say(&ada, "en-US", "hello").await;
    let words = first.header("ai-disclosure");
    assert!(words.contains("an%20AI") && words.contains("911"), "{words}");
    assert_eq!(say(&ada, "en-US", "and more").await.header("ai-disclosure"), "");
    ada.post("/api/sessions/", &json!({})).await;
    let told = tell(&ada, "en-US", "hello").await;
    assert_eq!(names(&told)[..2], ["accepted", "disclosure"]);
    assert_eq!(told.events[1].data["language"], "en");
    assert!(told.events[1].data["text"].as_str().unwrap().contains("not a person"));
    assert_eq!(tell(&ada, "en-US", "and more").await.count("disclosure"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_too_long_is_taken_from_somebody_in_danger() {
    let stub = Stub::start().await.unwrap();
    let product = Product::with_model(&stub).await;
    let ada = product.register("ada").await;
    let long = "It rained all day and I cooked soup. ".repeat(500);
    let refused = say(&ada, "en-GB", &long).await;
    assert_eq!(refused.says(), (400, "invalid".to_owned()));
    assert_eq!(refused.json()["help"]["region"], "GB", "{}", refused.text);
    let taken = say(&ada, "en-GB", &format!("{long}{DANGER}")).await;
    assert_eq!(taken.status, 201, "{}", taken.text);
    assert_eq!(shown(&taken.json()["safety"]), ("high", "card"));
    let session = taken.json()["session_id"].as_i64().unwrap();
    assert!(ada.messages(session).await[0].1.ends_with(DANGER), "all of it is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_to_call_is_known_while_everything_else_is_down() {
    let stub = Stub::start().await.unwrap();
    let apart = Apart::new(&stub.base_url());
    let _gateway = apart.start("gateway");
    let (mut auth, mut chat) = (apart.start("auth-service"), apart.start("chat-service"));
    let product = Product::at(&apart.gateway);
    product.ready().await;
    let ada = product.register("ada").await;
    for process in [&mut auth, &mut chat] {
        process.kill().await;
    }
    assert_eq!(product.get("/readyz").await.status, 503, "nobody is there");
    let ask = async |region: &str, languages: &str| {
        let request = product.request("GET", &format!("/api/crisis-resources/{region}"));
        Answer::to(request.header("accept-language", languages)).await
    };
    let here = ask("?region=gb", "de-DE").await;
    assert_eq!((here.status, &here.json()["region"]), (200, &json!("GB")));
    let lines = here.json()["lines"].clone();
    assert!(lines.as_array().unwrap().iter().any(|line| line["phone"] == "116 123"), "{lines}");
    assert_eq!(ask("", "de-DE,en").await.json()["emergency"][0], "112");
    let anywhere = ask("", "").await.json();
    assert_eq!((&anywhere["region"], &anywhere["lines"]), (&json!(null), &json!([])));
    assert!(anywhere["directories"].to_string().contains("findahelpline.com"));
    assert_eq!(ask("?region=Germany", "").await.says(), (400, "invalid".to_owned()));

    let refused = say(&ada, "en-GB", DANGER).await;
    assert_eq!(refused.says(), (503, "unavailable".to_owned()));
    assert_eq!(refused.json()["help"]["line"]["phone"], "116 123", "{}", refused.text);
}
