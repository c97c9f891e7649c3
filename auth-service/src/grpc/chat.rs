//! The chat service, as far as deleting accounts needs it.

use std::time::Duration;

use chassis::grpc::Channel;
use proto::chat::v1::PurgeUserRequest;
use proto::chat::v1::user_data_service_client::UserDataServiceClient;
use tonic::Request;

use crate::error::Error;

/// For everything of somebody to be gone. A call that takes longer is made again, and goes on where
/// the other was.
const PATIENCE: Duration = Duration::from_mins(1);

/// The way to the chat service. Clones share it.
#[derive(Clone)]
pub(crate) struct Chat {
    client: UserDataServiceClient<Channel>,
}

impl Chat {
    pub(crate) fn new(channel: Channel) -> Self {
        Self { client: UserDataServiceClient::new(channel) }
    }

    /// Has everything deleted that the chat service keeps of somebody.
    pub(crate) async fn purge(mut self, user_id: i64) -> Result<(), Error> {
        let mut request = Request::new(PurgeUserRequest { user_id });
        request.set_timeout(PATIENCE);
        let answer = tokio::time::timeout(PATIENCE, self.client.purge_user(request)).await;
        match answer {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(status)) => Err(Error::Neighbour(status.code())),
            Err(_) => Err(Error::Neighbour(tonic::Code::DeadlineExceeded)),
        }
    }
}
