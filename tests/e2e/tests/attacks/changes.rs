//! Passwords that change while somebody logs in with the old one.

use std::time::{Duration, Instant};

use e2e::{Product, User};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::logins::refresh;
use super::{REFUSED, Scene, UNLIMITED};

/// People whose hashes are made anew, the first of them in peace.
const PEOPLE: usize = 8;
const NEW: &str = "quite another one";

async fn change(user: &User) {
    let body = json!({"current_password": user.password, "new_password": NEW});
    let changed = user.post("/api/change-password/", &body).await;
    assert_eq!(changed.status, 200, "{}", changed.text);
}

async fn enter(product: &Product, user: &User, password: &str) -> u16 {
    let body = json!({"username": user.name, "password": password});
    product.post("/api/login/", &body).await.status
}

/// B18
#[tokio::test(flavor = "multi_thread")]
async fn no_login_with_the_old_password_outlives_the_change_however_close_they_are() {
    let mut scene =
        Scene::with(&[UNLIMITED.as_slice(), &[("AUTH_HASHING_THREADS", "4")]].concat()).await;
    scene.canaries.add(NEW);
    let product = &scene.product;
    let (mut tried, mut made) = (0, 0);
    for round in 0..8 {
        let bob = product.register(&format!("bob{round}")).await;
        let login = json!({"username": bob.name, "password": bob.password});
        let done = CancellationToken::new();
        let changing = async {
            change(&bob).await;
            done.cancel();
        };
        // Four at a time, from before the change to after it.
        let logging_in = (0..4).map(|_| async {
            let mut answers = Vec::new();
            while !done.is_cancelled() {
                answers.push(product.post("/api/login/", &login).await);
            }
            answers.push(product.post("/api/login/", &login).await);
            answers
        });
        let ((), answers) = tokio::join!(changing, join_all(logging_in));
        for answer in answers.into_iter().flatten() {
            tried += 1;
            if answer.status != 200 {
                assert_eq!(answer.status, 401, "{}", answer.text);
                continue;
            }
            made += 1;
            let tokens = answer.json();
            let access = format!("Bearer {}", tokens["access"].as_str().unwrap());
            assert_eq!(scene.knock(&[&access]).await, REFUSED, "round {round}");
            let renewed = refresh(product, tokens["refresh"].as_str().unwrap()).await;
            assert_eq!(renewed, 401, "round {round}");
        }
    }
    println!("{made} of {tried} logins with the old password were made in time");
    assert!(0 < made && made < tried);
    scene.ends_unharmed().await;
}

/// The beginnings of all hashes, which tell what they cost.
async fn costs(product: &Product) -> Vec<String> {
    let database = scratch::connect(product.data(), "auth").await;
    let query = "SELECT password_hash FROM users ORDER BY id";
    let query = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(query).await.unwrap();
    let hash = |row: sea_orm::QueryResult| row.try_get_by_index::<String>(0).unwrap();
    let costs =
        rows.into_iter().map(hash).map(|hash| hash[hash.rfind("$2b$").unwrap()..][..7].to_owned());
    let costs = costs.collect();
    database.close().await.unwrap();
    costs
}

/// A26: the hashes are of another cost than ours, so that each login makes its own anew.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_makes_a_hash_anew_never_undoes_a_changed_password() {
    let costly = [UNLIMITED.as_slice(), &[("AUTH_BCRYPT_COST", "11")]].concat();
    let (mut process, product) = Product::as_process(&costly).await;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        people.push(product.register(&format!("bob{number}")).await);
    }
    process.stop().await;
    let threads = [("AUTH_HASHING_THREADS", "4")];
    let settings = [UNLIMITED.as_slice(), &threads].concat();
    let mut scene = Scene::on(product.into_data(), &settings).await;
    scene.canaries.add(NEW);
    let product = &scene.product;
    let people: Vec<_> = people.into_iter().map(|user| product.returning(user)).collect();
    assert_eq!(costs(product).await[..PEOPLE], ["$2b$11$"; PEOPLE]);
    assert_eq!(enter(product, &people[0], &people[0].password).await, 200);
    let made_anew = async { while costs(product).await[0] != "$2b$10$" {} };
    tokio::time::timeout(Duration::from_secs(10), made_anew).await.unwrap();

    let (mut in_time, mut longest) = (0, Duration::from_millis(50));
    for (number, bob) in people.iter().enumerate().skip(1) {
        let changing = async {
            let started = Instant::now();
            change(bob).await;
            started.elapsed()
        };
        let log_in = async || {
            // The hash is to be made anew before, while and after the changed one is stored.
            tokio::time::sleep(longest * u32::try_from(number).unwrap() / 6).await;
            enter(product, bob, &bob.password).await
        };
        let (took, first, second) = tokio::join!(changing, log_in(), log_in());
        longest = took;
        in_time += [first, second].iter().filter(|status| **status == 200).count();
    }
    println!("{in_time} of {} logins were faster than the change", 2 * (PEOPLE - 1));
    for bob in &people[1..] {
        assert_eq!(enter(product, bob, &bob.password).await, 401, "{}", bob.name);
        assert_eq!(enter(product, bob, NEW).await, 200, "{}", bob.name);
    }
    scene.ends_unharmed().await;
}
