//! Deleting everything that is kept of a person.

mod arriving;
mod at_work;
mod half_way;
mod life;
mod refusals;
mod remains;
mod whole;

use proto::chat::v1::PurgeUserRequest;
use proto::chat::v1::user_data_service_client::UserDataServiceClient;
use tonic::Status;

use super::harness::Service;

/// Whose account is deleted. A number that stands nowhere by chance.
const ADA: i64 = 470_815_162_342;
/// Whose account is not.
const GRACE: i64 = 93;

impl Service {
    /// Asks for a deletion as the service of this name, or without one.
    async fn purge_as(&self, name: Option<&'static str>, user_id: i64) -> Result<(), Status> {
        let request = PurgeUserRequest { user_id };
        let answer = match name {
            Some(name) => {
                UserDataServiceClient::new(self.neighbour(name)).purge_user(request).await
            }
            None => UserDataServiceClient::new(self.channel.clone()).purge_user(request).await,
        };
        answer.map(drop)
    }

    /// Asks for a deletion as whoever may.
    async fn purge(&self, user_id: i64) -> Result<(), Status> {
        self.purge_as(Some("auth-service"), user_id).await
    }
}
