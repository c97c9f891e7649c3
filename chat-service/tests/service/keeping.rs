//! Conversations as their owners keep them.

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::export_item::Item;
use proto::chat::v1::{
    CreateSessionRequest, DeleteSessionRequest, ExportRequest, Feedback, GetContextRequest,
    GetSessionRequest, ListMessagesRequest, ListSessionsRequest, Rating, SearchMessagesRequest,
    Session, SetFeedbackRequest, UpdateSessionRequest,
};
use tonic::{Code, Response, Status};

use super::harness::{Person, Service, patient, refused};

impl Person {
    pub(crate) async fn new_session(&self, title: &str) -> i64 {
        let request = CreateSessionRequest { title: title.into(), ..Default::default() };
        let made = self.client.clone().create_session(self.asks(request)).await.unwrap();
        made.into_inner().session.unwrap().id
    }

    pub(crate) async fn delete_session(&self, session_id: i64) -> Result<(), Status> {
        let request = self.asks(DeleteSessionRequest { session_id });
        self.client.clone().delete_session(request).await.map(drop)
    }

    async fn session(&self, session_id: i64) -> Result<Session, Status> {
        let request = self.asks(GetSessionRequest { session_id });
        let found = self.client.clone().get_session(request).await;
        found.map(|found| found.into_inner().session.unwrap())
    }

    async fn change(&self, request: UpdateSessionRequest) -> Result<Session, Status> {
        let changed = self.client.clone().update_session(self.asks(request)).await;
        changed.map(|changed| changed.into_inner().session.unwrap())
    }

    async fn sessions(&self, archived: bool) -> Vec<i64> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = ListSessionsRequest { page_size: 2, page_token, archived };
            let page = self.client.clone().list_sessions(self.asks(request)).await.unwrap();
            let page = page.into_inner();
            all.extend(page.sessions.iter().map(|session| session.id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    async fn search(&self, query: &str) -> Result<Vec<(i64, String)>, Status> {
        let request = SearchMessagesRequest { query: query.into(), ..Default::default() };
        let found = self.client.clone().search_messages(self.asks(request)).await?.into_inner();
        let hit = |hit: proto::chat::v1::search_messages_response::Hit| {
            (hit.message.unwrap().id, hit.snippet)
        };
        Ok(found.hits.into_iter().map(hit).collect())
    }

    async fn export(&self) -> Vec<Item> {
        let mut items = Vec::new();
        let exported = self.client.clone().export(self.asks(ExportRequest {})).await;
        let mut exported = exported.unwrap().into_inner();
        while let Some(item) = exported.message().await.unwrap() {
            items.push(item.item.unwrap());
        }
        items
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_called_by_its_first_words_until_it_gets_a_name() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    let empty = ada.new_session("").await;
    assert_eq!(ada.session(empty).await.unwrap().title, "");
    ada.say("My exam is tomorrow").await;
    let named = ada.session(empty).await.unwrap();
    assert_eq!((named.title.as_str(), named.has_own_title), ("My exam is tomorrow", false));
    let title = Some("Exams".to_owned());
    let changed = ada.change(UpdateSessionRequest { session_id: empty, title, archived: None });
    let changed = changed.await.unwrap();
    assert!(changed.has_own_title && changed.version > named.version);
    ada.say("It went well").await;
    assert_eq!(ada.session(empty).await.unwrap().title, "Exams", "a person's own title is final");
    let back =
        UpdateSessionRequest { session_id: empty, title: Some(String::new()), archived: None };
    assert_eq!(ada.change(back).await.unwrap().title, "My exam is tomorrow");
    let long = Some("x".repeat(201));
    let wrong = ada.change(UpdateSessionRequest { session_id: empty, title: long, archived: None });
    refused(wrong.await, Code::InvalidArgument, "TITLE_INVALID");

    let danger = ada.new_session("").await;
    ada.say("I want to die").await;
    assert_eq!(ada.session(danger).await.unwrap().title, "A conversation");
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_by_activity_put_away_and_taken_out_again() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    for title in ["a", "b", "c", "d", "e"] {
        ada.new_session(title).await;
    }
    assert_eq!(ada.sessions(false).await, [5, 4, 3, 2, 1]);
    ada.say_in(Some(2), "hello").await.unwrap();
    assert_eq!(ada.sessions(false).await, [2, 5, 4, 3, 1]);
    let away = UpdateSessionRequest { session_id: 4, title: None, archived: Some(true) };
    assert!(ada.change(away.clone()).await.unwrap().archive_time.is_some());
    assert_eq!((ada.sessions(false).await, ada.sessions(true).await), (vec![2, 5, 3, 1], vec![4]));
    ada.change(UpdateSessionRequest { archived: Some(false), ..away.clone() }).await.unwrap();
    assert_eq!(ada.sessions(false).await.len(), 5);

    // Where something is said again, nothing is put away; where nothing else is said, it goes elsewhere.
    ada.change(away.clone()).await.unwrap();
    ada.say_in(Some(4), "here again").await.unwrap();
    assert!(ada.sessions(true).await.is_empty());
    ada.change(UpdateSessionRequest { session_id: 5, ..away.clone() }).await.unwrap();
    assert_eq!(ada.say("somewhere").await.0, 4);

    let eve = service.person(2);
    assert!(eve.sessions(false).await.is_empty());
    refused(eve.session(2).await, Code::NotFound, "SESSION_NOT_FOUND");
    refused(eve.change(away).await, Code::NotFound, "SESSION_NOT_FOUND");
    refused(eve.delete_session(2).await, Code::NotFound, "SESSION_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_forward_and_backward_and_versions_save_the_trouble() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    for number in 0..5 {
        ada.say(&format!("number {number}")).await;
    }
    let list = async |request: ListMessagesRequest| {
        let request = ada.asks(ListMessagesRequest { session_id: 1, ..request });
        ada.client.clone().list_messages(request).await.map(Response::into_inner)
    };
    let ids = |page: &proto::chat::v1::ListMessagesResponse| {
        page.messages.iter().map(|message| message.id).collect::<Vec<_>>()
    };
    let latest =
        ListMessagesRequest { before_id: Some(i64::MAX), page_size: 4, ..Default::default() };
    let page = list(latest.clone()).await.unwrap();
    assert_eq!((ids(&page), page.has_more_before), (vec![7, 8, 9, 10], true));
    let page = list(ListMessagesRequest { before_id: Some(7), ..latest.clone() }).await.unwrap();
    assert_eq!((ids(&page), page.has_more_before), (vec![3, 4, 5, 6], true));
    let page = list(ListMessagesRequest { before_id: Some(3), ..latest.clone() }).await.unwrap();
    assert_eq!((ids(&page), page.has_more_before), (vec![1, 2], false));
    let forward = ListMessagesRequest { after_id: Some(8), ..Default::default() };
    let page = list(forward).await.unwrap();
    assert_eq!((ids(&page), page.next_page_token.as_str()), (vec![9, 10], ""));

    let known_version = Some(page.version);
    let again = list(ListMessagesRequest { known_version, ..Default::default() }).await.unwrap();
    assert!(again.not_modified && again.messages.is_empty());
    ada.say("news").await;
    let again = list(ListMessagesRequest { known_version, ..Default::default() }).await.unwrap();
    assert!(!again.not_modified && again.messages.len() == 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn search_finds_ones_own_words_and_nobody_elses() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let (ada, bob) = (service.person(1), service.person(12));
    stub.next([Behaviour::reply("Exams are hard. Breathe.")]);
    ada.say("My über-important exam is tomorrow").await;
    ada.say("I slept badly").await;
    bob.say("the exam of somebody else, user1").await;
    let found = ada.search("EXAM").await.unwrap();
    assert_eq!(found.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 1], "newest first");
    assert!(found[1].1.contains("exam is tomorrow"), "{found:?}");
    assert_eq!(ada.search("uber exa").await.unwrap().len(), 1, "accents and beginnings");
    assert_eq!(ada.search("tomorrow slept").await.unwrap().len(), 0, "all words in one message");
    for query in ["user1", "user12", "owner:user12", "\" OR 1", "NOT exam*", "text"] {
        let found = ada.search(query).await.unwrap_or_default();
        assert!(found.iter().all(|(id, _)| *id <= 4), "{query} found {found:?}");
    }
    refused(ada.search(" -*\" ").await, Code::InvalidArgument, "QUERY_INVALID");
    ada.delete_session(1).await.unwrap();
    assert!(ada.search("exam").await.unwrap().is_empty());
    assert_eq!(bob.search("exam").await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_context_is_exactly_what_the_model_is_sent() {
    let stub = Stub::start().await.unwrap();
    let mut config = patient(&stub);
    config.turns.window = chat_service::Window { all: 4_000, reply: 500, reserve: 1_000 };
    let service = Service::start(config).await;
    let ada = service.person(1);
    for number in 0..120 {
        ada.say(&format!("this is number {number}, and there are many of them")).await;
    }
    let text = "what comes next?".to_owned();
    let request = ada.asks(GetContextRequest { session_id: 1, text: text.clone() });
    let context = ada.client.clone().get_context(request).await.unwrap().into_inner();
    ada.say(&text).await;
    let heard = stub.heard().pop().unwrap();
    let told: Vec<_> = context.entries.into_iter().map(|said| (said.role, said.content)).collect();
    assert_eq!(told, heard.messages);
    assert!(context.is_cut && context.prompt_tokens <= 4_000 - 500 - 1_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_finds_it_too_long_gets_less_once() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    for number in 0..20 {
        ada.say(&format!("number {number}")).await;
    }
    stub.next([Behaviour::context_length_exceeded(), Behaviour::reply("Shorter is fine.")]);
    assert_eq!(ada.say("and now?").await.1, "Shorter is fine.");
    let heard = stub.heard();
    let (first, second) = (&heard[20].messages, &heard[21].messages);
    assert!(second.len() < first.len() && second.len() > 2);
    assert_eq!((first.first(), first.last()), (second.first(), second.last()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exported_is_what_there_is_and_what_is_deleted_is_gone() {
    let stub = Stub::start().await.unwrap();
    let service = Service::start(patient(&stub)).await;
    let ada = service.person(1);
    ada.say("one").await;
    ada.say("two").await;
    ada.regenerate(2).await.unwrap().read_on().await;
    let kept = ada.new_session("kept").await;
    ada.say("three").await;
    service.person(2).say("not ada's").await;
    let feedback = Feedback { rating: Rating::Up.into(), comment: "that helped".into() };
    let request = SetFeedbackRequest { message_id: 2, feedback: Some(feedback.clone()) };
    ada.client.clone().set_feedback(ada.asks(request)).await.unwrap();

    let items = ada.export().await;
    let sessions: Vec<_> = items.iter().filter(|item| matches!(item, Item::Session(_))).collect();
    let turns = items.iter().filter(|item| matches!(item, Item::Turn(_))).count();
    let said: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            Item::Message(said) => Some((said.id, said.text.as_str(), said.shown)),
            _ => None,
        })
        .collect();
    assert_eq!((sessions.len(), turns), (2, 4));
    let hear = openai_stub::DEFAULT_REPLY;
    let expected = [
        (1, "one", true),
        (2, hear, true),
        (3, "two", true),
        (4, hear, false),
        (6, hear, true),
        (7, "three", true),
        (8, hear, true),
    ];
    assert_eq!(said, expected);
    let rated = items.iter().any(
        |item| matches!(item, Item::Message(said) if said.feedback.as_ref() == Some(&feedback)),
    );
    assert!(rated, "opinions are part of it");
    assert!(matches!(items.last(), Some(Item::Usage(day)) if day.turns == 4));

    ada.delete_session(1).await.unwrap();
    let items = ada.export().await;
    assert!(matches!(items.first(), Some(Item::Session(session)) if session.id == kept));
    assert_eq!(items.len(), 5, "session, turn, two messages, usage");
    refused(ada.page(1, 0, "").await, Code::NotFound, "SESSION_NOT_FOUND");
    let data = service.stop().await;
    // A server overwrites what is deleted when it cleans up.
    if let Ok(file) = std::fs::read(data.path().join("chat.db")) {
        let has = |words: &[u8]| file.windows(words.len()).any(|place| place == words);
        assert!(!has(b"that helped"), "what is deleted is overwritten");
        assert!(has(b"three"), "and nothing else");
    }
    for (what, rows) in [
        ("sessions WHERE user_id = 1", 1),
        ("turns WHERE user_id = 1", 1),
        ("messages WHERE user_id = 1", 2),
        ("feedback", 0),
    ] {
        assert_eq!(count(&data, what).await, rows, "{what}");
    }
    let index = match scratch::server() {
        Some(_) => ["messages WHERE search @@ 'one | two'", "messages WHERE search @@ 'three'"],
        None => ["search WHERE search MATCH 'one OR two'", "search WHERE search MATCH 'three'"],
    };
    assert_eq!([count(&data, index[0]).await, count(&data, index[1]).await], [0, 1]);
}

/// How many rows there are of something.
async fn count(data: &tempfile::TempDir, what: &str) -> i64 {
    let database = scratch::connect(data.path(), "chat").await;
    scratch::number(&database, &format!("SELECT COUNT(*) FROM {what}")).await
}
