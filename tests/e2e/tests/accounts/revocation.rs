//! How soon a token that was taken back is good nowhere.

use std::time::{Duration, Instant};

use e2e::{Product, User};
use proto::chat::v1::ListSessionsRequest;
use proto::chat::v1::chat_service_client::ChatServiceClient;
use serde_json::json;
use tonic::{Code, Request};

use super::{log_in, log_out};

/// How long a token is still taken for good after its end was answered, by the gateway and by the chat
/// service, whichever takes longer.
async fn until_refused(product: &Product, user: &User) -> Duration {
    let ended = Instant::now();
    let rest = async {
        while user.get("/api/sessions/").await.status != 401 {}
        ended.elapsed()
    };
    let grpc = async {
        let mut chat = ChatServiceClient::connect(product.chat_url()).await.unwrap();
        loop {
            let mut request = Request::new(ListSessionsRequest::default());
            let token = format!("Bearer {}", user.access).parse().unwrap();
            request.metadata_mut().insert("authorization", token);
            if let Err(status) = chat.list_sessions(request).await {
                assert_eq!(status.code(), Code::Unauthenticated, "{status:?}");
                return ended.elapsed();
            }
        }
    };
    let (rest, grpc) = tokio::join!(rest, grpc);
    rest.max(grpc)
}

fn p99(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() * 99 / 100 - 1]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_taken_back_is_refused_within_a_second() {
    let product = Product::start_with(|_| {}).await;
    let mut people = Vec::new();
    for number in 0..10 {
        people.push(product.register(&format!("person{number}")).await);
    }
    let mut logouts = Vec::new();
    for round in 0..100 {
        let login = log_in(&product, &people[round % 10]).await;
        assert_eq!(login.get("/api/sessions/").await.status, 200);
        assert_eq!(log_out(&product, &login.refresh).await.status, 200);
        logouts.push(until_refused(&product, &login).await);
    }
    let mut changes = Vec::new();
    for person in &people {
        let body =
            json!({"current_password": person.password, "new_password": "quite another one"});
        assert_eq!(person.post("/api/change-password/", &body).await.status, 200);
        changes.push(until_refused(&product, person).await);
        let mut again = person.clone();
        again.password = "quite another one".to_owned();
        let again = log_in(&product, &again).await;
        let body = json!({"password": "quite another one"});
        let deleted = super::deletion::delete(&again, &body).await;
        assert_eq!(deleted.status, 204, "{}", deleted.text);
        changes.push(until_refused(&product, &again).await);
    }
    println!(
        "refused after the answer, REST and gRPC: logout p99 {:?} of {}, change and deletion max {:?} of {}",
        p99(logouts.clone()),
        logouts.len(),
        changes.iter().max().unwrap(),
        changes.len(),
    );
    let slow = logouts.iter().chain(&changes).filter(|time| **time > Duration::from_secs(1));
    assert_eq!(slow.count(), 0, "{logouts:?} {changes:?}");
}
