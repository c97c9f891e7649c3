//! The auth service, told with every call for whom it is asked.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use chassis::grpc::Channel;
use http::request::Parts;
use proto::auth::CLIENT_METADATA;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::{Request, Status};

use crate::router::App;

/// The auth service, for whoever sent a request: it limits how much is tried from where.
pub(crate) struct Auth(pub(crate) AuthServiceClient<InterceptedService<Channel, For>>);

/// Says for whom it is asked.
#[derive(Clone)]
pub(crate) struct For(Option<AsciiMetadataValue>);

impl Interceptor for For {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(address) = &self.0 {
            request.metadata_mut().insert(CLIENT_METADATA, address.clone());
        }
        Ok(request)
    }
}

impl FromRequestParts<App> for Auth {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let address = app.proxies.client_of(parts);
        let address = address.and_then(|address| address.to_string().parse().ok());
        let channel = app.backends.auth_channel.clone();
        Ok(Self(AuthServiceClient::new(InterceptedService::new(channel, For(address)))))
    }
}
