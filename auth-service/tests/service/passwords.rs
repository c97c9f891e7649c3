//! Stored hashes over the years: costs and peppers change, and passwords stay good.

use std::path::Path;
use std::time::Duration;

use auth_service::serve;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::harness::{Service, config, refused};

const PASSWORD: &str = "correct horse";

async fn connect(data: &Path) -> DatabaseConnection {
    scratch::connect(data, "auth").await
}

/// What is stored for somebody's password.
async fn hash_of(name: &str, data: &Path) -> String {
    let database = connect(data).await;
    let query = format!("select password_hash from users where username = '{name}'");
    let row = database
        .query_one_raw(sea_orm::Statement::from_string(database.get_database_backend(), query));
    row.await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

/// The name of the pepper in a stored hash.
fn pepper_of(hash: &str) -> &str {
    hash.split('$').nth(2).unwrap()
}

/// Makes the current pepper an earlier one.
fn retire_pepper(data: &Path) {
    let keys = data.join("keys");
    std::fs::rename(keys.join("pepper.key"), keys.join("pepper-1.key")).unwrap();
}

async fn refuses_to_start(data: &Path) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let serving = serve(listener, config(data), CancellationToken::new());
    // One that starts all the same serves for ever.
    let outcome = tokio::time::timeout(Duration::from_secs(20), serving).await;
    outcome.unwrap().unwrap_err().to_string()
}

#[tokio::test]
async fn after_the_cost_was_raised_a_login_leaves_a_hash_of_the_new_cost() {
    let service = Service::costing(10, TempDir::new().unwrap()).await;
    service.register("ada", PASSWORD).await.unwrap();
    let data = service.stop().await;
    let old = hash_of("ada", data.path()).await;
    assert!(old.contains("$2b$10$"), "{old}");

    let service = Service::costing(11, data).await;
    let wrong = service.log_in("ada", "wrong horse").await;
    refused(wrong, Code::Unauthenticated, "INVALID_CREDENTIALS");
    assert_eq!(hash_of("ada", service.data.path()).await, old, "nothing was proven");
    service.log_in("ada", PASSWORD).await.unwrap();
    // Stopping waits for what is done beside the answers.
    let data = service.stop().await;
    let new = hash_of("ada", data.path()).await;
    assert!(new.contains("$2b$11$"), "{new}");

    let service = Service::costing(11, data).await;
    service.log_in("ada", PASSWORD).await.unwrap();
    let data = service.stop().await;
    assert_eq!(hash_of("ada", data.path()).await, new, "made anew once");
}

#[tokio::test]
async fn with_an_earlier_pepper_a_login_works_and_leaves_a_hash_of_the_current_one() {
    let service = Service::start().await;
    for name in ["ada", "grace"] {
        service.register(name, PASSWORD).await.unwrap();
    }
    let data = service.stop().await;
    let old = hash_of("ada", data.path()).await;
    retire_pepper(data.path());

    let service = Service::on(data).await;
    let wrong = service.log_in("ada", "wrong horse").await;
    refused(wrong, Code::Unauthenticated, "INVALID_CREDENTIALS");
    service.log_in("ada", PASSWORD).await.unwrap();
    let data = service.stop().await;
    let new = hash_of("ada", data.path()).await;
    assert_ne!(pepper_of(&new), pepper_of(&old));

    // Grace did not come back yet, and without the earlier pepper she never could.
    let earlier = data.path().join("keys/pepper-1.key");
    let aside = data.path().join("aside");
    std::fs::rename(&earlier, &aside).unwrap();
    let refusal = refuses_to_start(data.path()).await;
    assert!(refusal.contains(pepper_of(&old)) && refusal.contains("pepper.key"), "{refusal}");
    std::fs::rename(&aside, &earlier).unwrap();
    let service = Service::on(data).await;
    service.log_in("grace", PASSWORD).await.unwrap();
    let data = service.stop().await;
    std::fs::remove_file(&earlier).unwrap();
    let service = Service::on(data).await;
    for name in ["ada", "grace"] {
        service.log_in(name, PASSWORD).await.unwrap();
    }
}

#[tokio::test]
async fn it_does_not_start_without_the_pepper_that_a_deleted_name_is_known_by() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    service.register("grace", PASSWORD).await.unwrap();
    let data = service.stop().await;
    let old = hash_of("ada", data.path()).await;
    // As a deletion leaves it that the chat service has confirmed.
    let database = connect(data.path()).await;
    let tombstone = format!(
        "update users set username = '', username_key = 'deleted:{}:x', password_hash = '', \
         is_active = false, deleted_at = created_at where username = 'ada'",
        pepper_of(&old),
    );
    database.execute_unprepared(&tombstone).await.unwrap();
    database.close().await.unwrap();
    retire_pepper(data.path());
    let service = Service::on(data).await;
    service.log_in("grace", PASSWORD).await.unwrap();
    let data = service.stop().await;

    // All living accounts have hashes of the current one; ada's name is known by the earlier one alone.
    let earlier = data.path().join("keys/pepper-1.key");
    let aside = data.path().join("aside");
    std::fs::rename(&earlier, &aside).unwrap();
    let refusal = refuses_to_start(data.path()).await;
    assert!(refusal.contains(pepper_of(&old)) && refusal.contains("deleted"), "{refusal}");
    std::fs::rename(&aside, &earlier).unwrap();
    Service::on(data).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_logins_at_once_leave_one_good_hash() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    let data = service.stop().await;
    let old = hash_of("ada", data.path()).await;
    retire_pepper(data.path());
    let service = Service::on(data).await;
    let tries = (0..5).map(|_| service.log_in("ada", PASSWORD));
    let logins = futures_util::future::join_all(tries).await;
    assert!(logins.iter().all(Result::is_ok));
    let service = Service::on(service.stop().await).await;
    service.log_in("ada", PASSWORD).await.unwrap();
    assert_ne!(hash_of("ada", service.data.path()).await, old);
}

#[tokio::test]
async fn a_hash_that_was_tampered_with_opens_nothing_and_stops_nobody() {
    let service = Service::start().await;
    service.register("ada", PASSWORD).await.unwrap();
    service.register("grace", PASSWORD).await.unwrap();
    let good = hash_of("ada", service.data.path()).await;
    let database = connect(service.data.path()).await;
    for bad in [good.replace("$2b$04$", "$2b$31$"), good.replace("$2b$", "$2c$"), "x".into()] {
        let tampering = format!("update users set password_hash = '{bad}' where username = 'ada'");
        database.execute_unprepared(&tampering).await.unwrap();
        let refusal = service.log_in("ada", PASSWORD).await;
        refused(refusal, Code::Unauthenticated, "INVALID_CREDENTIALS");
        assert_eq!(hash_of("ada", service.data.path()).await, bad);
    }
    service.log_in("grace", PASSWORD).await.unwrap();
}

#[tokio::test]
async fn names_that_pass_for_another_are_refused_and_say_why() {
    let service = Service::start().await;
    for name in ["admin", "Admin", "ａｄｍｉｎ", "ai-buddy", "\u{430}dmin", "adm\u{131}n"] {
        let status = service.register(name, PASSWORD).await.unwrap_err();
        let (field, problem) = chassis::status::field(&status).unwrap();
        assert_eq!(field, "username");
        assert!(
            problem == "This username is reserved." || problem.contains("scripts"),
            "{problem}"
        );
        refused::<()>(Err(status), Code::InvalidArgument, "USERNAME_INVALID");
    }
    for name in ["user1", "userl", "userI", "user0", "userO"] {
        service.register(name, PASSWORD).await.unwrap();
    }
}

#[tokio::test]
async fn a_password_of_any_characters_is_registered_and_logs_in() {
    let service = Service::start().await;
    for (name, password) in [("ada", "\u{1f600}".repeat(64)), ("grace", "x".repeat(256))] {
        service.register(name, &password).await.unwrap();
        service.log_in(name, &password).await.unwrap();
        let short = password.chars().skip(1).collect::<String>();
        let refusal = service.log_in(name, &short).await;
        refused(refusal, Code::Unauthenticated, "INVALID_CREDENTIALS");
    }
    for password in ["x".repeat(257), "joan123456".into(), "ｐａｓｓｗｏｒｄ１".into()] {
        let refusal = service.register("joan", &password).await;
        refused(refusal, Code::InvalidArgument, "PASSWORD_INVALID");
    }
}
