//! The gRPC face: decode, call, encode.

use auth_client::{Principal, Verifier};
use chassis::clock;
use chassis::grpc::{self, Services};
use chrono::{DateTime, Utc};
use proto::chat::v1 as pb;
use proto::chat::v1::chat_service_server::{ChatService, ChatServiceServer};
use tonic::{Request, Response, Status};

use crate::conversations::Conversations;
use crate::error::Error;
use crate::pages::{self, Page};
use crate::store::{Message, Sender, Session};

/// Text on one page of messages, in bytes: a quarter of what a gRPC client takes by default.
const PAGE_BYTES: usize = 1024 * 1024;

/// What this service serves.
pub(crate) async fn services(conversations: Conversations, verifier: Verifier) -> Services {
    let server = ChatServiceServer::new(Handler { conversations, verifier })
        .max_decoding_message_size(grpc::MAX_REQUEST_BYTES);
    Services::new(proto::DESCRIPTORS).await.add(server).await
}

/// The generated service, implemented.
struct Handler {
    conversations: Conversations,
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

#[tonic::async_trait]
impl ChatService for Handler {
    async fn send_message(
        &self,
        request: Request<pb::SendMessageRequest>,
    ) -> Result<Response<pb::SendMessageResponse>, Status> {
        let (who, request, now) = self.open(request).await?;
        let pb::SendMessageRequest { session_id, text } = request;
        let exchange = self.conversations.send(&who, session_id, text, now).await?;
        Ok(Response::new(pb::SendMessageResponse {
            session_id: exchange.user_message.session_id,
            user_message: Some(message(exchange.user_message)),
            ai_message: Some(message(exchange.ai_message)),
        }))
    }

    async fn list_messages(
        &self,
        request: Request<pb::ListMessagesRequest>,
    ) -> Result<Response<pb::ListMessagesResponse>, Status> {
        let (who, request, _) = self.open(request).await?;
        let page = Page::parse(request.page_size, &request.page_token)?;
        let found = self.conversations.messages(&who, request.session_id, page).await?;
        let all = found.len();
        let mut bytes = 0;
        let messages: Vec<_> = found
            .into_iter()
            .take_while(|message| {
                let fits = bytes == 0 || bytes + message.text.len() <= PAGE_BYTES;
                bytes += message.text.len().max(1);
                fits
            })
            .map(message)
            .collect();
        let more = messages.len() < all || all as u64 == page.size;
        let last = messages.last().map(|message| message.id);
        let next_page_token = last.filter(|_| more).map(pages::token_after).unwrap_or_default();
        Ok(Response::new(pb::ListMessagesResponse { messages, next_page_token }))
    }

    async fn create_session(
        &self,
        request: Request<pb::CreateSessionRequest>,
    ) -> Result<Response<pb::CreateSessionResponse>, Status> {
        let (who, _, now) = self.open(request).await?;
        let started = self.conversations.start(&who, now).await?;
        Ok(Response::new(pb::CreateSessionResponse { session: Some(session(&started)) }))
    }

    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Result<Response<pb::ListSessionsResponse>, Status> {
        let (who, request, _) = self.open(request).await?;
        let page = Page::parse(request.page_size, &request.page_token)?;
        let found = self.conversations.sessions(&who, page).await?;
        let last = found.last().filter(|_| found.len() as u64 == page.size);
        let next_page_token = last.map(|last| pages::token_after(last.id)).unwrap_or_default();
        let sessions = found.iter().map(session).collect();
        Ok(Response::new(pb::ListSessionsResponse { sessions, next_page_token }))
    }
}

fn session(session: &Session) -> pb::Session {
    let create_time = Some(clock::timestamp(session.created_at));
    pb::Session { id: session.id, user_id: session.user_id, create_time }
}

fn message(message: Message) -> pb::Message {
    let sender = match message.sender {
        Sender::User => pb::Sender::User,
        Sender::Ai => pb::Sender::Ai,
    };
    pb::Message {
        id: message.id,
        user_id: message.user_id,
        session_id: message.session_id,
        sender: sender.into(),
        text: message.text,
        create_time: Some(clock::timestamp(message.created_at)),
    }
}
