//! Starting, starting again, and what it says about itself.

use auth_service::serve;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::harness::{Service, active, config, until};

#[tokio::test]
async fn a_restart_keeps_accounts_and_tokens() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let pair = service.log_in("ada", "correct horse").await.unwrap();
    let service = Service::on(service.stop().await).await;
    assert_eq!(service.verify(&pair.access).await.unwrap(), 1);
    assert!(service.refresh(&pair.refresh).await.is_ok());
    assert!(service.log_in("ada", "correct horse").await.is_ok());
    let next = service.register("grace", "correct horse").await.unwrap();
    assert_eq!(next.account.unwrap().id, 2);
}

#[tokio::test]
async fn it_does_not_start_without_its_pepper_or_with_one_of_another_installation() {
    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    let data = service.stop().await;
    let pepper = data.path().join("keys/pepper.key");
    let refusal = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let outcome = serve(listener, config(data.path()), CancellationToken::new()).await;
        outcome.unwrap_err().to_string()
    };
    std::fs::write(&pepper, [7; 48]).unwrap();
    assert!(refusal().await.contains("neither pepper.key"));
    std::fs::remove_file(&pepper).unwrap();
    assert!(refusal().await.contains("pepper.key is missing"));
    assert!(!pepper.exists(), "none is made in its place");
}

#[tokio::test]
async fn it_does_not_start_without_a_key_that_there_should_be() {
    for kind in ["access", "refresh"] {
        let service = Service::start().await;
        let key = active(&service.keys_dir(), kind);
        let data = service.stop().await;
        std::fs::remove_file(&key).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let outcome = serve(listener, config(data.path()), CancellationToken::new()).await;
        let complaint = outcome.unwrap_err().to_string();
        assert!(complaint.contains(key.to_str().unwrap()), "{complaint}");
    }
}

#[tokio::test]
async fn it_says_when_it_is_ready_and_what_it_offers() {
    use tonic_health::pb::HealthCheckRequest;
    use tonic_health::pb::health_client::HealthClient;
    use tonic_reflection::pb::v1::ServerReflectionRequest;
    use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
    use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

    let service = Service::start().await;
    service.register("ada", "correct horse").await.unwrap();
    for name in ["", "aibuddy.auth.v1.AuthService"] {
        let mut client = HealthClient::new(service.channel.clone());
        // It says so as soon as it has looked at its database.
        until(async || {
            let request = HealthCheckRequest { service: name.into() };
            let answer = client.check(request).await.unwrap();
            (answer.into_inner().status == 1).then_some(())
        })
        .await;
    }
    let list = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let mut reflection = ServerReflectionClient::new(service.channel.clone());
    let answer =
        reflection.server_reflection_info(futures_util::stream::iter([list])).await.unwrap();
    let first = answer.into_inner().message().await.unwrap().unwrap();
    let offered = format!("{first:?}");
    assert!(offered.contains("aibuddy.auth.v1.AuthService"), "{offered}");
    assert!(!offered.contains("ChatService"), "only what is here: {offered}");
}
