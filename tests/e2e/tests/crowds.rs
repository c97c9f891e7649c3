//! Many people at once.

use std::collections::{BTreeMap, HashSet};

use e2e::{Product, User};
use serde_json::json;

async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    futures_util::future::join_all(futures).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_name_wanted_by_a_hundred_becomes_one_account() {
    let product = Product::start().await;
    let account = json!({"username": product.name("racer"), "password": "correct horse"});
    let answers = all((0..100).map(|_| product.post("/api/register/", &account))).await;
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.status).or_insert(0) += 1;
        match answer.status {
            201 => {}
            400 => assert_eq!(answer.json()["error"], "Username already taken"),
            503 => assert!(!answer.header("retry-after").is_empty(), "{}", answer.text),
            other => panic!("{other}: {}", answer.text),
        }
    }
    println!("100 registrations of one name: {counts:?}");
    assert_eq!(counts[&201], 1);
    let next = product.register("the-next-one").await;
    let login = product.post("/api/login/", &account).await;
    assert_eq!(login.status, 200);
    assert!(next.id > 1, "one row was used up for the hundred");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_first_messages_of_one_person_all_that_are_taken_are_kept() {
    let product = Product::start().await;
    let ada = product.register("hasty").await;
    let say = async |ada: User, number: i32| ada.try_to_say(&format!("number {number}")).await;
    let answers = all((0..50).map(|number| say(ada.clone(), number))).await;
    let (mut sessions, mut taken) = (HashSet::new(), 0);
    for answer in answers {
        match answer.status {
            201 => {
                sessions.insert(answer.json()["session_id"].as_i64().unwrap());
                taken += 1;
            }
            429 => {
                assert_eq!(answer.json()["code"], "session_busy");
                assert!(!answer.header("retry-after").is_empty());
            }
            other => panic!("{other}: {}", answer.text),
        }
    }
    assert_eq!(sessions.len(), 1);
    assert!(taken >= 5, "one at work and four in line");
    let said = ada.messages(*sessions.iter().next().unwrap()).await;
    let texts: HashSet<_> =
        said.iter().filter(|(who, _)| who == "USER").map(|said| &said.1).collect();
    assert_eq!((said.len(), texts.len()), (2 * taken, taken));
}
