//! Second thoughts: another reply, another message, and the way back.

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::{ListMessagesRequest, Message, RetryTurnRequest, SelectTurnRequest, Sender};
use tonic::{Code, Response, Status};

use super::harness::{Person, Service, impatient, patient, refused};

impl Person {
    async fn select(&self, turn_id: i64) -> Result<(), Status> {
        let request = self.asks(SelectTurnRequest { turn_id });
        self.client.clone().select_turn(request).await.map(drop)
    }

    /// Everything that was ever said in a session, in all branches.
    async fn everything(&self, session_id: i64) -> Vec<Message> {
        let request = ListMessagesRequest { session_id, all_branches: true, ..Default::default() };
        let listed = self.client.clone().list_messages(self.asks(request)).await;
        listed.map(Response::into_inner).unwrap().messages
    }

    async fn texts(&self, session_id: i64) -> Vec<String> {
        self.messages(session_id).await.into_iter().map(|(_, text)| text).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_reply_stands_beside_the_first() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    stub.next(["a1", "a2", "b1", "b2"].map(Behaviour::reply));
    ada.say("one").await;
    ada.say("two").await;
    let mut again = ada.regenerate(1).await.unwrap();
    again.read_on().await;
    assert_eq!(again.text, "b1");
    assert_eq!(ada.texts(1).await, ["one", "b1"], "what followed the old reply is another branch");
    let heard = stub.heard().pop().unwrap();
    assert_eq!(heard.messages.len(), 2, "persona and the one message");
    ada.say("three").await;
    assert_eq!(ada.texts(1).await, ["one", "b1", "three", "b2"]);

    ada.select(1).await.unwrap();
    assert_eq!(ada.texts(1).await, ["one", "a1", "two", "a2"], "nothing is lost");
    ada.say("four").await;
    let told: Vec<_> =
        stub.heard().pop().unwrap().messages.into_iter().map(|said| said.1).collect();
    assert_eq!(told[1..], ["one", "a1", "two", "a2", "four"]);
    ada.select(again.turn_id).await.unwrap();
    assert_eq!(ada.texts(1).await, ["one", "b1", "three", "b2"]);
    let everything = ada.everything(1).await;
    let replies = everything.iter().filter(|message| message.sender() == Sender::Ai).count();
    assert_eq!((everything.len(), replies), (9, 5));
    let shown = everything.iter().filter(|message| message.shown).count();
    assert_eq!(shown, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_says_something_else_and_keeps_what_was_said() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    stub.next(["a1", "a2", "a3", "b2"].map(Behaviour::reply));
    for text in ["one", "two", "three"] {
        ada.say(text).await;
    }
    let two = ada.page(1, 500, "").await.unwrap().messages[2].id;
    let mut edited = ada.edit(two, "two, but different").await.unwrap();
    edited.read_on().await;
    assert_eq!(ada.texts(1).await, ["one", "a1", "two, but different", "b2"]);
    let told: Vec<_> =
        stub.heard().pop().unwrap().messages.into_iter().map(|said| said.1).collect();
    assert_eq!(told[1..], ["one", "a1", "two, but different"]);
    ada.select(3).await.unwrap();
    assert_eq!(ada.texts(1).await, ["one", "a1", "two", "a2", "three", "a3"]);

    refused(ada.edit(two, "  ").await.map(drop), Code::InvalidArgument, "TEXT_REQUIRED");
    let eve = service.person(2);
    refused(eve.edit(two, "mine").await.map(drop), Code::NotFound, "MESSAGE_NOT_FOUND");
    refused(eve.regenerate(1).await.map(drop), Code::NotFound, "TURN_NOT_FOUND");
    refused(eve.select(1).await, Code::NotFound, "TURN_NOT_FOUND");
    let reply = ada.page(1, 500, "").await.unwrap().messages[1].id;
    refused(ada.edit(reply, "not mine").await.map(drop), Code::NotFound, "MESSAGE_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn second_thoughts_stop_what_is_at_work() {
    let stub = Stub::start().await.unwrap();
    stub.next([Behaviour::Silence]);
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let mut first = ada.stream("oops").await;
    first.read().await;
    stub.heard_at_least(1).await;
    let mut in_line = ada.stream("and more").await;
    in_line.read().await;
    let message = first.accepted.clone().unwrap().user_message_id;
    let mut edited = ada.edit(message, "what I meant").await.unwrap();
    edited.read_on().await;
    stub.hung_up_at_least(1).await;
    assert_eq!(ada.texts(1).await, ["what I meant", openai_stub::DEFAULT_REPLY]);
    for reader in [&mut first, &mut in_line] {
        reader.read_on().await;
        assert_eq!(reader.done().finish_reason, "cancelled");
    }
    assert_eq!(stub.heard().len(), 2, "what was in line is not asked any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_again_and_again_stops_what_was_asked_for_before() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    ada.say("one").await;
    stub.next([Behaviour::Silence, Behaviour::reply("the third")]);
    let mut second = ada.regenerate(1).await.unwrap();
    second.read().await;
    stub.heard_at_least(2).await;
    let mut third = ada.regenerate(1).await.unwrap();
    third.read_on().await;
    stub.hung_up_at_least(1).await;
    second.read_on().await;
    assert_eq!(second.done().finish_reason, "cancelled");
    assert_eq!(ada.texts(1).await, ["one", "the third"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_that_is_not_shown_goes_on_from_where_it_was() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(impatient(&stub)).await;
    let ada = service.person(1);
    stub.next([Behaviour::reply("a1"), Behaviour::unauthorized()]);
    ada.say("one").await;
    ada.say_in(None, "two").await.unwrap_err();
    let two = ada.page(1, 500, "").await.unwrap().messages[2].id;
    stub.next([Behaviour::reply("b2")]);
    ada.edit(two, "two, but different").await.unwrap().read_on().await;

    stub.next([Behaviour::reply("a2")]);
    let request = ada.asks(RetryTurnRequest { turn_id: 2 });
    ada.client.clone().retry_turn(request).await.unwrap();
    ada.watch(2).await.read_on().await;
    let told = |heard: openai_stub::Heard| -> Vec<String> {
        heard.messages.into_iter().skip(1).map(|said| said.1).collect()
    };
    assert_eq!(told(stub.heard().pop().unwrap()), ["one", "a1", "two"]);
    assert_eq!(ada.texts(1).await, ["one", "a1", "two, but different", "b2"], "still hidden");

    stub.next([Behaviour::reply("a2, again")]);
    ada.regenerate(2).await.unwrap().read_on().await;
    assert_eq!(told(stub.heard().pop().unwrap()), ["one", "a1", "two"]);
    assert_eq!(
        ada.texts(1).await,
        ["one", "a1", "two", "a2, again"],
        "shown, because it is asked for"
    );
    let again = ada.asks(RetryTurnRequest { turn_id: 2 });
    let again = ada.client.clone().retry_turn(again).await;
    refused(again.map(drop), Code::FailedPrecondition, "NOTHING_TO_RETRY");
}
