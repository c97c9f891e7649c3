//! What is kept, and whose it is.

use std::collections::HashSet;

use chat_service::BuddyConfig;
use openai_stub::{Behaviour, Stub};
use proto::chat::v1::{CreateSessionRequest, ListSessionsRequest, Sender};
use tonic::Code;

use super::harness::{Person, Service, config, patient, refused};

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_goes_on_in_the_latest_session() {
    let stub = Stub::start().await.unwrap();
    stub.next([Behaviour::reply("First answer."), Behaviour::reply("Second answer.")]);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let (session, first) = ada.say("first question").await;
    let (same, second) = ada.say("second question").await;
    assert_eq!(
        (first.as_str(), second.as_str(), same),
        ("First answer.", "Second answer.", session)
    );
    let said = [
        (Sender::User, "first question"),
        (Sender::Ai, "First answer."),
        (Sender::User, "second question"),
        (Sender::Ai, "Second answer."),
    ];
    assert_eq!(ada.messages(session).await, said.map(|(who, what)| (who, what.to_owned())));

    let started =
        ada.client.clone().create_session(ada.asks(CreateSessionRequest::default())).await;
    let started = started.unwrap().into_inner().session.unwrap();
    assert_eq!(ada.say("elsewhere").await.0, started.id, "the newest session is the latest");
    assert_eq!(ada.say_in(Some(session), "back").await.unwrap().session_id, session);
    assert_eq!(ada.say("and again").await.0, started.id, "latest by creation, not by use");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_others_does_not_exist() {
    let service = Service::start(config(BuddyConfig::Offline)).await;
    let (ada, eve) = (service.person(1), service.person(2));
    let (session, _) = ada.say("only for you").await;

    let foreign = eve.say_in(Some(session), "hello").await.unwrap_err();
    let missing = eve.say_in(Some(999_999), "hello").await.unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
    assert_eq!(
        (foreign.message(), foreign.details()),
        (missing.message(), missing.details()),
        "there is no telling them apart"
    );
    let foreign = eve.page(session, 0, "").await.unwrap_err();
    let missing = eve.page(999_999, 0, "").await.unwrap_err();
    assert_eq!((foreign.message(), foreign.details()), (missing.message(), missing.details()));
    for odd in [0, -1, i64::MIN, i64::MAX] {
        refused(eve.page(odd, 0, "").await, Code::NotFound, "SESSION_NOT_FOUND");
        refused(eve.say_in(Some(odd), "x").await, Code::NotFound, "SESSION_NOT_FOUND");
    }
    assert_eq!(ada.messages(session).await.len(), 2, "and nothing was added");
    let sessions = eve.client.clone().list_sessions(eve.asks(ListSessionsRequest::default())).await;
    assert!(sessions.unwrap().into_inner().sessions.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_add_up_to_the_whole() {
    let service = Service::start(config(BuddyConfig::Offline)).await;
    let ada = service.person(1);
    let (session, _) = ada.say("number 0").await;
    for number in 1..5 {
        ada.say(&format!("number {number}")).await;
    }
    let whole = ada.messages(session).await;
    assert_eq!(whole.len(), 10);
    for size in [1, 3, 5, 10, 11] {
        let (mut read, mut token) = (Vec::new(), String::new());
        loop {
            let page = ada.page(session, size, &token).await.unwrap();
            assert!(page.messages.len() <= size.try_into().unwrap());
            read.extend(page.messages.into_iter().map(|said| (said.sender(), said.text)));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(read, whole, "in pages of {size}");
    }
    for (size, token) in [(-1, ""), (0, "nonsense"), (0, "AAAAAAAAAAA=")] {
        let page = ada.page(session, size, token).await;
        refused(page, Code::InvalidArgument, "PAGE_INVALID");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_long_messages_is_cut_by_size() {
    let service = Service::start(config(BuddyConfig::Offline)).await;
    let ada = service.person(1);
    let long = "😀".repeat(16_000);
    let mut session = 0;
    for _ in 0..20 {
        session = ada.say(&long).await.0;
    }
    let page = ada.page(session, 500, "").await.unwrap();
    assert!(page.messages.len() < 40 && !page.next_page_token.is_empty(), "1.3 MB are two pages");
    let rest = ada.page(session, 500, &page.next_page_token).await.unwrap();
    assert_eq!(page.messages.len() + rest.messages.len(), 40);
    assert!(rest.next_page_token.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_must_say_something_and_fit() {
    let service = Service::start(config(BuddyConfig::Offline)).await;
    let ada = service.person(1);
    for blank in ["", "   ", "\n\t\u{2003}"] {
        refused(ada.say_in(None, blank).await, Code::InvalidArgument, "TEXT_REQUIRED");
    }
    let long = "a".repeat(16_001);
    refused(ada.say_in(None, &long).await, Code::InvalidArgument, "TEXT_TOO_LONG");
    let sessions = ada.client.clone().list_sessions(ada.asks(ListSessionsRequest::default())).await;
    assert!(sessions.unwrap().into_inner().sessions.is_empty(), "nothing was stored");
    assert!(ada.say_in(None, &long[1..]).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_first_messages_at_once_those_that_fit_in_line_are_kept() {
    let service = Service::start(config(BuddyConfig::Offline)).await;
    let ada = service.person(1);
    let say = async |ada: Person, number: i32| ada.say_in(None, &format!("number {number}")).await;
    let sent = (0..50).map(|number| say(ada.clone(), number));
    let (mut sessions, mut kept) = (HashSet::new(), HashSet::new());
    for answer in futures_util::future::join_all(sent).await {
        match answer {
            Ok(answer) => {
                sessions.insert(answer.session_id);
                kept.insert(answer.user_message.unwrap().text);
            }
            refusal => refused(refusal, Code::ResourceExhausted, "SESSION_BUSY"),
        }
    }
    assert_eq!(sessions.len(), 1);
    assert!(kept.len() >= 5, "one at work and four in line");
    let said = ada.messages(*sessions.iter().next().unwrap()).await;
    let (asked, answered): (Vec<_>, Vec<_>) =
        said.into_iter().partition(|(who, _)| *who == Sender::User);
    assert_eq!(asked.iter().map(|(_, text)| text.clone()).collect::<HashSet<_>>(), kept);
    assert_eq!(answered.len(), kept.len(), "each has one answer");
}
