//! Logins while the password of the same account is changed, and logins by the thousand.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use proto::auth::v1::{ChangePasswordRequest, TokenPair};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Status};

use super::harness::{Service, refused, signed};

const OLD: &str = "correct horse";
const NEW: &str = "battery staple";
/// People who change their passwords.
const PEOPLE: usize = 150;
/// Logins at once, and how often.
const AT_ONCE: usize = 20;
const ROUNDS: usize = 60;
/// Logins that an account may have.
const MOST: i64 = 50;

async fn change_password(service: &Service, tokens: &TokenPair) -> Result<TokenPair, Status> {
    let (current_password, new_password) = (OLD.to_owned(), NEW.to_owned());
    let request = ChangePasswordRequest { current_password, new_password };
    let answer = service.client.clone().change_password(signed(request, &tokens.access)).await?;
    Ok(answer.into_inner().tokens.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hash_that_is_made_anew_never_takes_the_place_of_a_changed_one() {
    // What is stored was made with another cost: each login makes it anew.
    let service = Service::costing(5, TempDir::new().unwrap()).await;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let name = format!("person{number}");
        let tokens = service.register(&name, OLD).await.unwrap().tokens.unwrap();
        people.push((name, tokens));
    }
    let service = Service::again(service.stop().await, |config| config.hashing_threads = 4).await;
    let (mut logged_in, mut longest) = (0, Duration::from_millis(20));
    for (number, (name, tokens)) in people.iter().enumerate() {
        let changing = async {
            let started = Instant::now();
            change_password(&service, tokens).await.unwrap();
            started.elapsed()
        };
        let log_in = async || {
            // The hash is to be made anew before, while and after the changed one is stored.
            let moment = longest * u32::try_from(number % 30).unwrap() / 30;
            tokio::time::sleep(moment).await;
            service.log_in(name, OLD).await
        };
        let (took, first, second) = tokio::join!(changing, log_in(), log_in());
        longest = took;
        logged_in += [first, second].iter().filter(|login| login.is_ok()).count();
    }
    // Stopping waits for what is done beside the answers.
    let service = Service::again(service.stop().await, |config| config.hashing_threads = 4).await;
    for (name, _) in &people {
        refused(service.log_in(name, OLD).await, Code::Unauthenticated, "INVALID_CREDENTIALS");
        service.log_in(name, NEW).await.unwrap();
    }
    println!("{logged_in} of {} logins were faster than the change", 2 * PEOPLE);
    assert!(0 < logged_in && logged_in < 2 * PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_by_the_thousand_leave_fifty_and_these_are_the_latest() {
    let service = Service::roomy().await;
    service.register("ada", OLD).await.unwrap();
    let database = scratch::connect(service.data.path(), "auth").await;
    let done = CancellationToken::new();
    let logging_in = async {
        let mut logins = Vec::new();
        for _ in 0..ROUNDS {
            let round = join_all((0..AT_ONCE).map(|_| service.log_in("ada", OLD))).await;
            logins.extend(round.into_iter().map(Result::unwrap));
        }
        done.cancel();
        logins
    };
    let looking = async {
        let (mut looks, mut most) = (0, 0);
        while !done.is_cancelled() {
            most = most.max(scratch::number(&database, "SELECT COUNT(*) FROM logins").await);
            looks += 1;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        (looks, most)
    };
    let (logins, (looks, most)) = tokio::join!(logging_in, looking);
    println!("{} logins, and in {looks} looks never more than {most} rows", logins.len());
    assert_eq!(most, MOST);
    assert_eq!(scratch::number(&database, "SELECT COUNT(*) FROM logins").await, MOST);

    let mut good = Vec::new();
    for (number, login) in logins.iter().enumerate() {
        match service.refresh(&login.refresh).await {
            Ok(access) => {
                service.verify(&access).await.unwrap();
                good.push(number);
            }
            ended => refused(ended, Code::Unauthenticated, "LOGIN_ENDED"),
        }
    }
    assert_eq!(good.len(), 50);
    // Of those that came at once nobody knows the order.
    let rest = logins.len() - 2 * AT_ONCE..logins.len();
    assert!(rest.clone().all(|number| good.contains(&number)), "{good:?}");
    assert!(good.iter().all(|number| *number >= rest.start - AT_ONCE), "{good:?}");
}
