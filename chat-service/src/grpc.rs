//! The gRPC face: decode, call, encode.

mod events;
mod export;
mod safety;
mod user_data;
mod views;

use std::sync::Arc;

use auth_client::{Principal, Verifier};
use chassis::clock;
use chassis::grpc::{self, Services};
use chrono::{DateTime, Utc};
use proto::chat::v1 as pb;
use proto::chat::v1::chat_service_server::{ChatService, ChatServiceServer};
use proto::chat::v1::safety_service_server::SafetyServiceServer;
use proto::chat::v1::user_data_service_server::UserDataServiceServer;
use tonic::{Request, Response, Status};

use crate::conversations::{Conversations, Hearing};
use crate::error::Error;
use crate::pages::{self, HITS, Position, ROWS};
use crate::store::{Change, Keep, Spot};
use crate::turns::Cursor;
use events::{Events, Opening};
use export::Items;

/// Text on one page of messages, in bytes: a quarter of what a gRPC client takes by default.
const PAGE_BYTES: usize = 1024 * 1024;
/// Days of usage when the caller does not say, and at most.
const DAYS: pages::Sizes = pages::Sizes { default: 30, most: 366 };

/// What this service serves.
pub(crate) async fn services(conversations: Conversations, verifier: Verifier) -> Services {
    let conversations = Arc::new(conversations);
    let people = UserDataServiceServer::new(user_data::Handler::new(conversations.clone()));
    let server = ChatServiceServer::new(Handler { conversations, verifier })
        .max_decoding_message_size(grpc::MAX_REQUEST_BYTES);
    let help = SafetyServiceServer::new(safety::Help);
    Services::new(proto::DESCRIPTORS).await.add(server).await.add(help).await.add(people).await
}

/// The generated service, implemented.
struct Handler {
    conversations: Arc<Conversations>,
    verifier: Verifier,
}

impl Handler {
    /// Whose call it is, and what they ask.
    async fn open<T>(&self, request: Request<T>) -> Result<(Principal, T, DateTime<Utc>), Error> {
        let now = clock::now();
        let (metadata, _, message) = request.into_parts();
        let seconds = clock::unix_seconds(now);
        let who = self.verifier.authenticate(&metadata.into_headers(), seconds).await?;
        Ok((who, message, now))
    }
}

/// An answer of one message.
type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ChatService for Handler {
    type StreamMessageStream = Events;
    type RegenerateReplyStream = Events;
    type EditMessageStream = Events;
    type RetryTurnStream = Events;
    type WatchTurnStream = Events;
    type ExportStream = Items;

    async fn send_message(
        &self,
        request: Request<pb::SendMessageRequest>,
    ) -> Answer<pb::SendMessageResponse> {
        let accepted = safety::accepted(&request);
        let (who, request, now) = self.open(request).await?;
        let pb::SendMessageRequest { session_id, text, request_id } = request;
        let spot = session_id.map_or(Spot::Latest, Spot::Session);
        let heard = self.conversations.hear(&who, spot, &text, &accepted, now).await;
        let mut noticed = heard.notice.clone();
        let answered = async {
            let said = self.conversations.say(&who, session_id, text, &request_id, (&heard, now));
            let begun = said.await?;
            // A stop does not wait for those who only wait.
            drop(heard);
            noticed = begun.turn.notice().or(noticed.take());
            let (replayed, limits) = (begun.replayed, views::limits(&begun.allowances));
            let disclosure = self.conversations.disclosure(&begun.turn).map(safety::disclosure);
            let (outcome, user, ai) = self.conversations.answer(&who, begun).await?;
            Ok::<_, Error>(pb::SendMessageResponse {
                session_id: user.session_id,
                turn: Some(views::turn(&outcome)),
                user_message: Some(views::message((user, None))),
                ai_message: Some(views::message((ai, None))),
                replayed,
                limits,
                disclosure,
            })
        };
        let answered = answered.await;
        answered.map(Response::new).map_err(|why| safety::with_help(why.into(), noticed.as_ref()))
    }

    async fn stream_message(&self, request: Request<pb::SendMessageRequest>) -> Answer<Events> {
        let accepted = safety::accepted(&request);
        let (who, request, now) = self.open(request).await?;
        let pb::SendMessageRequest { session_id, text, request_id } = request;
        let spot = session_id.map_or(Spot::Latest, Spot::Session);
        let heard = self.conversations.hear(&who, spot, &text, &accepted, now).await;
        let begin = async move |it: Arc<Conversations>, who, heard: Hearing| {
            it.say(&who, session_id, text, &request_id, (&heard, now)).await
        };
        events::of_beginning(self.conversations.clone(), (who, heard), begin).await
    }

    async fn regenerate_reply(
        &self,
        request: Request<pb::RegenerateReplyRequest>,
    ) -> Answer<Events> {
        let accepted = safety::accepted(&request);
        let (who, request, now) = self.open(request).await?;
        let pb::RegenerateReplyRequest { turn_id, request_id } = request;
        let heard = self.conversations.hear_again(&who, turn_id, &accepted, now).await?;
        let begin = async move |it: Arc<Conversations>, who, heard: Hearing| {
            it.regenerate(&who, turn_id, &request_id, (&heard, now)).await
        };
        events::of_beginning(self.conversations.clone(), (who, heard), begin).await
    }

    async fn edit_message(&self, request: Request<pb::EditMessageRequest>) -> Answer<Events> {
        let accepted = safety::accepted(&request);
        let (who, request, now) = self.open(request).await?;
        let pb::EditMessageRequest { message_id, text, request_id } = request;
        let spot = Spot::Message(message_id);
        let heard = self.conversations.hear(&who, spot, &text, &accepted, now).await;
        let begin = async move |it: Arc<Conversations>, who, heard: Hearing| {
            it.edit(&who, message_id, text, &request_id, (&heard, now)).await
        };
        events::of_beginning(self.conversations.clone(), (who, heard), begin).await
    }

    async fn retry_turn(&self, request: Request<pb::RetryTurnRequest>) -> Answer<Events> {
        let accepted = safety::accepted(&request);
        let (who, request, now) = self.open(request).await?;
        let turn_id = request.turn_id;
        let heard = self.conversations.hear_again(&who, turn_id, &accepted, now).await?;
        let begin = async move |it: Arc<Conversations>, who, heard: Hearing| {
            it.retry(&who, turn_id, (&heard, now)).await
        };
        events::of_beginning(self.conversations.clone(), (who, heard), begin).await
    }

    async fn get_turn(&self, request: Request<pb::GetTurnRequest>) -> Answer<pb::GetTurnResponse> {
        let (who, request, _) = self.open(request).await?;
        let outcome = self.conversations.turn(&who, request.turn_id).await?;
        Ok(Response::new(pb::GetTurnResponse { turn: Some(views::turn(&outcome)) }))
    }

    async fn watch_turn(&self, request: Request<pb::WatchTurnRequest>) -> Answer<Events> {
        let (who, request, _) = self.open(request).await?;
        let turn_id = request.turn_id;
        // Whether it is there at all is an answer of its own, not an event.
        let turn = self.conversations.turn(&who, turn_id).await?.turn;
        let cursor = Cursor {
            attempt: views::attempt(request.attempt),
            offset: usize::try_from(request.offset).unwrap_or(usize::MAX),
        };
        let follower = self.conversations.follow(&who, turn_id, cursor);
        let accepted = request.from_start.then(|| events::accepted(&turn, true, &[]));
        let disclosure = accepted.as_ref().and_then(|_| self.conversations.disclosure(&turn));
        let disclosure = disclosure.map(safety::disclosure);
        let opening = Opening { told: None, accepted, disclosure };
        Ok(Response::new(events::of_turn(&turn, opening, follower)))
    }

    async fn cancel_turn(
        &self,
        request: Request<pb::CancelTurnRequest>,
    ) -> Answer<pb::CancelTurnResponse> {
        let (who, request, now) = self.open(request).await?;
        let offset = request.offset.map(|offset| usize::try_from(offset).unwrap_or(usize::MAX));
        let keep = Keep { attempt: views::attempt(request.attempt), offset };
        let outcome = self.conversations.cancel(&who, request.turn_id, keep, now).await?;
        let turn = Some(views::turn(&outcome));
        let ai_message = outcome.reply.map(|reply| views::message((reply, None)));
        Ok(Response::new(pb::CancelTurnResponse { turn, ai_message }))
    }

    async fn select_turn(
        &self,
        request: Request<pb::SelectTurnRequest>,
    ) -> Answer<pb::SelectTurnResponse> {
        let (who, request, _) = self.open(request).await?;
        let session = self.conversations.select(&who, request.turn_id).await?;
        Ok(Response::new(pb::SelectTurnResponse { session: Some(views::session(session)) }))
    }

    async fn list_messages(
        &self,
        request: Request<pb::ListMessagesRequest>,
    ) -> Answer<pb::ListMessagesResponse> {
        let (who, request, _) = self.open(request).await?;
        let span = views::span(&request)?;
        let listed = self.conversations.messages(&who, request.session_id, span).await?;
        Ok(Response::new(views::listed(listed, span, PAGE_BYTES)))
    }

    async fn search_messages(
        &self,
        request: Request<pb::SearchMessagesRequest>,
    ) -> Answer<pb::SearchMessagesResponse> {
        let (who, request, _) = self.open(request).await?;
        let (before, size) = (pages::after(&request.page_token)?, HITS.of(request.page_size)?);
        let pb::SearchMessagesRequest { query, session_id, .. } = request;
        let found = self.conversations.search(&who, session_id, &query, before, size + 1);
        let mut hits = found.await?;
        let last = pages::cut(&mut hits, size);
        let next_page_token = last.map(|last| pages::token_after(last.message.0.id));
        Ok(Response::new(pb::SearchMessagesResponse {
            next_page_token: next_page_token.unwrap_or_default(),
            hits: hits.into_iter().map(views::hit).collect(),
        }))
    }

    async fn set_feedback(
        &self,
        request: Request<pb::SetFeedbackRequest>,
    ) -> Answer<pb::SetFeedbackResponse> {
        let (who, request, now) = self.open(request).await?;
        let opinion = request.feedback.map(views::opinion).transpose()?;
        let with = self.conversations.set_feedback(&who, request.message_id, opinion, now).await?;
        Ok(Response::new(pb::SetFeedbackResponse { message: Some(views::message(with)) }))
    }

    async fn create_session(
        &self,
        request: Request<pb::CreateSessionRequest>,
    ) -> Answer<pb::CreateSessionResponse> {
        let (who, request, now) = self.open(request).await?;
        let pb::CreateSessionRequest { title, request_id } = request;
        let (session, replayed) = self.conversations.start(&who, &title, &request_id, now).await?;
        let session = Some(views::session_without_turn(session));
        Ok(Response::new(pb::CreateSessionResponse { session, replayed }))
    }

    async fn get_session(
        &self,
        request: Request<pb::GetSessionRequest>,
    ) -> Answer<pb::GetSessionResponse> {
        let (who, request, _) = self.open(request).await?;
        let session = self.conversations.session(&who, request.session_id).await?;
        Ok(Response::new(pb::GetSessionResponse { session: Some(views::session(session)) }))
    }

    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Answer<pb::ListSessionsResponse> {
        let (who, request, _) = self.open(request).await?;
        let after = Position::parse(&request.page_token)?;
        let size = ROWS.of(request.page_size)?;
        let found = self.conversations.sessions(&who, request.archived, after, size + 1);
        let mut found = found.await?;
        let last = pages::cut(&mut found, size).map(|last| &last.session);
        let next = last.map(|last| Position { time: last.updated_at, id: last.id }.token());
        Ok(Response::new(pb::ListSessionsResponse {
            sessions: found.into_iter().map(views::session).collect(),
            next_page_token: next.unwrap_or_default(),
        }))
    }

    async fn update_session(
        &self,
        request: Request<pb::UpdateSessionRequest>,
    ) -> Answer<pb::UpdateSessionResponse> {
        let (who, request, now) = self.open(request).await?;
        let pb::UpdateSessionRequest { session_id, title, archived } = request;
        let change = Change { title, archived };
        let session = self.conversations.change_session(&who, session_id, change, now).await?;
        Ok(Response::new(pb::UpdateSessionResponse { session: Some(views::session(session)) }))
    }

    async fn delete_session(
        &self,
        request: Request<pb::DeleteSessionRequest>,
    ) -> Answer<pb::DeleteSessionResponse> {
        let (who, request, _) = self.open(request).await?;
        self.conversations.delete_session(&who, request.session_id).await?;
        Ok(Response::new(pb::DeleteSessionResponse {}))
    }

    async fn get_context(
        &self,
        request: Request<pb::GetContextRequest>,
    ) -> Answer<pb::GetContextResponse> {
        let accepted = safety::accepted(&request);
        let (who, request, now) = self.open(request).await?;
        let pb::GetContextRequest { session_id, text } = request;
        let asked = (accepted.as_str(), now);
        let context = self.conversations.context(&who, session_id, text, asked).await?;
        Ok(Response::new(views::context(context)))
    }

    async fn export(&self, request: Request<pb::ExportRequest>) -> Answer<Items> {
        let (who, _, _) = self.open(request).await?;
        let store = self.conversations.store().clone();
        Ok(Response::new(export::everything(store, who.user_id()).await?))
    }

    async fn get_usage(
        &self,
        request: Request<pb::GetUsageRequest>,
    ) -> Answer<pb::GetUsageResponse> {
        let (who, request, now) = self.open(request).await?;
        let (days, left) = self.conversations.usage(&who, DAYS.of(request.days)?, now).await?;
        let (days, limits) = (days.into_iter().map(views::day).collect(), views::limits(&left));
        Ok(Response::new(pb::GetUsageResponse { days, limits }))
    }

    async fn get_preferences(
        &self,
        request: Request<pb::GetPreferencesRequest>,
    ) -> Answer<pb::GetPreferencesResponse> {
        let (who, _, _) = self.open(request).await?;
        let region = self.conversations.region(&who).await?.unwrap_or_default();
        let preferences = Some(pb::Preferences { region });
        Ok(Response::new(pb::GetPreferencesResponse { preferences }))
    }

    async fn update_preferences(
        &self,
        request: Request<pb::UpdatePreferencesRequest>,
    ) -> Answer<pb::UpdatePreferencesResponse> {
        let (who, request, _) = self.open(request).await?;
        let region = self.conversations.set_region(&who, request.region).await?;
        let preferences = Some(pb::Preferences { region: region.unwrap_or_default() });
        Ok(Response::new(pb::UpdatePreferencesResponse { preferences }))
    }
}
