//! Services of one process, which know each other by a secret.

use chassis::grpc::Limits;
use chassis::identity::{Identity, Secret};

use super::clients::{call, to_auth, who_am_i};
use super::stage::{CALLERS, Port, soon};

#[tokio::test]
async fn a_secret_says_which_service_calls() {
    let secret = Secret::generate().unwrap();
    let port = Port::open(&Identity::in_process("auth-service", &secret)).await;
    for name in CALLERS {
        let channel = to_auth(&port, &Identity::in_process(name, &secret));
        assert_eq!(who_am_i(&channel).await.unwrap(), name);
    }
}

#[tokio::test]
async fn who_does_not_know_the_secret_is_served_and_is_nobody_in_particular() {
    let secret = Secret::generate().unwrap();
    let port = Port::open(&Identity::in_process("auth-service", &secret)).await;
    let another = Identity::in_process("gateway", &Secret::generate().unwrap());
    assert_eq!(who_am_i(&to_auth(&port, &another)).await.unwrap(), "nobody");
    let stub = tonic::transport::Endpoint::from_shared(format!("http://{}", port.address));
    let channel = stub.unwrap().connect().await.unwrap();
    for metadata in [
        vec![],
        vec![("x-service", "gateway")],
        vec![("x-service", "gateway"), ("x-service-secret", "")],
        vec![("x-service", "gateway"), ("x-service-secret", "guess")],
    ] {
        let seen = call(&channel, "Who", &metadata).await.unwrap();
        assert_eq!(seen, "nobody", "{metadata:?}");
    }
}

#[tokio::test]
async fn a_plain_port_is_not_opened_to_other_machines() {
    let identity = Identity::in_process("auth-service", &Secret::generate().unwrap());
    for address in ["0.0.0.0:0", "[::]:0"] {
        let mut port = Port::on(address, Limits::default(), &identity).await;
        let refused = soon(&mut port.running).await.unwrap().unwrap_err().to_string();
        assert!(refused.contains("only this machine"), "{refused}");
    }
}
