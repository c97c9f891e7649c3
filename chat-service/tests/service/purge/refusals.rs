//! Who may ask for a deletion, and what is answered to whoever is deleted.

use std::collections::BTreeSet;

use openai_stub::Stub;
use prost::Message as _;
use prost_types::FileDescriptorSet;
use proto::chat::v1 as pb;
use tonic::{Code, Request};

use super::ADA;
use super::remains::Remains;
use crate::service::harness::{Person, Service, patient, refused};
use crate::service::reader::End;

/// The RPCs of the chat service, from its own contract.
fn rpcs() -> BTreeSet<String> {
    let all = FileDescriptorSet::decode(proto::DESCRIPTORS).unwrap();
    let services = all.file.into_iter().flat_map(|file| file.service);
    let chat = services.filter(|service| service.name() == "ChatService");
    chat.flat_map(|service| service.method).map(|method| method.name().to_owned()).collect()
}

/// Asks for everything there is to ask for, and is refused each time. Returns what was asked for.
async fn ask_for_everything(person: &Person) -> BTreeSet<String> {
    let mut asked = BTreeSet::new();
    macro_rules! ask {
        ($rpc:literal, $method:ident, $request:expr) => {
            let answer = person.client.clone().$method(person.asks($request)).await;
            refused(answer.map(drop), Code::Unauthenticated, "ACCOUNT_DELETED");
            asked.insert($rpc.to_owned());
        };
    }
    let text = || "hello".to_owned();
    let said = || pb::SendMessageRequest { text: text(), ..Default::default() };
    ask!("SendMessage", send_message, said());
    ask!("StreamMessage", stream_message, said());
    let again = pb::RegenerateReplyRequest { turn_id: 1, ..Default::default() };
    ask!("RegenerateReply", regenerate_reply, again);
    let edit = pb::EditMessageRequest { message_id: 1, text: text(), ..Default::default() };
    ask!("EditMessage", edit_message, edit);
    ask!("RetryTurn", retry_turn, pb::RetryTurnRequest { turn_id: 1 });
    ask!("GetTurn", get_turn, pb::GetTurnRequest { turn_id: 1 });
    ask!("WatchTurn", watch_turn, pb::WatchTurnRequest { turn_id: 1, ..Default::default() });
    ask!("CancelTurn", cancel_turn, pb::CancelTurnRequest { turn_id: 1, ..Default::default() });
    ask!("SelectTurn", select_turn, pb::SelectTurnRequest { turn_id: 1 });
    let list = pb::ListMessagesRequest { session_id: 1, ..Default::default() };
    ask!("ListMessages", list_messages, list);
    let search = pb::SearchMessagesRequest { query: text(), ..Default::default() };
    ask!("SearchMessages", search_messages, search);
    let rate = pb::SetFeedbackRequest { message_id: 2, feedback: None };
    ask!("SetFeedback", set_feedback, rate);
    ask!("CreateSession", create_session, pb::CreateSessionRequest::default());
    ask!("GetSession", get_session, pb::GetSessionRequest { session_id: 1 });
    ask!("ListSessions", list_sessions, pb::ListSessionsRequest::default());
    let rename = pb::UpdateSessionRequest { session_id: 1, title: Some(text()), archived: None };
    ask!("UpdateSession", update_session, rename);
    ask!("DeleteSession", delete_session, pb::DeleteSessionRequest { session_id: 1 });
    ask!("GetContext", get_context, pb::GetContextRequest { session_id: 1, text: text() });
    ask!("Export", export, pb::ExportRequest {});
    ask!("GetUsage", get_usage, pb::GetUsageRequest::default());
    ask!("GetPreferences", get_preferences, pb::GetPreferencesRequest {});
    let move_away = pb::UpdatePreferencesRequest { region: Some("GB".into()) };
    ask!("UpdatePreferences", update_preferences, move_away);
    asked
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_whoever_is_deleted_opens_nothing_any_more() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(ADA);
    ada.say("hello").await;
    service.purge(ADA).await.unwrap();
    assert_eq!(ask_for_everything(&ada).await, rpcs());
    let there = service.beside(patient(&stub)).await;
    assert_eq!(ask_for_everything(&there.person(ADA)).await, rpcs());
    let remains = Remains::of(&service).await;
    assert_eq!((remains.size_of(ADA).await, stub.heard().len()), (0, 1));

    // Whoever is in danger is given help, whoever they are.
    let mut reader = ada.stream("I want to die").await;
    reader.read_on().await;
    assert_eq!(reader.told, ["safety", "failed"]);
    assert_eq!(reader.end, Some(End::Failed(pb::ErrorReason::AccountDeleted)));
    assert_eq!((remains.size_of(ADA).await, stub.heard().len()), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_auth_service_may_have_somebody_deleted() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(ADA);
    ada.say("hello").await;
    for name in [None, Some("gateway"), Some("chat-service"), Some("")] {
        refused(service.purge_as(name, ADA).await, Code::PermissionDenied, "NOT_ALLOWED");
    }
    // Nor does one's own token.
    let mut people =
        pb::user_data_service_client::UserDataServiceClient::new(service.channel.clone());
    let own: Request<_> = ada.asks(pb::PurgeUserRequest { user_id: ADA });
    refused(people.purge_user(own).await, Code::PermissionDenied, "NOT_ALLOWED");
    assert_eq!(ada.messages(1).await.len(), 2, "nothing is gone");
}
