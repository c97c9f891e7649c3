//! Limits on guessing, over the port that anybody may reach.

use std::time::Duration;

use auth_service::Tries;
use chassis::status;
use futures_util::future::join_all;
use proto::auth::v1::auth_service_client::AuthServiceClient;
use proto::auth::v1::{ChangePasswordRequest, DeleteAccountRequest, LogInRequest};
use tonic::{Code, Request, Status};

use super::harness::{Service, refused, registration, signed};

const PASSWORD: &str = "correct horse";
const WRONG: &str = "battery staple";

/// With limits, and room for a crowd: whoever is turned away is turned away by a limit.
async fn limited(tries: Tries) -> Service {
    let change = |config: &mut auth_service::Config| {
        (config.tries, config.hashing_threads) = (tries, 20);
    };
    Service::changed(change).await
}

fn login(name: &str, password: &str) -> LogInRequest {
    LogInRequest { username: name.to_owned(), password: password.to_owned() }
}

fn claiming<T>(message: T, address: &str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("x-client-address", address.parse().unwrap());
    request
}

/// Logs in through the gateway, from an address.
async fn log_in_from(
    service: &Service,
    address: &str,
    name: &str,
    password: &str,
) -> Result<(), Status> {
    let mut gateway = AuthServiceClient::new(service.gateway.clone());
    gateway.log_in(claiming(login(name, password), address)).await.map(drop)
}

/// Whether a try was one too many. If so, it is said when to come back; otherwise its password was wrong.
fn is_stopped(outcome: Result<(), Status>) -> bool {
    let status = outcome.unwrap_err();
    if status.code() != Code::ResourceExhausted {
        refused::<()>(Err(status), Code::Unauthenticated, "INVALID_CREDENTIALS");
        return false;
    }
    let wait = status::retry_after(&status).unwrap();
    assert!(Duration::ZERO < wait && wait <= Duration::from_secs(10), "{wait:?}");
    refused::<()>(Err(status), Code::ResourceExhausted, "TOO_MANY_TRIES");
    true
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_guesses_at_once_only_those_that_are_free_are_looked_at() {
    let service = limited(Tries { per_pair: 5, ..Tries::UNLIMITED }).await;
    service.register("ada", PASSWORD).await.unwrap();
    let guesses = (0..30).map(|_| log_in_from(&service, "192.0.2.1", "ada", WRONG));
    let stopped = join_all(guesses).await.into_iter().map(is_stopped);
    assert_eq!(stopped.filter(|stopped| !stopped).count(), 5);
    // Whoever knows the password is no exception: that would tell which one it is.
    let right = log_in_from(&service, "192.0.2.1", "ada", PASSWORD).await;
    refused(right, Code::ResourceExhausted, "TOO_MANY_TRIES");
}

#[tokio::test]
async fn a_limit_does_not_tell_which_names_there_are() {
    let service = limited(Tries { per_pair: 3, per_account: 6, ..Tries::UNLIMITED }).await;
    service.register("ada", PASSWORD).await.unwrap();
    for name in ["ada", "nobody", "a b"] {
        let mut stopped = Vec::new();
        for address in ["192.0.2.1", "198.51.100.1", "203.0.113.1"] {
            for _ in 0..4 {
                stopped.push(is_stopped(log_in_from(&service, address, name, WRONG).await));
            }
        }
        let pair = [false, false, false, true];
        assert_eq!(stopped, [pair, pair, [true; 4]].concat(), "{name}");
    }
}

#[tokio::test]
async fn only_the_gateway_is_believed_about_where_a_call_comes_from() {
    let service = limited(Tries { per_pair: 3, ..Tries::UNLIMITED }).await;
    let anybody = async |number: u32| {
        let address = format!("192.0.{number}.1");
        let mut request = claiming(login("ada", WRONG), &address);
        for name in ["x-forwarded-for", "x-real-ip", "x-client-ip"] {
            request.metadata_mut().insert(name, address.parse().unwrap());
        }
        request.metadata_mut().insert("x-service", "gateway".parse().unwrap());
        is_stopped(service.client.clone().log_in(request).await.map(drop))
    };
    let mut stopped = Vec::new();
    for number in 0..6 {
        stopped.push(anybody(number).await);
    }
    assert_eq!(stopped, [false, false, false, true, true, true]);
    for number in 0..6 {
        let address = format!("192.0.{number}.1");
        assert!(!is_stopped(log_in_from(&service, &address, "ada", WRONG).await));
    }
    // What the gateway says that is no address counts as from the gateway, which is where that was.
    assert!(is_stopped(log_in_from(&service, "somewhere", "ada", WRONG).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_sprayed_over_many_names_is_stopped_and_others_go_on() {
    let service = limited(Tries { per_address: 20, ..Tries::UNLIMITED }).await;
    service.register("ada", PASSWORD).await.unwrap();
    let names: Vec<_> = (0..100).map(|number| format!("name{number}")).collect();
    let sprayed = names.iter().enumerate().map(|(number, name)| {
        let address = format!("192.0.2.{number}");
        let service = &service;
        async move { is_stopped(log_in_from(service, &address, name, WRONG).await) }
    });
    let stopped = join_all(sprayed).await.into_iter().filter(|stopped| *stopped).count();
    assert!(stopped > 0 && stopped <= 80, "{stopped}");
    log_in_from(&service, "198.51.100.1", "ada", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn the_owner_logs_in_while_others_hammer_also_after_a_restart() {
    let tries = Tries { per_account: 5, per_pair: 100, ..Tries::UNLIMITED };
    let hammer = async |service: &Service| {
        for number in 0..10 {
            let address = format!("192.0.{number}.1");
            let _stopped = is_stopped(log_in_from(service, &address, "ada", WRONG).await);
        }
        is_stopped(log_in_from(service, "192.0.2.1", "ada", WRONG).await)
    };
    let mut service = limited(tries).await;
    service.register("ada", PASSWORD).await.unwrap();
    log_in_from(&service, "203.0.113.1", "ada", PASSWORD).await.unwrap();
    for _ in 0..3 {
        assert!(hammer(&service).await);
        for _ in 0..5 {
            log_in_from(&service, "203.0.113.99", "ada", PASSWORD).await.unwrap();
            assert!(hammer(&service).await);
        }
        service = Service::again(service.stop().await, |config| config.tries = tries).await;
    }
}

#[tokio::test]
async fn an_account_is_known_where_it_was_registered_and_its_logins_go_on_anywhere() {
    let service = limited(Tries { per_account: 2, ..Tries::UNLIMITED }).await;
    let mut gateway = AuthServiceClient::new(service.gateway.clone());
    let ada = claiming(registration("once", "ada", PASSWORD), "203.0.113.1");
    let tokens = gateway.register(ada).await.unwrap().into_inner().tokens.unwrap();
    while !is_stopped(log_in_from(&service, "192.0.2.1", "ada", WRONG).await) {}
    log_in_from(&service, "203.0.113.1", "ada", PASSWORD).await.unwrap();
    service.refresh(&tokens.refresh).await.unwrap();

    // A registration that is repeated tries a password as well.
    let mut again = async |address: &str| {
        let request = claiming(registration("once", "ada", PASSWORD), address);
        gateway.register(request).await.map(drop)
    };
    refused(again("192.0.2.1").await, Code::ResourceExhausted, "TOO_MANY_TRIES");
    again("203.0.113.1").await.unwrap();
}

#[tokio::test]
async fn no_other_way_to_try_a_password_leads_around_the_limits() {
    let service = limited(Tries { per_pair: 4, ..Tries::UNLIMITED }).await;
    let tokens = service.register("ada", PASSWORD).await.unwrap().tokens.unwrap();
    let mut client = service.client.clone();
    let current_password = WRONG.to_owned();
    let change = ChangePasswordRequest { current_password, new_password: "a better one".into() };
    let delete = DeleteAccountRequest { password: WRONG.to_owned() };
    for _ in 0..2 {
        let changed = client.change_password(signed(change.clone(), &tokens.access)).await;
        refused(changed, Code::InvalidArgument, "PASSWORD_WRONG");
        let deleted = client.delete_account(signed(delete.clone(), &tokens.access)).await;
        refused(deleted, Code::InvalidArgument, "PASSWORD_WRONG");
    }
    let changed = client.change_password(signed(change, &tokens.access)).await;
    refused(changed, Code::ResourceExhausted, "TOO_MANY_TRIES");
    let deleted = client.delete_account(signed(delete, &tokens.access)).await;
    refused(deleted, Code::ResourceExhausted, "TOO_MANY_TRIES");
    assert!(is_stopped(client.log_in(login("Ada", WRONG)).await.map(drop)));
    service.verify(&tokens.access).await.expect("the account is still there");
}

#[tokio::test]
async fn registrations_and_refreshes_are_limited_too() {
    let tries = Tries { registrations_per_address: 2, refreshes_per_login: 3, ..Tries::UNLIMITED };
    let service = limited(tries).await;
    let ada = service.register("ada", PASSWORD).await.unwrap().tokens.unwrap();
    let taken = service.register("ADA", PASSWORD).await;
    refused(taken, Code::AlreadyExists, "USERNAME_TAKEN");
    for name in ["grace", "ada"] {
        let outcome = service.register(name, PASSWORD).await;
        refused(outcome, Code::ResourceExhausted, "TOO_MANY_TRIES");
    }
    let elsewhere = claiming(registration("", "grace", PASSWORD), "192.0.2.1");
    let mut gateway = AuthServiceClient::new(service.gateway.clone());
    gateway.register(elsewhere).await.unwrap();

    let other = service.log_in("ada", PASSWORD).await.unwrap();
    // All at once: each second brings one back.
    let refreshed = join_all((0..20).map(|_| service.refresh(&ada.refresh))).await;
    let stopped = refreshed.into_iter().filter_map(Result::err);
    let stopped = stopped.map(|status| {
        refused::<()>(Err(status), Code::ResourceExhausted, "TOO_MANY_TRIES");
    });
    assert!(stopped.count() > 0);
    service.refresh(&other.refresh).await.unwrap();
}
