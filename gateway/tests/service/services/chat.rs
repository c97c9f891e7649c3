//! The chat service, as a script.

use futures_util::stream::{self, BoxStream, StreamExt as _};
use proto::chat::v1 as pb;
use proto::chat::v1::chat_service_server::ChatService;
use tonic::{Request, Response, Status};

use super::super::rpc::Rpc;

/// What a turn's stream tells.
pub(crate) type Events = BoxStream<'static, Result<pb::TurnEvent, Status>>;
/// What an export's stream tells.
pub(crate) type Items = BoxStream<'static, Result<pb::ExportItem, Status>>;

/// Every RPC has a script of its own.
pub(crate) struct Chat {
    pub(crate) send: Rpc<pb::SendMessageRequest, pb::SendMessageResponse>,
    pub(crate) turn: Rpc<pb::GetTurnRequest, pb::GetTurnResponse>,
    pub(crate) cancel: Rpc<pb::CancelTurnRequest, pb::CancelTurnResponse>,
    pub(crate) select: Rpc<pb::SelectTurnRequest, pb::SelectTurnResponse>,
    pub(crate) list: Rpc<pb::ListMessagesRequest, pb::ListMessagesResponse>,
    pub(crate) search: Rpc<pb::SearchMessagesRequest, pb::SearchMessagesResponse>,
    pub(crate) rate: Rpc<pb::SetFeedbackRequest, pb::SetFeedbackResponse>,
    pub(crate) create: Rpc<pb::CreateSessionRequest, pb::CreateSessionResponse>,
    pub(crate) session: Rpc<pb::GetSessionRequest, pb::GetSessionResponse>,
    pub(crate) sessions: Rpc<pb::ListSessionsRequest, pb::ListSessionsResponse>,
    pub(crate) update: Rpc<pb::UpdateSessionRequest, pb::UpdateSessionResponse>,
    pub(crate) delete: Rpc<pb::DeleteSessionRequest, pb::DeleteSessionResponse>,
    pub(crate) context: Rpc<pb::GetContextRequest, pb::GetContextResponse>,
    pub(crate) usage: Rpc<pb::GetUsageRequest, pb::GetUsageResponse>,
    pub(crate) preferences: Rpc<pb::GetPreferencesRequest, pb::GetPreferencesResponse>,
    pub(crate) prefer: Rpc<pb::UpdatePreferencesRequest, pb::UpdatePreferencesResponse>,
    pub(crate) stream: Rpc<pb::SendMessageRequest, Events>,
    pub(crate) regenerate: Rpc<pb::RegenerateReplyRequest, Events>,
    pub(crate) edit: Rpc<pb::EditMessageRequest, Events>,
    pub(crate) retry: Rpc<pb::RetryTurnRequest, Events>,
    pub(crate) watch: Rpc<pb::WatchTurnRequest, Events>,
    pub(crate) export: Rpc<pb::ExportRequest, Items>,
}

/// The turn that everything is about.
pub(crate) fn turn() -> pb::Turn {
    pb::Turn { id: 5, user_id: 7, session_id: 1, user_message_id: 8, ..pb::Turn::default() }
}

impl Chat {
    /// The buddy says hello, and nothing has been said before.
    pub(crate) fn new() -> Self {
        let hello = pb::Message { text: "hello".into(), ..pb::Message::default() };
        let answer = move |request: pb::SendMessageRequest| {
            let session_id = request.session_id.unwrap_or(1);
            let (turn, ai_message) = (Some(turn()), Some(hello.clone()));
            Ok(pb::SendMessageResponse { session_id, turn, ai_message, ..Default::default() })
        };
        Self {
            send: Rpc::new(answer),
            turn: Rpc::new(|_| Ok(pb::GetTurnResponse::default())),
            cancel: Rpc::new(|_| Ok(pb::CancelTurnResponse::default())),
            select: Rpc::new(|_| Ok(pb::SelectTurnResponse::default())),
            list: Rpc::new(|_| Ok(pb::ListMessagesResponse::default())),
            search: Rpc::new(|_| Ok(pb::SearchMessagesResponse::default())),
            rate: Rpc::new(|_| Ok(pb::SetFeedbackResponse::default())),
            create: Rpc::new(|_| Ok(pb::CreateSessionResponse::default())),
            session: Rpc::new(|_| Ok(pb::GetSessionResponse::default())),
            sessions: Rpc::new(|_| Ok(pb::ListSessionsResponse::default())),
            update: Rpc::new(|_| Ok(pb::UpdateSessionResponse::default())),
            delete: Rpc::new(|_| Ok(pb::DeleteSessionResponse::default())),
            context: Rpc::new(|_| Ok(pb::GetContextResponse::default())),
            usage: Rpc::new(|_| Ok(pb::GetUsageResponse::default())),
            preferences: Rpc::new(|_| Ok(pb::GetPreferencesResponse::default())),
            prefer: Rpc::new(|_| Ok(pb::UpdatePreferencesResponse::default())),
            stream: Rpc::new(|_| Ok(stream::empty().boxed())),
            regenerate: Rpc::new(|_| Ok(stream::empty().boxed())),
            edit: Rpc::new(|_| Ok(stream::empty().boxed())),
            retry: Rpc::new(|_| Ok(stream::empty().boxed())),
            watch: Rpc::new(|_| Ok(stream::empty().boxed())),
            export: Rpc::new(|_| Ok(stream::empty().boxed())),
        }
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl ChatService for Chat {
    async fn send_message(
        &self,
        request: Request<pb::SendMessageRequest>,
    ) -> Answer<pb::SendMessageResponse> {
        self.send.call(request).await
    }

    async fn get_turn(&self, request: Request<pb::GetTurnRequest>) -> Answer<pb::GetTurnResponse> {
        self.turn.call(request).await
    }

    async fn cancel_turn(
        &self,
        request: Request<pb::CancelTurnRequest>,
    ) -> Answer<pb::CancelTurnResponse> {
        self.cancel.call(request).await
    }

    async fn select_turn(
        &self,
        request: Request<pb::SelectTurnRequest>,
    ) -> Answer<pb::SelectTurnResponse> {
        self.select.call(request).await
    }

    async fn list_messages(
        &self,
        request: Request<pb::ListMessagesRequest>,
    ) -> Answer<pb::ListMessagesResponse> {
        self.list.call(request).await
    }

    async fn search_messages(
        &self,
        request: Request<pb::SearchMessagesRequest>,
    ) -> Answer<pb::SearchMessagesResponse> {
        self.search.call(request).await
    }

    async fn set_feedback(
        &self,
        request: Request<pb::SetFeedbackRequest>,
    ) -> Answer<pb::SetFeedbackResponse> {
        self.rate.call(request).await
    }

    async fn create_session(
        &self,
        request: Request<pb::CreateSessionRequest>,
    ) -> Answer<pb::CreateSessionResponse> {
        self.create.call(request).await
    }

    async fn get_session(
        &self,
        request: Request<pb::GetSessionRequest>,
    ) -> Answer<pb::GetSessionResponse> {
        self.session.call(request).await
    }

    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Answer<pb::ListSessionsResponse> {
        self.sessions.call(request).await
    }

    async fn update_session(
        &self,
        request: Request<pb::UpdateSessionRequest>,
    ) -> Answer<pb::UpdateSessionResponse> {
        self.update.call(request).await
    }

    async fn delete_session(
        &self,
        request: Request<pb::DeleteSessionRequest>,
    ) -> Answer<pb::DeleteSessionResponse> {
        self.delete.call(request).await
    }

    async fn get_context(
        &self,
        request: Request<pb::GetContextRequest>,
    ) -> Answer<pb::GetContextResponse> {
        self.context.call(request).await
    }

    async fn get_usage(
        &self,
        request: Request<pb::GetUsageRequest>,
    ) -> Answer<pb::GetUsageResponse> {
        self.usage.call(request).await
    }

    async fn get_preferences(
        &self,
        request: Request<pb::GetPreferencesRequest>,
    ) -> Answer<pb::GetPreferencesResponse> {
        self.preferences.call(request).await
    }

    async fn update_preferences(
        &self,
        request: Request<pb::UpdatePreferencesRequest>,
    ) -> Answer<pb::UpdatePreferencesResponse> {
        self.prefer.call(request).await
    }

    type StreamMessageStream = Events;

    async fn stream_message(&self, request: Request<pb::SendMessageRequest>) -> Answer<Events> {
        self.stream.call(request).await
    }

    type RegenerateReplyStream = Events;

    async fn regenerate_reply(
        &self,
        request: Request<pb::RegenerateReplyRequest>,
    ) -> Answer<Events> {
        self.regenerate.call(request).await
    }

    type EditMessageStream = Events;

    async fn edit_message(&self, request: Request<pb::EditMessageRequest>) -> Answer<Events> {
        self.edit.call(request).await
    }

    type RetryTurnStream = Events;

    async fn retry_turn(&self, request: Request<pb::RetryTurnRequest>) -> Answer<Events> {
        self.retry.call(request).await
    }

    type WatchTurnStream = Events;

    async fn watch_turn(&self, request: Request<pb::WatchTurnRequest>) -> Answer<Events> {
        self.watch.call(request).await
    }

    type ExportStream = Items;

    async fn export(&self, request: Request<pb::ExportRequest>) -> Answer<Items> {
        self.export.call(request).await
    }
}
