//! Logins: how they end, and what that does to their tokens.

use proto::auth::v1::{
    ChangePasswordRequest, GetAccountRequest, LogOutRequest, RefreshRequest, TokenPair,
};
use tonic::{Code, Response, Status};

use super::harness::{Service, refused, signed};

const PASSWORD: &str = "correct horse";

/// Registers somebody; their tokens.
async fn register(service: &Service, name: &str) -> TokenPair {
    service.register(name, PASSWORD).await.unwrap().tokens.unwrap()
}

/// Whether a login goes on: both of its tokens, or neither.
async fn lives(service: &Service, tokens: &TokenPair) -> bool {
    let renewed = service.refresh(&tokens.refresh).await;
    let verified = service.verify(&tokens.access).await;
    assert_eq!(renewed.is_ok(), verified.is_ok(), "{renewed:?} {verified:?}");
    renewed.is_ok()
}

async fn change_password(
    service: &Service,
    access: &str,
    current: &str,
    new: &str,
) -> Result<TokenPair, Status> {
    let (current_password, new_password) = (current.to_owned(), new.to_owned());
    let request = ChangePasswordRequest { current_password, new_password };
    let answer = service.client.clone().change_password(signed(request, access)).await;
    answer.map(|answer| answer.into_inner().tokens.unwrap())
}

#[tokio::test]
async fn a_logout_ends_one_login_and_no_other() {
    let service = Service::start().await;
    let (phone, grace) = (register(&service, "ada").await, register(&service, "grace").await);
    let laptop = service.log_in("ada", PASSWORD).await.unwrap();
    service.log_out(&phone.refresh, false).await.unwrap();
    refused(service.refresh(&phone.refresh).await, Code::Unauthenticated, "LOGIN_ENDED");
    refused(service.verify(&phone.access).await, Code::Unauthenticated, "LOGIN_ENDED");
    assert!(lives(&service, &laptop).await && lives(&service, &grace).await);
    service.log_out(&phone.refresh, false).await.expect("ending what has ended changes nothing");
    service.log_out(&phone.refresh, true).await.expect("it has no power over others any more");
    assert!(lives(&service, &laptop).await);

    let garbage = service.log_out("a.b.c", false).await;
    refused(garbage, Code::Unauthenticated, "TOKEN_INVALID");
    let wrong = service.log_out(&laptop.access, false).await;
    refused(wrong, Code::Unauthenticated, "TOKEN_WRONG_TYPE");
}

#[tokio::test]
async fn an_access_token_ends_its_own_login_or_all_of_them() {
    let service = Service::start().await;
    let (first, grace) = (register(&service, "ada").await, register(&service, "grace").await);
    let second = service.log_in("ada", PASSWORD).await.unwrap();
    let third = service.log_in("ada", PASSWORD).await.unwrap();
    let log_out = async |access: &str, everywhere| {
        let request = LogOutRequest { refresh: String::new(), everywhere };
        service.client.clone().log_out(signed(request, access)).await.map(Response::into_inner)
    };
    log_out(&first.access, false).await.unwrap();
    assert!(!lives(&service, &first).await && lives(&service, &second).await);
    refused(log_out(&first.access, true).await, Code::Unauthenticated, "LOGIN_ENDED");
    log_out(&second.access, true).await.unwrap();
    assert!(!lives(&service, &second).await && !lives(&service, &third).await);
    assert!(lives(&service, &grace).await);
    let again = service.log_in("ada", PASSWORD).await.unwrap();
    assert!(lives(&service, &again).await, "whoever logs in again is in");
    let nobody = LogOutRequest { refresh: String::new(), everywhere: true };
    let nobody = service.client.clone().log_out(nobody).await;
    refused(nobody, Code::Unauthenticated, "TOKEN_MISSING");
}

#[tokio::test]
async fn a_changed_password_ends_the_other_logins_and_every_token_from_before() {
    let service = Service::start().await;
    let own = register(&service, "ada").await;
    let other = service.log_in("ada", PASSWORD).await.unwrap();
    let wrong = change_password(&service, &own.access, "battery staple", "a better one").await;
    refused(wrong, Code::InvalidArgument, "PASSWORD_WRONG");
    let weak = change_password(&service, &own.access, PASSWORD, "password1").await;
    refused(weak, Code::InvalidArgument, "PASSWORD_INVALID");
    assert!(lives(&service, &own).await && lives(&service, &other).await, "nothing has changed");

    let next = change_password(&service, &own.access, PASSWORD, "a better one").await.unwrap();
    assert!(!lives(&service, &own).await && !lives(&service, &other).await);
    assert!(lives(&service, &next).await);
    let old = service.log_in("ada", PASSWORD).await;
    refused(old, Code::Unauthenticated, "INVALID_CREDENTIALS");
    assert!(lives(&service, &service.log_in("ada", "a better one").await.unwrap()).await);
}

#[tokio::test]
async fn a_refresh_token_from_before_the_password_was_changed_ends_nothing() {
    let service = Service::start().await;
    let stolen = register(&service, "ada").await;
    let own = change_password(&service, &stolen.access, PASSWORD, "a better one").await.unwrap();
    let other = service.log_in("ada", "a better one").await.unwrap();
    // The login is the same, so its name alone does not say that the token has ended.
    for everywhere in [true, false] {
        service.log_out(&stolen.refresh, everywhere).await.expect("as of a login that has ended");
        assert!(lives(&service, &own).await && lives(&service, &other).await);
    }
}

#[tokio::test]
async fn a_refresh_token_that_others_followed_ends_its_own_login_only() {
    let service = Service::start().await;
    let stolen = register(&service, "ada").await;
    let other = service.log_in("ada", PASSWORD).await.unwrap();
    let first = service.rotate(&stolen.refresh).await.unwrap();
    let second = service.rotate(&first.refresh).await.unwrap();
    service.log_out(&stolen.refresh, true).await.unwrap();
    assert!(lives(&service, &other).await);
    refused(service.refresh(&second.refresh).await, Code::Unauthenticated, "LOGIN_ENDED");

    // One that was followed a moment ago is as good as the one that followed it.
    let third = service.log_in("ada", PASSWORD).await.unwrap();
    service.rotate(&third.refresh).await.unwrap();
    service.log_out(&third.refresh, true).await.unwrap();
    assert!(!lives(&service, &other).await);
}

#[tokio::test]
async fn the_fifty_first_login_ends_the_oldest() {
    let service = Service::roomy().await;
    let first = register(&service, "ada").await;
    let second = service.log_in("ada", PASSWORD).await.unwrap();
    for _ in 2..50 {
        service.log_in("ada", PASSWORD).await.unwrap();
    }
    assert!(lives(&service, &first).await, "fifty of them");
    service.log_in("ada", PASSWORD).await.unwrap();
    assert!(!lives(&service, &first).await && lives(&service, &second).await);
}

#[tokio::test]
async fn a_refresh_token_changes_with_each_use_where_somebody_asked_for_it() {
    let service = Service::start().await;
    let tokens = register(&service, "ada").await;
    let first = service.rotate(&tokens.refresh).await.unwrap();
    // The answer may have been lost: within seconds, the one before is as good, and brings the same.
    let again = service.rotate(&tokens.refresh).await.unwrap();
    let second = service.rotate(&first.refresh).await.unwrap();
    let same = service.rotate(&again.refresh).await.unwrap();
    for answer in [&first, &again, &second, &same] {
        assert_eq!(service.verify(&answer.access).await.unwrap(), 1);
    }
    // What was followed by two others is in wrong hands: the login ends.
    refused(service.rotate(&tokens.refresh).await, Code::Unauthenticated, "LOGIN_ENDED");
    for refresh in [&second.refresh, &same.refresh, &tokens.refresh] {
        refused(service.rotate(refresh).await, Code::Unauthenticated, "LOGIN_ENDED");
    }
    refused(service.verify(&second.access).await, Code::Unauthenticated, "LOGIN_ENDED");
}

#[tokio::test]
async fn twenty_at_once_with_one_refresh_token_are_no_thieves() {
    let service = Service::changed(|config| config.rotate_refresh_tokens = true).await;
    let tokens = register(&service, "ada").await;
    let all = (0..20).map(|_| service.rotate(&tokens.refresh));
    let all = futures_util::future::join_all(all).await;
    let mut next: Vec<_> = all.into_iter().map(|answer| answer.unwrap().refresh).collect();
    let last = next.pop().unwrap();
    // All of them brought the same one: using any brings the one after it.
    service.rotate(&last).await.unwrap();
    for other in next {
        service.rotate(&other).await.unwrap();
    }
    let request = RefreshRequest { refresh: last, rotate: false };
    let renewed = service.client.clone().refresh(request).await.unwrap().into_inner();
    assert!(!renewed.refresh.is_empty(), "it is the rule here, nobody has to ask");
}

#[tokio::test]
async fn a_login_outlives_a_restart_and_so_does_its_end() {
    let service = Service::start().await;
    let tokens = register(&service, "ada").await;
    let ended = service.log_in("ada", PASSWORD).await.unwrap();
    service.log_out(&ended.refresh, false).await.unwrap();
    let service = Service::on(service.stop().await).await;
    assert!(lives(&service, &tokens).await && !lives(&service, &ended).await);
    let request = signed(GetAccountRequest {}, &tokens.access);
    let account = service.client.clone().get_account(request).await.unwrap().into_inner();
    assert_eq!(account.account.unwrap().username, "ada");
}
