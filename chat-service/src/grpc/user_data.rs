//! What is kept of people, for the service that owns their accounts.

use std::sync::Arc;

use chassis::clock;
use chassis::identity::Caller;
use proto::chat::v1 as pb;
use proto::chat::v1::user_data_service_server::UserDataService;
use proto::services;
use tonic::{Request, Response};

use super::Answer;
use crate::conversations::Conversations;
use crate::error::Error;

/// Who may ask: whoever has the accounts.
const OWNERS: &[&str] = &[services::AUTH];

/// The generated service, implemented.
pub(super) struct Handler {
    conversations: Arc<Conversations>,
}

impl Handler {
    pub(super) fn new(conversations: Arc<Conversations>) -> Self {
        Self { conversations }
    }
}

#[tonic::async_trait]
impl UserDataService for Handler {
    async fn purge_user(
        &self,
        request: Request<pb::PurgeUserRequest>,
    ) -> Answer<pb::PurgeUserResponse> {
        // Nobody's token opens this: it is asked once their tokens are no good any more.
        if !Caller::of(&request).is_one_of(OWNERS) {
            return Err(Error::NotAllowed.into());
        }
        self.conversations.purge(request.into_inner().user_id, clock::now()).await?;
        tracing::info!("what was kept of somebody is deleted");
        Ok(Response::new(pb::PurgeUserResponse {}))
    }
}
