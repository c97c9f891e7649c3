//! Backups while many talk, and one kill of the server.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use e2e::{Product, User, free_address};
use openai_stub::{Behaviour, Stub};
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{House, has_no_login, log_in, words_of};

const PEOPLE: usize = 5;
const BACKUPS: usize = 8;
const REPLY: &str = "I am still here with you.";

/// What the product said that it has, in the order in which it said so.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Told {
    /// Somebody's message is stored.
    Said(usize, String),
    /// Somebody's password is another one.
    Changed(String),
    /// An account is deleted.
    Deleted(i64),
}

type Record = Arc<watch::Sender<Vec<Told>>>;

fn note(record: &Record, told: Told) {
    record.send_modify(|all| all.push(told));
}

/// Says one thing after the other, under names of their own, until each is taken.
async fn talk(person: User, number: usize, record: Record, stop: CancellationToken) {
    for count in 0.. {
        let text = format!("message {count} of person {number}");
        while !stop.is_cancelled() {
            let mut request = person
                .request("POST", "/api/send-message/")
                .header("idempotency-key", format!("key-{count}"))
                .json(&json!({"text": text}));
            if count % 2 == 0 {
                request = request.header("accept", "text/event-stream");
            }
            let is_taken = match request.send().await {
                Ok(answer) if answer.status() == 201 => true,
                Ok(answer) if answer.status() == 200 => {
                    answer.text().await.is_ok_and(|told| told.contains("event: accepted"))
                }
                _ => false,
            };
            if is_taken {
                note(&record, Told::Said(number, text));
                break;
            }
            // Nobody asks again at once.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if stop.is_cancelled() {
            return;
        }
    }
}

/// Changes a password again and again.
async fn change(mut person: User, record: Record, stop: CancellationToken) {
    let mut password = person.password.clone();
    for count in 0.. {
        let next = format!("{} number {count}", person.password);
        let body = json!({"current_password": password, "new_password": next});
        let request = person.request("POST", "/api/change-password/").json(&body);
        let answer = request.send().await;
        if stop.is_cancelled() {
            return;
        }
        match answer {
            Ok(answer) if answer.status() == 200 => {
                let told: serde_json::Value = answer.json().await.unwrap();
                told["access"].as_str().unwrap().clone_into(&mut person.access);
                password.clone_from(&next);
                note(&record, Told::Changed(next));
            }
            // Whether it was changed is not known: from here on it is left alone.
            _ => return,
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// People who come, say something, and go for good.
async fn come_and_go(product: Product, record: Record, stop: CancellationToken) {
    for count in 0.. {
        let (name, password) = (format!("guest{count}"), format!("the password of guest {count}"));
        let body = json!({"username": name, "password": password});
        let registered = product.request("POST", "/api/register/").json(&body).send().await;
        if stop.is_cancelled() {
            return;
        }
        let Ok(registered) = registered else { continue };
        let Ok(registered) = registered.json::<serde_json::Value>().await else { continue };
        let Some(token) = registered["token"].as_str() else { continue };
        let as_guest = |method, path| product.request(method, path).bearer_auth(token);
        let said =
            as_guest("POST", "/api/send-message/").json(&json!({"text": "canary of a guest"}));
        let _kept_or_not = said.send().await;
        let deleted = as_guest("DELETE", "/api/account/").json(&json!({"password": password}));
        if deleted.send().await.is_ok_and(|answer| answer.status() == 204) {
            note(&record, Told::Deleted(registered["user"]["id"].as_i64().unwrap()));
        }
    }
}

/// The passwords that somebody had, one after the other.
fn passwords(told: &[Told], person: &User) -> Vec<String> {
    let later = told.iter().filter_map(|told| match told {
        Told::Changed(password) => Some(password.clone()),
        _ => None,
    });
    std::iter::once(person.password.clone()).chain(later).collect()
}

/// Makes sure of what must be so, however a database came about.
async fn is_sound(house: &House, data: &str, deleted: &[i64]) {
    let (chat, auth) = (
        scratch::connect(&house.folder(data), "chat").await,
        scratch::connect(&house.folder(data), "auth").await,
    );
    let open = "SELECT COUNT(*) FROM turns WHERE state IN ('queued', 'running')";
    let left = "SELECT COUNT(*) FROM deletions";
    let settled = async {
        while scratch::number(&chat, open).await + scratch::number(&auth, left).await > 0 {
            // Another process writes these files, and tells nobody: one can only look again.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // Everything is answered, and everybody gone.
    tokio::time::timeout(Duration::from_mins(1), settled).await.unwrap();
    let alone = "SELECT COUNT(*) FROM messages AS reply WHERE sender = 'ai' AND NOT EXISTS (
        SELECT 1 FROM messages WHERE sender = 'user' AND turn_id = reply.turn_id)";
    assert_eq!(scratch::number(&chat, alone).await, 0, "no reply is without its message");
    let unanswered = "SELECT COUNT(*) FROM turns WHERE (SELECT COUNT(*) FROM messages
        WHERE turn_id = turns.id AND sender = 'ai') <> 1";
    assert_eq!(scratch::number(&chat, unanswered).await, 0, "everything is answered once");
    let people =
        "SELECT CAST(user_id AS text) FROM sessions UNION SELECT CAST(user_id AS text) FROM turns";
    let living = "SELECT CAST(id AS text) FROM users WHERE deleted_at IS NULL";
    let living = scratch::texts(&auth, living).await;
    for person in scratch::texts(&chat, people).await {
        assert!(living.contains(&person), "{person} has words and no account");
    }
    assert!(deleted.iter().all(|id| !living.contains(&id.to_string())), "nobody comes back");
}

#[tokio::test(flavor = "multi_thread")]
async fn backups_under_load_hold_whatever_was_acknowledged_before_they_began() {
    if scratch::has_no_files() {
        return;
    }
    let stub = Stub::start().await.unwrap();
    let every = Duration::from_millis(20);
    stub.always(Behaviour::TokenDelay { text: REPLY.into(), every });
    let (house, address) = (House::new(&stub), free_address());
    let (mut server, product) = house.start_at("data", &address).await;
    let (record, stopping) = (Record::default(), CancellationToken::new());
    let (mut people, mut busy) = (Vec::new(), JoinSet::new());
    for number in 0..PEOPLE {
        let person = product.register(&format!("person{number}")).await;
        busy.spawn(talk(person.clone(), number, record.clone(), stopping.clone()));
        people.push(person);
    }
    let changer = product.register("changer").await;
    busy.spawn(change(changer.clone(), record.clone(), stopping.clone()));
    busy.spawn(come_and_go(Product::at(&address), record.clone(), stopping.clone()));

    let mut made = Vec::new();
    for count in 0..BACKUPS {
        let before = record.borrow().len();
        let mut more = record.subscribe();
        let before = more.wait_for(|all| all.len() >= before + 5).await.unwrap().clone();
        made.push((house.backup().await, before));
        if count == BACKUPS / 2 {
            server.kill().await;
            server = house.start_at("data", &address).await.0;
        }
    }
    stopping.cancel();
    while let Some(ended) = busy.join_next().await {
        ended.unwrap();
    }
    let told = |is_it: fn(&Told) -> bool| record.borrow().iter().filter(|told| is_it(told)).count();
    assert!(told(|told| matches!(told, Told::Changed(_))) > 0, "a password was changed");
    assert!(told(|told| matches!(told, Told::Deleted(_))) > 0, "people went");
    let last = made.last().unwrap().1.clone();
    server.kill().await;

    let highest = scratch::connect(&house.folder("data"), "auth").await;
    let highest = scratch::number(&highest, "SELECT MAX(id) FROM users").await;
    for (count, (backup, told)) in made.iter().enumerate() {
        let data = format!("restored{count}");
        let copied = |name| house.folder(backup).join(name).metadata().unwrap().modified().unwrap();
        assert!(copied("chat.db") <= copied("auth.db"), "conversations come first");
        house.restore(backup, &data).await;
        let (mut server, product) = house.start(&data).await;
        let deleted = last.iter().filter_map(|told| match told {
            Told::Deleted(id) => Some(*id),
            _ => None,
        });
        is_sound(&house, &data, &deleted.collect::<Vec<_>>()).await;
        for (number, person) in people.iter().enumerate() {
            has_no_login(&product, person).await;
            let back = log_in(&product, person, &person.password).await.unwrap();
            let mut times: HashMap<String, usize> = HashMap::new();
            for (sender, text) in words_of(&back).await {
                if sender == "USER" {
                    *times.entry(text).or_default() += 1;
                } else {
                    assert_eq!(text, REPLY);
                }
            }
            for told in told {
                if matches!(told, Told::Said(who, text) if *who == number && !times.contains_key(text))
                {
                    panic!("{told:?} is not in {backup}");
                }
            }
            assert!(times.values().all(|times| *times == 1), "{times:?}");
        }
        // The last one that was set before, or any that was set while the backup was made.
        let (set, of_all) = (passwords(told, &changer), passwords(&record.borrow(), &changer));
        let unknown = format!("{} number {}", changer.password, of_all.len() - 1);
        let mut is_in = false;
        for password in of_all[set.len() - 1..].iter().chain([&unknown]) {
            is_in = is_in || log_in(&product, &changer, password).await.is_some();
        }
        assert!(is_in, "the password in {backup} is older than {set:?}");
        let eve = product.register("eve").await;
        assert!(eve.id > highest, "{} was somebody's number", eve.id);
        assert!(words_of(&eve).await.is_empty());
        server.stop().await;
    }
}
