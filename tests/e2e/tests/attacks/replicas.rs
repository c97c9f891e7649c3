//! Several auth services with the same keys and the same accounts.

use std::time::Duration;

use chassis::grpc::Channel;
use e2e::{Process, User, free_address};
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::{
    GetAccountRequest, LogInRequest, RefreshRequest, TokenPair, VerifyTokenRequest,
};
use serde_json::Value;
use tonic::Request;

use super::company::{Company, connect};
use crate::contract::tokens::part;

/// How long a service may take to notice what was done to its keys.
const PATIENCE: Duration = Duration::from_secs(10);

/// One of the auth services, as the gateway calls it. Whatever it refuses ends a test.
#[derive(Clone)]
struct Replica(AuthServiceClient<Channel>);

impl Replica {
    async fn log_in(&self, ada: &User) -> TokenPair {
        let (username, password) = (ada.name.clone(), ada.password.clone());
        let asked = LogInRequest { username, password };
        self.0.clone().log_in(asked).await.unwrap().into_inner().tokens.unwrap()
    }

    /// Another access token of a login.
    async fn renew(&self, login: &TokenPair) -> String {
        let asked = RefreshRequest { refresh: login.refresh.clone(), rotate: false };
        self.0.clone().refresh(asked).await.unwrap().into_inner().access
    }

    /// It is good for whoever asks about it, and for whoever brings it.
    async fn takes(&self, access: &str, ada: &User) {
        let asked = VerifyTokenRequest { access: access.to_owned() };
        let verdict = self.0.clone().verify_token(asked).await.unwrap().into_inner();
        assert_eq!(verdict.principal.unwrap().user_id, ada.id);
        let mut asked = Request::new(GetAccountRequest {});
        let bearer = format!("Bearer {access}").parse().unwrap();
        asked.metadata_mut().insert("authorization", bearer);
        let account = self.0.clone().get_account(asked).await.unwrap().into_inner().account;
        assert_eq!(account.unwrap().username, ada.name);
    }
}

fn kid(access: &str) -> Value {
    part(access, 0).unwrap()["kid"].clone()
}

/// H04
#[tokio::test(flavor = "multi_thread")]
async fn of_two_services_one_rotates_and_neither_refuses_a_token_of_the_other() {
    let mut company = Company::open().await;
    let address = free_address();
    company.grow("auth-service", &[("AUTH_LISTEN", &address)]).await;
    let gateway = company.identity("gateway");
    let replicas = [company.apart.auth_url(), format!("https://{address}")]
        .map(|url| Replica(AuthServiceClient::new(connect(&url, &gateway, "auth-service"))));
    let [one, other] = &replicas;
    let logins = [one.log_in(&company.ada).await, other.log_in(&company.ada).await];
    let keys = company.apart.data().join("keys").display().to_string();
    let mut earlier: Vec<_> = logins.iter().map(|login| login.access.clone()).collect();
    for _ in 0..2 {
        let before = kid(earlier.last().unwrap());
        let rotate = ["keys", "rotate", "--now"];
        let mut rotating =
            Process::command("auth-service", &rotate, &[("AUTH_KEYS_DIR", keys.as_str())]);
        rotating.ends_well().await;
        let both_follow = async {
            loop {
                let mut signed = Vec::new();
                for (signer, login) in [(one, &logins[1]), (other, &logins[0])] {
                    let access = signer.renew(login).await;
                    for replica in &replicas {
                        replica.takes(&access, &company.ada).await;
                    }
                    let own = company.product.request("GET", "/api/account/").bearer_auth(&access);
                    assert_eq!(own.send().await.unwrap().status(), 200, "at the gateway");
                    signed.push(access);
                }
                if signed.iter().all(|access| kid(access) != before) {
                    return signed;
                }
            }
        };
        earlier.extend(tokio::time::timeout(PATIENCE, both_follow).await.unwrap());
    }
    for (access, replica) in earlier.iter().flat_map(|it| replicas.iter().map(move |of| (it, of))) {
        replica.takes(access, &company.ada).await;
    }
    drop(replicas);
    company.ends_unharmed().await;
}
