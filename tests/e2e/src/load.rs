//! People who read and talk all the time, whatever happens to the services meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chassis::clock;
use serde_json::json;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{Product, User};

/// For a message to be answered at last, however often it must be sent.
const PATIENCE: Duration = Duration::from_mins(1);
/// Between two tries to send it.
const PAUSE: Duration = Duration::from_millis(200);
/// Who talks.
const PEOPLE: usize = 10;

/// People who read and talk until they are told to stop.
pub struct Load {
    stop: CancellationToken,
    clients: JoinSet<()>,
    seen: Arc<Mutex<Seen>>,
}

/// What they met with.
#[derive(Debug, Default)]
pub struct Seen {
    /// Reads: when they began, how long they took, and the status they ended with; 0 if there was no answer.
    pub reads: Vec<(Instant, Duration, u16)>,
    /// What was said to those that failed.
    pub failed: Vec<String>,
    /// Messages: when they were first sent, how long it took until they were answered, and how often they were
    /// sent for that.
    pub sends: Vec<(Instant, Duration, usize)>,
    /// The texts of those that were answered. No two messages say the same.
    pub acknowledged: Vec<String>,
    /// Messages that were never answered: how often each was sent, for how long, and what was said last.
    pub lost: Vec<String>,
}

impl Seen {
    /// How long after this moment the first read, and the first message, was answered.
    #[must_use]
    pub fn first_since(&self, moment: Instant) -> (Option<Duration>, Option<Duration>) {
        let since =
            |(begun, took): (Instant, Duration)| (begun + took).checked_duration_since(moment);
        let read = self.reads.iter().filter(|read| read.2 == 200).map(|read| (read.0, read.1));
        let sends = self.sends.iter().map(|send| (send.0, send.1));
        (read.filter_map(since).min(), sends.filter_map(since).min())
    }

    /// How long the slowest of the reads took that began after this moment.
    #[must_use]
    pub fn slowest_since(&self, moment: Instant) -> Duration {
        let later = self.reads.iter().filter(|(begun, ..)| *begun >= moment);
        later.map(|read| read.1).max().unwrap_or_default()
    }
}

impl Load {
    /// So many reads and named messages a second, through whichever of these gateways answers.
    pub async fn start(gateways: &[&Product], reads: u32, sends: u32) -> Self {
        let seen = Arc::<Mutex<Seen>>::default();
        let (stop, mut clients) = (CancellationToken::new(), JoinSet::new());
        let mut people = Vec::new();
        for number in 0..PEOPLE {
            // Somebody else in each load.
            let name = format!("person{number}-{}", clock::now().timestamp_micros());
            let person = gateways[0].register(&name).await;
            let (session, _) = person.say(&format!("hello from {name}")).await;
            let at: Vec<_> = gateways.iter().map(|it| it.returning(person.clone())).collect();
            people.push((at, session));
        }
        let people = Arc::new(people);
        let (talkers, noted, stopped) = (people.clone(), seen.clone(), stop.clone());
        clients.spawn(every(reads, stopped, move |number| {
            read(people.clone(), number, noted.clone())
        }));
        let (noted, stopped) = (seen.clone(), stop.clone());
        clients.spawn(every(sends, stopped, move |number| {
            send(talkers.clone(), number, noted.clone())
        }));
        Self { stop, clients, seen }
    }

    /// Lets nobody begin anything any more, and returns what they met with when they are done.
    pub async fn end(mut self) -> Seen {
        self.stop.cancel();
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("nobody panics");
        }
        std::mem::take(&mut lock(&self.seen))
    }
}

type People = Arc<Vec<(Vec<User>, i64)>>;

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins so many a second, whether or not those before are done; returns when all are.
async fn every<F>(a_second: u32, stop: CancellationToken, begin: impl Fn(usize) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut clock = tokio::time::interval(Duration::from_secs(1) / a_second);
    let mut running = JoinSet::new();
    for number in 0.. {
        if stop.run_until_cancelled(clock.tick()).await.is_none() {
            break;
        }
        running.spawn(begin(number));
        while running.try_join_next().is_some() {}
    }
    while running.join_next().await.is_some() {}
}

async fn read(people: People, number: usize, seen: Arc<Mutex<Seen>>) {
    let (at, session) = &people[number % people.len()];
    let path = format!("/api/get-messages/?session_id={session}");
    let (begun, mut outcome) = (Instant::now(), Err("nobody is there".to_owned()));
    // As a load balancer does it: one whose port is closed is passed by.
    for place in 0..at.len() {
        outcome = match at[(number + place) % at.len()].request("GET", &path).send().await {
            Ok(answer) => {
                let status = answer.status().as_u16();
                let body = answer.text().await;
                body.map(|body| (status, body)).map_err(|error| format!("{error:?}"))
            }
            Err(error) if error.is_connect() => continue,
            Err(error) => Err(format!("{error:?}")),
        };
        break;
    }
    let status = outcome.as_ref().map_or(0, |answer| answer.0);
    let mut seen = lock(&seen);
    seen.reads.push((begun, begun.elapsed(), status));
    if status != 200 {
        seen.failed.push(format!("after {:?}: {outcome:?}", begun.elapsed()));
    }
}

async fn send(people: People, number: usize, seen: Arc<Mutex<Seen>>) {
    let (at, session) = &people[number % people.len()];
    let (begun, key) = (Instant::now(), format!("message-{number}"));
    let text = format!("message {number} of {}", at[0].name);
    let body = json!({"text": text, "session_id": session});
    let (mut said, mut tries) = (String::new(), 0);
    while begun.elapsed() < PATIENCE {
        tries += 1;
        let request = at[(number + tries) % at.len()].request("POST", "/api/send-message/");
        match request.header("idempotency-key", &key).json(&body).send().await {
            Ok(answer) if answer.status() == 201 => {
                let mut seen = lock(&seen);
                seen.sends.push((begun, begun.elapsed(), tries));
                return seen.acknowledged.push(text);
            }
            Ok(answer) => said = answer.text().await.unwrap_or_default(),
            Err(error) => said = format!("{error:?}"),
        }
        tokio::time::sleep(PAUSE).await;
    }
    let lost = format!("{text}, sent {tries} times in {:?}: {said}", begun.elapsed());
    lock(&seen).lost.push(lost);
}
