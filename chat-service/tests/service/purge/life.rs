//! A life in which everything happens that is kept of a person.

use openai_stub::{Behaviour, Stub};
use proto::chat::v1::{
    Feedback, Rating, SetFeedbackRequest, UpdatePreferencesRequest, UpdateSessionRequest,
};

use crate::service::harness::Person;

/// The words of a life: nobody else says them.
pub(super) struct Words {
    pub(super) said: &'static str,
    pub(super) edited: &'static str,
    pub(super) named: &'static str,
    pub(super) unanswered: &'static str,
    pub(super) grave: &'static str,
    pub(super) title: &'static str,
    pub(super) reply: &'static str,
    pub(super) comment: &'static str,
}

pub(super) const MOUNTAINS: Words = Words {
    said: "zugspitze",
    edited: "watzmann",
    named: "hochvogel",
    unanswered: "dachstein",
    grave: "jungfrau",
    title: "eiger",
    reply: "matterhorn",
    comment: "piz bernina",
};
pub(super) const RIVERS: Words = Words {
    said: "moldau",
    edited: "weser",
    named: "donau",
    unanswered: "havel",
    grave: "neckar",
    title: "spree",
    reply: "salzach",
    comment: "rio negro",
};

impl Words {
    pub(super) fn all(&self) -> [&'static str; 8] {
        let Self { said, edited, named, unanswered, grave, title, reply, comment } = self;
        [said, edited, named, unanswered, grave, title, reply, comment]
    }
}

impl Person {
    /// Lives it.
    pub(super) async fn live(&self, stub: &Stub, words: &Words) {
        let session = self.say(&format!("Shall I climb or swim, {}?", words.said)).await.0;
        stub.next([Behaviour::reply(format!("I would, by the {}.", words.reply))]);
        let answer = self.say_in(None, "Are you sure?").await.unwrap();
        let (message, reply) = (answer.user_message.unwrap(), answer.ai_message.unwrap());
        self.rate(reply.id, words.comment).await;
        self.regenerate(answer.turn.unwrap().id).await.unwrap().read_on().await;
        let text = format!("What about {}?", words.edited);
        self.edit(message.id, &text).await.unwrap().read_on().await;

        let elsewhere = self.new_session("").await;
        let mut named = self.stream_in(None, words.named, "try-1").await.unwrap();
        named.read_on().await;
        stub.next([Behaviour::unauthorized()]);
        self.say_in(Some(elsewhere), words.unanswered).await.unwrap_err();
        self.say(&format!("I want to die, {}", words.grave)).await;

        let title = Some(words.title.to_owned());
        let change = UpdateSessionRequest { session_id: session, title, archived: Some(true) };
        self.client.clone().update_session(self.asks(change)).await.unwrap();
        let set = UpdatePreferencesRequest { region: Some("GB".into()) };
        self.client.clone().update_preferences(self.asks(set)).await.unwrap();
    }

    async fn rate(&self, message_id: i64, comment: &str) {
        let feedback = Some(Feedback { rating: Rating::Up.into(), comment: comment.into() });
        let request = SetFeedbackRequest { message_id, feedback };
        self.client.clone().set_feedback(self.asks(request)).await.unwrap();
    }
}
