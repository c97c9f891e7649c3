//! Help while the database is of no use.

use openai_stub::Stub;
use prost::Message as _;
use proto::chat::SAFETY_METADATA;
use proto::chat::v1::safety::{Display, Tier};
use proto::chat::v1::{ErrorReason, Safety};
use sea_orm::ConnectionTrait as _;
use tonic::{Code, Status};

use super::{DANGER, HINT, region, shown};
use crate::service::harness::{Service, patient, refused};
use crate::service::reader::End;

/// The help that an error carries.
fn carried(status: &Status) -> Option<Safety> {
    let help = status.metadata().get_bin(SAFETY_METADATA)?.to_bytes().unwrap();
    Some(Safety::decode(help).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn help_needs_no_database() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-GB");
    ada.say("hello").await;
    let database = service.database().await;
    scratch::refuse(&database, "refused", ("INSERT", "turns", "")).await;
    for broken in ["SELECT 1", "ALTER TABLE risks RENAME TO gone", "DROP TABLE preferences"] {
        database.execute_unprepared(broken).await.unwrap();
        let refusal = ada.say_in(None, DANGER).await.unwrap_err();
        assert_eq!(refusal.code(), Code::Internal, "{broken}");
        let help = carried(&refusal).unwrap();
        assert_eq!((help.tier(), help.display()), (Tier::High, Display::Card), "{broken}");
        assert_eq!(region(&help), "GB");
        assert!(!help.resources.unwrap().lines.is_empty());

        let reader = ada.tell(DANGER).await;
        assert_eq!(reader.told, ["safety", "failed"], "{broken}");
        assert_eq!(reader.end, Some(End::Failed(ErrorReason::Internal)));
        assert_eq!(shown(&reader), Some((Tier::High, Display::Card)));

        for (text, noticed) in [("it rained", None), (HINT, Some(Tier::Elevated))] {
            let refusal = ada.say_in(None, text).await.unwrap_err();
            assert_eq!(carried(&refusal).map(|it| it.tier()), noticed, "{text}");
            refused(ada.stream_in(None, text, "").await.map(drop), Code::Internal, "INTERNAL");
        }
    }
    assert_eq!(stub.heard().len(), 1, "the model is asked only about what is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_does_not_wait_for_a_database_that_somebody_else_has() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("en-US");
    ada.say("hello").await;
    let other = scratch::hold(&service.database().await, "turns, sessions, departed").await;
    let mut reader = ada.stream(DANGER).await;
    reader.read().await;
    assert_eq!((reader.told[0], region(&reader.safety[0])), ("safety", "US"));
    other.rollback().await.unwrap();
    reader.read_on().await;
    assert_eq!(reader.told[1], "accepted", "and then it goes on as ever");
    reader.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_about_a_message_in_danger_carries_help_whatever_it_is() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1).speaking("de-DE");
    let refusal = ada.say_in(Some(999), DANGER).await.unwrap_err();
    assert_eq!(refusal.code(), Code::NotFound);
    assert_eq!(region(&carried(&refusal).unwrap()), "DE");
    let mut reader = ada.stream_in(Some(999), DANGER, "").await.unwrap();
    reader.read_on().await;
    assert_eq!(reader.told, ["safety", "failed"]);
    assert_eq!(reader.end, Some(End::Failed(ErrorReason::SessionNotFound)));
    let mut reader = ada.edit(999, DANGER).await.unwrap();
    reader.read_on().await;
    assert_eq!(reader.told, ["safety", "failed"]);
}
